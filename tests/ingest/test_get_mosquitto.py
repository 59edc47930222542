"""The script that finds or unpacks Mosquitto for these tests."""

from __future__ import annotations

import subprocess

from scripts import get_mosquitto


def test_the_found_broker_runs_in_its_environment() -> None:
    program = get_mosquitto.get()
    said = subprocess.run(
        [str(program), "-h"],
        env=get_mosquitto.environment(program),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert said.stdout.startswith("mosquitto version 2.")
