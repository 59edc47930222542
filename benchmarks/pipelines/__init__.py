"""The whole way of a fix, ours beside others: same broker, same publisher, same PostgreSQL, same table."""
