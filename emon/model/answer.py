"""What the police answer about an incident: a closed list, so that everybody reads the same."""

from __future__ import annotations

from enum import StrEnum

from emon.model.vocabulary import Party


class PoliceAnswer(StrEnum):
    """``unit_assigned``: a unit has been sent. ``on_scene``: it is there. ``found`` and ``not_found``: the
    wearer. None of them closes an alert: a person does, with cause and outcome."""

    UNIT_ASSIGNED = "unit_assigned"
    ON_SCENE = "on_scene"
    FOUND = "found"
    NOT_FOUND = "not_found"


ANSWERERS = frozenset({Party.POLITIE})
"""Whose words these are."""
