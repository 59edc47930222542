"""How the commands name what is wrong in a document that they were given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.orders.tree import DocumentRefused


def say_refused(command: str, file: object, refused: DocumentRefused) -> None:
    """One line a fault on standard error: by its path, or by the file where the whole of it is at fault."""
    name = "standard input" if str(file) == "-" else file
    for fault in refused.faults:
        print(fault if fault.path else f"emon {command}: {name}: {fault.message}", file=sys.stderr)
