"""Who runs the embedded database. PostgreSQL refuses to run as root, so root lends it a user.

For anybody but root there is nothing to do. For root the server runs as the first of
``CANDIDATES`` that this machine has (no user is made), and that user must be able to reach the data
directory and the programs: folders on the way that bar it get the execute bit for others (pass
through, not list). What will be changed is worked out first, so that it can be told before.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import msgspec

CANDIDATES = ("postgres", "nobody")


class ServerUser(msgspec.Struct, frozen=True):
    """The account the server runs under; uid 0 means: whoever started us."""

    name: str
    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """The lent account for root, None for anybody else. Raises ``LookupError`` if there is none."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise LookupError(f"as root the embedded database needs one of the users {', '.join(CANDIDATES)}")


def barred_folders(paths: list[Path], user: ServerUser) -> list[Path]:
    """Existing folders above ``paths`` that ``user`` may not pass through, outermost first."""
    barred: set[Path] = set()
    for path in paths:
        for folder in path.resolve().parents:
            if folder.exists() and not _may(folder, user, stat.S_IXUSR):
                barred.add(folder)
    return sorted(barred)


def unreadable_programs(bin_dir: Path, user: ServerUser) -> list[Path]:
    """Files and folders of the PostgreSQL installation that ``user`` cannot read."""
    root = bin_dir.resolve().parent
    return [path for path in (root, *sorted(root.rglob("*"))) if not _readable(path, user)]


def _readable(path: Path, user: ServerUser) -> bool:
    needs = stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() or path.parent.name == "bin" else 0)
    return _may(path, user, needs)


def _may(path: Path, user: ServerUser, owner_bits: int) -> bool:
    found = path.stat()
    if found.st_uid == user.uid:
        return found.st_mode & owner_bits == owner_bits
    shift = 3 if found.st_gid == user.gid else 6
    wanted = owner_bits >> shift
    return found.st_mode & wanted == wanted


def open_to(user: ServerUser, data_dir: Path, bin_dir: Path) -> None:
    """Do what ``describe`` told: open folders and programs, hand the data directory over."""
    for folder in barred_folders([data_dir, bin_dir / "postgres"], user):
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    for path in unreadable_programs(bin_dir, user):
        runs = path.is_dir() or path.parent.name == "bin"
        path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if runs else 0))
    for path in (data_dir, *data_dir.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def describe(data_dir: Path, bin_dir: Path) -> str | None:
    """What starting the database as root will change on this machine; None when not root."""
    user = server_user()
    if user is None:
        return None
    lines = [
        f"You are root, as whom PostgreSQL will not run: it runs as the user {user.name} "
        "(no user is created).",
        f"The folder {data_dir} is handed over to {user.name}.",
    ]
    barred = barred_folders([data_dir, bin_dir / "postgres"], user)
    if barred:
        lines.append(
            "These folders get the execute bit for others, so that it can pass through them: "
            + ", ".join(map(str, barred))
            + "."
        )
    else:
        lines.append("No parent folder is changed.")
    if unreadable_programs(bin_dir, user):
        lines.append(f"Files below {bin_dir.parent} that others cannot read are opened for reading.")
    return " ".join(lines)
