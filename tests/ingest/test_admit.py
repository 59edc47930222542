"""Admission: marks, repeats and conflicts as functions of what is kept."""

from __future__ import annotations

from msgspec.structs import replace

from emon.ingest.admit import admit
from emon.limits import CLOCK_AHEAD_MAX_S, REANCHOR_FIXES, TRACK_FIXES_MAX
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US, parse_instant
from emon.model.vocabulary import Mark

NOON_US = parse_instant("2026-06-01T12:00:00Z")


def raw(second: float, lon: float = 4.48, seq: int | None = None) -> RawFix:
    number = int(second) + 100 if seq is None else seq
    return RawFix("d-1", number, NOON_US + round(second * SECOND_US), lon, 51.92, 10.0, f"{second}".encode())


def marks(fixes: list[RawFix], track: tuple[Fix, ...] = (), received_s: float = 60.0) -> list[Mark]:
    admitted = admit(fixes, track, {}, NOON_US + round(received_s * SECOND_US))
    return [fix.mark for fix in admitted.new]


def test_a_fix_in_order_is_ok() -> None:
    assert marks([raw(0), raw(30)]) == [Mark.OK, Mark.OK]


def test_a_sequence_number_that_wraps_or_begins_again_is_in_order() -> None:
    fixes = [raw(0, seq=2**32 - 2), raw(10, seq=2**32 - 1), raw(20, seq=0), raw(30, seq=1), raw(40, seq=0)]
    admitted = admit(fixes, (), {}, NOON_US + 60 * SECOND_US)
    assert [fix.mark for fix in admitted.new] == [Mark.OK] * 5
    assert [fix.wire.seq for fix in admitted.track] == [2**32 - 2, 2**32 - 1, 0, 1, 0]


def test_the_clock_may_run_ahead_only_so_far() -> None:
    assert marks([raw(60 + CLOCK_AHEAD_MAX_S), raw(61 + CLOCK_AHEAD_MAX_S)]) == [Mark.OK, Mark.CLOCK]


def test_a_fix_with_a_wrong_clock_hides_no_other() -> None:
    admitted = admit([raw(0), raw(9_999)], (), {}, NOON_US)
    assert [fix.wire.fixed_at_us for fix in admitted.track] == [NOON_US]


def test_late_and_out_of_order() -> None:
    track = admit([raw(200)], (), {}, NOON_US + 200 * SECOND_US).track
    assert marks([raw(100)], track, 210) == [Mark.OUT_OF_ORDER]
    assert marks([raw(0)], track, 210) == [Mark.LATE]


def test_a_jump_no_vehicle_makes_is_implausible_and_the_way_back_is_not() -> None:
    assert marks([raw(0), raw(5, 4.88), raw(10)]) == [Mark.OK, Mark.IMPLAUSIBLE, Mark.OK]


def test_fixes_that_agree_with_each_other_overrule_the_one_before() -> None:
    elsewhere = [raw(5 + i, 4.88 + i * 1e-5) for i in range(REANCHOR_FIXES + 1)]
    doubted = [Mark.IMPLAUSIBLE] * (REANCHOR_FIXES - 1)
    assert marks([raw(0), *elsewhere]) == [Mark.OK, *doubted, Mark.OK, Mark.OK]


def test_scattered_jumps_do_not_overrule() -> None:
    assert marks([raw(0), raw(5, 4.9), raw(6, 5.9), raw(7, 3.1)])[1:] == [Mark.IMPLAUSIBLE] * 3


def test_repeats_count_and_conflicts_are_named() -> None:
    kept = admit([raw(0), raw(30)], (), {}, NOON_US).track
    other = replace(raw(0), lon=4.5, raw=b"other")
    admitted = admit([raw(0), other, raw(30)], kept, {}, NOON_US + SECOND_US)
    assert (admitted.repeats, admitted.conflicts, admitted.new) == (2, [other], [])


def test_a_repeat_in_another_spelling_is_a_repeat() -> None:
    kept = admit([raw(0)], (), {}, NOON_US).track
    spelled = replace(raw(0), raw=b"{ same, other blanks }")
    assert admit([spelled], kept, {}, NOON_US).repeats == 1


def test_what_only_the_archive_knows_is_a_repeat_too() -> None:
    old = Fix(raw(-5_000), NOON_US, Mark.OK)
    admitted = admit([raw(-5_000)], (), {old.wire.key: old}, NOON_US)
    assert (admitted.repeats, admitted.new) == (1, [])


def test_the_track_is_bounded() -> None:
    admitted = admit([raw(s) for s in range(3 * TRACK_FIXES_MAX)], (), {}, NOON_US + 100 * SECOND_US)
    assert len(admitted.track) == TRACK_FIXES_MAX
    assert admitted.track[-1].wire.fixed_at_us == max(f.wire.fixed_at_us for f in admitted.new)
