"""The kernels are compiled once, before the first test that needs one starts its clock."""

from __future__ import annotations

import pytest

from emon.geofence import load_kernels


@pytest.fixture(scope="session", autouse=True)
def _kernels() -> None:
    load_kernels()
