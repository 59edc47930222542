"""Topics and the ids of devices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.topics import SUBSCRIPTIONS, Channel, is_device_id, parse_topic, topic_for

_DEVICES = st.text("ABCXYZabcxyz0189_-", min_size=1, max_size=64)


@given(device=_DEVICES, channel=st.sampled_from([c for c in Channel if c is not Channel.OWNTRACKS]))
def test_a_topic_that_is_made_is_read_again(device: str, channel: Channel) -> None:
    assert parse_topic(topic_for(channel, device)) == (channel, device)


@pytest.mark.parametrize("device", ["", "a" * 65, "é", "a b", "a/b", "d+1", "#", "d.1", "d\n"])
def test_other_texts_are_no_device(device: str) -> None:
    assert not is_device_id(device)
    assert parse_topic(f"emon/v1/{device}/fix") is None
    with pytest.raises(ValueError, match="no device id"):
        topic_for(Channel.FIX, device)


def test_an_owntracks_topic_needs_a_user() -> None:
    assert parse_topic("owntracks/any user/d-1") == (Channel.OWNTRACKS, "d-1")
    assert parse_topic("owntracks//d-1") is None
    assert parse_topic("owntracks/u/d-1/cmd") is None
    with pytest.raises(ValueError, match="user"):
        topic_for(Channel.OWNTRACKS, "d-1")


def test_the_service_never_shares_a_subscription() -> None:
    assert all(not topic.startswith("$share") for topic in SUBSCRIPTIONS)
