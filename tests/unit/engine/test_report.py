from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.judge import judge, make_setup
from hardcheck.engine.load import compile_rule
from hardcheck.engine.report import Workers, build_report
from hardcheck.engine.variants import bind
from hardcheck.errors import UsageError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Reason
from hardcheck.findings import ExitCode, Framework, Report, Status, exit_code
from hardcheck.parse.base import ParsedFact
from tests.unit.engine import hosts
from tests.unit.engine.hosts import PROFILE, gone, host
from tests.unit.engine.world import HEAD, REMEDY

SCOPE = [host("web2", second=7), host("web1", forward="1"), host("db", denied="firewall"), gone("old")]


def report(scope: list[Any] = SCOPE, **options: Any) -> Report:
    return build_report(scope, hosts.setup(), [PROFILE], title="T", **options)


def test_hosts_keep_their_order_and_findings_go_by_severity_and_id() -> None:
    built = report()
    assert [each.name for each in built.hosts] == ["web2", "web1", "db", "old"]
    assert [finding.rule for finding in built.findings[:4]] == ["c-mac", "a-forward", "b-firewall", "d-info"]
    assert [finding.host for finding in built.findings] == [
        name for name in ("web2", "web1", "db", "old") for _ in range(4)
    ]


def test_an_unreachable_host_is_unknown_for_every_rule_and_stays_in_the_denominator() -> None:
    built = report()
    findings = [finding for finding in built.findings if finding.host == "old"]
    assert {(finding.status, finding.reason) for finding in findings} == {
        (Status.UNKNOWN, Reason.UNREACHABLE)
    }
    old = built.hosts[3]
    assert (old.reached, old.failure_reason, old.failure) == (False, Reason.UNREACHABLE, "no route to host")
    assert (old.score.percent, old.score.coverage_percent) == (0, 0)
    assert built.score.applicable == 4 * (7 + 7 + 10)
    assert built.score.judged == built.score.applicable - (7 + 7 + 10) - 7
    assert built.profiles[0].controls[1].hosts["old"] is Status.UNKNOWN


def test_a_host_page_says_what_the_host_is_and_how_it_was_seen() -> None:
    web = report().hosts[0]
    assert (web.framework, web.verdict) == (Framework.SELINUX, "selinux runs")
    assert (web.privilege, web.transport, web.groups, web.variables) == (
        "sudo",
        "ssh",
        ("web",),
        {"tier": "front"},
    )
    assert [(ref.key, ref.origin, ref.size) for ref in web.evidence] == [
        ("firewall", "/firewall", 4),
        ("forward", "/forward", 1),
        ("mac", "/mac", 7),
    ]


def test_only_denied_unknowns_have_a_cure() -> None:
    built = report()
    assert [each.cure for each in built.hosts] == ["", "", "sudoers for db", ""]


def test_a_finding_points_at_its_evidence_also_when_that_was_refused() -> None:
    finding = next(f for f in report().findings if (f.host, f.rule) == ("db", "b-firewall"))
    assert (finding.status, finding.reason, finding.detail) == (Status.UNKNOWN, Reason.DENIED, "EACCES")
    assert [(ref.key, ref.reason) for ref in finding.evidence] == [("firewall", Reason.DENIED)]
    unseen = next(
        f
        for f in report([msgspec.structs.replace(host("x"), items={"mac": host("x").items["mac"]})]).findings
        if f.rule == "a-forward"
    )
    assert [(ref.key, ref.reason) for ref in unseen.evidence] == [("forward", Reason.NOT_COLLECTED)]


def test_the_report_is_dated_by_its_last_evidence_and_names_its_sources() -> None:
    built = report(bundles={"web1": "cd" * 32})
    assert built.generated_at == "2026-01-02T03:04:09Z"
    assert built.probe_sha256 == ("ab" * 32,)
    assert [each.bundle_sha256 for each in built.hosts] == ["", "cd" * 32, "", ""]
    assert len(built.rules_sha256) == 64


def test_a_report_of_no_host_says_nothing_and_is_not_clean() -> None:
    built = report([])
    assert (built.hosts, built.findings, built.generated_at, built.score.percent) == ((), (), "", None)
    assert built.profiles[0].controls[1].status is Status.UNKNOWN
    assert exit_code(built) is ExitCode.INCOMPLETE


def test_two_hosts_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two hosts are named 'web1'"):
        report([host("web1"), host("web1")])


