"""What was told while a breach went on, and what the police answered, stand in the file with their proof."""

from __future__ import annotations

from pathlib import Path

import psycopg

from emon import clock
from emon.audit.keyring import Keyring
from emon.court.page import court_page
from emon.sealer import Sealer
from emon.store.store import Store
from tests.court.lives import lived
from tests.court.test_court_file import changed, checked, forged, made

UPDATE = """
INSERT INTO incident_update (id, breach_id, step, recipient, number, party, channel, alert_id, said, because,
                             made_at, answer_id, state, attempts, delivered_at)
SELECT id || ':u' || s.step, breach_id, s.step, 'politie', s.step, 'politie', 'webhook', id, s.said, 'test',
       now(), s.answer, 'delivered', 1, now()
FROM alert, (VALUES (1, 'position', NULL::bigint), (2, 'answer', %s)) AS s (step, said, answer)
WHERE id = %s
"""
ANSWER = """
INSERT INTO incident_answer (breach_id, party, person, answer, note, answered_at, via)
SELECT breach_id, 'politie', 'C. Smit <i>', 'on_scene', 'eenheid 12', now(), 'page' FROM alert WHERE id = %s
RETURNING id
"""


async def test_updates_and_answers_are_in_the_file(claimed_store: Store, tmp_path: Path) -> None:
    alert = await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url, application_name="emon test") as conn:
        row = conn.execute(ANSWER, (alert,)).fetchone()
        assert row is not None
        conn.execute(UPDATE, (row[0], alert))
    await Sealer(claimed_store, Keyring(tmp_path), clock.now_us).finish()
    document = await made(claimed_store, alert)
    assert (await checked(document, tmp_path)).findings == []
    assert [one["said"] for one in document["updates"]] == ["position", "answer"]
    assert [(one["answer"], one["person"]) for one in document["answers"]] == [("on_scene", "C. Smit <i>")]
    page = court_page(document)
    for words in ("ter plaatse", "C. Smit &lt;i&gt;", "antwoord van de politie", "eenheid 12"):
        assert words in page
    for path in (("answers", 0, "answer"), ("updates", 1, "made_at")):
        report = await checked(forged({**changed(document, path), "explanation": None}))
        assert f"{path[0]}[{path[1]}].{path[2]}" in [one.place for one in report.findings]
