"""docs/explanation-example.md: one worked timeline of the contract, replayed, explained and read back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from emon.alerts.policy import DEFAULT_POLICY
from emon.engine import Message
from emon.explanation.account import account
from emon.explanation.document import explain, file_text
from emon.explanation.read import read_explanation
from emon.explanation.select import OnFile, case_of
from emon.explanation.verify import verify
from emon.ingest.decode import decode
from emon.ingest.sources.files import read_line
from emon.orders.document import parse_document
from emon.replay import Received, replay

EXAMPLES = Path(__file__).resolve().parents[1] / "tests" / "data" / "replay_examples.json"
NAME = "varied-away"


def example_page() -> str:
    """The page; the same bytes from the same engine."""
    examples = json.loads(EXAMPLES.read_text("utf-8"))["examples"]
    example = next(one for one in examples if one["name"] == NAME)
    text, lines = asyncio.run(_explained(example))
    return "\n".join(
        [
            "# An explanation, as an example",
            "",
            "Written by `make docs`. The timeline is one of the worked ones of the tests"
            f" (`tests/data/replay_examples.json`, {NAME}): {example['why']}",
            "What the members mean stands in [explanation.md](explanation.md).",
            "",
            "`emon explain` prints of it:",
            "",
            "```text",
            *lines,
            "```",
            "",
            "The file itself:",
            "",
            "```json",
            text.rstrip("\n"),
            "```",
            "",
        ]
    )


async def _explained(example: dict[str, object]) -> tuple[str, list[str]]:
    versions = parse_document(json.dumps(example["orders"]).encode())
    received = []
    assert isinstance(example["fixes"], list)
    for number, fix in enumerate(example["fixes"], start=1):
        line = read_line(number, json.dumps(fix).encode())
        assert line.received_at_us is not None
        received.append(Received(line.received_at_us, Message(line.topic, decode(line.topic, line.payload))))
    archive = await replay(versions, received)
    (breach,) = archive.breaches()
    own = [alert for alert in archive.alerts if alert.breach == breach.id]
    on_file = OnFile(breach, own, archive.end_us)
    text = file_text(explain(*await case_of(archive, versions, on_file, DEFAULT_POLICY)))
    explanation = read_explanation(text.encode())
    finding = await verify(explanation)
    return text, list(account(explanation.document, finding, finding.made_by, "en"))
