"""The published JSON Schema fits what is written."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from emon.explanation.schema import explanation_schema
from tests.explanation.test_worked_timelines import worked


async def test_every_worked_explanation_fits_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(explanation_schema())
    documents = await worked()
    assert len(documents) > 15
    for document in documents:
        assert [error.message for error in validator.iter_errors(document)] == []
        assert list(validator.iter_errors({**document, "more": 1}))
        assert list(validator.iter_errors({**document, "fixes": [{}]}))


def test_the_published_schema_is_this_one(repository: Path) -> None:
    published = json.loads((repository / "docs" / "explanation.schema.json").read_text("utf-8"))
    assert published == explanation_schema(), "run: make docs"
