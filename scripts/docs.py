"""Write the pages of docs/ that are generated from code; tests/house keeps them equal.

.venv/bin/python scripts/docs.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from emon.config import settings_markdown

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    (ROOT / "docs" / "settings.md").write_text(settings_markdown(), "utf-8")
    print("wrote docs/settings.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
