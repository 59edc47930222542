"""``emon feedback``: what people closed alerts with, as precision and load."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
Reads the alerts that were committed in [FROM, TO), by default the last 28 days, and what people closed
them with; it writes nothing, and silences nobody. docs/feedback.md says what every figure means.

MODELS is a JSON object, device to model; by default EMON_DATA_DIR/device-models.json where there is one.

examples:
  $ emon feedback
  $ emon feedback --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z --json

Exit codes: 0 done; 64 the period is none; 65 MODELS cannot be read; 69 no such database; 78 run
`emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "feedback",
        help="precision and load of the alerts, by what people closed them with",
        description="Reports on the alerts of a period in the database at EMON_DATABASE_URL.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="begin", metavar="FROM", help="instant (default: 28 days before TO)")
    parser.add_argument("--to", dest="end", metavar="TO", help="instant (default: now)")
    parser.add_argument("--json", action="store_true", help="one JSON object, as the API answers it")
    parser.add_argument("--models", type=Path, metavar="MODELS", help="models of the devices")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.config import load_settings
    from emon.feedback.models import ModelsUnreadable
    from emon.store.errors import DatabaseUnavailable, StoreFault
    from emon.store.feedback_rows import TooMuchAsked

    settings = load_settings(os.environ, args.config)
    try:
        from_us, to_us = _period(args.begin, args.end)
        models = _models(args.models, settings.data_dir)
        asyncio.run(_report(settings.database_url, from_us, to_us, models, as_json=args.json))
    except (ModelsUnreadable, OSError) as fault:
        print(f"emon feedback: {args.models or 'device-models.json'}: {fault}", file=sys.stderr)
        return os.EX_DATAERR
    except (TooMuchAsked, ValueError, OverflowError) as fault:
        print(f"emon feedback: {fault}", file=sys.stderr)
        return os.EX_USAGE
    except DatabaseUnavailable as fault:
        print(f"emon feedback: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon feedback: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    return os.EX_OK


def _period(begin: str | None, end: str | None) -> tuple[int, int]:
    from emon.clock import now_us
    from emon.limits import FEEDBACK_DAYS_DEFAULT, FEEDBACK_DAYS_MAX
    from emon.model.instant import DAY_US, parse_instant

    to_us = now_us() if end is None else parse_instant(end)
    from_us = to_us - FEEDBACK_DAYS_DEFAULT * DAY_US if begin is None else parse_instant(begin)
    if not 0 <= from_us < to_us or to_us - from_us > FEEDBACK_DAYS_MAX * DAY_US:
        raise ValueError(f"--from must lie before --to, by at most {FEEDBACK_DAYS_MAX} days")
    return from_us, to_us


def _models(given: Path | None, data_dir: Path) -> dict[str, str]:
    from emon.feedback.models import read_models
    from emon.store.feedback_rows import MODELS_FILE

    if given is not None:
        return read_models(given.read_bytes())
    kept = data_dir / MODELS_FILE
    return read_models(kept.read_bytes()) if kept.is_file() else {}


async def _report(url: str, from_us: int, to_us: int, models: dict[str, str], *, as_json: bool) -> None:
    import msgspec

    from emon.feedback.report import report
    from emon.feedback.written import report_members, report_text
    from emon.store.store import Store

    store = await Store.open(url)
    try:
        made = report(await store.feedback_rows(from_us, to_us, models))
    finally:
        await store.close()
    if as_json:
        print(msgspec.json.encode(report_members(made)).decode())
    else:
        print(report_text(made), end="")
