"""A port that is held is given to nobody else, and a server may still listen on it."""

from __future__ import annotations

import gc
import os
import socket

import pytest

from emon.demo.ports import HeldPort

LOOPBACK = "127.0.0.1"


def listening(port: int) -> socket.socket:
    return socket.create_server((LOOPBACK, port))


@pytest.fixture
def free() -> int:
    """Below those that the kernel gives to whoever asks for any: no other test's."""
    return 20_000 + os.getpid() % 12_000


def test_whoever_asks_for_any_port_gets_another_also_between_two_servers() -> None:
    port = HeldPort()
    for _ in range(2):
        with listening(port.number), socket.create_connection((LOOPBACK, port.number)) as client:
            assert client.getsockname()[1] != port.number
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((LOOPBACK, port.number))


def test_a_preferred_port_is_one_s_alone(free: int) -> None:
    first, second = HeldPort(free), HeldPort(free)
    assert first.number == free != second.number
    first.release()
    assert HeldPort(free).number == free


def test_a_port_on_which_somebody_listens_is_left_to_him(free: int) -> None:
    with listening(free):
        assert HeldPort(free).number != free


def test_the_end_of_its_holder_frees_it(free: int) -> None:
    port = HeldPort(free)
    del port
    gc.collect()
    assert HeldPort(free).number == free


def test_connections_that_wait_out_their_end_keep_nobody_from_it(free: int) -> None:
    with listening(free) as server, socket.create_connection((LOOPBACK, free)) as client:
        side, _ = server.accept()
        side.close()  # the server ends it first, so the wait is on its port
        assert client.recv(1) == b""
    assert HeldPort(free).number == free
