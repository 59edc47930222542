"""What a running nats-server says of its settings, asked at its monitoring port: MQTT cannot ask for them."""

from __future__ import annotations

import logging

import httpx
import msgspec

from emon.identity.broker_settings import Finding, running_findings
from emon.limits import NATS_MONITOR_ANSWER_S

_log = logging.getLogger(__name__)


async def say_what_loses_fixes(url: str) -> list[Finding]:
    """Ask, and say in the log each setting that loses fixes. A port that does not answer is a warning alone:
    the broker may be well."""
    try:
        async with httpx.AsyncClient(timeout=NATS_MONITOR_ANSWER_S, trust_env=False) as client:
            answer = await client.get(f"{url.rstrip('/')}/varz")
        varz = msgspec.json.decode(answer.raise_for_status().content, type=dict[str, object])
        found = running_findings(varz, url)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, AttributeError, TypeError) as fault:
        _log.warning("EMON_NATS_MONITOR_URL %s/varz: %s", url, str(fault) or type(fault).__name__)
        return []
    for finding in found:
        _log.error("broker %s (docs/brokers.md)", finding)
    if not found:
        _log.info("broker %s: nats-server %s, no setting that loses fixes", url, varz.get("version"))
    return found
