"""``python -m emon`` is ``emon``."""

import sys

from emon.cli import main

if __name__ == "__main__":
    sys.exit(main())
