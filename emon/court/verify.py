"""Check a court file from itself alone: its parts against its evidence, the evidence against signed heads."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from emon.audit.chain import LEAF_BYTES
from emon.audit.heads import Head, KeyLine, Lineage, LineWrong, is_signed_by, read_line
from emon.audit.proof import LEAF_WHOLE_BYTES
from emon.court.document import FORMAT, MEMBERS, Document, hash_of, hashes_of
from emon.court.explained import explanation_faults
from emon.court.parts import PARTS, parts_of
from emon.court.summary import summary_of
from emon.court.trail import EntryShown, RowShown, TrailShown, WayShown, cells, instant_text
from emon.limits import COURT_FILE_BYTES_MAX
from emon.model.instant import parse_instant
from emon.orders.tree import DocumentRefused, read_tree


class NoCourtFile(Exception):
    """The bytes are none; the text says why."""


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, and where in the file (``deliveries[1].attempts[0].status``)."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class CourtReport(msgspec.Struct):
    """``proved``: entries that hang below a signed head; ``waiting``: those that do not, each a finding."""

    alert: str = ""
    sha256: str = ""
    made_for: str = ""
    entries: int = 0
    proved: int = 0
    waiting: int = 0
    rows: int = 0
    keys: list[str] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    remarks: list[str] = msgspec.field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.findings

    def found(self, place: str, what: str) -> None:
        self.findings.append(Finding(place, what))


def read_court_file(data: bytes) -> Document:
    """Raises ``NoCourtFile``."""
    try:
        document = read_tree(data, bytes_max=COURT_FILE_BYTES_MAX)
    except DocumentRefused as refused:
        raise NoCourtFile("; ".join(map(str, refused.faults))) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NoCourtFile(f"its format is not {FORMAT}")
    return document


async def check_file(
    document: Document, known: Sequence[KeyLine | Head] = (), trusted: Sequence[str] = ()
) -> CourtReport:
    """Everything that the file says, checked. ``known``: keys and heads that were had from elsewhere;
    ``trusted``: ids of keys of the file that are right though no known one introduced them."""
    report = CourtReport(sha256=str(document.get("sha256")), made_for=str(document.get("made_for")))
    _check_members(document, report)
    try:
        trail = msgspec.convert(document.get("trail"), TrailShown)
    except msgspec.ValidationError as fault:
        report.found("trail", f"cannot be read: {fault}")
        return report
    report.entries, report.rows = len(trail.entries), len(trail.rows)
    _Chain(report, trail, known, trusted).check()
    _check_rows(report, trail)
    parts = _check_parts(document, report, trail)
    explanation = document.get("explanation")
    if explanation is not None:
        async for place, what in explanation_faults(explanation, trail, parts):
            report.found(place, what)
    if trail.left_out:
        report.remarks.append(f"{trail.left_out} fixes and device messages are not in the file: too many")
    return report


def _check_members(document: Document, report: CourtReport) -> None:
    for name in MEMBERS:
        if name not in document:
            report.found(name, "is missing")
    for name in document:
        if name not in MEMBERS:
            report.found(name, "is no member of a court file")
    try:
        said, anew = document.get("hashes"), hashes_of(document)
        whole = hash_of(document)
    except (ValueError, RecursionError) as fault:
        report.found("sha256", f"the file has no canonical form: {fault}")
        return
    kept = said if isinstance(said, dict) else {}
    for name, value in anew.items():
        if kept.get(name) != value:
            report.found(name, "is not as it was written (its hash is another)")
    if set(kept) - set(anew):
        report.found("hashes", f"name members that are not there: {', '.join(sorted(set(kept) - set(anew)))}")
    if document.get("sha256") != whole:
        report.found("sha256", "the file is not as it was written (its hash is another)")


class _Chain:
    """The entries, held against the ways to signed heads."""

    def __init__(
        self,
        report: CourtReport,
        trail: TrailShown,
        known: Sequence[KeyLine | Head],
        trusted: Sequence[str],
    ) -> None:
        self._report = report
        self._trail = trail
        self._known = known
        self._trusted = frozenset(trusted)
        self._lineage = Lineage()

    def check(self) -> None:
        self._read_keys()
        ways = [self._way(place, shown) for place, shown in enumerate(self._trail.ways)]
        self._check_newest()
        before = 0
        for place, entry in enumerate(self._trail.entries):
            where = f"trail.entries[{place}]"
            if entry.seq is None:
                self._unproved(where, entry)
                continue
            if entry.seq <= before:
                self._report.found(where, f"entry {entry.seq} stands after entry {before}")
            before = entry.seq
            self._entry(where, entry, [one for one in ways if one is not None])
        if self._report.waiting:
            self._report.remarks.append(
                f"{self._report.waiting} entries hang below no signed head. In a file that was made in the "
                "minute in which something happened they may be right: make it again"
            )

    def _unproved(self, where: str, entry: EntryShown) -> None:
        """Nothing shows that it was ever recorded: whoever changes an entry could say that it waits."""
        self._report.waiting += 1
        self._report.found(where, f"nothing signed holds it ({entry.relation} {entry.row_key})")

    def _read_keys(self) -> None:
        outside = [line for line in self._known if isinstance(line, KeyLine)]
        for fault in self._lineage.take(outside):
            self._report.found("(the keys given)", fault)
        own: list[KeyLine] = []
        for place, tree in enumerate(self._trail.keys):
            line = self._line(f"trail.keys[{place}]", tree)
            if isinstance(line, KeyLine):
                own.append(line)
                if line.key_id in self._trusted:
                    self._lineage.public[line.key_id] = line.public
                for fault in self._lineage.take([line]):
                    self._report.found(f"trail.keys[{place}]", fault)
                if self._lineage.public.get(line.key_id) == line.public and not outside:
                    signer = self._lineage.public.get(line.introduced_by or line.key_id)
                    if signer is None or not is_signed_by(line.text, signer):
                        self._report.found(f"trail.keys[{place}]", "its signature is not right")
        self._report.keys = sorted(self._lineage.public)
        if not outside and not self._trusted:
            named = ", ".join(self._report.keys) or "none"
            self._report.remarks.append(
                f"the keys are the file's own: ask elsewhere whether key {named} is right, or give heads "
                "that were kept elsewhere (--heads)"
            )

    def _line(self, place: str, tree: Document) -> KeyLine | Head | None:
        try:
            return read_line(json.dumps(tree))
        except LineWrong as wrong:
            self._report.found(place, str(wrong))
            return None

    def _way(self, place: int, shown: WayShown) -> tuple[WayShown, Any] | None:
        where = f"trail.ways[{place}]"
        try:
            way = shown.way()
        except ValueError as fault:
            self._report.found(where, f"cannot be read: {fault}")
            return None
        head = self._line(f"{where}.head", shown.head)
        if not isinstance(head, Head):
            self._report.found(f"{where}.head", "is no head")
            return None
        if not self._signed(f"{where}.head", head):
            return None
        if not way.leaves or len(way.leaves) % LEAF_WHOLE_BYTES or way.last != head.seq or way.first < 1:
            self._report.found(where, f"does not lead from entry {way.first} to entry {head.seq}")
            return None
        if way.end() != head.chain:
            self._report.found(where, f"its hashes do not give the link that was signed at entry {head.seq}")
            return None
        return shown, way

    def _signed(self, where: str, head: Head) -> bool:
        public = self._lineage.public.get(head.key_id)
        if public is None or not is_signed_by(head.text, public):
            why = "a key that is not known" if public is None else "nobody who holds its key"
            self._report.found(where, f"is signed by {why}")
            return False
        for line in self._known:
            if isinstance(line, Head) and line.seq == head.seq and line.chain != head.chain:
                self._report.found(where, f"is not the head of entry {head.seq} that was kept elsewhere")
                return False
        return True

    def _check_newest(self) -> None:
        if self._trail.newest_head is None:
            return
        head = self._line("trail.newest_head", self._trail.newest_head)
        if isinstance(head, Head):
            self._signed("trail.newest_head", head)
        elif head is not None:
            self._report.found("trail.newest_head", "is no head")

    def _entry(self, where: str, entry: EntryShown, ways: list[tuple[WayShown, Any]]) -> None:
        assert entry.seq is not None
        try:
            own = entry.hash()
        except ValueError as fault:
            self._report.found(where, f"cannot be read: {fault}")
            return
        held = next((way.leaf(entry.seq) for _, way in ways if way.leaf(entry.seq) is not None), None)
        if held is None:
            self._unproved(where, entry)
            return
        if held != own:
            self._report.found(
                where, f"entry {entry.seq} ({entry.relation} {entry.row_key}) is not what the trail holds"
            )
            return
        self._report.proved += 1


def _check_rows(report: CourtReport, trail: TrailShown) -> None:
    """Each row against the hash that its seal holds of it, and each seal's hashes against its entry."""
    entries = {one.seq: one for one in trail.entries if one.deed == "seal"}
    leaves: dict[int, bytes] = {}
    for place, seal in enumerate(trail.seals):
        entry = entries.get(seal.seq)
        try:
            beside = base64.b64decode(seal.leaves, validate=True)
            fits = entry is not None and hashlib.sha256(beside).hexdigest() == _content(entry)["sha256"]
        except (ValueError, LookupError):
            fits = False
        if fits:
            leaves[seal.seq] = beside
        else:
            report.found(f"trail.seals[{place}]", f"its hashes are not those of entry {seal.seq}")
    for place, row in enumerate(trail.rows):
        if row.seal is None:
            report.found(f"trail.rows[{place}]", "no seal holds it: make the file again after a minute")
            continue
        fault = _row_fault(row, entries.get(row.seal), leaves.get(row.seal))
        if fault:
            report.found(f"trail.rows[{place}]", fault)


