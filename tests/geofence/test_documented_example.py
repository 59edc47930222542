"""The worked example of docs/geofence.md, run as it stands there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "geofence.md"


def test_the_worked_example_prints_what_it_says() -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    promised = [line.rsplit("# ", 1)[1] for line in example.splitlines() if line.startswith("print(")]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, str(PAGE), "exec"), {})
    assert printed.getvalue().splitlines() == promised
    assert len(promised) == 4
