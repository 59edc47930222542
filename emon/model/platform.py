"""What can be wrong with the platform itself, in words that are stored and told."""

from __future__ import annotations

from enum import StrEnum


class PlatformCause(StrEnum):
    """Why a ``platform`` alert is told.

    ``no_fixes``: no fix was committed in the time in which the devices' plans owe several.
    ``broker_lost``: the service has no connection to its broker. ``session_taken``: a living broker ended the
    service's session, so that somebody may have come under its name. ``service_down``: the service
    does not answer, or judges nothing. ``database_down``: its database does not answer. ``inbox_old``: fixes
    have waited for judgement longer than a backlog may take. ``canary``: the service's own bracelet does not
    come through broker, engine and database.
    """

    NO_FIXES = "no_fixes"
    BROKER_LOST = "broker_lost"
    SESSION_TAKEN = "session_taken"
    SERVICE_DOWN = "service_down"
    DATABASE_DOWN = "database_down"
    INBOX_OLD = "inbox_old"
    CANARY = "canary"
