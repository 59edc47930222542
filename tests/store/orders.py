"""Orders for the store's tests, read from documents as people write them."""

from __future__ import annotations

import json
from typing import Any

from emon.model.order import OrderVersion
from emon.orders.document import parse_document


def document(*orders: dict[str, Any]) -> bytes:
    """A document of orders; each starts from the least that can be armed."""
    plain: dict[str, Any] = {
        "id": "o-1",
        "version": 1,
        "wearer": "w-1",
        "device": "d-1",
        "legal_basis": "gedragsaanwijzing",
        "valid_from": "2026-05-01T00:00:00Z",
        "conditions": [
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300},
            }
        ],
    }
    return json.dumps({"orders": [plain | order for order in orders]}).encode()


def versions(*orders: dict[str, Any]) -> tuple[OrderVersion, ...]:
    return parse_document(document(*orders), armed_at_us=0)
