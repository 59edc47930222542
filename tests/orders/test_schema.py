"""The published JSON Schema: the file, the example of the contract, and no refusal but the code's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.orders.schema import SCHEMA_DIALECT, orders_schema
from tests.orders.documents import (
    Step,
    changed,
    contract_document,
    document_of,
    faults_of,
    full_document,
    plain_document,
)
from tests.orders.strategies import versions
from tests.orders.test_refusals import JSON_VALUES, ONE_FAULT, places

VALIDATOR = jsonschema.Draft202012Validator(orders_schema())


def schema_accepts(document: object) -> bool:
    # Through text, as a document travels: NaN and what JSON cannot hold do not reach a schema.
    return bool(VALIDATOR.is_valid(json.loads(json.dumps(document))))


def test_the_published_file_is_the_schema(repository: Path) -> None:
    published = json.loads((repository / "docs" / "orders.schema.json").read_text("utf-8"))
    assert published == orders_schema()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(orders_schema())
    assert orders_schema()["$schema"] == SCHEMA_DIALECT


@pytest.mark.parametrize("document", [contract_document(), full_document(), plain_document(), {"orders": []}])
def test_documents_of_the_contract_fit_the_schema(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)
    assert schema_accepts(document)


@settings(max_examples=30)
@given(versions())
def test_what_the_code_reads_fits_the_schema(version: Any) -> None:
    assert schema_accepts(document_of(version))


BEYOND_A_SCHEMA = ("after valid_from", "no such instant", "years 1 to 9999", "IANA", "control", "surrogate")


@pytest.mark.parametrize(("place", "value", "message"), ONE_FAULT)
def test_what_the_schema_refuses_the_code_refuses_and_nearly_the_other_way_round(
    place: tuple[Step, ...], value: object, message: str
) -> None:
    document = changed(plain_document(), place, value)
    assert faults_of(document)
    beyond = any(words in message for words in BEYOND_A_SCHEMA) or "Europe/Amsterdam" in message
    if not beyond and not isinstance(value, float):
        assert not schema_accepts(document)


@settings(max_examples=300)
@given(st.sampled_from(places(full_document())), st.just(...) | JSON_VALUES)
def test_the_schema_never_refuses_what_the_code_takes(place: tuple[Step, ...], value: object) -> None:
    document = changed(full_document(), place, value)
    if not faults_of(document):
        assert schema_accepts(document)
    assert schema_accepts(full_document())
