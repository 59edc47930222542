"""What holds for every test: nothing is skipped, and recorded tracks are used only where they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [f"tests.{path.stem}" for path in sorted(Path(__file__).parent.glob("fixtures_*.py"))]

# The files that take longest, longest first: one that is begun late would keep the other workers waiting.
LONGEST = (
    "browser/test_page.py",
    "integration/test_demo.py",
    "integration/test_service.py",
    "integration/test_killed.py",
    "browser/test_languages.py",
    "architecture/test_style.py",
    "integration/test_kills.py",
    "integration/test_run_command.py",
    "browser/test_sheets.py",
    "benchmarks/test_storms.py",
    "integration/test_suspended.py",
    "browser/test_keyboard.py",
)

# How fast a machine draws and judges an example is no finding: speed is measured in benchmarks/. The same
# tests draw the same examples each time, so that a change fails for what it does and not by chance;
# `make soak` draws others.
settings.register_profile(
    "emon",
    deadline=None,
    derandomize="EMON_SOAK" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("emon")


_LINES_AT_ONCE = 25


class FailuresAtOnce:
    """Tells of each failure when it happens: a run that is ended from outside has no closing part."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None or not report.failed:
            return
        terminal.write_line("")  # behind the dots
        terminal.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)
        for line in report.longreprtext.splitlines()[-_LINES_AT_ONCE:]:
            terminal.write_line(f"  {line}")


def pytest_configure(config: pytest.Config) -> None:
    """Workers report to the run that began them, and that one tells."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: four tenths of its time a worker waits for servers, browsers, clocks."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test is a failed one: what cannot run here would otherwise look like what passed."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped; no test may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself while it is collected."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped; no test may be: {report.longrepr}"
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``tracks`` where EMON_TRACKS names no folder: those data are not ours."""
    _begin_with_the_longest(items)
    if os.environ.get("EMON_TRACKS"):
        return
    without = [item for item in items if item.get_closest_marker("tracks") is not None]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item.get_closest_marker("tracks") is None]


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Whole files, for workers take whole files: those of ``LONGEST``, then those of most tests."""
    root, sizes = Path(__file__).parent, Counter(item.path for item in items)
    ranks = {root / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (ranks.get(item.path, len(ranks)), -sizes[item.path], item.path))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def tracks_folder() -> Path:
    """The folder of recorded tracks; only for tests marked ``tracks``."""
    return Path(os.environ["EMON_TRACKS"])
