"""Policy files: what they may say, and every fault by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emon.alerts.decision_table import Situation
from emon.alerts.ladder import DEFAULT_LADDER, LOW_LADDER, Rung, told_at
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, Kind, LegalBasis, Party, Risk
from emon.policies.reader import PolicyRefused, policy_of, read_policy
from emon.policies.written import policy_bytes, tree_of, version_of

MONDAY_NOON_US = parse_instant("2026-06-01T12:00:00+02:00")
NIGHT = {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]}
OM_HEARS = {
    "name": "certain in schorsing",
    "when": {
        "events": ["breach"],
        "kinds": ["exclusion"],
        "certainties": ["certain"],
        "legal_bases": ["schorsing"],
    },
    "priority": 1,
    "recipients": ["politie", "om", "meldkamer_em"],
}
DESK = {
    "party": "meldkamer_em",
    "title": "Officer on duty",
    "channel": "webhook",
    "url": "https://x.example/",
}


def faults_of(tree: Any) -> list[str]:
    with pytest.raises(PolicyRefused) as refused:
        policy_of(tree)
    return [str(fault) for fault in refused.value.faults]


def only_fault(tree: Any) -> str:
    faults = faults_of(tree)
    assert len(faults) == 1, faults
    return faults[0]


def breach(at: str = "2026-06-01T12:00:00+02:00", **traits: Any) -> Situation:
    said = {"kind": Kind.EXCLUSION, "certainty": Certainty.CERTAIN, "risk": Risk.MEDIUM} | traits
    return Situation(AlertEvent.BREACH, parse_instant(at), **said)


def row(**members: Any) -> dict[str, Any]:
    return {"when": {"events": ["panic"]}, "priority": 1, "recipients": ["politie"]} | members


# --- what a file may say --------------------------------------------------------------------------
@pytest.mark.parametrize("source", [b"{}", b"# nothing\n", b'{"recipients": {"politie": 7}}'])
def test_a_file_that_says_nothing_of_the_policy_is_the_default_one(source: bytes) -> None:
    assert read_policy(source) == DEFAULT_POLICY


def test_toml_and_json_say_the_same() -> None:
    toml = b"""
        # who hears of a panic button at night
        [[rows]]
        when.events = ["panic"]
        when.hours = {tz = "Europe/Amsterdam", windows = [{from = "22:00", to = 06:00:00}]}
        priority = 1
        recipients = ["politie", "reclassering", "meldkamer_em"]
    """
    said = {
        "rows": [
            row(
                when={"events": ["panic"], "hours": NIGHT},
                recipients=["politie", "reclassering", "meldkamer_em"],
            )
        ]
    }
    assert read_policy(toml) == read_policy(json.dumps(said).encode())


def test_the_first_row_that_holds_decides() -> None:
    policy = policy_of({"rows": [OM_HEARS]})
    assert policy.decide(breach(legal_basis=LegalBasis.SCHORSING)).recipients[1] is Party.OM
    assert policy.decide(breach(legal_basis=LegalBasis.STRAFBESCHIKKING)).name == "certain"
    assert (
        policy.decide(breach(certainty=Certainty.POSSIBLE, legal_basis=LegalBasis.SCHORSING)).name
        == "possible"
    )


@pytest.mark.parametrize(
    ("at", "night"),
    [
        ("2026-06-01T21:59:59+02:00", False),
        ("2026-06-01T22:00:00+02:00", True),
        ("2026-06-02T05:59:59+02:00", True),
        ("2026-06-02T06:00:00+02:00", False),
        # The clock goes back: 02:30 twice, and 06:00 is an hour later in UTC.
        ("2026-10-25T00:30:00Z", True),
        ("2026-10-25T01:30:00Z", True),
        ("2026-10-25T04:59:59Z", True),
        ("2026-10-25T05:00:00Z", False),
    ],
)
def test_time_is_the_row_s_local_time_at_the_deciding_instant(at: str, night: bool) -> None:
    policy = policy_of({"rows": [row(name="at night", when={"events": ["panic"], "hours": NIGHT})]})
    decided = policy.decide(Situation(AlertEvent.PANIC, parse_instant(at)))
    assert (decided.name == "at night") is night


def test_a_window_belongs_to_the_day_on_which_it_begins() -> None:
    friday = {"tz": "Europe/Amsterdam", "windows": [{"days": ["fr", "su"], "from": "20:00", "to": "04:00"}]}
    policy = policy_of({"rows": [row(name="weekend", when={"events": ["panic"], "hours": friday})]})
    instants = [
        "2026-06-05T20:00",
        "2026-06-06T03:59",
        "2026-06-06T20:00",
        "2026-06-08T03:59",
        "2026-06-09T03:59",
    ]
    names = [
        policy.decide(Situation(AlertEvent.PANIC, parse_instant(f"{at}:00+02:00"))).name for at in instants
    ]
    assert names == ["weekend", "weekend", "panic", "weekend", "panic"]


def test_older_files_give_rows_of_the_default_table_another_outcome() -> None:
    policy = policy_of(
        {
            "rules": {
                "possible": {"recipients": ["meldkamer_em", "reclassering"]},
                "probable_high_risk": {"priority": 2},
                "cleared_priority": 5,
                "cleared_refuted_priority": 2,
            }
        }
    )
    possible, cleared, refuted = policy.row("possible"), policy.row("cleared"), policy.row("cleared_refuted")
    high = policy.row("probable_high_risk")
    assert possible is not None
    assert (possible.priority, possible.recipients) == (2, (Party.MELDKAMER_EM, Party.RECLASSERING))
    assert high is not None
    assert (high.priority, len(high.recipients)) == (2, 3)
    assert cleared is not None
    assert refuted is not None
    assert (cleared.priority, refuted.priority) == (5, 2)


def test_she_hears_of_a_contact_wherever_the_police_do() -> None:
    contact = Situation(AlertEvent.PROXIMITY, MONDAY_NOON_US, Kind.CONTACT, Certainty.CERTAIN)
    told = DEFAULT_POLICY.decide(contact)
    assert told.recipients[-1] is Party.BESCHERMDE
    assert Party.BESCHERMDE in DEFAULT_POLICY.parties()


# --- ladders --------------------------------------------------------------------------------------
ROTA = {
    "contacts": {"day": DESK, "night": DESK, "chief": DESK},
    "shifts": {"duty": [{"contacts": ["night"], "hours": NIGHT}, {"contacts": ["day"]}]},
    "ladders": {
        "short": {"rungs": [{"at_s": 30, "tell": ["unanswered", "duty"]}], "then": "long"},
        "long": {
            "rungs": [{"at_s": 60, "tell": ["chief"]}, {"at_s": 90, "tell": ["chief", "om"]}],
            "repeat_s": 600,
        },
    },
}


def test_a_ladder_goes_on_in_another_and_its_last_rung_comes_again_for_ever() -> None:
    policy = policy_of({**ROTA, "rules": {"panic": {"ladder": "short"}}})
    ladder = policy.ladder_of("panic")
    assert [ladder.due_s(climb) for climb in range(1, 7)] == [30, 90, 120, 720, 1_320, 1_920]
    assert ladder.rung(1).tell == ("unanswered", "duty")
    assert ladder.rung(1_000_000) == ladder.rungs[-1] == Rung(120, ("chief", "om"))
    assert policy.ladder_of("battery_low") == LOW_LADDER
    assert policy.ladder_of("silence") == policy.ladder_of("a row that is gone") == DEFAULT_LADDER
    assert (DEFAULT_LADDER.acknowledge_s, DEFAULT_LADDER.due_s(2), DEFAULT_LADDER.due_s(3)) == (60, 180, 360)


@pytest.mark.parametrize(
    ("at", "name"), [("2026-06-01T23:00:00+02:00", "night"), ("2026-06-01T12:00:00+02:00", "day")]
)
def test_who_of_a_shift_is_told_is_found_at_the_instant(at: str, name: str) -> None:
    policy = policy_of({**ROTA, "rows": [row(also=["duty"], ladder="short")]})
    rung = policy.ladder_of("row 1").rungs[0]
    assert told_at(rung.tell, policy.shifts, ("politie", name), parse_instant(at)) == ("politie", name)
    assert policy.decide(Situation(AlertEvent.PANIC, parse_instant(at))).also == (name,)


# --- faults, each with its place ------------------------------------------------------------------
REFUSED = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "refused.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("case", REFUSED, ids=[case["fault"][:50] for case in REFUSED])
def test_a_fault_is_named_by_its_place(case: dict[str, Any]) -> None:
    assert only_fault(case["policy"]).startswith(case["fault"])


def test_a_loop_of_ladders_is_refused_at_each_of_its_ladders() -> None:
    rungs = [{"at_s": 60, "tell": ["om"]}]
    ladders = {
        "a": {"rungs": rungs, "then": "b"},
        "b": {"rungs": rungs, "then": "a"},
        "c": {"rungs": rungs, "then": "c"},
    }
    assert faults_of({"ladders": ladders}) == [
        "ladders.a.then: a loop: a > b > a",
        "ladders.b.then: a loop: b > a > b",
        "ladders.c.then: a loop: c > c",
    ]


def test_a_ladder_of_all_rows_that_climbs_to_the_police_is_refused_for_what_is_over() -> None:
    """Contract, section 3: "While historic it never goes to `politie`.", whoever does not answer."""
    rungs = [{"at_s": 60, "tell": ["unanswered"]}, {"at_s": 300, "tell": ["unanswered", "politie"]}]
    own = {"historic": {"ladder": "low"}, "incursion": {"ladder": "low"}}
    found = faults_of({"ladders": {"default": {"rungs": rungs}}})
    assert [fault.split(":")[0] for fault in found] == ["rules.historic.ladder", "rules.incursion.ladder"]
    slow = policy_of({"ladders": {"default": {"rungs": rungs}}, "rules": own}).ladder_of("historic")
    assert slow == LOW_LADDER


def test_a_table_of_its_own_must_leave_no_hole() -> None:
    tree = tree_of(DEFAULT_POLICY)
    assert policy_of(tree) == DEFAULT_POLICY
    tree["rows"] = [r for r in tree["rows"] if r["name"] not in ("probable", "panic", "outage")]
    assert faults_of(tree) == [
        "rows: a hole: no row says who hears of breach (exclusion, probable, schorsing, risk low)",
        "rows: a hole: no row says who hears of proximity (contact, probable, schorsing, risk low)",
        "rows: a hole: no row says who hears of outage",
        "rows: a hole: no row says who hears of panic (schorsing, risk low)",
    ]
    tree["rows"] += [r for r in tree_of(DEFAULT_POLICY)["rows"] if r["name"] in ("probable", "panic")]
    tree["rows"].append(
        {"when": {"events": ["outage"], "hours": NIGHT}, "priority": 2, "recipients": ["meldkamer_em"]}
    )
    assert only_fault(tree) == "rows: a hole: no row says who hears of outage at every hour of the week"


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of(
        {"rules": {"x": {}}, "rows": [7, row(priority=9)], "ladders": {"": {}}, "contacts": []}
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "contacts",
        "ladders.",
        "rows[0]",
        "rows[1].priority",
        "rules.x",
    ]


# --- written out ----------------------------------------------------------------------------------
def test_a_policy_written_out_reads_as_itself_and_equal_content_has_one_version() -> None:
    policy = policy_of({**ROTA, "rows": [OM_HEARS, row(name="steep", also=["duty"], ladder="short")]})
    again = read_policy(policy_bytes(policy))
    assert again == policy
    assert version_of(again) == version_of(policy) != version_of(DEFAULT_POLICY)
    assert version_of(policy_of({"rules": {"panic": {"priority": 1}}})) == version_of(Policy())
    assert b"https" not in policy_bytes(policy)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "the file is empty"),
        (b"[]", "JSON, but no object"),
        (b"null", "JSON, but no object"),
        (b'{"rows": [', "not JSON at line 1, column 11: Expecting value"),
        (b'{"rows":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply; no policy needs more than"),
        (b'{"ladders": {"s": {"rungs": [{"at_s": 60, "at_s": 90, "tell": ["unanswered"]}]}}}',
         "ladders.s.rungs[0].at_s: occurs more than once in its object"),
        (b'{"rules": {}, "rules": {}}', "rules: occurs more than once in its object"),
        (b'{"contacts": {"a\\u001b[2J\\nemon: all is well": {"party": "om"}}}',
         r"contacts.a\x1b[2J\nemon: all is well: must be a name"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_named_by_its_place_in_one_line(source: bytes, said: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        read_policy(source)
    (fault, *_) = map(str, refused.value.faults)
    assert fault.startswith(said)
    assert fault.isprintable()


def test_hours_that_cannot_be_read_are_not_taken_for_always() -> None:
    wrong = {"tz": "Europe/Nowhere", "windows": [{"from": "01:00", "to": "02:00"}]}
    turns = [{"contacts": ["desk"], "hours": wrong}, {"contacts": ["desk"]}]
    fault = only_fault({"contacts": {"desk": DESK}, "shifts": {"duty": turns}})
    assert fault.startswith("shifts.duty[0].hours.tz")


def test_each_fault_of_a_rung_is_named_by_its_place() -> None:
    """That one names nobody known hides neither that it comes too early, nor that the next one does."""
    rungs = [
        {"at_s": 60, "tell": ["unanswered"]},
        {"at_s": 60, "tell": ["boss"]},
        {"at_s": 300, "tell": ["chief"], "tel": []},
        {"at_s": 120, "tell": ["unanswered"]},
    ]
    with pytest.raises(PolicyRefused) as refused:
        policy_of({"ladders": {"own": {"rungs": rungs}}})
    assert sorted(fault.path for fault in refused.value.faults) == [
        "ladders.own.rungs[1].at_s",
        "ladders.own.rungs[1].tell[0]",
        "ladders.own.rungs[2].tel",
        "ladders.own.rungs[2].tell[0]",
        "ladders.own.rungs[3].at_s",
    ]
