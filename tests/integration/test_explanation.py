"""What the service found is explained from its database, and agrees without it."""

from __future__ import annotations

from emon.alerts.policy import DEFAULT_POLICY
from emon.explanation.document import file_text
from emon.explanation.read import read_explanation
from emon.explanation.stored import explain_stored
from emon.explanation.verify import verify
from tests.fixtures_service import Running, circle_order


async def test_a_breach_of_the_service_is_explained(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(900, age_s=62), running.fix(50, age_s=1), running.fix(40))
    await running.until("SELECT certainty FROM breach", "certain")
    ((breach_id,),) = await running.rows("SELECT id FROM breach")
    document = await explain_stored(running.database, str(breach_id), DEFAULT_POLICY)
    assert document is not None
    assert document["verdict"]["id"] == breach_id
    assert document["verdict"]["certainty"] == "certain"
    told = await running.rows("SELECT count(*) FROM alert WHERE breach_id IS NOT NULL")
    assert [(len(document["alerts"]),)] == told
    finding = await verify(read_explanation(file_text(document).encode()))
    assert finding.agrees, finding.differences
    assert await explain_stored(running.database, "0" * 16, DEFAULT_POLICY) is None
