"""What can go wrong with the database, one class a case a caller treats differently."""

from __future__ import annotations

from typing import Any


class StoreFault(Exception):
    """Anything the store refuses or cannot do."""


class DatabaseUnavailable(StoreFault):
    """No connection, or one that broke. The text says what was tried and what to set."""


class CommitUncertain(DatabaseUnavailable):
    """The connection broke while COMMIT was under way: the batch is either wholly stored or not at
    all. Whoever holds state in memory must read it again before the next batch."""


class DatabaseUrlWrong(DatabaseUnavailable):
    """The connection string itself cannot be read: waiting will not help."""


class SchemaOutdated(StoreFault):
    """The database lacks migrations this code needs: run ``emon migrate``."""


class SchemaNewer(StoreFault):
    """The database has migrations this code does not know: it was written by a newer release."""


class SchemaAltered(StoreFault):
    """A migration on file differs from the one that was applied under its number."""


class RoleUnfit(StoreFault):
    """A role that the service cannot run as; the text says why and what to do."""


class MigrationRefused(StoreFault):
    """The server does not take a migration, mostly for want of a right."""


class EngineClaimed(StoreFault):
    """Another engine holds this database. Two engines would judge the same fixes."""


class EngineNotClaimed(StoreFault):
    """A batch was begun without ``claim_engine()``."""


class EngineFenced(StoreFault):
    """Another engine claimed this database since: what this one holds in memory is out of date."""


class OrderConflict(StoreFault):
    """An order's version exists with another content; versions never change (contract, section 2).

    ``faults`` are (path, message) pairs, the path as in the document: ``orders[0]``.
    """

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in faults))
        self.faults = faults


class LinkUsed(StoreFault):
    """A link of a message counts once."""


class AlertUnknown(StoreFault):
    """No alert has this id."""


class IncidentUnknown(AlertUnknown):
    """Nobody was told of a breach of this id while it was present."""


class NotTheirs(StoreFault):
    """The word of ``party`` does not count: the alert (``what``: ``alert``), or none of the breach
    (``breach``), was for it or told to it; it may not close any (``close``); it does not give such answers
    (``answers``); or the incident was not told to it (``incident``)."""

    def __init__(self, what: str, party: str) -> None:
        super().__init__(f"{what}: not for {party}")
        self.what = what
        self.party = party


class ClosingIncomplete(StoreFault):
    """An alert cannot be closed with so little. ``lacks``: as of ``emon.model.resolution.missing_in``."""

    def __init__(self, lacks: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{member} is wanted by {because}" for member, because in lacks))
        self.lacks = lacks


class ClosedOtherwise(StoreFault):
    """The alert was closed before with something else, and the first word stands. ``first``: that word."""

    def __init__(self, first: Any) -> None:
        super().__init__(f"closed before by {first.person} of {first.party}: {first.cause}, {first.outcome}")
        self.first = first


class UserExists(StoreFault):
    """The name is taken."""


class FixAlreadyStored(StoreFault):
    """A fix of this device, time and sequence number is stored: the engine did not ask first."""
