"""``emon broker``: who may connect to the broker, and as whom."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from emon.cli import broker_check

if TYPE_CHECKING:
    from emon.identity.book import Book, Credential

_EPILOG = """\
A device may publish under its own id alone. FOLDER then holds
  identities.json       the book: hashes of passwords, who is revoked (keep it; nothing else does)
  mosquitto/passwords   Mosquitto's password_file
  mosquitto/acl         Mosquitto's acl_file
  nats/accounts.conf    what deploy/nats/nats.conf includes
A new password stands in the line printed here and nowhere else: lost, it is made again by `rotate`.

examples:
  $ emon broker sync /etc/emon/broker
  {"user":"emon","password":"…","client_id":"emon-…"}      the service: see EMON_MQTT_URL in docs/brokers.md
  {"user":"em-1001","password":"…","client_id":"em-1001-…"}
  $ emon broker sync /etc/emon/broker --reload-pid $(pidof mosquitto)    after new orders were armed
  $ emon broker revoke /etc/emon/broker em-1001 --reload-pid $(pidof mosquitto)   lost: its session ends
  $ emon broker rotate /etc/emon/broker em-1001                  a new password; a revoked one is let in again

  $ emon broker check /etc/mosquitto             which settings of the broker lose fixes, with line and remedy

Both brokers read the files again on SIGHUP. Without --reload-pid the command to send it is printed.

Exit codes: 0 done; 65 a name that cannot be used; 69 no database, or no such process (the files are written);
74 the folder cannot be read or written; 78 run `emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "broker",
        help="passwords and access rules of the broker, made of the device list",
        description="Writes Mosquitto's and nats-server's users and access rules from the devices that the "
        "orders in the database at EMON_DATABASE_URL name.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    sync = actions.add_parser(
        "sync",
        help="give each device of the database that has none a password, and the service",
        description="Gives the service and each device that an order names, and that has none, a password.",
    )
    rotate = actions.add_parser(
        "rotate", help="new passwords", description="Gives users new passwords and client ids."
    )
    revoke = actions.add_parser(
        "revoke",
        help="let devices in no more",
        description="Lets devices in no more, also if orders name them.",
    )
    broker_check.register(actions)
    for action in (sync, rotate, revoke):
        action.add_argument("folder", metavar="FOLDER", type=Path, help="where the book and the files are")
        if action is not sync:
            action.add_argument("users", metavar="USER", nargs="+", help="a device's id; emon is the service")
        action.add_argument(
            "--reload-pid",
            type=int,
            action="append",
            default=[],
            metavar="PID",
            help="a broker's process, which is sent SIGHUP when the files are written",
        )
        action.add_argument(
            "--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)"
        )
        action.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from emon.identity.book import IdentityRefused
    from emon.identity.folder import FolderUnusable, IdentityFolder
    from emon.store.errors import DatabaseUnavailable, StoreFault

    if args.action != "sync" and not args.folder.exists():
        return _fault(f"{args.folder}: there is no such folder; `emon broker sync` makes it", os.EX_IOERR)
    try:
        with IdentityFolder(args.folder) as folder:
            book, made = _changed(args, folder.read())
            folder.write(book)
    except IdentityRefused as refused:
        return _fault(str(refused), os.EX_DATAERR)
    except FolderUnusable as unusable:
        return _fault(str(unusable), os.EX_IOERR)
    except DatabaseUnavailable as unavailable:
        return _fault(str(unavailable), os.EX_UNAVAILABLE)
    except StoreFault as fault:
        return _fault(str(fault), os.EX_CONFIG)
    _show(made)
    return _reload(args.reload_pid)


def _changed(args: argparse.Namespace, book: Book) -> tuple[Book, list[Credential]]:
    import asyncio
    import secrets

    from emon.config import load_settings
    from emon.identity import book as identities

    if args.action == "rotate":
        return identities.rotated(book, args.users, secrets.token_bytes)
    if args.action == "revoke":
        return identities.revoked(book, args.users), []
    url = load_settings(os.environ, args.config).database_url
    return identities.with_devices(book, asyncio.run(_known_devices(url)), secrets.token_bytes)


async def _known_devices(url: str) -> list[str]:
    from emon.store.store import Store

    store = await Store.open(url)
    try:
        return await store.known_devices()
    finally:
        await store.close()


def _show(made: list[Credential]) -> None:
    import msgspec

    for credential in made:
        print(msgspec.json.encode(credential).decode())


def _reload(pids: list[int]) -> int:
    import signal

    if not pids:
        print("emon broker: written; the broker reads it on  kill -HUP PID", file=sys.stderr)
    code = os.EX_OK
    for pid in pids:
        try:
            if pid <= 1:
                raise ProcessLookupError("not a broker's process")
            os.kill(pid, signal.SIGHUP)
        except OSError as fault:
            code = _fault(f"written, but process {pid}: {fault.strerror or fault}", os.EX_UNAVAILABLE)
    return code


def _fault(text: str, code: int) -> int:
    print(f"emon broker: {text}", file=sys.stderr)
    return code
