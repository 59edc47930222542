"""``emon user`` as an operator types it."""

from __future__ import annotations

import os
import subprocess
import sys

from emon.store.store import Store
from emon.web.passwords import matches


def emon(*arguments: str, url: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EMON_DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", "emon", "user", *arguments],
        env=environment, input=typed, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


async def test_the_first_account_is_made_with_a_password_that_is_shown_once(store: Store) -> None:
    done = emon("add", "anna", "--generate", url=store.url)
    assert done.returncode == 0, done.stderr
    password = done.stdout.split()[-1]
    user = await store.user("anna")
    assert user is not None
    assert user.role == "meldkamer_em"
    assert matches(user.password_hash, password)
    assert password not in user.password_hash


async def test_a_password_comes_from_standard_input_and_can_be_replaced(store: Store) -> None:
    done = emon("add", "bert", "--party", "politie", url=store.url, typed="a-first-password\n")
    assert (done.returncode, done.stdout) == (0, "bert may log in\n")
    assert emon("password", "bert", url=store.url, typed="a-second-password\n").returncode == 0
    user = await store.user("bert")
    assert user is not None
    assert user.role == "politie"
    assert matches(user.password_hash, "a-second-password")


async def test_what_cannot_be_is_refused_with_65_and_says_what_to_do(store: Store) -> None:
    long = "a-long-password\n"
    assert emon("add", "carla", url=store.url, typed=long).returncode == 0
    refused = {
        ("add", "carla"): (long, "emon user password carla"),
        ("password", "nobody"): (long, "emon user add nobody"),
        ("add", "dirk"): ("short\n", "at least 12"),
        ("add", " "): (long, "1 to 64 characters"),
        ("add", "dirk", "--party", "fbi"): (long, "one of meldkamer_em"),
    }
    for arguments, (typed, words) in refused.items():
        done = emon(*arguments, url=store.url, typed=typed)
        assert (arguments, done.returncode) == (arguments, os.EX_DATAERR)
        assert words in done.stderr
        assert done.stdout == ""


def test_an_absent_database_is_named_with_69() -> None:
    done = emon("add", "anna", "--generate", url="postgresql://nobody@127.0.0.1:1/emon")
    assert done.returncode == os.EX_UNAVAILABLE
    assert "127.0.0.1" in done.stderr
    assert "may log in" not in done.stdout
