"""The demo's recipients, each a process of its own: ``python -m emon.demo.receivers --help``.

They stand for the control rooms of others: they check what they get, keep it, and answer. A
process prints one line of JSON when it listens, ends on SIGTERM or SIGINT, and ends when its parent
does, even by ``kill -9``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP

from emon.demo.receiver_ledger import Ledger
from emon.demo.receiver_mail import MailReceiver
from emon.demo.receiver_webhook import WebhookReceiver
from emon.model.vocabulary import Party

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_MAIL_BYTES_MAX = 1_048_576
_BACKLOG = 128


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent is gone; end now if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(os.EX_UNAVAILABLE)


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: this process has one way to stop for both servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(_BACKLOG)
    return listening


def _say_ready(args: argparse.Namespace, port: int) -> None:
    line = {"ready": args.party, "channel": args.channel, "port": port, "pid": os.getpid()}
    print(json.dumps(line), flush=True)


async def _serve_webhook(args: argparse.Namespace, ledger: Ledger, stop: asyncio.Event) -> None:
    receiver = WebhookReceiver(
        ledger,
        secret=args.secret_file.read_text().strip(),
        party=args.party,
        person=args.person,
        confirm_base=args.confirm_base,
    )
    config = uvicorn.Config(
        receiver, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    listening = _listen(args.port)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    receiver.resume()
    _say_ready(args, listening.getsockname()[1])
    await stop.wait()
    server.should_exit = True
    await serving
    await receiver.close()


async def _serve_mail(args: argparse.Namespace, ledger: Ledger, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    handler = MailReceiver(ledger, args.mailbox)
    listening = _listen(args.port)

    def protocol() -> SMTP:
        return SMTP(handler, hostname="localhost", data_size_limit=_MAIL_BYTES_MAX, loop=loop)

    server = await loop.create_server(protocol, sock=listening)
    _say_ready(args, listening.getsockname()[1])
    await stop.wait()
    server.close()


async def _serve(args: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ledger = Ledger(args.dir / f"{args.party}.jsonl")
    try:
        await (_serve_mail if args.channel == "smtp" else _serve_webhook)(args, ledger, stop)
    finally:
        ledger.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emon.demo.receivers",
        description="A recipient of alerts on this machine, for the demo and for trying things out.",
        epilog="example: python -m emon.demo.receivers politie --dir /tmp/politie --secret-file secret.txt",
    )
    parser.add_argument("party", choices=[str(party) for party in Party], help="whom it stands for")
    parser.add_argument("--channel", choices=("webhook", "smtp"), default="webhook")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--dir", type=Path, required=True, help="folder for PARTY.jsonl, what it received")
    parser.add_argument("--secret-file", type=Path, help="webhook: file with the secret (whsec_…)")
    parser.add_argument("--person", default="", help="webhook: the name under which it confirms alerts")
    parser.add_argument("--confirm-base", help="webhook: confirm only at addresses below this one")
    parser.add_argument("--mailbox", default="meldkamer-em@demo.invalid", help="smtp: the one mailbox")
    parser.add_argument("--parent", type=int, help="end when this process, its parent, ends")
    return parser


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.channel == "webhook" and args.secret_file is None:
        parser.error("a webhook needs --secret-file")
    args.person = args.person or f"demo ({args.party})"
    if args.parent is not None:
        die_with_parent(args.parent)
    args.dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(args))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
