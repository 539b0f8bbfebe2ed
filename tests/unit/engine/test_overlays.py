"""Waivers and attestations: read with the place of every fault, and laid over the findings of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.controls import Marks, control_result
from hardcheck.engine.overlay_files import load_attestations, load_waivers
from hardcheck.engine.overlays import Answers, term_of
from hardcheck.engine.profile import Control
from hardcheck.engine.report import build_report
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.findings import (
    Attestation,
    Attested,
    Coverage,
    ExitCode,
    Origin,
    Report,
    Severity,
    Standing,
    Status,
    Term,
    Waiver,
    exit_code,
)
from tests.unit.engine import hosts
from tools import build_schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
RULES = ("a-forward", "b-firewall", "c-mac", "d-info")
PASS, FAIL, UNKNOWN, NA = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
WHO = {"owner": "o", "approver": "a", "ticket": "T-1", "reason": "because"}
TERM = {"start": "2026-01-01", "expires": "2026-01-31"}

WAIVERS = """\
waivers:
  - id: W-1
    rule: a-forward
    hosts: ["web*"]
    tags: [tier=front]
    owner: jane
    approver: boss
    ticket: SEC-1
    reason: A router by design.
    start: "2026-01-01"
    expires: "2026-06-30"
"""
ATTESTATIONS = """\
attestations:
  - id: A-1
    profile: p
    control: "1.3"
    says: met
    groups: [web]
    owner: jane
    approver: boss
    ticket: GRC-1
    reason: The minutes were seen.
    start: "2026-01-01"
    expires: "2026-06-30"
