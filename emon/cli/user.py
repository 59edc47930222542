"""``emon user``: who may log in to the page."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
The password is asked for twice at a terminal; otherwise it is the first line of standard input. With
--generate a random one is made and printed, once: only its hash is stored.

examples:
  $ emon user add anna                           asks for the password
  $ emon user add anna --generate
  anna may log in with the password  k4mtp-9xqwe-r3hzd-7bnva-2cyus
  $ emon user password anna < new-password.txt   ends all of anna's sessions

Exit codes: 0 done; 65 the name or the password cannot be used; 69 no such database; 78 run `emon migrate`.
"""
_NAME_CHARS_MAX = 64


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "user",
        help="make an account for the page, or give one a new password",
        description="Makes the accounts of the page in the database at EMON_DATABASE_URL.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make an account", description="Makes an account.")
    add.add_argument(
        "--party",
        default="meldkamer_em",
        metavar="PARTY",
        help="the body the person works for, in whose name alerts are acknowledged (default: %(default)s)",
    )
    change = actions.add_parser(
        "password", help="give an account a new password", description="Gives an account a new password."
    )
    for action in (add, change):
        action.add_argument("name", metavar="NAME", help=f"1 to {_NAME_CHARS_MAX} characters")
        action.add_argument("--generate", action="store_true", help="make a random password and print it")
        action.add_argument(
            "--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)"
        )
        action.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.config import load_settings
    from emon.store.errors import DatabaseUnavailable, StoreFault, UserExists
    from emon.web.passwords import PasswordUnfit, generate_password, hash_password

    settings = load_settings(os.environ, args.config)
    party = getattr(args, "party", "")
    fault = _name_fault(args.name) or _party_fault(args.action, party)
    if fault:
        return _refuse(fault)
    try:
        password = generate_password() if args.generate else _read_password()
        password_hash = hash_password(password)
        done = asyncio.run(_store(settings.database_url, args.action, args.name, party, password_hash))
    except PasswordUnfit as unfit:
        return _refuse(str(unfit))
    except UserExists as exists:
        return _refuse(f"{exists}; `emon user password {args.name}` gives it a new password")
    except DatabaseUnavailable as unavailable:
        print(f"emon user: {unavailable}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as outdated:
        print(f"emon user: {outdated}", file=sys.stderr)
        return os.EX_CONFIG
    if not done:
        return _refuse(f"there is no user {args.name!r}; `emon user add {args.name}` makes one")
    print(f"{args.name} may log in" + (f" with the password  {password}" if args.generate else ""))
    return os.EX_OK


def _refuse(reason: str) -> int:
    print(f"emon user: {reason}", file=sys.stderr)
    return os.EX_DATAERR


def _name_fault(name: str) -> str | None:
    usual = name == name.strip() and name.isprintable() and 0 < len(name) <= _NAME_CHARS_MAX
    return (
        None
        if usual
        else f"the name must have 1 to {_NAME_CHARS_MAX} characters, none of them blank at an end"
    )


def _party_fault(action: str, party: str) -> str | None:
    from emon.model.vocabulary import SEES_NO_WEARERS, Party

    if action != "add":
        return None
    if party in SEES_NO_WEARERS:
        return f"the page shows where wearers are: it is not for {party}"
    if party in set(Party):
        return None
    return f"{party!r} is no party: one of {', '.join(Party)}"


def _read_password() -> str:
    from getpass import getpass

    from emon.web.passwords import PasswordUnfit

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("password: ")
    if getpass("again: ") != password:
        raise PasswordUnfit("the two passwords differ")
    return password


async def _store(url: str, action: str, name: str, party: str, password_hash: str) -> bool:
    from emon.store.store import Store

    store = await Store.open(url)
    try:
        if action == "password":
            return await store.set_password(name, password_hash)
        await store.create_user(name, password_hash, party)
        return True
    finally:
        await store.close()
