"""What is said of a broker in the log: its session, its bounds, what it dropped. Both MQTT sources use it."""

from __future__ import annotations

import logging

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.sources.packets import NEVER_EXPIRES_S
from emon.limits import PACKET_BYTES_MIN, RECEIVE_WINDOW_MESSAGES

_log = logging.getLogger(__name__)

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"  # Mosquitto counts there what it gave up
VERSION_TOPIC = "$SYS/broker/version"  # and says there who it is
SYSTEM_TOPICS = (DROPPED_TOPIC, VERSION_TOPIC)
_VERSION_SHOWN_MAX = 100


class BrokerNotes:
    """Says each thing when it is news. ``dropped_*`` are counts for whoever asks."""

    def __init__(self, address: BrokerAddress, client_id: str) -> None:
        self._address = address
        self._client_id = client_id
        self._had_session = False
        self.version: str | None = None
        self.dropped_by_broker = 0
        self.dropped_unpromised = 0

    def session(self, present: bool) -> None:
        """Whether the broker still had our session when we came."""
        if not present and self._had_session:
            _log.error(
                "MQTT broker %s has lost our session %r: what it held for us is gone. It must persist "
                "sessions; see docs/brokers.md.",
                self._address,
                self._client_id,
            )
        elif not present:
            _log.warning(
                "MQTT broker %s: session %r is new. Fixes that it acknowledged before now were delivered "
                "to nobody; from now on it keeps them for us.",
                self._address,
                self._client_id,
            )
        self._had_session = True

    def bounds(self, expiry_s: int | None, window: int | None) -> None:
        """What a broker with MQTT 5 grants; None where it says nothing, which means what we asked for."""
        if expiry_s is not None and expiry_s != NEVER_EXPIRES_S:
            _log.error(
                "MQTT broker %s keeps our session only %d s; see docs/brokers.md.", self._address, expiry_s
            )
        if window is not None and window < RECEIVE_WINDOW_MESSAGES:
            _log.error(
                "MQTT broker %s has a window of %d messages, %d are needed (Mosquitto: "
                "max_inflight_messages); are its other settings ours? See docs/brokers.md.",
                self._address,
                window,
                RECEIVE_WINDOW_MESSAGES,
            )

    def grants(self, max_qos: int | None, retain: bool | None, packet_bytes: int | None) -> None:
        """What else a broker with MQTT 5 says in its CONNACK; None, where it says nothing, bounds nothing."""
        if max_qos == 0:
            _log.error(
                "MQTT broker %s takes QoS 0 alone: nothing that devices send is promised.", self._address
            )
        if retain is False:
            _log.error("MQTT broker %s keeps no retained message: devices' status is lost.", self._address)
        if packet_bytes is not None and packet_bytes < PACKET_BYTES_MIN:
            _log.error(
                "MQTT broker %s takes packets of %d bytes, %d are needed: a device that stored more is sent "
                "away for ever; see docs/brokers.md.",
                self._address,
                packet_bytes,
                PACKET_BYTES_MIN,
            )

    def system(self, topic: str, payload: bytes) -> bool:
        """Whether this is a word of the broker on itself, and no device's."""
        if topic == VERSION_TOPIC:
            version = payload.decode("utf-8", "replace")
            if version != self.version:
                _log.info("MQTT broker %s: %s", self._address, version[:_VERSION_SHOWN_MAX])
            self.version = version
        elif topic == DROPPED_TOPIC:
            self.dropped(payload)
        else:
            return False
        return True

    def more_than_agreed(self, window: int) -> None:
        """It sends beyond our Receive Maximum; what waits here stays bounded in bytes."""
        _log.warning(
            "MQTT broker %s sends more than the %d unacknowledged messages that were agreed; they are taken.",
            self._address,
            window,
        )

    def dropped(self, payload: bytes) -> None:
        """Mosquitto counts dropped messages since its start, of all its clients."""
        text = payload.decode("ascii", "replace")
        count = int(text) if text.isdecimal() else 0
        if count > self.dropped_by_broker:
            _log.error(
                "MQTT broker %s says it has dropped %d messages since it started; check "
                "max_queued_messages and its ACL (docs/brokers.md).",
                self._address,
                count,
            )
        self.dropped_by_broker = count

    def unpromised(self) -> None:
        """One more message with QoS 0 for which there was no room."""
        self.dropped_unpromised += 1
        if self.dropped_unpromised.bit_count() == 1:  # 1, 2, 4, 8 …: said, without flooding the log
            _log.error(
                "dropped %d messages that were published with QoS 0, for which MQTT promises nothing; "
                "devices publish with QoS 1",
                self.dropped_unpromised,
            )
