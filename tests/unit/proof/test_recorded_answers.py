"""OpenSCAP's and Lynis' verdicts on the lab hosts, recorded, against the rules as they are now."""

from __future__ import annotations

import csv
import functools
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from hardcheck.findings import Finding, Status
from tests.corpora import corpora_folder
from tests.proof import compare, differences, figures, lynis, record
from tests.unit.engine import shipped

HOSTS = ("apparmor", "selinux")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "proof.md"


@functools.cache
def pairs(host: str) -> tuple[compare.Pair, ...]:
    theirs = compare.answers(record.FOLDER / f"{host}.csv")
    evidence = record.recorded_evidence(host)
    return tuple(record.compare_host(host, compare.asked(), theirs, evidence, shipped.setup()))


def both() -> list[compare.Pair]:
    return [pair for host in HOSTS for pair in pairs(host)]


@pytest.mark.parametrize("host", HOSTS)
def test_every_difference_is_explained(host: str) -> None:
    table, _ = differences.read_table()
    left = differences.unexplained(pairs(host), table)
    assert not left, "\n".join(left)


def test_no_explanation_outlives_its_difference() -> None:
    table, _ = differences.read_table()
    left = differences.stale(both(), table)
    assert not left, "\n".join(left)


def test_what_was_mended_is_equal_now() -> None:
    _, mended = differences.read_table()
    equal = {(pair.source, pair.test): pair.equal for pair in both()}
    assert mended
    assert all(equal[(entry.source, test)] for entry in mended for test in entry.tests)


def test_every_entry_says_its_kind_and_a_reason() -> None:
    table, mended = differences.read_table()
    assert {entry.kind for entry in table} <= set(differences.KINDS)
    assert all(len(entry.reason) > 20 for entry in table)
    assert all(entry.was and entry.done for entry in mended)
    names = Counter((entry.host, entry.source, entry.test) for entry in table)
    assert [name for name, count in names.items() if count > 1] == []


def test_hundreds_of_tests_are_compared_on_both_hosts() -> None:
    for host in HOSTS:
        assert len({(pair.source, pair.test) for pair in pairs(host)}) > 350
        assert len({rule for pair in pairs(host) for rule in pair.rules}) > 150
        assert Counter(pair.equal for pair in pairs(host))[True] > 250


def test_the_page_has_the_figures_of_the_recordings() -> None:
    assert figures.table(both(), differences.read_table()[0]) in PAGE.read_text(encoding="utf-8")


def test_a_changed_verdict_of_either_side_is_found() -> None:
    """The comparison can fail: each turned verdict shows as unexplained, or leaves its entry stale."""
    table, _ = differences.read_table()
    for pair in pairs("selinux")[::40]:
        turned = "fail" if pair.theirs == "pass" else "pass"
        other = compare.Pair(pair.host, pair.source, pair.test, turned, pair.ours, pair.rules, pair.shown)
        assert differences.unexplained([other], table) or differences.stale(
            [other], [entry for entry in table if (entry.host, entry.test) == (pair.host, pair.test)]
        )


def test_the_map_of_tests_is_that_of_the_control_data() -> None:
    file = corpora_folder().parent / "controls" / "mappings.csv"
    if not file.is_file():
        pytest.skip("the control data is not here")
    with file.open(encoding="utf-8", newline="") as stream:
        upstream = {row["key"]: re.split(r"[;\s]+", row["upstream_rules"]) for row in csv.DictReader(stream)}
    for line in compare.asked():
        assert line.key in upstream, line
        assert line.source == "lynis" or line.test == line.key or line.test in upstream[line.key], line


def test_a_rule_named_in_the_map_answers_the_check() -> None:
    answered = record.answered_by(shipped.setup())
    for line in compare.asked():
        assert line.key in answered, line
        assert not line.rule or line.rule in answered[line.key], line


# --- how one pair is judged


def _finding(status: Status, *items: str, rule: str = "r") -> Finding:
    finding = next(found for found in _some() if found.status is Status.FAIL)
    return msgspec.structs.replace(finding, status=status, items=items, rule=rule)


@functools.cache
def _some() -> tuple[Finding, ...]:
    return record.findings(record.recorded_evidence("apparmor"), compare.asked(), shipped.setup())


def _ours(about: str, *findings: Finding) -> str:
    line = compare.Asked("x", "t", "k", about, "")
    rules = [finding.rule for finding in findings]
    (pair,) = compare.pairs("h", [line], {("x", "t"): "pass"}, findings, {"k": rules})
    return pair.ours


def test_a_wide_rule_says_nothing_against_what_it_does_not_name() -> None:
    failed = _finding(Status.FAIL, "net.ipv4.conf.all.forwarding (now 1)")
    assert _ours("net.ipv4.conf.all.forwarding", failed) == "fail"
    assert _ours("net.ipv4.conf.default.forwarding", failed) == "pass"
    assert _ours("net.ipv4.conf.all", failed) == "pass"
    assert _ours("", failed) == "fail"
    assert _ours("other", _finding(Status.UNKNOWN)) == "unknown"


def test_several_rules_of_a_check_are_joined_as_parts_of_a_control() -> None:
    words = {
        ("pass", "fail"): "fail",
        ("pass", "unknown"): "unknown",
        ("pass", "not_applicable"): "pass",
        ("not_applicable", "not_applicable"): "notapplicable",
    }
    for (one, other), joined in words.items():
        first, second = _finding(Status(one), rule="a"), _finding(Status(other), rule="b")
        assert _ours("", first, second) == joined


def test_lynis_log_is_read_test_by_test() -> None:
    log = """\
2026-01-01 00:00:00 Performing test ID KRNL-6000 (Check sysctl key pairs in scan profile)
2026-01-01 00:00:00 Result: sysctl key fs.suid_dumpable contains equal expected and current value (0)
2026-01-01 00:00:00 Result: sysctl key kernel.sysrq has a different value than expected in scan profile. Expected=0, Real=438
2026-01-01 00:00:00 Performing test ID FIRE-4590 (Check firewall status)
2026-01-01 00:00:00 Result: host based firewall or packet filter is active
2026-01-01 00:00:00 Performing test ID MACF-6290 (Check for implemented MAC framework)
2026-01-01 00:00:00 Result: found no implemented MAC framework
2026-01-01 00:00:00 Performing test ID ABCD-0000 (Another)
2026-01-01 00:00:00 Result: host based firewall or packet filter is active
"""  # noqa: E501
    assert lynis.results(log) == {
        "KRNL-6000 fs.suid_dumpable": "pass",
        "KRNL-6000 kernel.sysrq": "fail",
        "FIRE-4590": "pass",
        "MACF-6290": "fail",
    }
