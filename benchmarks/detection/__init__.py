"""Detection: this engine and the rules of the known systems on the same fixes."""
