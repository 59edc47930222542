"""``emon check`` as it is called: what goes where, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from emon.cli import main
from tests.orders.documents import changed, contract_document, encode, plain_document

Captured = pytest.CaptureFixture[str]


def write(folder: Path, document: object) -> str:
    file = folder / "orders.json"
    file.write_bytes(document if isinstance(document, bytes) else encode(document))
    return str(file)


def test_remarks_go_to_standard_output_and_the_document_can_be_armed(
    tmp_path: Path, capsys: Captured
) -> None:
    file = write(tmp_path, plain_document())
    assert main(["check", file]) == os.EX_OK
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert lines[-1] == f"{file}: can be armed; 1 order, {len(lines) - 1} remarks"
    assert any(line.startswith("orders[0].valid_until: missing") for line in lines)


def test_faults_go_to_standard_error_with_65_and_nothing_to_standard_output(
    tmp_path: Path, capsys: Captured
) -> None:
    broken = changed(contract_document(), ("orders", 0, "wearer"), ...)
    file = write(tmp_path, changed(broken, ("orders", 0, "conditions", 4, "radius_m"), 0))
    assert main(["check", file]) == os.EX_DATAERR
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == [
        "orders[0].wearer",
        "orders[0].conditions[4].radius_m",
    ]


def test_what_is_not_json_is_named_by_its_line(tmp_path: Path, capsys: Captured) -> None:
    assert main(["check", write(tmp_path, b'{"orders":\n[}')]) == os.EX_DATAERR
    out, err = capsys.readouterr()
    assert out == ""
    assert ": not JSON at line 2, column 2" in err


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path, capsys: Captured) -> None:
    assert main(["check", str(tmp_path / "none.json")]) == os.EX_IOERR
    assert "No such file" in capsys.readouterr().err


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encode(plain_document()))))
    assert main(["check", "-"]) == os.EX_OK
    assert "-: can be armed" in capsys.readouterr().out


def test_past_fixes_show_the_alerts_that_would_have_been_raised(tmp_path: Path, capsys: Captured) -> None:
    file = write(tmp_path, changed(plain_document(), ("orders", 0, "device"), "d-1"))
    fixes = tmp_path / "fixes.jsonl"
    lines = [
        {
            "device": "d-1",
            "seq": n,
            "t": f"2026-06-01T12:0{n}:00Z",
            "lon": 4.48 + n * 1e-6,
            "lat": 51.92,
            "acc": 9,
        }
        for n in (1, 2, 3)
    ]
    fixes.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no line\n")
    assert main(["check", file, "--fixes", str(fixes)]) == os.EX_OK
    out, err = capsys.readouterr()
    assert '"event": "breach"' in out
    assert "alerts would have been raised" in out
    assert f"{fixes}:4:" in err


def test_fixes_that_cannot_be_read_are_never_passed_over(tmp_path: Path, capsys: Captured) -> None:
    file = write(tmp_path, plain_document())
    assert main(["check", file, "--fixes", "nowhere.jsonl"]) == os.EX_IOERR
    assert "nowhere.jsonl" in capsys.readouterr().err
