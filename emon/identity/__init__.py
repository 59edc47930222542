"""Who may say what at the broker: one identity a device, as hashes, and the brokers' files made of them."""
