"""The pages of the policy say what the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from emon.alerts.policy import DEFAULT_POLICY
from emon.alerts.recipients import load_recipients
from emon.policies.page import policy_page
from emon.policies.reader import read_policy
from emon.policies.schema import policy_schema
from emon.policies.written import tree_of

VALIDATOR = jsonschema.Draft202012Validator(policy_schema())
REFUSED = (Path(__file__).parent / "data" / "refused.jsonl").read_text().splitlines()
CENTRE = b"""
[recipients.meldkamer_em]
channel = "smtp"
to = "a@b.example"
from = "c@d.example"
server = "mail.example:25"
"""


def test_the_table_and_the_schema_are_current(repository: Path) -> None:
    docs = repository / "docs"
    assert (docs / "policy-table.md").read_text("utf-8") == policy_page(), "run: make docs"
    assert json.loads((docs / "policy.schema.json").read_text("utf-8")) == policy_schema(), "run: make docs"


def test_the_page_s_example_is_a_policy(repository: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", (repository / "docs" / "policy.md").read_text("utf-8"), re.DOTALL)
    assert found is not None
    example = found[1].encode()
    VALIDATOR.validate(tomllib.loads(example.decode()))
    policy = read_policy(example)
    assert [row.name for row in policy.rows[:2]] == ["panic out of hours", "certain before trial"]
    recipients = load_recipients(example + CENTRE, environ={})
    assert sorted(recipients.contacts) == ["day_officer", "night_officer"]
    assert str(recipients.languages_of("day_officer")) == "nl"
    assert recipients.party_of("day_officer") == "meldkamer_em"


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    VALIDATOR.validate({})
    VALIDATOR.validate(tree_of(DEFAULT_POLICY))


@pytest.mark.parametrize("line", REFUSED)
def test_the_schema_refuses_nothing_that_the_reader_takes(line: str) -> None:
    """The reader refuses each of these; ``by_schema`` says whether the schema can see it too."""
    case = json.loads(line)
    assert VALIDATOR.is_valid(case["policy"]) is not case["by_schema"]
