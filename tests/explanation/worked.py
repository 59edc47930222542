"""Explanations of stories, made and read back in one process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from emon.alerts.policy import DEFAULT_POLICY
from emon.explanation.document import HASH, Document, explain, file_text, hash_of
from emon.explanation.read import read_explanation
from emon.explanation.select import OnFile, case_of
from emon.explanation.verify import Finding, verify
from emon.model.lines import breach_line
from emon.model.order import OrderVersion
from emon.replay import MemoryArchive, Received, replay


async def explained(orders: Sequence[OrderVersion], items: Sequence[Received]) -> list[Document]:
    """The explanation of every breach that the items show, in order."""
    return await explained_archive(await replay(orders, items), orders)


async def explained_archive(archive: MemoryArchive, orders: Sequence[OrderVersion]) -> list[Document]:
    documents = []
    for breach in sorted(archive.breaches(), key=lambda b: (b.opened_at_us, b.id)):
        alerts = [alert for alert in archive.alerts if alert.breach == breach.id]
        on_file = OnFile(breach, alerts, archive.end_us)
        documents.append(explain(*await case_of(archive, orders, on_file, DEFAULT_POLICY)))
    return documents


async def differences(orders: Sequence[OrderVersion], items: Sequence[Received]) -> list[object]:
    """What explanations, read again, say otherwise than the replay: breaches without one, and verdicts."""
    archive = await replay(orders, items)
    documents = await explained_archive(archive, orders)
    lines = {str(breach.id): breach_line(breach) for breach in archive.breaches()}
    told = {str(document["verdict"]["id"]): document["verdict"] for document in documents}
    found: list[object] = [key for key in lines.keys() | told.keys() if lines.get(key) != told.get(key)]
    found += [finding.differences for d in documents if not (finding := await read_again(d)).agrees]
    return found


async def read_again(document: Document) -> Finding:
    """Through the file's own bytes, as another process would."""
    return await verify(read_explanation(file_text(document).encode()))


def copied(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document))
    return found


def rehashed(document: Document) -> Document:
    """With the hash that its content has: what somebody would do who wants a change to go unseen."""
    return {**document, HASH: hash_of(document)}
