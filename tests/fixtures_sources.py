"""Both MQTT sources: a test that takes ``source_type`` is run with each."""

from __future__ import annotations

import pytest

from emon.ingest.sources.frame_source import FrameSource
from emon.ingest.sources.mqtt import MqttSource

AnySource = MqttSource | FrameSource
SourceType = type[MqttSource] | type[FrameSource]


@pytest.fixture(params=[MqttSource, FrameSource], ids=["aiomqtt", "frames"])
def source_type(request: pytest.FixtureRequest) -> SourceType:
    """Either source."""
    kind: SourceType = request.param
    return kind
