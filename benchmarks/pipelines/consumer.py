"""The process of a pipeline: ours as it is installed, or a rival's script."""

from __future__ import annotations

import os
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from benchmarks.pipeline import spawned, until
from benchmarks.pipelines.fetch import gmqtt_folder
from benchmarks.shares import cpu_s, family_of, spent_s
from tests.fixtures_brokers import MosquittoBroker

_UP_S = 300.0  # a first start compiles

_GMQTT = "gmqtt, COPY"
PIPELINES: Mapping[str, tuple[str, ...]] = {
    "acknowledges only": ("-m", "benchmarks.pipelines.acknowledge_only"),
    "emon, frames": ("-m", "emon", "run"),
    "emon, aiomqtt": ("-m", "emon", "run"),
    _GMQTT: ("-m", "benchmarks.pipelines.gmqtt_copy"),
    "aiomqtt, queue, executemany": ("-m", "benchmarks.pipelines.aiomqtt_queue"),
}
STORES_NOTHING = "acknowledges only"
_EMON_SOURCE = {"emon, frames": "frames", "emon, aiomqtt": "aiomqtt"}


class Consumer:
    """The pipeline's process."""

    def __init__(
        self, pipeline: str, folder: Path, broker: MosquittoBroker, database: str, policy: Path
    ) -> None:
        self._arguments = list(PIPELINES[pipeline])
        self._environ = dict(os.environ)
        self.log = folder / "consumer.log"
        self._process: Process | None = None
        self.cpu_s = 0.0
        """Of what it did after it was up."""
        self._before_s = 0.0
        if pipeline == _GMQTT:
            self._environ["PYTHONPATH"] = str(gmqtt_folder())
        source = _EMON_SOURCE.get(pipeline)
        if source is None:
            address = conninfo_to_dict(broker.service_url.replace("mqtt://", "postgresql://"))
            for key, value in (("host", "127.0.0.1"), ("port", broker.port), ("database", database)):
                self._arguments += [f"--{key}", str(value)]
            self._arguments += ["--user", str(address["user"]), "--password", str(address["password"])]
        else:
            self._environ |= {
                "EMON_MQTT_URL": broker.service_url,
                "EMON_MQTT_SOURCE": source,
                "EMON_DATABASE_URL": database,
                "EMON_HTTP_LISTEN": "127.0.0.1:0",
                "EMON_POLICY": str(policy),
                "EMON_DATA_DIR": str(folder / "service"),
            }

    async def start(self) -> None:
        seen = self.log.stat().st_size if self.log.exists() else 0
        self._process = process = await spawned(self._arguments, self._environ, self.log)

        async def up() -> bool:
            said = self.log.read_bytes()[seen:]
            if process.returncode is not None:
                raise RuntimeError(f"the consumer ended: {said[-2000:].decode(errors='replace')}")
            return b"up\n" in said.splitlines(keepends=True) or b"the service is up" in said

        came_up = await until(up, _UP_S)
        self._before_s = cpu_s(process.pid)
        if not came_up:
            raise RuntimeError(
                f"the consumer was not up within {_UP_S:.0f} s: {self.log.read_text()[-2000:]}"
            )

    def counts(self) -> None:
        """What it costs counts from now on."""
        assert self._process is not None
        self._before_s, self.cpu_s = cpu_s(self._process.pid), 0.0

    async def end(self, sign: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self.cpu_s += cpu_s(self._process.pid) - self._before_s
        self._process.send_signal(sign)
        await self._process.wait()


def server_cpu_s(pid: int) -> float:
    """What all processes of a database server have spent, also those that have ended."""
    return spent_s(pid) + sum(cpu_s(child) for child in family_of(pid) if child != pid)
