"""People: trips, days, weeks, and the true path that comes of them."""
