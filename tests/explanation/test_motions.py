"""A way that was only reachable rests on when fixes were owed, and so on what the device said."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from emon.alerts.policy import DEFAULT_POLICY
from emon.explanation.document import explain, file_text
from emon.explanation.read import read_explanation
from emon.explanation.select import OnFile, case_of
from emon.explanation.verify import verify
from emon.replay import replay
from tests.engine.stories import circle_order, fix_at, said, versions

ORDER = versions(circle_order())
# Home by the hour until 70 minutes, then it moves; an hour later the next fix, from the other side.
ITEMS = [
    *(fix_at(-900, 60 * n) for n in range(12)),
    said("motion", "still", 0),
    said("motion", "moving", 4_200),
    fix_at(900, 4_200 + 600),
]


def document() -> Any:
    archive = asyncio.run(replay(ORDER, ITEMS))
    (breach,) = archive.breaches()
    own = [alert for alert in archive.alerts if alert.breach == breach.id]
    on_file = OnFile(breach, own, archive.end_us)
    case, verdict = asyncio.run(case_of(archive, ORDER, on_file, DEFAULT_POLICY))
    return json.loads(file_text(explain(case, verdict)))


def test_the_file_holds_what_was_said_and_gives_the_same_verdict() -> None:
    found = document()
    assert found["verdict"]["how"] == "reachable"
    assert [one["event"]["state"] for one in found["motions"]] == ["still", "moving"]
    finding = asyncio.run(verify(read_explanation(json.dumps(found).encode())))
    assert finding.agrees
