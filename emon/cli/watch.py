"""``emon watch``: a process of its own that tells when the service, its database or its host stops."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.alerts.policy import Policy
    from emon.alerts.recipients import Recipients
    from emon.config import Settings

_EPILOG = """\
Each ten seconds it asks the service (EMON_WATCH_URL, else EMON_HTTP_LISTEN) for /health, and the database
(EMON_DATABASE_URL) for the engine's clock. What is gone for a minute is told once to every recipient in
EMON_POLICY, by the same channels as an alert; its end is told once too. What it has told, and what nobody
received yet, stands in EMON_DATA_DIR/watch.json: a restart tells nothing twice.

Run it on another machine than the service: only then it can tell that the host is gone. Its alerts stand in
no database, so the page does not show them and nobody acknowledges them there.

example:
  export EMON_WATCH_URL=http://10.0.0.5:8380
  export EMON_DATABASE_URL=postgresql://emon_watch:SECRET@10.0.0.6:5432/emon
  export EMON_POLICY=/etc/emon/policy.json EMON_DATA_DIR=/var/lib/emon-watch
  emon watch

deploy/systemd/emon-watch.service runs it. SIGTERM or Ctrl-C ends it in order.

Exit codes: 0 asked to stop; 74 its file cannot be read or written; 78 a setting.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "watch",
        help="tell the recipients when the service, its database or its host stops",
        description="Watches a running service from outside and tells the recipients when it is gone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio
    import logging

    from emon.cli.run import configured
    from emon.logs import set_up_logs
    from emon.watchdog.kept import KeptUnusable

    settings, recipients, policy = configured(os.environ, args.config)
    set_up_logs(settings.log_level, settings.log_format)
    for warning in recipients.warnings(policy.parties()):
        logging.getLogger("emon").warning(warning)
    code = os.EX_OK
    try:
        asyncio.run(_watch(settings, recipients, policy))
    except* KeptUnusable as faults:
        for fault in faults.exceptions:
            print(f"emon watch: {fault}", file=sys.stderr)
        code = os.EX_IOERR
    return code


async def _watch(settings: Settings, recipients: Recipients, policy: Policy) -> None:
    import asyncio
    import logging
    import signal

    from emon import clock
    from emon.alerts.channels.opened import open_channels
    from emon.alerts.dispatcher import Dispatcher
    from emon.cli.health import service_url
    from emon.watchdog.kept import KeptFile
    from emon.watchdog.outside import Lookout, Places, ask
    from emon.watchdog.told_once import reached

    places = Places(settings.watch_url or service_url(settings.http_listen), settings.database_url)
    kept = KeptFile(settings.data_dir / "watch.json")
    async with open_channels(recipients, settings.http_public_url, clock.now_us) as channels:
        dispatcher = Dispatcher(kept, channels, clock.now_us)
        lookout = Lookout(
            lambda now_us: ask(places, now_us),
            kept,
            reached(tuple(recipients.routes)),
            recipients.deliveries,
            now_us=clock.now_us,
            on_told=dispatcher.wake,
            policy=policy,
        )
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, lookout.stop)
        logging.getLogger("emon").info("watching %s", places.service_url)
        async with asyncio.TaskGroup() as group:
            group.create_task(dispatcher.run(), name="dispatcher")
            await lookout.run()
            dispatcher.stop()
