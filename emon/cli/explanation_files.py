"""Explanations of a replay's breaches as files: one ``ID.json`` a breach, each whole or not there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.alerts.policy import Policy
    from emon.model.order import OrderVersion
    from emon.replay import MemoryArchive


class FileInTheWay(Exception):
    """A file of that name is there and is no explanation, or DIR cannot be one."""


def check_directory(directory: Path) -> None:
    """Make the directory where there is none. Raises :class:`FileInTheWay` or ``OSError``."""
    if directory.exists() and not directory.is_dir():
        raise FileInTheWay(f"{directory}: is a file, not a directory")
    directory.mkdir(parents=True, exist_ok=True)


async def write_explanations(
    directory: Path, archive: MemoryArchive, versions: Sequence[OrderVersion], policy: Policy
) -> tuple[list[Path], list[str]]:
    """One file a breach of the archive, and what went wrong with breaches that their own inputs do not
    give: those have no file. Raises :class:`FileInTheWay` before anything is written."""
    from emon.explanation.document import explain, file_text
    from emon.explanation.select import NotExplained, OnFile, case_of

    breaches = sorted(archive.breaches(), key=lambda breach: (breach.opened_at_us, breach.id))
    paths = [directory / f"{breach.id}.json" for breach in breaches]
    for path in paths:
        if path.exists() and not _is_explanation(path):
            raise FileInTheWay(f"{path}: is there already and is no explanation")
    written: list[Path] = []
    faults: list[str] = []
    for breach, path in zip(breaches, paths, strict=True):
        alerts = [alert for alert in archive.alerts if alert.breach == breach.id]
        on_file = OnFile(breach, alerts, min(archive.end_us, archive.changed_us[breach.id]))
        if on_file.goes_on:
            on_file = OnFile(breach, alerts, archive.end_us)
        try:
            case, verdict = await case_of(archive, versions, on_file, policy)
        except NotExplained as fault:
            faults.append(str(fault))
            continue
        _write(path, file_text(explain(case, verdict)))
        written.append(path)
    return written, faults


def _is_explanation(path: Path) -> bool:
    from emon.explanation.document import FORMAT

    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == FORMAT


def _write(path: Path, text: str) -> None:
    """Beside it first, then in its place: a reader sees the old file or the new one."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
