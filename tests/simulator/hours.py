"""An hour in one street, as text, with places to write more into."""

from __future__ import annotations

from emon.model.instant import parse_instant
from simulator import parse_scenario
from simulator.scenario import Scenario

HOUR_START_US = parse_instant("2026-05-04T12:00:00Z")

HOUR = """\
scenario: hour
seed: 3
start: "2026-05-04T14:00:00+02:00"
duration: 1h
places:
  gate: [4.4777, 51.9244]
wearers:
  - id: w-1
    device: {id: d-1, firmware: standard#DEVICE#}
    receiver: {accuracy_m: 8}
    movement:
      - at: {near: gate, east_m: -700}
      - {until: "14:20"}
      - {to: gate, by: foot}
  - id: w-2
    device: {id: d-2, firmware: standard}
    receiver: {accuracy_m: 8}
    movement:
      - at: {near: gate, east_m: 5000}
orders:
  - id: o-1
    version: 1
    wearer: w-1
    device: d-1
    legal_basis: schorsing
    valid_from: "-1d"
    conditions:
      - id: c-1
        kind: exclusion
        zone: {type: Circle, center: gate, radius_m: 300}
#FAULTS#truth:
  - {inside: c-1, from: "14:25", to: "15:00", deepest_m: 300, by: "14:33",
     recipients: [politie, reclassering, meldkamer_em]}
"""


def hour_text(device: str = "", faults: str = "") -> str:
    more = f", {device}" if device else ""
    return HOUR.replace("#DEVICE#", more).replace("#FAULTS#", f"faults:\n  - {faults}\n" if faults else "")


def hour(device: str = "", faults: str = "") -> Scenario:
    return parse_scenario(hour_text(device, faults).encode(), "hour.yaml")
