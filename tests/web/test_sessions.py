"""Sessions, throttling and passwords, without a server."""

from __future__ import annotations

import asyncio

import pytest

from emon.limits import LOGIN_FORGET_S, LOGIN_KEYS_MAX, PASSWORD_CHARS_MAX, SESSION_HOURS, USER_CACHE_S
from emon.model.instant import HOUR_US, SECOND_US
from emon.store.users import User
from emon.web.passwords import (
    PasswordChecker,
    PasswordUnfit,
    generate_password,
    hash_password,
    matches,
)
from emon.web.sessions import Sessions
from emon.web.throttle import Throttle

SECRET = bytes(range(32))


class People:
    """Users that a test may change, and a clock that it may move."""

    def __init__(self) -> None:
        self.users = {"anna": User("anna", "hash-1", "meldkamer_em", 0, None)}
        self.now_us = 1_000 * SECOND_US
        self.reads = 0

    async def find(self, name: str) -> User | None:
        self.reads += 1
        return self.users.get(name)

    def sessions(self, secret: bytes = SECRET) -> Sessions:
        return Sessions(secret, self.find, lambda: self.now_us)

    def begin(self, sessions: Sessions) -> str:
        return sessions.begin(self.users["anna"])[0]


@pytest.fixture
def people() -> People:
    return People()


async def test_a_cookie_says_who_logged_in_also_after_a_restart(people: People) -> None:
    cookie = people.begin(people.sessions())
    session = await people.sessions().read(cookie)
    assert session is not None
    assert (session.name, session.party) == ("anna", "meldkamer_em")


async def test_a_session_ends_after_its_hours(people: People) -> None:
    sessions = people.sessions()
    cookie = people.begin(sessions)
    people.now_us += SESSION_HOURS * HOUR_US - 1
    assert await sessions.read(cookie) is not None
    people.now_us += 1
    assert await sessions.read(cookie) is None


async def test_a_changed_character_or_another_secret_is_worth_nothing(people: People) -> None:
    sessions = people.sessions()
    cookie = people.begin(sessions)
    for place, character in enumerate(cookie[:-1]):  # the last one of base64 may hold unused bits
        changed = cookie[:place] + ("A" if character != "A" else "B") + cookie[place + 1 :]
        assert await sessions.read(changed) is None, place
    assert await people.sessions(bytes(32)).read(cookie) is None


@pytest.mark.parametrize(
    "cookie",
    [None, "", "....", "a.b.c.d", "YW5uYQ.9.n.\u00e9", "YW5uYQ.99999999999999999999.n.s", "x" * 5_000],
)
async def test_what_is_no_cookie_of_ours_is_nobody(people: People, cookie: str | None) -> None:
    assert await people.sessions().read(cookie) is None


async def test_logging_out_ends_this_session_and_no_other(people: People) -> None:
    sessions = people.sessions()
    one, other = people.begin(sessions), people.begin(sessions)
    session = await sessions.read(one)
    assert session is not None
    sessions.end(session)
    assert await sessions.read(one) is None
    assert await sessions.read(other) is not None


async def test_a_new_password_or_a_disabled_person_ends_sessions_soon(people: People) -> None:
    sessions = people.sessions()
    cookie = people.begin(sessions)
    people.users["anna"] = User("anna", "hash-2", "meldkamer_em", 0, None)
    assert await sessions.read(cookie) is not None  # for as long as the user is remembered
    people.now_us += USER_CACHE_S * SECOND_US
    assert await sessions.read(cookie) is None
    again = people.begin(sessions)
    people.users["anna"] = User("anna", "hash-2", "meldkamer_em", 0, people.now_us)
    people.now_us += USER_CACHE_S * SECOND_US
    assert await sessions.read(again) is None


async def test_a_user_is_read_once_for_many_requests(people: People) -> None:
    sessions = people.sessions()
    cookie = people.begin(sessions)
    for _ in range(50):
        assert await sessions.read(cookie) is not None
    assert people.reads == 0


def test_a_short_secret_is_refused(people: People) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        people.sessions(b"short")


def test_wrong_tries_cost_growing_pauses_and_a_right_one_ends_them() -> None:
    throttle, now_us = Throttle(tries_free=2), 0
    waits = []
    for _ in range(10):
        throttle.failed("a", now_us)
        waits.append(throttle.wait_s("a", now_us))
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.wait_s("b", now_us) == 0
    assert throttle.wait_s("a", 60 * SECOND_US) == 0
    throttle.succeeded("a")
    throttle.failed("a", 60 * SECOND_US)
    assert throttle.wait_s("a", 60 * SECOND_US) == 0


def test_wrong_tries_are_forgotten_after_a_while_and_their_number_is_bounded() -> None:
    throttle = Throttle(tries_free=1)
    throttle.failed("a", 0)
    throttle.failed("a", (LOGIN_FORGET_S + 1) * SECOND_US)
    assert throttle.wait_s("a", (LOGIN_FORGET_S + 1) * SECOND_US) == 1
    for number in range(LOGIN_KEYS_MAX):
        throttle.failed(f"other {number}", (LOGIN_FORGET_S + 1) * SECOND_US)
    assert throttle.wait_s("a", (LOGIN_FORGET_S + 1) * SECOND_US) == 0


def test_only_the_password_matches_its_hash() -> None:
    password = generate_password()
    hashed = hash_password(password)
    assert matches(hashed, password)
    assert not matches(hashed, password + "x")
    assert not matches("not a hash", password)
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize("password", ["", "short", "x" * (PASSWORD_CHARS_MAX + 1)])
def test_unfit_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordUnfit):
        hash_password(password)


def test_generated_passwords_differ_and_are_long_enough() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(password) for password in made} == {29}


async def test_many_log_ins_at_once_are_all_answered_or_sent_away() -> None:
    checker = PasswordChecker()
    hashed = hash_password("a-long-password")
    answers = await asyncio.gather(
        *(checker.check(hashed, "a-long-password") for _ in range(20)), return_exceptions=True
    )
    assert answers.count(True) == 16
    assert [type(answer).__name__ for answer in answers if answer is not True] == ["TooBusy"] * 4
    assert not await checker.check(None, "a-long-password")
