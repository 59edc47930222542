"""The list of devices' models: one JSON object, device to model. Pure."""

from __future__ import annotations

import msgspec


class ModelsUnreadable(ValueError):
    """It is no object of names; its message says where."""


def read_models(content: bytes) -> dict[str, str]:
    """The models by device. Raises ``ModelsUnreadable``."""
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ModelsUnreadable(f"must be one JSON object, device to model: {fault}") from None
