"""Devices in columns: when they ask, how they send, and the lines that come of it."""
