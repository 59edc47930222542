"""Orders: documents checked and made immutable versions; nothing here reads a clock or a file."""
