"""What parties may see, where a policy file says it: ``{"content": {"om": {"facts": ["order"]}}}``."""

from __future__ import annotations

from emon.alerts.need import Fact, Need
from emon.model.vocabulary import Party
from emon.orders.members import Faults, check_flag, items_of, kind_of, members_of, one_of
from emon.orders.tree import JsonObject

_FOR_HER = (Fact.POSITION,)


def read_content(value: object, path: str, faults: Faults) -> tuple[Need, ...] | None:
    """The needs by party. An empty list of facts tells a party that it happened, and no more."""
    if not isinstance(value, JsonObject):
        faults.add(path, f"must be an object, not {kind_of(value)}")
        return None
    check_party, check_fact = one_of(Party), one_of(Fact)
    found: list[Need] = []
    for name, item in sorted(value.items()):
        place = f"{path}.{name}"
        party = check_party(name, place, faults)
        members = members_of(item, place, faults)
        if party is None or members is None:
            continue
        items = members.required("facts", items_of)
        secret_zones = members.optional("secret_zones", check_flag) or False
        members.close()
        facts = [check_fact(one, f"{place}.facts[{i}]", faults) for i, one in enumerate(items or [])]
        named = [Fact(fact) for fact in facts if fact is not None]
        if party == Party.BESCHERMDE:
            for i, fact in enumerate(named):
                if fact not in _FOR_HER:
                    faults.add(f"{place}.facts[{i}]", f"{fact} is never told to her: only position may be")
            if secret_zones:
                faults.add(f"{place}.secret_zones", "a secret zone is told to nobody who is no authority")
        found.append(Need(Party(party), tuple(fact for fact in Fact if fact in named), secret_zones))
    return tuple(found)
