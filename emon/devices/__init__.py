"""Devices as such, core: each way in which one can fail its duty is a state machine of its own."""
