"""``emon-sim load``: a bounded, honest load on a broker, with every acknowledged fix on file."""

from __future__ import annotations

import argparse
from pathlib import Path

from simulator.commands import shell
from simulator.load import LoadReport, run_load
from simulator.load_plan import LoadPlan, load_orders
from simulator.stopping import stop_on_signal

_EPILOG = """\
examples:
  emon-sim load --rate 2000 --seconds 60 --orders-out orders.json          writes the orders alone
  emon arm orders.json
  emon-sim load --rate 2000 --seconds 60 --url mqtt://tester:SECRET@127.0.0.1:1883 --acks acks.jsonl
  emon-sim load --rate 300000 --batch 100 --packed --breaches 0 --url mqtt://127.0.0.1:1883 --hdr puback.hgrm

The same rate, seconds, devices and breaches give the same orders. Every acknowledged fix stands in the
file of --acks as {"device", "seq", "t" in milliseconds}, to be compared with the table `fix`. Each of
the --breaches devices gives exactly one breach, and within its first two minutes one alert (to meldkamer_em).
Where this machine could not keep the rate, "kept_rate" is false, "verdict" says so, no latency is
told, and the exit code is 1.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "load",
        help="load a broker at an honest rate",
        description="Publishes fixes at a fixed rate, of many devices on few connections. Ends by itself"
        " and prints how long acknowledgements took.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shell.add_broker(parser, required=False)
    parser.add_argument("--rate", type=float, default=2_000.0, metavar="N", help="fixes a second (2000)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long (60)")
    parser.add_argument("--devices", type=int, metavar="N", help="how many devices (as many as the rate)")
    parser.add_argument("--connections", type=int, default=4, metavar="M", help="MQTT connections (4)")
    parser.add_argument(
        "--breaches", type=int, metavar="K", help="devices that enter their ban (a twentieth)"
    )
    parser.add_argument(
        "--ramp", action="store_true", help="begin with a tenth of the rate and rise to all of it"
    )
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="fixes a message (1)")
    parser.add_argument("--packed", action="store_true", help="packed records (fixb) instead of JSON")
    parser.add_argument(
        "--mixed", action="store_true", help="some walk and some drive, none into a ban (needs --breaches 0)"
    )
    parser.add_argument("--prefix", default="load", help="device names are PREFIX-0000001 and so on (load)")
    parser.add_argument(
        "--in", type=float, default=1.0, dest="wait_s", metavar="S", help="begin in S seconds (1)"
    )
    parser.add_argument("--orders-out", type=Path, metavar="FILE", help="write the orders of these devices")
    parser.add_argument(
        "--acks", type=Path, metavar="FILE", help="write each fix that the broker acknowledged"
    )
    parser.add_argument(
        "--hdr", type=Path, metavar="FILE", help="write the latencies as HdrHistogram's percentiles"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.url is None and args.orders_out is None:
        shell.leave(shell.EX_USAGE, "load needs --url, or --orders-out to write the orders alone")
    devices = max(1, round(args.rate)) if args.devices is None else args.devices
    with shell.fault_as_exit():
        plan = LoadPlan(
            rate_per_s=args.rate,
            seconds=args.seconds,
            devices=devices,
            connections=args.connections,
            breaches=devices // 20 if args.breaches is None else args.breaches,
            ramp=args.ramp,
            prefix=args.prefix,
            batch=args.batch,
            packed=args.packed,
            mixed=args.mixed,
        )
        start_us = shell.next_second(args.wait_s)
        if args.orders_out is not None:
            shell.write_bytes(args.orders_out, load_orders(plan, start_us))
        if args.url is None:
            return shell.EX_OK
        report: LoadReport = shell.finished(_load(args, plan, start_us))
        if args.hdr is not None:
            shell.write_bytes(args.hdr, [report.latencies.text().encode()])
    shell.print_json(report.as_json(plan))
    if report.interrupted:
        return 130
    return 0 if report.kept_rate and report.acknowledged == report.fixes else 1


async def _load(args: argparse.Namespace, plan: LoadPlan, start_us: int) -> LoadReport:
    with shell.written(args.acks) as acks, stop_on_signal() as stop:
        return await run_load(plan, args.url, start_us, acks=acks, stop=stop, say=shell.say)
