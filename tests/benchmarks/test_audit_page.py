"""The audit benchmark verifies what it wrote, and the page says all that it measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.audit import measured, page


async def test_a_quick_run_agrees_and_names_the_changed_alert(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # the database's own user must reach its folder when we are root
    took = await measured(1_000, tmp_path)
    assert list(took) == ["captured", "sealed", "verified", "found"]
    told = page(1_000, took)
    assert all(f"| {each.seconds:.1f} |" in told for each in took.values())
