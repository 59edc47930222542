"""OwnTracks as phones send it."""

from __future__ import annotations

import pytest

from emon.ingest.decode import decode
from emon.model.fix import Decoded
from emon.model.vocabulary import Reason

TOPIC = "owntracks/jan/phone-1"
ANDROID = (
    b'{"_type":"location","BSSID":"aa:bb:cc:dd:ee:ff","SSID":"home","acc":14,"alt":46,"batt":87,"bs":1,'
    b'"conn":"w","created_at":1774745971,"lat":51.9225,"lon":4.4792,"m":1,"t":"u","tid":"p1","topic":'
    b'"owntracks/jan/phone-1","tst":1774745970,"vac":3,"vel":36,"cog":270}'
)
TRANSITION = (
    b'{"_type":"transition","acc":16.0,"desc":"home","event":"leave","lat":51.9,"lon":4.4,"tid":"p1",'
    b'"tst":1774745990,"wtst":1700000000,"t":"c"}'
)


def test_a_location_becomes_a_fix() -> None:
    (fix,) = decode(TOPIC, ANDROID).fixes
    assert (fix.device, fix.seq, fix.fixed_at_us) == ("phone-1", 1774745970, 1774745970_000_000)
    assert (fix.lat, fix.lon, fix.heading_deg, fix.battery) == (51.9225, 4.4792, 270.0, 0.87)
    assert fix.accuracy_m == pytest.approx(14 * 1.6214, abs=1e-9)  # 68 % radius to 95 % radius
    assert fix.speed_m_s == pytest.approx(10.0)  # 36 km/h
    assert fix.raw == ANDROID
    assert decode(TOPIC, fix.raw).fixes == (fix,)


@pytest.mark.parametrize("topic", [TOPIC, f"{TOPIC}/event"])
def test_a_transition_carries_a_position_too(topic: str) -> None:
    (fix,) = decode(topic, TRANSITION).fixes
    assert (fix.device, fix.seq, fix.lat, fix.lon) == ("phone-1", 1774745990, 51.9, 4.4)


def test_what_a_phone_does_not_know_is_absent() -> None:
    payload = b'{"_type":"location","acc":5,"lat":1,"lon":2,"tst":3,"vel":-1,"cog":-1,"batt":-100}'
    (fix,) = decode(TOPIC, payload).fixes
    assert (fix.speed_m_s, fix.heading_deg, fix.battery) == (None, None, None)


@pytest.mark.parametrize("kind", ["lwt", "waypoint", "waypoints", "card", "steps", "status", "cmd", "new"])
def test_other_types_are_no_fault(kind: str) -> None:
    assert decode(TOPIC, b'{"_type":"%s","tst":1}' % kind.encode()) == Decoded()


@pytest.mark.parametrize(
    ("payload", "reason", "place"),
    [
        (b'{"_type":"encrypted","data":"c2VjcmV0"}', Reason.UNREADABLE, "_type"),
        (b'{"_type":"location","lat":1,"lon":2,"tst":3}', Reason.MISSING, "acc"),
        (b'{"_type":"location","lat":1,"lon":2,"acc":-1,"tst":3}', Reason.OUT_OF_RANGE, "acc"),
        (b'{"_type":"location","lat":1,"lon":2,"acc":9,"tst":-3}', Reason.OUT_OF_RANGE, "tst"),
        (b'{"_type":"location","lat":1,"lon":2,"acc":9,"tst":4294967296}', Reason.OUT_OF_RANGE, "tst"),
        (b'{"_type":"location","lat":99,"lon":2,"acc":9,"tst":3}', Reason.OUT_OF_RANGE, "lat"),
        (b'{"lat":1,"lon":2,"acc":9,"tst":3}', Reason.MISSING, "_type"),
        (b'{"_type":5}', Reason.WRONG_TYPE, "_type"),
        (b"C2,561ebac3,v,50123456,65987654,0,0,11,0,5232", Reason.UNREADABLE, ""),
    ],
)
def test_what_is_wrong_is_named(payload: bytes, reason: Reason, place: str) -> None:
    (rejection,) = decode(TOPIC, payload).rejections
    assert (rejection.device, rejection.reason, rejection.place) == ("phone-1", reason, place)


def test_a_cleared_retained_location_is_nothing() -> None:
    assert decode(TOPIC, b"") == Decoded()
