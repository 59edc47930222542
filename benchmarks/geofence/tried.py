"""Why a row falls short and what was tried, by the row's key; the report shows it only where one does."""

from __future__ import annotations

TRIED: dict[str, str] = {}