"""


def waiver(rule: str = "a-forward", **more: Any) -> Waiver:
    return Waiver(**{"id": "W", "rule": rule, "hosts": ("*",), **WHO, **TERM, **more})


def attestation(says: Attested = Attested.MET, control: str = "1.3", **more: Any) -> Attestation:
    fields = {"id": "A", "profile": "p", "control": control, "says": says, "hosts": ("*",), **WHO, **TERM}
    return Attestation(**{**fields, **more})


def report(*answers: Waiver | Attestation, day: str = "", **host: Any) -> Report:
    given_answers = Answers(
        tuple(each for each in answers if isinstance(each, Waiver)),
        tuple(each for each in answers if isinstance(each, Attestation)),
        day,
    )
    scope = [hosts.host("web1", **host), hosts.host("db1"), hosts.gone("old")]
    return build_report(scope, hosts.setup(), [hosts.PROFILE], answers=given_answers)


def waived(report: Report) -> set[tuple[str, str]]:
    return {(finding.host, finding.rule) for finding in report.findings if finding.waiver}


def load(folder: Path, text: str, kind: str = "waivers") -> object:
    path = folder / "answers.yaml"
    path.write_text(text)
    return load_waivers(path, RULES) if kind == "waivers" else load_attestations(path, {"p": hosts.PROFILE})


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    assert load(tmp_path, WAIVERS) == (
        Waiver(
            id="W-1", rule="a-forward", hosts=("web*",), tags=("tier=front",), owner="jane", approver="boss",
            ticket="SEC-1", reason="A router by design.", start="2026-01-01", expires="2026-06-30",
        ),
    )  # fmt: skip
    (entry,) = load(tmp_path, ATTESTATIONS, "attestations")  # type: ignore[misc]
    assert (entry.control, entry.says, entry.groups) == ("1.3", Attested.MET, ("web",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "rule: a-forward",
            "rule: a-forwad",
            "waivers[0].rule: expected a rule that exists, found 'a-forwad' (nearest: a-forward)",
        ),
        ("    owner: jane\n", "", "waivers[0]: expected the key 'owner'"),
        ("approver: boss", "aprover: boss", "found 'aprover' (nearest: approver)"),
        ('"2026-06-30"', '"2026-06-31"', "waivers[0].expires: expected a date in quotes, YYYY-MM-DD"),
        ('"2026-06-30"', "2026-06-30", "text in quotes, found '2026-06-30'"),
        ('"2026-06-30"', '"2025-06-30"', "expected a day on or after the start (2026-01-01)"),
        ("tags: [tier=front]", "tags: [front]", "waivers[0].tags[0]: expected NAME=VALUE"),
        ('    hosts: ["web*"]\n    tags: [tier=front]\n', "", "expected a scope: hosts, groups or tags"),
        ('hosts: ["web*"]', "hosts: []", "waivers[0].hosts: expected a list that is not empty"),
        ("waivers:", "waiver:", "found 'waiver' (nearest: waivers)"),
        ("ticket: SEC-1", 'ticket: " "', "waivers[0].ticket: expected text"),
    ],
)
def test_a_fault_names_file_line_key_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in WAIVERS
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, WAIVERS.replace(old, new))
    assert message in str(caught.value)
    assert "answers.yaml:" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("profile: p", "profile: pp", "expected a profile that exists, found 'pp' (nearest: p)"),
        ('"1.3"', '"1.4"', "attestations[0].control: expected a control of p, found '1.4' (nearest: 1."),
        ('control: "1.3"', 'control: "1"', "that is not a heading"),
        (
            "says: met",
            "says: meet",
            "expected one of met, not_met, not_applicable, found 'meet' (nearest: met)",
        ),
    ],
)
def test_a_fault_of_an_attestation(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ATTESTATIONS.replace(old, new, 1), "attestations")
    assert message in str(caught.value)


def test_every_faulty_entry_is_told_at_once_and_an_id_is_used_once(tmp_path: Path) -> None:
    again = WAIVERS + WAIVERS.partition("\n")[2]
    with pytest.raises(ConfigError, match="expected an id of its own, found 'W-1' again"):
        load(tmp_path, again)
    with pytest.raises(ConfigFaults) as caught:
        load(tmp_path, again.replace("rule: a-forward", "rule: x"))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(("name", "text"), [("waivers", WAIVERS), ("attestations", ATTESTATIONS)])
def test_the_published_schemas_are_those_of_the_types_and_take_the_samples(name: str, text: str) -> None:
    published = json.loads((DOCS / f"{name}-schema.json").read_text())
    assert published == build_schema.schemas()[f"{name}-schema.json"], "run tools/build_schema.py"
    validator = jsonschema_rs.Draft202012Validator(published)
    document = parse_yaml(text, "x").plain()
    validator.validate(document)
    for key in ("owner", "start", "id"):
        broken = {name: [{field: value for field, value in document[name][0].items() if field != key}]}
        assert not validator.is_valid(broken)
    assert not validator.is_valid({name: [{**document[name][0], "tags": [], "more": 1}]})


def test_a_term_holds_on_its_first_and_last_day() -> None:
    days = ("2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01")
    wanted = [Term.NOT_STARTED, Term.ACTIVE, Term.ACTIVE, Term.EXPIRED]
    assert [term_of(waiver(), day) for day in days] == wanted


def test_the_day_is_that_of_the_evidence_unless_another_is_given() -> None:
    assert report(waiver(), forward="1").overlays.day == "2026-01-02"
    later = report(waiver(), forward="1", day="2026-02-01")
    assert (later.overlays.day, later.overlays.waivers[0].term) == ("2026-02-01", Term.EXPIRED)
    assert report(forward="1").overlays.day == ""


def test_a_waived_failure_keeps_its_status_and_leaves_the_second_score() -> None:
    plain, with_waiver = report(forward="1"), report(waiver(), forward="1")
    assert waived(with_waiver) == {("web1", "a-forward")}
    assert with_waiver.score == plain.score
    assert [finding.status for finding in with_waiver.findings] == [f.status for f in plain.findings]
    assert with_waiver.waived_score is not None
    assert with_waiver.waived_score.applicable == plain.score.applicable - Severity.HIGH.weight
    assert with_waiver.waived_score.passed == plain.score.passed
    web, db, _ = with_waiver.hosts
    assert web.waived_score is not None
    assert db.waived_score is None
    assert with_waiver.profiles[0].waived_score is not None
    assert plain.waived_score is None
    assert with_waiver.overlays.waivers[0].findings == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "2026-01-03"},
        {"start": "2025-01-01", "expires": "2026-01-01"},
        {"hosts": ("db*",)},
        {"groups": ("db",)},
        {"tags": ("tier=back",)},
        {"groups": ("web",), "tags": ("tier=back",)},
        {"rule": "b-firewall"},
        {"items": ("something else",)},
    ],
)
def test_a_waiver_out_of_term_or_scope_applies_to_nothing_and_is_shown(changes: dict[str, Any]) -> None:
    made = report(waiver(**changes), forward="1")
    assert waived(made) == set()
    assert made.waived_score is None
    assert [result.waiver.id for result in made.overlays.waivers] == ["W"]
    assert made.overlays.waivers[0].findings == 0


def test_a_scope_by_group_and_tag_means_the_hosts_in_both() -> None:
    assert waived(report(waiver(hosts=(), groups=("web",), tags=("tier=front",)), forward="1")) == {
        ("web1", "a-forward")
    }


def test_an_unknown_may_be_waived_but_not_that_a_host_was_not_reached() -> None:
    made = report(waiver("b-firewall"), denied="firewall")
    assert waived(made) == {("web1", "b-firewall")}


def test_a_waiver_of_a_rule_holds_for_its_variants() -> None:
    made = report(waiver("a-forward"), forward="1")
    finding = next(each for each in made.findings if each.waiver)
    from hardcheck.engine.overlays import waive

    variant = msgspec.structs.replace(finding, rule="a-forward@most=3", waiver="")
    marked, _ = waive([variant], {host.name: host for host in made.hosts}, Answers((waiver(),)), "2026-01-02")
    assert marked[0].waiver == "W"


def test_waived_findings_do_not_decide_the_exit_code() -> None:
    def code(*answers: Waiver) -> ExitCode:
        made = build_report(
            [hosts.host("web1", forward="1")], hosts.setup(), [hosts.PROFILE], answers=Answers(answers)
        )
        return exit_code(made)

    assert code() is ExitCode.FINDINGS
    assert code(waiver(), waiver("d-info", id="W2")) is ExitCode.CLEAN


def standing(
    coverage: Coverage,
    statuses: dict[str, Status],
    waived: tuple[str, ...] = (),
    says: Attested | None = None,
) -> Standing:
    control = Control(
        "1", "T", coverage, origin=Origin.HARDCHECK if statuses else None, rules=tuple(statuses)
    )
    said = {("p", "1"): {"h": attestation(says)}} if says is not None else {}
    result = control_result(control, {"h": statuses}, Marks({}, {"h": waived}, said), "p")
    assert result.standing_on("h") is result.standing
    return result.standing


AUTO, PART, MANUAL = Coverage.AUTOMATED, Coverage.PARTIAL, Coverage.MANUAL


@pytest.mark.parametrize(
    ("coverage", "statuses", "waived", "says", "wanted"),
    [
        (AUTO, {"a": PASS}, (), None, Standing.MET),
        (PART, {"a": PASS}, (), None, Standing.PART),
        (PART, {"a": PASS}, (), Attested.MET, Standing.MET),
        (PART, {"a": PASS}, (), Attested.NOT_MET, Standing.NOT_MET),
        (PART, {"a": PASS}, (), Attested.NOT_APPLICABLE, Standing.NOT_APPLICABLE),
        (AUTO, {"a": PASS, "b": FAIL}, (), None, Standing.NOT_MET),
        (AUTO, {"a": PASS, "b": FAIL}, (), Attested.MET, Standing.NOT_MET),
        (AUTO, {"a": PASS, "b": UNKNOWN}, (), Attested.MET, Standing.OPEN),
        (AUTO, {"a": PASS, "b": FAIL}, ("b",), None, Standing.WAIVED),
        (AUTO, {"a": UNKNOWN, "b": FAIL}, ("b",), None, Standing.OPEN),
        (AUTO, {"a": UNKNOWN, "b": FAIL}, ("a",), None, Standing.NOT_MET),
        (AUTO, {"a": UNKNOWN, "b": FAIL}, ("a", "b"), None, Standing.WAIVED),
        (AUTO, {"b": FAIL}, ("b",), Attested.NOT_MET, Standing.NOT_MET),
        (AUTO, {"a": NA}, (), Attested.MET, Standing.NOT_APPLICABLE),
        (MANUAL, {}, (), None, Standing.AWAITED),
        (MANUAL, {}, (), Attested.MET, Standing.MET),
        (MANUAL, {}, (), Attested.NOT_MET, Standing.NOT_MET),
    ],
)
def test_where_a_control_stands(
    coverage: Coverage,
    statuses: dict[str, Status],
    waived: tuple[str, ...],
    says: Attested | None,
    wanted: Standing,
) -> None:
    assert standing(coverage, statuses, waived, says) is wanted


@given(
    st.sampled_from([AUTO, PART]),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([PASS, FAIL, UNKNOWN, NA]), min_size=1),
    st.sets(st.sampled_from("abc")),
    st.sampled_from([None, *Attested]),
)
def test_nothing_is_met_with_a_failure_or_an_unknown_and_a_part_needs_a_person(
    coverage: Coverage, statuses: dict[str, Status], waived: set[str], says: Attested | None
) -> None:
    if standing(coverage, statuses, tuple(waived), says) is Standing.MET:
        assert not {FAIL, UNKNOWN} & set(statuses.values())
        assert coverage is AUTO or says is Attested.MET


def test_the_worst_host_decides_and_an_attestation_for_some_hosts_is_not_one_for_all() -> None:
    made = report(attestation(hosts=("web*",)))
    control = made.profiles[0].controls[3]
    assert control.standings == {"web1": Standing.MET}
    assert control.standing is Standing.AWAITED
    assert control.attestations == ("A",)
    assert control.status is Status.MANUAL
    assert report(attestation()).profiles[0].controls[3].standing is Standing.MET
    assert made.overlays.attestations[0].hosts == 1


def test_an_attestation_out_of_term_is_shown_and_says_nothing() -> None:
    made = report(attestation(start="2026-01-10"))
    assert made.profiles[0].controls[3].standing is Standing.AWAITED
    assert [(each.term, each.hosts) for each in made.overlays.attestations] == [(Term.NOT_STARTED, 0)]


def test_of_two_attestations_the_one_that_says_the_worst_speaks() -> None:
    made = report(attestation(), attestation(Attested.NOT_MET, id="B", hosts=("web1",)))
    control = made.profiles[0].controls[3]
    assert control.standings["web1"] is Standing.NOT_MET
    assert control.attestations == ("A", "B")


def test_both_verdicts_of_a_control_where_the_letter_parts() -> None:
    control = Control("1", "T", AUTO, origin=Origin.UPSTREAM, rules=("a", "b"))
    verdicts = {"h1": {"a": PASS, "b": FAIL}, "h2": {"a": PASS, "b": PASS}, "h3": {"a": FAIL, "b": FAIL}}
    letters = {"h1": {"b": PASS}, "h2": {"a": UNKNOWN}, "h3": {"b": PASS}}
    result = control_result(control, verdicts, Marks(letters))
    assert result.hosts == {"h1": FAIL, "h2": PASS, "h3": FAIL}
    assert result.literal_hosts == {"h1": PASS, "h2": UNKNOWN}
    assert (result.status, result.literal) == (FAIL, FAIL)
    alone = control_result(control, {"h1": verdicts["h1"]}, Marks(letters))
    assert (alone.status, alone.literal) == (FAIL, PASS)
    assert control_result(control, verdicts, Marks({"h3": {"b": PASS}})).literal is None
