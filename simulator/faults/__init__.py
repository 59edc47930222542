"""What goes wrong around devices: telecom, broker, jammers, orders; each kind in plain parameters."""
