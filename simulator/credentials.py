"""Who each device is to the broker: a JSON file, device -> user name and password."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from emon.ingest.sources.mqtt_url import BrokerAddress

Credentials = Mapping[str, tuple[str, str]]


class CredentialsRefused(ValueError):
    """The credentials file cannot be read as such."""


def read_credentials(path: Path | str | None) -> Credentials:
    """``{"em-1001": {"username": "…", "password": "…"}, …}``; None gives none.

    Raises ``CredentialsRefused`` for another form, ``OSError`` where the file cannot be read.
    """
    if path is None:
        return {}
    try:
        value = json.loads(Path(path).read_bytes())
    except ValueError as fault:
        raise CredentialsRefused(f"{path}: not JSON: {fault}") from None
    if not isinstance(value, dict):
        raise CredentialsRefused(f"{path}: must be an object of devices")
    return {device: _entry(path, device, entry) for device, entry in value.items()}


def _entry(path: Path | str, device: str, entry: Any) -> tuple[str, str]:
    if isinstance(entry, dict):
        username, password = entry.get("username", device), entry.get("password")
        if isinstance(username, str) and isinstance(password, str):
            return username, password
    raise CredentialsRefused(f'{path}: {device}: needs "username" and "password", both text')


def broker_for(broker: BrokerAddress, credentials: Credentials, device: str) -> BrokerAddress:
    """The broker as this device logs in: with its own credentials, else with those of the address."""
    if device in credentials:
        user, password = credentials[device]
        return msgspec.structs.replace(broker, user=user, password=password)
    return broker
