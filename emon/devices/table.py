"""The machines' class, under the name by which this room knows it."""

from __future__ import annotations

from emon.model.machine import Machine, diagram, rows

__all__ = ["Machine", "diagram", "rows"]
