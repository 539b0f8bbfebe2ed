"""Denials that respected tools answer with a hole in the policy, or by the wrong machine (T16, T18)."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.denials.model import LogSummary
from hardcheck.denials.reading import LogFile, read_logs
from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble, fact_specs
from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.facts import Absent
from hardcheck.parse import PARSERS
from hardcheck.parse.denials import KEYS
from hardcheck.selinux import FileContexts, Policy
from hardcheck.triage.explain import explain
from hardcheck.triage.model import Cause, Explanation
from hardcheck.triage.suggest import suggestions
from hardcheck.triage.world import World, without_host, world_of_policy
from tests.corpora import corpus

SHADOW = (
    b'type=AVC msg=audit(1795232999.472:38): avc:  denied  { read } for  pid=9 comm="nginx" '
    b'path="/etc/shadow" '
    b'dev="vda" ino=719 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:shadow_t:s0 '
    b"tclass=file permissive=0\n"
)
MOVED = (
    b'node=web7 type=AVC msg=audit(1795232999.472:39): avc:  denied  { read } for  pid=9 comm="nginx" '
    b'path="/var/www/html/x" dev="vda" ino=720 scontext=system_u:system_r:httpd_t:s0 '
    b"tcontext=unconfined_u:object_r:admin_home_t:s0 tclass=file permissive=0\n"
)


def log(content: bytes) -> LogSummary:
    return read_logs([[LogFile("audit.log", lambda: (content,))]])


def world(*names: str) -> World:
    folder = corpus("selinux-policies-debian12") / "debian12-default"
    found = world_of_policy(
        Policy.read(folder / "policy.33"), FileContexts.read(folder / "contexts"), "sha256:0"
    )
    return msgspec.structs.replace(found, name="web1", names=names)


def told(content: bytes, known: World) -> Explanation:
    (found,) = explain(log(content).groups, known)
    return found


@pytest.mark.parametrize("with_policy", [True, False], ids=["with-its-policy", "log-alone"])
def test_t16_a_web_server_on_the_password_hashes_is_not_given_a_rule(with_policy: bool) -> None:
    found = told(SHADOW, world() if with_policy else without_host())
    assert found.cause is Cause.DANGER
    assert "offline" in found.says
    assert found.cure is None
    assert [file.name for file in suggestions([found])] == ["README.txt"]
    assert "possible intrusions" in suggestions([found])[0].text


def test_t18_a_log_of_another_host_is_not_judged_by_this_ones_policy() -> None:
    found = told(MOVED, world("web1"))
    assert found.cause is Cause.UNDECIDED
    assert found.cure is None
    assert any("web7" in text for text in found.missing)
    assert not any("selinux.policy" in proof.evidence for proof in found.proof)


def test_t18_the_same_log_is_explained_by_its_own_hosts_policy() -> None:
    assert told(MOVED, world("web7.example.org")).cause is Cause.LABEL


def test_t18_nothing_of_the_machine_that_analyses_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("triage opened a file of this machine")

    summary = log(MOVED)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    (found,) = explain(summary.groups, without_host())
    assert found.cause is Cause.UNDECIDED


def test_t18_a_host_whose_logs_may_not_be_read_is_unknown() -> None:
    denied = {key: Evidence(key, "", reason=Reason.DENIED) for key in KEYS}
    host = HostEvidence(HostIdentity("web1"), "", "", "0", "", Privilege.NONE, denied)
    facts = assemble(host, PARSERS, DERIVED, fact_specs(PARSERS, DERIVED))
    for name in ("denials.explained", "mac.readiness"):
        assert isinstance(facts[name], Absent)
        assert facts[name].reason is Reason.DENIED
