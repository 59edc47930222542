"""Contacts, shifts and ladders of a policy file. A ladder that goes on in another is written out whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from emon.alerts.ladder import UNANSWERED, Contact, Ladder, Rung, Shift, Turn
from emon.alerts.lifecycle import Needs
from emon.limits import CLIMB_MAX_S, CLIMB_REPEAT_S, LADDER_RUNGS_MAX
from emon.model.vocabulary import Party
from emon.orders.members import Check, Faults, check_text, items_of, kind_of, members_of, one_of, shown
from emon.orders.tree import JsonObject
from emon.policies.members import check_deadline, check_name, names_of, read_hours

T = TypeVar("T")


class _Written(msgspec.Struct, frozen=True):
    """A ladder as it stands in the file; ``then`` names the one in which it goes on."""

    rungs: tuple[Rung, ...]
    repeat_s: int | None
    needs: Needs | None
    then: str | None


def read_contacts(value: object, path: str, faults: Faults) -> tuple[Contact, ...] | None:
    """Who they are; how they are reached is read with the recipients."""

    def read(item: object, name: str, place: str) -> Contact | None:
        if not isinstance(item, JsonObject):
            faults.add(place, f"must be an object, not {kind_of(item)}")
            return None
        if name in (*Party, UNANSWERED):
            faults.add(place, "is the name of a party, or a word of the ladders")
        before = len(faults)
        own = JsonObject((name, item[name]) for name in ("party", "title") if name in item)
        who = members_of(own, place, faults)
        party = None if who is None else who.required("party", one_of(Party))
        title = None if who is None else who.optional("title", check_text)
        if party == Party.BESCHERMDE:
            faults.add(f"{place}.party", "she is told by her own route alone, never by way of somebody else")
        return None if party is None or len(faults) > before else Contact(name, Party(party), title or "")

    return tuple(_named(value, path, faults, read).values())


def shifts_reader(contacts: Mapping[str, object]) -> Check[tuple[Shift, ...]]:
    """A check for rotas. The last turn of each holds always, or there would be hours without anybody."""
    on_duty = names_of([*Party, *contacts], "party or contact")

    def read_turn(item: object, place: str, faults: Faults) -> Turn | None:
        members = members_of(item, place, faults)
        if members is None:
            return None
        names = members.required("contacts", on_duty)
        before = len(faults)
        hours = members.optional("hours", read_hours)
        cannot_read = len(faults) > before  # its hours are none, which is not the same as always
        members.close()
        return None if names is None or cannot_read else Turn(tuple(names), hours)

    def read(value: object, path: str, faults: Faults) -> tuple[Shift, ...]:
        def shift(item: object, name: str, place: str) -> Shift | None:
            if name in (*Party, UNANSWERED, *contacts):
                faults.add(place, "is the name of a party or contact, or a word of the ladders")
            items = items_of(item, place, faults, at_least=1) or []
            turns = [read_turn(one, f"{place}[{i}]", faults) for i, one in enumerate(items)]
            for i, turn in enumerate(turns):
                last = i + 1 == len(turns)
                if turn is None or (turn.hours is None) is last:
                    continue
                need = "must have no hours: else nobody is on duty beyond them"
                never = "without hours it holds always, and what follows never does"
                faults.add(f"{place}[{i}]", need if last else never)
            return Shift(name, tuple(turn for turn in turns if turn is not None))

        return tuple(_named(value, path, faults, shift).values())

    return read


def ladders_reader(known: list[str]) -> Check[tuple[Ladder, ...]]:
    """A check for ladders whose rungs tell parties, the ``known`` contacts and shifts, and who is silent."""
    told = names_of([UNANSWERED, *Party, *known], "party, contact or shift")

    def rung(item: object, place: str, faults: Faults) -> tuple[int | None, Rung | None]:
        """Its seconds too, which are held against those before it whatever else is wrong with it."""
        members = members_of(item, place, faults)
        if members is None:
            return None, None
        at_s = members.required("at_s", check_deadline)
        tell = members.required("tell", told)
        members.close()
        return at_s, None if at_s is None or tell is None else Rung(at_s, tuple(tell))

    def read(value: object, path: str, faults: Faults) -> tuple[Ladder, ...]:
        def ladder(item: object, name: str, place: str) -> _Written | None:
            members = members_of(item, place, faults)
            if members is None:
                return None
            repeat_s = members.optional("repeat_s", check_deadline)
            needs = members.optional("needs", one_of(Needs))
            then = members.optional("then", check_name)
            items = members.required("rungs", _items) or []
            members.close()
            rungs = [rung(one, f"{place}.rungs[{i}]", faults) for i, one in enumerate(items)]
            _check_rising([at_s for at_s, _ in rungs], f"{place}.rungs", faults)
            if repeat_s is not None and then is not None:
                faults.add(f"{place}.repeat_s", f"is never reached: the ladder goes on in {shown(then)}")
            kept = tuple(one for _, one in rungs if one is not None)
            return _Written(kept, repeat_s, None if needs is None else Needs(needs), then)

        before = len(faults)
        written = _named(value, path, faults, ladder)
        if len(faults) > before:
            return ()
        whole = (_whole(name, written, f"{path}.{name}", faults) for name in written)
        return tuple(ladder for ladder in whole if ladder is not None)

    return read


def _items(value: object, path: str, faults: Faults) -> list[object] | None:
    return items_of(value, path, faults, at_least=1)


def _check_rising(instants: list[int | None], path: str, faults: Faults) -> None:
    before_s = 0
    for i, at_s in enumerate(instants):
        if at_s is None:
            continue
        if at_s <= before_s:
            late = f"{at_s} is not after the rung before, {before_s}: seconds count from the alert"
            faults.add(f"{path}[{i}].at_s", late)
        before_s = at_s


def _whole(name: str, written: Mapping[str, _Written], path: str, faults: Faults) -> Ladder | None:
    """A ladder with all that follow it; the seconds of each count from the last rung of the one before."""
    rungs: list[Rung] = []
    needs = written[name].needs
    passed: list[str] = []
    here: str | None = name
    while here is not None:
        one = written.get(here)
        if one is None:
            faults.add(f"{path}.then", f"{shown(here)} is no ladder of this file")
            return None
        if here in passed:
            faults.add(f"{path}.then", f"a loop: {' > '.join([*passed, here])}")
            return None
        passed.append(here)
        from_s = rungs[-1].at_s if rungs else 0
        rungs.extend(Rung(from_s + rung.at_s, rung.tell) for rung in one.rungs)
        repeat_s, here = one.repeat_s, one.then
    if len(rungs) > LADDER_RUNGS_MAX or rungs[-1].at_s > CLIMB_MAX_S:
        bounds = f"at most {LADDER_RUNGS_MAX} rungs and {CLIMB_MAX_S} seconds, with the ladders that follow"
        faults.add(path, f"{len(rungs)} rungs, the last after {rungs[-1].at_s} s; {bounds}")
        return None
    return Ladder(name, tuple(rungs), CLIMB_REPEAT_S if repeat_s is None else repeat_s, needs)


def _named(
    value: object, path: str, faults: Faults, read: Callable[[object, str, str], T | None]
) -> dict[str, T]:
    """An object whose members the file names itself."""
    if not isinstance(value, JsonObject):
        faults.add(path, f"must be an object, not {kind_of(value)}")
        return {}
    found: dict[str, T] = {}
    for name, item in sorted(value.items()):  # the order of an object's members is nothing
        place = f"{path}.{name}"
        if check_name(name, place, faults) is None:
            continue
        one = read(item, name, place)
        if one is not None:
            found[name] = one
    return found
