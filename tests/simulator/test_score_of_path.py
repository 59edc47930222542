"""The truth of a path: exact where a wearer truly was, by circles and lines whose answers are plain."""

from __future__ import annotations

import numpy as np
import pytest

from emon.geofence import ZoneTable
from emon.model.instant import SECOND_US
from emon.model.order import CircleZone
from simulator.movement import Movement, Pause, Travel, shifted
from simulator.path import Path
from simulator.scoring.facts import Held, Seen, Stay
from simulator.scoring.of_pair import Fixes, Side
from simulator.scoring.of_path import Contact, Watched, seen_of_fixes, truth_of_path
from tests.simulator.worlds import START_US

_GATE = (4.4777, 51.9244)
_DAY = [(0.0, 3_600.0)]
_NONE = Fixes(np.empty(0), np.empty(0), np.empty(0))


def _east(east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    return shifted(_GATE, east_m, north_m)


def _through(north_m: float = 0.0) -> Path:
    """From 1,000 m west to 1,000 m east at 2 m/s, after 100 s."""
    begin, end = _east(-1_000.0, north_m), _east(1_000.0, north_m)
    return Movement(begin, [Pause(100.0), Travel(end, 2.0), Pause(2_500.0)]).path()


def _ban(active: list[tuple[float, float]], kind: str = "inside", radius_m: float = 300.0) -> Watched:
    table = ZoneTable()
    index = table.add(CircleZone(_GATE, radius_m))
    return Watched("o-1", "c-1", kind, table, index, active)


def _towards(fixes: Fixes = _NONE) -> Contact:
    """Of one who comes from the other side and passes at the gate after 600 s; 400 m are too near."""
    way = Movement(_east(1_000.0), [Pause(100.0), Travel(_east(-1_000.0), 2.0), Pause(2_500.0)]).path()
    return Contact("o-1", "c-1", Side(way, fixes), 400.0, _DAY)


def _stays(path: Path, watched: Watched | Contact, fixes: Fixes = _NONE) -> list[Stay]:
    facts = truth_of_path("w-1", path, [watched], fixes, (0.0, 3_600.0), START_US)
    return [fact for fact in facts if isinstance(fact, Stay)]


def _span(stay: Stay) -> tuple[float, float]:
    return (stay.from_us - START_US) / SECOND_US, (stay.to_us - START_US) / SECOND_US


def _fixes(*taken_s: float, after_s: float = 0.0, accuracy_m: float = 10.0) -> Fixes:
    t_s = np.array(taken_s)
    return Fixes(t_s, t_s + after_s, np.full(len(t_s), accuracy_m))


@pytest.mark.parametrize(("north_m", "half_m", "deepest_m"), [(0.0, 300.0, 300.0), (180.0, 240.0, 120.0)])
def test_a_way_through_a_circle(north_m: float, half_m: float, deepest_m: float) -> None:
    (stay,) = _stays(_through(north_m), _ban(_DAY))
    assert _span(stay) == pytest.approx((600.0 - half_m / 2.0, 600.0 + half_m / 2.0), abs=0.5)
    assert stay.deepest_m == pytest.approx(deepest_m, abs=2.5)
    assert stay.kind == "inside"


def test_a_way_past_it_is_no_stay() -> None:
    assert _stays(_through(301.0), _ban(_DAY)) == []


def test_a_stay_is_cut_where_the_condition_begins_and_ends() -> None:
    stays = _stays(_through(), _ban([(500.0, 550.0), (700.0, 3_600.0)]))
    assert [(stay.active, *map(round, _span(stay))) for stay in stays] == [
        (False, 450, 500), (True, 500, 550), (False, 550, 700), (True, 700, 750),
    ]  # fmt: skip


def test_out_of_a_home_only_while_it_must_be_in() -> None:
    stays = _stays(_through(), _ban([(500.0, 1_000.0)], kind="outside"))
    assert [(stay.kind, *map(round, _span(stay))) for stay in stays] == [("outside", 750, 1_000)]
    assert stays[0].deepest_m == pytest.approx(500.0, abs=4.0)


def test_nearness_is_of_two_who_move() -> None:
    (stay,) = _stays(_through(), _towards())
    assert _span(stay) == pytest.approx((500.0, 700.0), abs=0.5)
    assert stay.deepest_m == pytest.approx(400.0, abs=2.5)


@pytest.mark.parametrize(
    ("his", "hers", "first_s", "shown_s"),
    [
        (_fixes(520.0, 580.0, 640.0), _NONE, None, None),  # seen alone he is near to nobody
        (_fixes(520.0, 580.0, 640.0), _fixes(399.0), None, None),  # hers is older than 120 s
        (_fixes(520.0, 580.0, 640.0), _fixes(405.0), 520.0, None),  # new enough for the first of his alone
        (_fixes(520.0, 580.0, 640.0), _fixes(550.0, 610.0), 550.0, 610.0),  # 550, 580 and 610 show it
        (_fixes(520.0, 580.0, 640.0), _fixes(550.0, 610.0, accuracy_m=700.0), 550.0, None),
        (_fixes(520.0, 580.0, 640.0), _fixes(550.0, 610.0, after_s=400.0), 950.0, 1_010.0),
        (_fixes(560.0, 620.0), _fixes(560.0, 620.0), 560.0, None),  # two instants, two moments
    ],
)
def test_a_contact_is_shown_by_both_or_not_at_all(
    his: Fixes, hers: Fixes, first_s: float | None, shown_s: float | None
) -> None:
    (stay,) = _stays(_through(), _towards(hers), his)
    seconds = [
        None if at is None else (at - START_US) / SECOND_US for at in (stay.first_fix_us, stay.shown_us)
    ]
    assert seconds == [first_s, shown_s]


@pytest.mark.parametrize(
    ("fixes", "first_s", "shown_s", "late"),
    [
        (_NONE, None, None, False),
        (_fixes(440.0, 600.0), 600.0, None, False),
        (_fixes(480.0, 540.0, 600.0, 660.0), 480.0, 600.0, False),
        (_fixes(455.0, 540.0, 600.0, 660.0), 455.0, 660.0, False),  # the first is 10 m deep only
        (_fixes(480.0, 540.0, 600.0, accuracy_m=200.0), 480.0, None, False),  # claims more than the depth
        (_fixes(480.0, 540.0, 600.0, after_s=1_000.0), 1_480.0, 1_600.0, True),
        (_fixes(480.0, 540.0, 600.0, after_s=100.0), 580.0, 700.0, False),
    ],
)
def test_what_the_fixes_show(fixes: Fixes, first_s: float | None, shown_s: float | None, late: bool) -> None:
    (stay,) = _stays(_through(), _ban(_DAY), fixes)
    seconds = [
        None if at is None else (at - START_US) / SECOND_US for at in (stay.first_fix_us, stay.shown_us)
    ]
    assert (*seconds, stay.late) == (first_s, shown_s, late)


def test_held_and_seen_are_stated() -> None:
    fixes = _fixes(0.0, 60.0, 120.0, 1_000.0, 1_060.0)
    facts = truth_of_path("w-1", _through(), [_ban(_DAY)], fixes, (0.0, 3_600.0), START_US)
    held = [fact for fact in facts if isinstance(fact, Held)]
    assert [(fact.from_us, fact.to_us) for fact in held] == [(START_US, START_US + 3_600 * SECOND_US)]
    seen = [fact for fact in facts if isinstance(fact, Seen)]
    assert seen == list(seen_of_fixes("w-1", fixes, START_US))
    assert [((s.from_us - START_US) / SECOND_US, s.every_s) for s in seen] == [(0.0, 60.0), (1_000.0, 60.0)]


@pytest.mark.parametrize("span_s", [(5.0, 5.0), (9.0, 3.0)])
def test_a_span_that_is_none_is_refused(span_s: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        truth_of_path("w-1", _through(), [], _NONE, span_s, START_US)


def test_spans_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise and not overlap"):
        _stays(_through(), _ban([(0.0, 100.0), (50.0, 200.0)]))
