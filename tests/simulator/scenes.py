"""Small scenarios for tests, as text."""

from __future__ import annotations

from emon.model.instant import parse_instant

START = "2026-06-01T10:00:00Z"
START_US = parse_instant(START)

SMALL = """\
scenario: small
seed: 7
duration_s: 4
wearers:
  - id: w-1
    device: {id: d-1, interval_s: 0.5, silences: [{from_s: 1, to_s: 3}]}
    receiver: {accuracy_m: 8}
    movement:
      - at: [4.48, 51.92]
      - {to: {near: [4.48, 51.92], east_m: 40}, speed_m_s: 2}
  - id: w-2
    device: {id: d-2, wire: owntracks, user: w-2}
    receiver: {accuracy_m: 20}
    movement:
      - at: [4.50, 51.92]
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
        zone: {type: Circle, center: [4.49, 51.92], radius_m: 100}
        schedule:
          tz: Europe/Amsterdam
          windows: [{from: "+15s", to: "+1min"}]
          except: [{from: "+20s", to: "+30s", reason: doctor}]
expected:
  - {wearer: w-1, order: o-1, condition: c-1, event: breach, between: [0, 4], recipients: [meldkamer_em]}
"""
