"""``emon recipients``: the keys that sign to and from each recipient, and their rotation."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.alerts.keys import SigningKey

_EPILOG = """\
A route with "keys_file" in the policy file (docs/recipients.md) has its keys there. Rotation adds a new one
and lets those before end after the overlap; until then every message carries the signatures of both, and
either may sign an acknowledgement. A running service takes it over within seconds.

examples:
  $ emon recipients rotate politie                   a new key; the one before signs for 7 days more
  {"party":"politie","key":"k-3f9a01bc","from":"…","file":"/etc/emon/politie.keys","ends":{"k-77aa0c1e":"…"}}
  $ emon recipients rotate politie --overlap-h 1     the old secret is known to others: one hour
  $ emon recipients keys politie                     which keys hold now, and until when (no secrets)

Give the recipient the newest secret of that file by a way that you trust; it is printed nowhere.
Where the file does not exist yet, rotation makes it with its first key.

Exit codes: 0 done; 65 the policy file has a fault, or names no keys_file there; 74 a file cannot be written.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "recipients",
        help="keys of recipients, and their rotation",
        description="Shows and rotates the keys that sign to and from a recipient.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    rotate = actions.add_parser("rotate", help="a new key beside the old one", description="Adds a new key.")
    keys = actions.add_parser("keys", help="which keys hold", description="Shows keys, without secrets.")
    for action in (rotate, keys):
        action.add_argument("party", metavar="PARTY", help="a party, or a contact of the policy file")
        action.add_argument("--policy", type=Path, metavar="FILE", help="policy file (default: EMON_POLICY)")
        action.add_argument(
            "--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)"
        )
        action.set_defaults(run=run)
    rotate.add_argument(
        "--overlap-h", type=float, metavar="HOURS", help="how long the old key goes on (default: 168, a week)"
    )


def run(args: argparse.Namespace) -> int:
    from emon import clock
    from emon.alerts.keys import KeysRefused, read_keys, rotated
    from emon.limits import KEY_BYTES, KEY_OVERLAP_S
    from emon.model.instant import SECOND_US

    now_us = clock.now_us()
    try:
        file = _keys_file(args)
        held = read_keys(file.read_bytes()) if file.exists() else ()
        if args.action == "rotate":
            overlap_us = KEY_OVERLAP_S * SECOND_US
            if args.overlap_h is not None:
                overlap_us = round(args.overlap_h * 3_600 * SECOND_US)
            if overlap_us < 0:
                raise _Unusable("--overlap-h: not below 0")
            held = rotated(held, os.urandom(KEY_BYTES), now_us, overlap_us)
            _write(file, held)
            print(_told(args.party, file, held))
        else:
            print(_listed(held, now_us), end="")
    except (_Unusable, KeysRefused) as fault:
        print(f"emon recipients: {fault}", file=sys.stderr)
        return os.EX_DATAERR
    except OSError as fault:
        print(f"emon recipients: {fault}", file=sys.stderr)
        return os.EX_IOERR
    return os.EX_OK


class _Unusable(Exception):
    """What was asked cannot be done with this policy file."""


def _keys_file(args: argparse.Namespace) -> Path:
    """Where the route of the party has its keys, whether or not that file exists."""
    from emon.alerts.policy_tree import read_policy_tree

    policy = args.policy
    if policy is None:
        from emon.config import load_settings

        policy = load_settings(os.environ, file=args.config).policy
    if policy is None:
        raise _Unusable("no policy file: give --policy FILE or set EMON_POLICY")
    tree, faults = read_policy_tree(Path(policy).read_bytes())
    if faults:
        raise _Unusable(f"{policy}: {faults[0]}")
    for section in ("recipients", "contacts"):
        entries = tree.get(section) if isinstance(tree, dict) else None
        entry = entries.get(args.party) if isinstance(entries, dict) else None
        if isinstance(entry, dict):
            name = entry.get("keys_file")
            if not isinstance(name, str) or not name:
                raise _Unusable(
                    f"{policy}: {section}.{args.party}.keys_file is not there: the keys to rotate"
                )
            return Path(policy).parent / name
    raise _Unusable(f"{policy}: neither recipients nor contacts name {args.party}")


def _write(file: Path, keys: tuple[SigningKey, ...]) -> None:
    """Replaced in one step, and readable by its owner alone."""
    from emon.alerts.keys import keys_document

    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(keys_document(keys))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _told(party: str, file: Path, keys: tuple[SigningKey, ...]) -> str:
    import msgspec

    from emon.model.instant import format_instant

    newest = keys[-1]
    ends = {key.id: format_instant(key.until_us) for key in keys[:-1] if key.until_us is not None}
    told = {
        "party": party,
        "key": newest.id,
        "from": format_instant(newest.from_us),
        "file": str(file),
        "ends": ends,
    }
    return msgspec.json.encode(told).decode()


def _listed(keys: tuple[SigningKey, ...], now_us: int) -> str:
    from emon.model.instant import format_instant

    return "".join(
        f"{key.id}  {'signs' if key.holds(now_us) else 'ended'}  from {format_instant(key.from_us)}"
        f"  {'without end' if key.until_us is None else 'until ' + format_instant(key.until_us)}\n"
        for key in keys
    )
