"""What was measured, as a page: medians, every row kept, ours where it loses too."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.pipelines.consumer import PIPELINES, STORES_NOTHING
from benchmarks.pipelines.stage import Load, Outcome


def page_of(outcomes: Sequence[Outcome], cores: int, load_average: float) -> str:
    lines = [
        "# The whole way of a fix, ours beside others",
        "",
        "Written by `python -m benchmarks.pipelines`.",
        "",
        "One Mosquitto (our settings, but that it does not save after each change, which would bound all",
        "alike), one PostgreSQL 18, `fsync` on, with the memory that `docs/database.md` advises, and one",
        "publisher (`emon-sim load`, QoS 1) for all, each run",
        "with a fresh broker and a fresh database of the same schema; the pipelines",
        f"take turns, medians. Everything shares {cores} cores, and other work shared them too (load average",
        f"{load_average:.1f} at the end): trust ratios within one table. Ours decodes with all checks,",
        "admits and judges each fix, counts it and seals it into its audit trail; the others store it.",
        "Delays are from the time of a message's newest fix to the commit, by the server's commit",
        "timestamps; where a pipeline falls behind they are its backlog. The rate is that from the first",
        "message to the last commit. The load is a fleet's: seven of ten wearers stand, two walk, one",
        "drives, and each device has sent its first fixes before the span that counts, to each pipeline that",
        "stores them.",
        "Why each rival is written as it is stands at the head of its file in `benchmarks/pipelines/`.",
    ]
    loads = list(dict.fromkeys(one.load for one in outcomes))
    for load in (one for one in loads if not one.killed):
        lines += ["", f"## {_title(load)}", ""]
        lines += [
            "| pipeline | durable, fixes/s | of acknowledging alone | fix → commit p50, ms | p99, ms "
            "| CPU µs a fix | of the database | runs |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        ceiling = _median(outcomes, load, STORES_NOTHING, "rate")
        lines += [_row(outcomes, load, name, ceiling) for name in PIPELINES if _of(outcomes, load, name)]
    lines += _lost(outcomes, [one for one in loads if one.killed])
    return "\n".join([*lines, ""])


def _title(load: Load) -> str:
    each = "one a message" if load.batch == 1 else f"{load.batch} a message"
    fleet = f"{load.devices:,} devices with a fix each {load.pace_s:g} s"
    return f"{load.rate:,} fixes/s offered for {load.seconds} s, {each}: {fleet}"


def _of(outcomes: Sequence[Outcome], load: Load, name: str) -> list[Outcome]:
    return [one for one in outcomes if one.load == load and one.pipeline == name]


def _median(outcomes: Sequence[Outcome], load: Load, name: str, figure: str) -> float | None:
    values = [float(getattr(one, figure)) for one in _of(outcomes, load, name)]
    return median(values) if values else None


def _row(outcomes: Sequence[Outcome], load: Load, name: str, ceiling: float | None) -> str:
    rate, p50, p99, cpu, server = (
        _median(outcomes, load, name, figure) or 0.0
        for figure in ("rate", "p50_ms", "p99_ms", "cpu_us_a_fix", "server_us_a_fix")
    )
    share = "–" if not ceiling else f"{rate / ceiling:.2f}"
    delays = ("–", "–") if name == STORES_NOTHING else (f"{p50:,.1f}", f"{p99:,.1f}")
    shown = f"({rate:,.0f})" if name == STORES_NOTHING else f"{rate:,.0f}"
    waits = _median(outcomes, load, name, "waiting")
    if waits:
        shown += f" ({waits:,.0f} fixes wait to be judged)"
    count = len(_of(outcomes, load, name))
    return f"| {name} | {shown} | {share} | {delays[0]} | {delays[1]} | {cpu:.1f} | {server:.1f} | {count} |"


def _lost(outcomes: Sequence[Outcome], loads: Sequence[Load]) -> list[str]:
    lines: list[str] = []
    for load in loads:
        lines += [
            "",
            f"## `kill -9` of the consumer half-way, {_title(load)}",
            "",
            "The broker keeps the session. Acknowledged: by the broker, to the publisher.",
            "",
            "| pipeline | acknowledged | stored | lost, each run |",
            "|---|---:|---:|---|",
        ]
        for name in PIPELINES:
            found = _of(outcomes, load, name)
            if found and name != STORES_NOTHING:
                each = ", ".join(f"{one.lost:,}" for one in found)
                acknowledged = sum(one.acknowledged for one in found)
                durable = sum(one.durable for one in found)
                lines.append(f"| {name} | {acknowledged:,} | {durable:,} | {each} |")
    return lines
