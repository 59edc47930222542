"""``emon audit``: seal and sign the audit trail, give out its heads, change the key that signs them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
The service seals every few seconds and signs a head every minute by itself; these commands are for what is
done beside it. Heads are lines of JSON: keep them where the database's owner does not reach, for
`emon verify --heads`.

examples:
  $ emon audit heads                                every key and head so far
  $ emon audit heads --after 5210                    those above entry 5210, and all keys
  $ emon audit rotate-key
  key 3f9c21aa07be4d15 signs from now on, introduced by key 90b1c6de2f847a33

Exit codes: 0 done; 69 no such database; 74 the data directory cannot be written; 78 run `emon migrate`,
or the key is not in EMON_DATA_DIR.
"""


class KeyElsewhere(Exception):
    """The key that signs is not in this data directory; the text says what to do."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "audit",
        help="signed heads of the audit trail, and the key that signs them",
        description="Works on the audit trail at EMON_DATABASE_URL with the key in EMON_DATA_DIR.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    heads = actions.add_parser(
        "heads",
        help="seal and sign what is there, and print keys and heads; without the key they are printed alone",
    )
    heads.add_argument("--after", type=int, default=0, metavar="N", help="only heads above entry N")
    rotate = actions.add_parser("rotate-key", help="make a new key, introduced by the one before")
    for action in (heads, rotate):
        action.add_argument(
            "--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)"
        )
        action.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.audit.heads import LineWrong
    from emon.audit.keyring import Keyring, KeyUnfit
    from emon.config import load_settings
    from emon.store.errors import DatabaseUnavailable, StoreFault

    settings = load_settings(os.environ, args.config)
    after = args.after if args.action == "heads" else None
    try:
        asyncio.run(_work(settings.database_url, Keyring(settings.data_dir), after))
    except DatabaseUnavailable as fault:
        print(f"emon audit: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except (StoreFault, KeyElsewhere) as fault:
        print(f"emon audit: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    except (OSError, KeyUnfit, LineWrong) as fault:
        print(f"emon audit: {fault}", file=sys.stderr)
        return os.EX_IOERR
    return os.EX_OK


async def _work(url: str, keyring: object, after: int | None) -> None:
    from emon.audit.keyring import Keyring
    from emon.clock import now_us
    from emon.sealer import Sealer
    from emon.store.store import Store

    assert isinstance(keyring, Keyring)
    store = await Store.open(url)
    try:
        sealer = Sealer(store, keyring, now_us)
        # No key is made here by the way, where the database has one: whoever looks on with another folder
        # would leave it with a key that the service's own never introduced.
        foreign = keyring.current() is None and bool(await store.audit_keys())
        if after is None and foreign:
            raise KeyElsewhere(
                f"no signing key in {keyring.folder}, where EMON_DATA_DIR points; the key that signs this"
                " database's trail must introduce the next one. Set EMON_DATA_DIR to the service's folder. If"
                " the key is lost, the service makes a new one at its next start, which `emon verify --trust`"
                " then accepts."
            )
        if after is None:
            line = await sealer.rotate()
            print(f"key {line.key_id} signs from now on, introduced by key {line.introduced_by}")
            return
        if foreign:
            print(
                f"emon audit: no signing key in {keyring.folder}, where EMON_DATA_DIR points: here is what"
                " was signed before, nothing is signed now",
                file=sys.stderr,
            )
        else:
            await sealer.finish()
        for key in await store.audit_keys():
            print(key.text)
        while heads := await store.audit_heads(after, 100):
            for head in heads:
                print(head.text)
            after = heads[-1].seq
    finally:
        await store.close()
