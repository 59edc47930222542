"""What came more than once to a recipient, held against what is on file: is each copy what a crash explains?

Theory of operation. A process of the service lives from its start to the next one's. Within one life a
delivery may reach its recipient once for each attempt that is on file, and once more: the attempt that the
end caught between the receipt and its record. So whatever came more often than that was sent twice by a
service that lived, which is a fault. The last life ends in order and leaves no attempt unrecorded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Copies:
    """``after_crash``: copies of which no attempt is on file, ``retried``: those of attempts that are on file
    as not received; ``at_most``: how many a single end of the service cost one recipient. ``unexplained``:
    ids of deliveries that a service which lived sent twice."""

    after_crash: int = 0
    retried: int = 0
    at_most: int = 0
    unexplained: list[str] = field(default_factory=list)


def copies_of(
    heard: Mapping[str, Sequence[int]],
    attempts: Iterable[tuple[str, int]],
    starts_us: Sequence[int],
    recipient_of: Mapping[str, str],
) -> Copies:
    """``heard``: instants (µs) at which each delivery came to its recipient; ``attempts``: those on file,
    with their beginning; ``starts_us``: when a process of the service was started, rising."""
    on_file: Counter[tuple[str, int]] = Counter()
    for delivery, began_us in attempts:
        on_file[delivery, bisect_right(starts_us, began_us)] += 1
    found = Copies()
    cost: Counter[tuple[str, int]] = Counter()
    for delivery, instants in sorted(heard.items()):
        lives = Counter(bisect_right(starts_us, at_us) for at_us in instants)
        unrecorded, extra = 0, len(instants) - 1
        for life, times in lives.items():
            beyond = times - on_file[delivery, life]
            if extra and beyond > (1 if life < len(starts_us) else 0):
                found.unexplained.append(delivery)
            if beyond > 0:
                unrecorded += beyond
                cost[recipient_of.get(delivery, "?"), life] += beyond
        found.after_crash += min(unrecorded, extra)
        found.retried += extra - min(unrecorded, extra)
    found.at_most = max(cost.values(), default=0)
    return found