def test_hosts_may_be_read_when_their_turn_comes() -> None:
    assert report([functools.partial(host, "web2", second=7), *SCOPE[1:]]) == report()


def test_the_rules_of_the_chosen_profiles_are_run_and_no_others() -> None:
    setup, profiles = bind(hosts.setup(), [PROFILE])
    assert [rule.id for rule in setup.rules] == ["a-forward", "b-firewall", "d-info"]
    assert profiles == (PROFILE,)


@pytest.mark.parametrize("batch", [1, 2, 25])
def test_threads_give_the_same_report_byte_for_byte(batch: int) -> None:
    with ThreadPoolExecutor(3) as executor:
        built = report(workers=Workers(executor, hosts.setup, batch))
    assert msgspec.json.encode(built, order="deterministic") == msgspec.json.encode(
        report(), order="deterministic"
    )


def test_processes_give_the_same_report_byte_for_byte() -> None:
    with ProcessPoolExecutor(1) as executor:
        built = report(workers=Workers(executor, hosts.setup, 2))
    assert msgspec.json.encode(built, order="deterministic") == msgspec.json.encode(
        report(), order="deterministic"
    )


class Lazy(Executor):
    """Finishes the batches in the reverse of the order in which they were handed in."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Any]] = []
        self.most = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.result = lambda timeout=None: self._finish(future)  # type: ignore[method-assign]
        self.tasks.append((future, functools.partial(fn, *args)))
        self.most = max(self.most, sum(not done.done() for done, _ in self.tasks))
        return future

    def _finish(self, wanted: Future[Any]) -> Any:
        for future, task in reversed(self.tasks):
            if not future.done():
                future.set_result(task())
        return Future.result(wanted)


def test_the_order_in_which_workers_finish_does_not_show() -> None:
    many = [host(f"h{n:03}", forward=str(n % 2)) for n in range(40)]
    executor = Lazy()
    assert report(many, workers=Workers(executor, hosts.setup, 2)) == report(many)
    assert executor.most <= 8  # hosts are not all held at once


def test_digests_of_bundles_may_come_while_hosts_are_read() -> None:
    digests: dict[str, str] = {}

    def read() -> Iterator[HostEvidence]:
        for name in ("a", "b"):
            digests[name] = name * 64
            yield host(name)

    built = build_report(read(), hosts.setup(), [PROFILE], bundles=digests)
    assert [each.bundle_sha256 for each in built.hosts] == ["a" * 64, "b" * 64]


class Big(msgspec.Struct, weakref=True):
    text: str


def test_the_facts_of_a_host_are_gone_before_the_next_is_judged() -> None:
    alive: list[weakref.ref[Big]] = []

    def parse(_: HostEvidence) -> Big:
        assert not [each for each in alive if each() is not None]
        big = Big("drop")
        alive.append(weakref.ref(big))
        return big

    parsed = (ParsedFact("big", Big, "large", ("firewall",), parse), *hosts.PARSED)
    specs = fact_specs(parsed, hosts.DERIVED)
    text = HEAD + f"check: {{fact: big.text, equals: drop}}\nremedies: [{REMEDY}]\n"
    setup = make_setup([compile_rule(text.encode(), "r.yaml", specs)], parsed, hosts.DERIVED)
    built = build_report([host(f"h{n}") for n in range(5)], setup, [])
    assert len(alive) == 5
    assert built.score.percent == 100


def test_facts_of_one_host_do_not_reach_the_next() -> None:
    setup = hosts.setup()
    first = judge(setup, host("a", firewall="accept")).findings
    second = judge(setup, host("a")).findings
    assert [f.status for f in first] != [f.status for f in second]


def test_a_parser_that_breaks_costs_its_own_rules_alone() -> None:
    def broken(_: HostEvidence) -> Any:
        raise RuntimeError("bug")

    setup = hosts.setup()
    parsed = tuple(
        msgspec.structs.replace(fact, parse=broken) if fact.name == "mac.framework" else fact
        for fact in setup.parsed
    )
    judged = judge(msgspec.structs.replace(setup, parsed=parsed), host("a"))
    by_rule = {finding.rule: finding.status for finding in judged.findings}
    assert by_rule["c-mac"] is Status.ERROR
    assert by_rule["a-forward"] is Status.PASS
    assert judged.result.framework is Framework.UNDECIDED
