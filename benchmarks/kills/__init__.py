"""SIGKILL at random instants of service, database and broker, under load; then the books are compared."""
