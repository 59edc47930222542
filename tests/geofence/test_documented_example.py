"""The worked example of docs/geofence.md, run as it stands there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "geofence.md"


def test_the_worked_example_prints_what_it_says() -> None:
    example, frames = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    promised = [line.rsplit("# ", 1)[1] for line in example.splitlines() if line.startswith("print(")]
    printed, names = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, str(PAGE), "exec"), names)
    assert printed.getvalue().splitlines() == promised
    assert len(promised) == 4
    exec(compile(frames, str(PAGE), "exec"), names)  # goes on where the first ends
    inside = names["relations"](names["table"], [names["indices"]["school"]], [4.4818], [51.9211])
    assert inside.tolist() == [-1]
