"""``emon run``: the service, against a real broker and a real database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.alerts.policy import Policy
    from emon.alerts.recipients import Recipients
    from emon.app import Service, Started
    from emon.config import Settings
    from emon.model.order import Fault

_EPILOG = """\
example:
  export EMON_MQTT_URL=mqtt://emon:SECRET@127.0.0.1:1883
  export EMON_DATABASE_URL=postgresql://emon:SECRET@127.0.0.1:5432/emon
  export EMON_POLICY=/etc/emon/policy.json
  emon migrate && emon user add NAME && emon run

Start the service once before any device may publish: the session that the broker keeps for it exists
from then on. Ctrl-C or SIGTERM ends it in order; what was not committed comes again.

Exit codes: 0 asked to stop; 69 no broker, no database, or the address is taken; 70 our own fault;
78 a setting, or the schema: run `emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from emon.config import settings_help

    parser = subparsers.add_parser(
        "run",
        help="run the service",
        description="Takes fixes from the broker, judges them, tells the recipients and serves the page.",
        epilog=f"{settings_help()}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio
    import logging

    from emon.app import Service
    from emon.cli.collector import collect_seldom
    from emon.ingest.source import SourceUnavailable
    from emon.logs import set_up_logs
    from emon.page_server import AddressTaken
    from emon.store.errors import DatabaseUnavailable, EngineClaimed, EngineFenced, StoreFault

    settings, recipients, policy = configured(os.environ, args.config)
    set_up_logs(settings.log_level, settings.log_format)
    log = logging.getLogger("emon")
    for warning in (*settings.warnings(), *recipients.warnings(policy.parties())):
        log.warning(warning)
    service = Service(settings, recipients, policy, on_start=_say_started)
    code = os.EX_OK
    try:
        collect_seldom()
        asyncio.run(_until_stopped(service))
    except* (DatabaseUnavailable, EngineClaimed, EngineFenced, SourceUnavailable, AddressTaken) as faults:
        code = _say(faults, os.EX_UNAVAILABLE)
    except* StoreFault as faults:
        code = _say(faults, os.EX_CONFIG)
    return code


def configured(environ: Mapping[str, str], config: Path | None) -> tuple[Settings, Recipients, Policy]:
    """Settings and policy file, read together. Raises ``ConfigurationRefused`` with every fault."""
    from emon.alerts.policy import DEFAULT_POLICY
    from emon.alerts.recipients import RecipientsRefused, load_recipients
    from emon.config import ConfigurationRefused, load_settings
    from emon.policies.reader import PolicyRefused, read_policy

    faults: list[Fault] = []
    settings = recipients = None
    policy = DEFAULT_POLICY
    try:
        settings = load_settings(environ, config, needs=("EMON_POLICY",))
        file = settings.policy
    except ConfigurationRefused as refused:
        faults.extend(refused.faults)
        given = environ.get("EMON_POLICY")
        file = Path(given) if given and Path(given).is_file() else None
    if file is not None:
        try:
            recipients = load_recipients(file, environ=environ)
        except RecipientsRefused as refused_recipients:
            faults.extend(_in_file(file, refused_recipients.faults))
        else:
            try:
                policy = read_policy(file.read_bytes())
            except PolicyRefused as refused_policy:
                faults.extend(_in_file(file, refused_policy.faults))
    if settings is None or recipients is None or faults:
        raise ConfigurationRefused(faults)
    return settings, recipients, policy


def _in_file(file: Path, faults: tuple[Fault, ...]) -> list[Fault]:
    from emon.model.order import Fault

    return [Fault(f"EMON_POLICY ({file})", str(fault)) for fault in faults]


async def _until_stopped(service: Service) -> None:
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(service.run(), name="service")

    def end() -> None:
        service.stop()
        if not service.started:
            task.cancel()  # still waiting for a broker or a database

    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, end)
    try:
        await task
    except asyncio.CancelledError:
        if service.started:
            raise


def _say_started(started: Started) -> None:
    import logging

    log = logging.getLogger("emon")
    log.info("database: %s", started.description)
    log.info("page: %s", started.http_url)
    log.info("the service is up")


def _say(group: BaseExceptionGroup[Exception], code: int) -> int:
    for fault in _leaves(group):
        print(f"emon run: {fault}", file=sys.stderr)
    return code


def _leaves(group: BaseExceptionGroup[Exception]) -> list[BaseException]:
    found: list[BaseException] = []
    for fault in group.exceptions:
        found.extend(_leaves(fault) if isinstance(fault, BaseExceptionGroup) else [fault])
    return found
