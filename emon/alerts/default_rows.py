"""The default policy's table (contract, section 3), row by row. Another policy may put rows before it or
stand in its place; the tests hold each row to the contract's."""

from __future__ import annotations

from emon.alerts.decision_table import LOW_LADDER_NAME, Row, When
from emon.model.vocabulary import AlertEvent, Certainty, Kind, Party, Risk

_MELDKAMER, _RECLASSERING, _POLITIE = Party.MELDKAMER_EM, Party.RECLASSERING, Party.POLITIE
_PRESENT = (AlertEvent.BREACH, AlertEvent.PROXIMITY)
_BANS = (Kind.EXCLUSION, Kind.CONTACT)
_TAMPERS = (AlertEvent.STRAP_TAMPER, AlertEvent.CASE_TAMPER)


def _ban(certainty: Certainty, *risks: Risk) -> When:
    return When(_PRESENT, kinds=_BANS, certainties=(certainty,), risks=risks)


def _plain(event: AlertEvent, priority: int, *recipients: Party) -> Row:
    return Row(event.value, When((event,)), priority, recipients)


def _low(event: AlertEvent) -> Row:
    return Row(event.value, When((event,)), 4, (_MELDKAMER,), ladder=LOW_LADDER_NAME)


DEFAULT_ROWS = (
    Row("certain", _ban(Certainty.CERTAIN), 1, (_POLITIE, _RECLASSERING, _MELDKAMER)),
    Row("probable_high_risk", _ban(Certainty.PROBABLE, Risk.HIGH), 1, (_MELDKAMER, _RECLASSERING, _POLITIE)),
    Row("probable", _ban(Certainty.PROBABLE), 2, (_MELDKAMER, _RECLASSERING)),
    Row("possible", _ban(Certainty.POSSIBLE), 2, (_MELDKAMER,)),
    Row("inclusion", When((AlertEvent.BREACH,), kinds=(Kind.INCLUSION,)), 3, (_RECLASSERING, _MELDKAMER)),
    Row("approach", When((AlertEvent.APPROACH,)), 3, (_MELDKAMER,)),
    Row("historic", When((AlertEvent.HISTORIC_BREACH,)), 3, (_RECLASSERING, _MELDKAMER)),
    Row("incursion", When((AlertEvent.POSSIBLE_INCURSION,)), 3, (_MELDKAMER,)),
    Row("cleared_refuted", When((AlertEvent.BREACH_CLEARED,), recalls_police=True), 1, told=True),
    Row("cleared", When((AlertEvent.BREACH_CLEARED,)), 4, told=True, ladder=LOW_LADDER_NAME),
    _plain(AlertEvent.PANIC, 1, _POLITIE, _MELDKAMER),
    Row("tamper_high_risk", When(_TAMPERS, risks=(Risk.HIGH,)), 1, (_MELDKAMER, _POLITIE)),
    _plain(AlertEvent.STRAP_TAMPER, 2, _MELDKAMER),
    _plain(AlertEvent.CASE_TAMPER, 2, _MELDKAMER),
    _plain(AlertEvent.OUTAGE, 2, _MELDKAMER),
    Row("recipient_down", When((AlertEvent.RECIPIENT_DOWN,)), 2, others=True),
    Row("platform", When((AlertEvent.PLATFORM,)), 2, others=True),
    _plain(AlertEvent.ORDER_WITHOUT_DEVICE, 3, _RECLASSERING),
    _low(AlertEvent.BATTERY_LOW),
    _low(AlertEvent.CHARGING_MISSED),
    _low(AlertEvent.CLOCK_WRONG),
    _plain(AlertEvent.BATTERY_CRITICAL, 3, _MELDKAMER),
    _plain(AlertEvent.SILENCE, 3, _MELDKAMER),
    _plain(AlertEvent.NO_POSITION, 3, _MELDKAMER),
    _plain(AlertEvent.COMMAND_UNANSWERED, 3, _MELDKAMER),
    _plain(AlertEvent.IMPLAUSIBLE_FIXES, 3, _MELDKAMER),
)
