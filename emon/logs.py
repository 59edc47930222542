"""Log lines on standard error: text for people, or one JSON object a line for collectors."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

from emon.model.instant import format_instant


def _written_at(record: logging.LogRecord) -> str:
    return format_instant(round(record.created * 1_000_000))


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{_written_at(record)} {record.levelname.lower():7} {record.name}: {record.getMessage()}"
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "written_at": _written_at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info is not None:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send the log to ``stream`` (default: standard error), from ``level`` up, as ``text`` or ``json``."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "asyncio", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
