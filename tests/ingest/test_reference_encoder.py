"""The C encoder that docs/examples holds for makers of devices: compiled, and equal to ours byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.fixb import RECORD, encode_fixb
from emon.limits import FIXES_PER_MESSAGE_MAX
from emon.model.fix import RawFix
from tests.ingest.test_fixb import EXAMPLE, FIXES_ON_THE_GRID, TOPIC


@pytest.fixture(scope="module")
def encoder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled with every warning an error, and with what finds an undefined step trapping at once."""
    program = tmp_path_factory.mktemp("encoder") / "fixb"
    source = repository / "docs" / "examples" / "fixb.c"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-O1"]
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        *strict,
        "-fsanitize=undefined",
        "-fsanitize-trap=undefined",
    ]
    subprocess.run([*command, "-o", str(program), str(source)], check=True, timeout=240)
    return program


def lines_of(message: bytes) -> str:
    """The records of a message as the eleven integers a line that the program reads."""
    return "".join(
        " ".join(str(value) for value in record) + "\n" for record in RECORD.iter_unpack(message[4:])
    )


def encoded(encoder: Path, lines: str) -> bytes:
    said = subprocess.run([encoder], input=lines.encode(), capture_output=True, check=True, timeout=240)
    return said.stdout


def test_the_worked_bytes_of_the_wire_page(encoder: Path) -> None:
    fix = "812 1774745970250000 519225000 44792000 1250 140 27000 110 9 166 0\n"
    assert encoded(encoder, fix) == EXAMPLE


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fixes=st.lists(FIXES_ON_THE_GRID, max_size=40))
def test_it_writes_what_our_encoder_writes(encoder: Path, fixes: list[RawFix]) -> None:
    message = encode_fixb(fixes)
    assert encoded(encoder, lines_of(message)) == message


def test_a_full_message_and_what_lies_beyond(encoder: Path) -> None:
    line = "1 1774745970250000 519225000 44792000 1250 65535 65535 65535 255 255 3\n"
    message = encoded(encoder, line * (FIXES_PER_MESSAGE_MAX + 5))
    assert len(decode(TOPIC, message).fixes) == FIXES_PER_MESSAGE_MAX
