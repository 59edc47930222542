"""Cities: streets, buildings, railway, routes; from a seed or from real streets."""