def _content(entry: EntryShown) -> Any:
    return json.loads(entry.content)


def _row_fault(row: RowShown, entry: EntryShown | None, leaves: bytes | None) -> str | None:
    if entry is None or leaves is None:
        return f"the seal that it names ({row.seal}) is not in the file, or not as it was"
    own = hashlib.sha256(row.text.encode()).digest()[:LEAF_BYTES]
    start = -1 if row.place is None else row.place * LEAF_BYTES
    if start < 0 or leaves[start : start + LEAF_BYTES] != own:
        return "the row is not what its seal holds: it was changed"
    try:
        if entry.relation != row.relation or _content(entry)["columns"] != row.columns:
            return "its table or columns are not those of its seal"
        from_us, to_us = map(parse_instant, json.loads(entry.row_key))
        at = cells(row.text)[row.columns.index("received_at")]
        inside = at is not None and from_us < parse_instant(instant_text(at)) <= to_us
    except (ValueError, LookupError):
        return "cannot be read"
    return None if inside else "was not received in the time that its seal covers"


def _check_parts(document: Document, report: CourtReport, trail: TrailShown) -> Document:
    """The readable parts, made again of the evidence."""
    alert = document.get("alert")
    report.alert = str(alert.get("id")) if isinstance(alert, dict) else ""
    try:
        parts = parts_of(report.alert, trail)
    except (ValueError, LookupError, TypeError, AttributeError) as fault:
        report.found("alert", f"the evidence does not give it: {fault}")
        return {}
    for name in PARTS:
        for place, said, anew in differences(name, document.get(name), parts[name]):
            report.found(place, f"says {_short(said)}, the evidence gives {_short(anew)}")
    for place, said, anew in differences("summary", document.get("summary"), summary_of(parts)):
        report.found(place, f"says {_short(said)}, the evidence gives {_short(anew)}")
    return parts


def differences(place: str, said: Any, anew: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two trees part, as (place, one, other)."""
    if isinstance(said, dict) and isinstance(anew, dict):
        for name in sorted({*said, *anew}):
            yield from differences(f"{place}.{name}", said.get(name), anew.get(name))
    elif isinstance(said, list) and isinstance(anew, list) and len(said) == len(anew):
        for i, (one, other) in enumerate(zip(said, anew, strict=True)):
            yield from differences(f"{place}[{i}]", one, other)
    elif isinstance(said, list) and isinstance(anew, list):
        yield place, f"{len(said)} items", f"{len(anew)} items"
    elif said != anew or isinstance(said, bool) != isinstance(anew, bool):
        yield place, said, anew


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:119] + "…"
