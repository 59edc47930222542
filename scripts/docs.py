"""Write the generated pages of docs/: settings.md, approach.md, state-machines.md and scenario.schema.json
policy-table.md, events.md and feedback.md from the code, explanation-example.md from a worked timeline,
geofence-accuracy.md and simulator-receivers-figures.md from measurement (some minutes), wire.schema.json
from the decoder's bounds, README.md from the pages' headings.

.venv/bin/python -m scripts.docs
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from emon.config import settings_markdown
from emon.court.schema import court_schema
from emon.devices import machines
from emon.explanation.schema import explanation_schema
from emon.feedback.page import feedback_page
from emon.ingest.schema import wire_schema
from emon.policies.page import policy_page
from emon.policies.schema import policy_schema
from scripts.approach_page import approach_page
from scripts.events_page import events_page
from scripts.explanation_example import example_page
from simulator.receivers.page import figures_page
from simulator.scenario_schema import scenario_schema
from tests.geofence import accuracy

ROOT = Path(__file__).resolve().parents[1]


def index_markdown(docs: Path) -> str:
    """The list of pages in ``docs``, each by its own first heading."""
    lines = ["# Documentation", "", "Written by `make docs` from the pages' headings.", ""]
    pages = [page for page in sorted(docs.rglob("*.md")) if page != docs / "README.md"]
    for page in sorted(pages, key=lambda page: (page.parent != docs, str(page))):
        heading = page.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{heading}]({page.relative_to(docs)})")
    lines += ["- [The orders' JSON Schema](orders.schema.json)"]
    lines += ["- [The court files' JSON Schema](court.schema.json)"]
    lines += ["- [The explanations' JSON Schema](explanation.schema.json)"]
    lines += ["- [The policy files' JSON Schema](policy.schema.json)"]
    lines += ["- [The scenarios' JSON Schema](scenario.schema.json)"]
    lines += ["- [The wire's JSON Schema](wire.schema.json)", ""]
    return "\n".join(lines)


def main() -> int:
    docs = ROOT / "docs"
    (docs / "settings.md").write_text(settings_markdown(), "utf-8")
    (docs / "explanation-example.md").write_text(example_page(), "utf-8")
    (docs / "approach.md").write_text(approach_page(), "utf-8")
    measured = {cell: accuracy.measured(cell) for cell in accuracy.cells()}
    (docs / "geofence-accuracy.md").write_text(accuracy.page(measured), "utf-8")
    (docs / "simulator-receivers-figures.md").write_text(figures_page(), "utf-8")
    courts = json.dumps(court_schema(), indent=1, ensure_ascii=False)
    (docs / "court.schema.json").write_text(courts + "\n", "utf-8")
    explanations = json.dumps(explanation_schema(), indent=1, ensure_ascii=False)
    (docs / "explanation.schema.json").write_text(explanations + "\n", "utf-8")
    schema = json.dumps(scenario_schema(), indent=1, ensure_ascii=False)
    (docs / "scenario.schema.json").write_text(schema + "\n", "utf-8")
    wire = json.dumps(wire_schema(), indent=1, ensure_ascii=False)
    (docs / "wire.schema.json").write_text(wire + "\n", "utf-8")
    (docs / "feedback.md").write_text(feedback_page(), "utf-8")
    (docs / "policy-table.md").write_text(policy_page(), "utf-8")
    policies = json.dumps(policy_schema(), indent=1, ensure_ascii=False)
    (docs / "policy.schema.json").write_text(policies + "\n", "utf-8")
    (docs / "events.md").write_text(events_page(), "utf-8")
    (docs / "state-machines.md").write_text(machines.page(), "utf-8")
    (docs / "README.md").write_text(index_markdown(docs), "utf-8")
    print(
        "wrote into docs/: settings.md, approach.md, state-machines.md, explanation-example.md, feedback.md,"
    )
    print("policy-table.md, events.md, policy.schema.json, scenario.schema.json, wire.schema.json,")
    print("two pages of measurements, README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
