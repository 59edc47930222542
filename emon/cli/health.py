"""``emon health``: is the service on this machine up and well? For containers and supervisors."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.config import Address

TIMEOUT_S = 3.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "health",
        help="ask the running service whether it is well",
        description="Asks the service at EMON_HTTP_LISTEN for /health, prints the answer, and exits with 0 "
        "when the service says that it is well, with 69 when it does not or cannot be reached.",
        epilog="example:\n  EMON_HTTP_LISTEN=127.0.0.1:8380 emon health",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def service_url(listen: Address) -> str:
    """How this machine reaches a service that listens there."""
    from emon.config import Address

    return f"http://{Address(_ANY.get(listen.host, listen.host), listen.port)}"


def run(args: argparse.Namespace) -> int:
    import httpx

    from emon.config import load_settings

    url = f"{service_url(load_settings(os.environ, args.config).http_listen)}/health"
    try:
        answer = httpx.get(url, timeout=TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as fault:
        reason = str(fault) or type(fault).__name__
        remedy = "`emon run` is not running, or listens elsewhere: set EMON_HTTP_LISTEN as it has it"
        print(f"emon health: {url}: {reason}; {remedy}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    print(answer.text)
    return os.EX_OK if answer.is_success else os.EX_UNAVAILABLE
