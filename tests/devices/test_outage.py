"""Outage: many at once are one alert; few, or one after another, are each their own."""

from __future__ import annotations

from emon.model.vocabulary import Party
from tests.devices.fleet import events, fleet, heard, judged, minutes, troubles, word
from tests.engine.stories import NOON_US


def test_many_at_once_are_one_alert_and_no_flood_before_it() -> None:
    items = [fix for n in range(20) for fix in minutes(n, 0, 600 if n >= 12 else 300)]
    archive = judged(fleet(20), items, 600)
    ((event, at_s, device),) = events(archive)
    assert (event, device) == ("outage", None)
    # The first of the twelve whose time is over; the others have missed an interval by then.
    assert 300 + 180 <= at_s < 300 + 190
    (alert,) = archive.alerts
    assert (alert.order, alert.condition, alert.priority) == (None, None, 2)
    assert alert.recipients == (Party.MELDKAMER_EM,)
    (outage,) = troubles(archive, "outage")
    assert {one.device for one in outage.unseen} == {f"d-{n}" for n in range(12)}
    silences = troubles(archive, "silence")
    assert len(silences) == 12
    assert {silence.alert for silence in silences} == {alert.id}


def test_the_list_ranks_by_risk_then_by_how_near_a_ban_then_by_age() -> None:
    places = {0: 90_000.0, 1: 900.0, 2: 5_000.0}
    items = [fix for n in range(3) for fix in heard(n, 0, 60 + n, east_m=places[n])]
    items += heard(9, 0, 62)
    archive = judged(fleet(10), items, 300)
    (outage,) = troubles(archive, "outage")
    assert [one.device for one in outage.unseen] == ["d-9", "d-1", "d-2", "d-0"]
    nearest = outage.unseen[1]
    assert nearest.order == "o-1"
    assert nearest.near_m is not None
    assert abs(nearest.near_m - 700.0) < 5.0
    assert nearest.seen_us == NOON_US + 61_000_000


def test_two_at_once_are_two_silences() -> None:
    items = [fix for n in range(8) for fix in minutes(n, 0, 660 if n >= 2 else 300, east_m=900.0)]
    assert [event for event, _, _ in events(judged(fleet(8), items, 700))] == ["silence", "silence"]


def test_three_of_a_hundred_are_three_silences() -> None:
    items = [fix for n in range(100) for fix in minutes(n, 0, 600 if n >= 3 else 240, east_m=900.0)]
    assert [event for event, _, _ in events(judged(fleet(100), items, 600))] == ["silence"] * 3


def test_those_who_fall_silent_one_by_one_are_no_outage() -> None:
    items = [fix for n in range(4) for fix in minutes(n, 0, 120 + 400 * n, east_m=900.0)]
    assert [event for event, _, _ in events(judged(fleet(4), items, 2_000))] == ["silence"] * 4


def test_it_ends_when_most_are_heard_and_a_second_one_is_told_again() -> None:
    items = [fix for n in range(5) for fix in heard(n, 0, 60, 600 + n, 660 + n)]
    archive = judged(fleet(5), items, 2_000)
    assert [(event, at_s) for event, at_s, _ in events(archive)] == [("outage", 240.0), ("outage", 840.0)]
    first, second = troubles(archive, "outage")
    assert first.cleared_at_us == NOON_US + 602_000_000  # the third of five
    assert (first.devices, first.heard) == (5, 3)
    assert second.cleared_at_us is None


def test_who_uses_an_outage_to_vanish_is_told_when_it_is_over() -> None:
    items = [fix for n in range(5) for fix in heard(n, 0, 60, *([] if n == 4 else range(600, 2_000, 60)))]
    archive = judged(fleet(5), items, 2_000)
    assert events(archive) == [("outage", 240.0, None), ("silence", 780.0, "d-4")]
    silence = next(t for t in troubles(archive, "silence") if t.device == "d-4")
    assert silence.opened_at_us == NOON_US + 240_000_000  # one silence, told when its outage was over
    assert silence.cleared_at_us is None


def test_who_lies_still_joins_the_outage_late_and_is_not_told_alone() -> None:
    # Four report by the minute, one by the hour: its two hours end long after the outage began.
    items = [fix for n in range(4) for fix in minutes(n, 0, 1_800)]
    items += [*minutes(4, 0, 600), *heard(4, 1_700), word(4, "motion", "still", 0)]
    archive = judged(fleet(5), items, 12_000)
    assert [event for event, _, _ in events(archive)] == ["outage"]
    (outage,) = troubles(archive, "outage")
    assert {one.device for one in outage.unseen} == {"d-0", "d-1", "d-2", "d-3"}
    assert outage.devices == 5
