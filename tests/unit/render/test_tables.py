"""The formats of lines: text, CSV, JUnit, SARIF."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree

import msgspec
import pytest

from hardcheck.findings import Report, Status
from hardcheck.render import text
from hardcheck.render.sanitise import has_unseen
from hardcheck.render.words import STANDING
from tests.unit.render.conftest import rendered
from tests.unit.render.fixtures import GONE, fleet_report


def in_text(report: Report, width: int = 100) -> str:
    out = io.BytesIO()
    text.render(report, out, width)
    return out.getvalue().decode()


def test_text_has_a_line_for_every_host_with_score_and_coverage(real: Report) -> None:
    written = in_text(real)
    for host in real.hosts:
        (line,) = [line for line in written.splitlines() if line.startswith(host.name + " ")]
        if host.reached:
            assert f"{host.score.percent} %" in line
            assert f"{host.score.coverage_percent} %" in line
        else:
            assert "not reached" in line


def test_text_names_every_failure_every_unknown_and_its_cure(real: Report) -> None:
    written = " ".join(in_text(real).split())
    for finding in real.findings:
        if finding.status in (Status.FAIL, Status.UNKNOWN, Status.ERROR):
            assert finding.rule in written
    assert all(host.cure in written for host in real.hosts)
    assert "no answer from 192.0.2.44 port 22" in written


@pytest.mark.parametrize("width", [72, 80, 100, 160])
def test_text_keeps_to_the_width_but_for_a_line_to_be_copied(real: Report, width: int) -> None:
    lines = in_text(real, width).splitlines()
    assert [line for line in lines if len(line) > width and "cured by" not in line] == []


def test_text_of_a_hostile_report_moves_no_cursor(hostile: Report) -> None:
    assert not has_unseen(in_text(hostile).replace("\n", ""))


def test_text_of_a_fleet_names_six_hosts_of_a_rule_and_counts_the_rest() -> None:
    assert "and 61 more hosts" in in_text(fleet_report(100))


def test_text_without_failures_says_so(small: Report) -> None:
    clean = tuple(finding for finding in small.findings if finding.status is Status.PASS)
    assert "No check failed." in in_text(msgspec.structs.replace(small, findings=clean))


def test_text_of_nothing_claims_no_score(small: Report) -> None:
    score = msgspec.structs.replace(small.score, passed=0, judged=0, applicable=0)
    empty = msgspec.structs.replace(small, hosts=(), findings=(), rules=(), profiles=(), score=score)
    assert "Score none" in in_text(empty)


def lines_of(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(rendered("csv", report).decode(), newline="")))


def test_csv_has_a_line_for_every_finding_and_every_host_not_reached(real: Report) -> None:
    lines = lines_of(real)
    assert len(lines) == len(real.findings) + 1
    assert [line["status"] for line in lines if line["host"] == GONE] == ["unknown"]
    assert [line["status"] for line in lines[:-1]] == [finding.status for finding in real.findings]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(1)", "  =1", "\t=1", "\r=1", "|x", "%x"])
def test_csv_cells_are_no_formulas(small: Report, start: str) -> None:
    finding = msgspec.structs.replace(small.findings[0], observed=start, items=(start,), detail=start)
    line = lines_of(msgspec.structs.replace(small, findings=(finding,)))[0]
    for cell in ("observed", "items", "detail"):
        assert re.match(r"'|\\", line[cell].lstrip()), line[cell]


def test_no_csv_cell_of_a_hostile_report_is_a_formula(hostile: Report) -> None:
    for line in lines_of(hostile):
        for cell in line.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
            assert not has_unseen(cell)


def test_junit_counts_what_it_lists_and_an_unknown_is_no_success(real: Report) -> None:
    root = ElementTree.fromstring(rendered("junit", real))
    assert int(root.get("tests", "")) == len(real.findings) + 1 == len(root.findall(".//testcase"))
    failed = [finding for finding in real.findings if finding.status is Status.FAIL]
    waived = [finding for finding in failed if finding.waiver]
    assert int(root.get("failures", "")) == len(failed) - len(waived)
    said = [node.get("message", "") for node in root.findall(".//skipped")]
    assert sum(message.startswith("waived by W-14: ") for message in said) == len(waived) == 1
    unjudged = sum(finding.status in (Status.UNKNOWN, Status.ERROR) for finding in real.findings)
    assert int(root.get("errors", "")) == unjudged + 1
    plain = [case for case in root.findall(".//testcase") if len(case) == 0]
    assert len(plain) == sum(finding.status is Status.PASS for finding in real.findings)


def test_junit_of_a_hostile_report_parses(hostile: Report) -> None:
    root = ElementTree.fromstring(rendered("junit", hostile))
    assert {node.tag for node in root.iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
    }


def test_sarif_has_a_result_for_every_finding_and_rules_by_index(real: Report) -> None:
    (run,) = json.loads(rendered("sarif", real))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(real.findings)
    for result, finding in zip(run["results"], real.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert (result["kind"] == "fail") == (finding.status is Status.FAIL)
        assert (result["kind"] == "pass") == (finding.status is Status.PASS)
        assert (result["level"] == "none") == (result["kind"] != "fail")
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [GONE in note["message"]["text"] for note in notes] == [True]


def test_text_tells_waivers_attestations_and_the_score_without_them(real: Report) -> None:
    text = in_text(real)
    assert "Score without the waived findings" in text
    assert "(waived, W-14)" in text
    assert re.search(r"W-14: rule \S+: holds for 1 finding", text)
    assert "W-2: rule mac-no-permissive-subjects: expired (2025-01-01 to 2025-06-30" in text
    assert "A-7: pci-dss-4.0.1 1.2.5 met: holds for 3 hosts" in text


def test_text_counts_controls_by_where_they_stand_and_by_the_letter(real: Report) -> None:
    line = re.search(r"^  pci-dss-4\.0\.1: .*(?:\n    .*)*", in_text(real), re.MULTILINE)
    assert line is not None
    assert "differ by the letter" in line[0] or "differs by the letter" in line[0]
    for profile in real.profiles:
        for standing, count in profile.standings.items():
            assert not count or f"{count} {STANDING[standing].word.lower()}" in " ".join(
                in_text(real).split()
            )


def test_sarif_suppresses_what_is_waived(real: Report) -> None:
    results = json.loads(rendered("sarif", real))["runs"][0]["results"]
    suppressed = [each for each in results if "suppressions" in each]
    assert [each["ruleId"] for each in suppressed] == [f.rule for f in real.findings if f.waiver]
    assert suppressed[0]["suppressions"][0]["status"] == "accepted"
    assert "SEC-881" in suppressed[0]["suppressions"][0]["justification"]
