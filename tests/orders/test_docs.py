"""What docs/orders.md shows is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from emon.model.vocabulary import LegalBasis, Risk
from emon.orders.schema import orders_schema
from tests.orders.documents import changed, faults_of, plain_document


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / "docs" / "orders.md").read_text("utf-8")


def test_every_example_can_be_armed(text: str) -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    documents = [
        e if "orders" in e else changed(plain_document(), ("orders", 0, "conditions", 0, "schedule"), e)
        for e in examples
    ]
    assert len(documents) == 3
    assert [faults_of(document) for document in documents] == [{}, {}, {}]


def test_every_member_and_word_of_the_schema_is_explained(text: str) -> None:
    definitions = orders_schema()["$defs"]
    members = {
        name for part in ("order", "exclusion", "schedule") for name in definitions[part]["properties"]
    }
    words = {f"`{name}`" for name in [*members, *LegalBasis, *Risk]}
    assert {word for word in words if word not in text} == set()
