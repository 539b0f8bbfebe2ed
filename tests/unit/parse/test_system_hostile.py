"""Whatever a host sends, a parser of the system's facts gives a value or a typed absence, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble, fact_specs
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.parse import PARSERS
from hardcheck.parse.base import run_parser
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import host, tree
from tests.unit.parse.test_system_samples import SAMPLES, read

BY_NAME = {fact.name: fact for fact in SYSTEM_PARSERS}
TREES = {path.parent.name for path in SAMPLES if path.suffix == ".tree"}
SPECS = fact_specs(PARSERS, DERIVED)
PATHS = {
    "sysctl.files": "/etc/sysctl.d/1.conf",
    "firewall.files": "/etc/nftables.conf",
    "firewall.ufw": "/etc/ufw/ufw.conf",
    "audit.files": "/etc/audit/audit.rules",
    "sshd.matches": "/etc/ssh/sshd_config",
    "accounts.sudoers": "/etc/sudoers",
    "time.servers": "/etc/chrony.conf",
    "web.php_pools": "/etc/php/8.2/fpm/pool.d/a.conf",
    "updates.dnf_automatic": "/etc/dnf/automatic.conf",
    "audit.plugins": "/etc/audit/plugins.d/syslog.conf",
    "logs.journald": "/etc/systemd/journald.conf",
    "logs.journal_upload": "/etc/systemd/journal-upload.conf",
    "logs.rsyslog": "/etc/rsyslog.conf",
    "logs.frequency": "/etc/logrotate.conf",
    "integrity.aide": "/etc/aide/aide.conf",
    "mounts.units": "/etc/systemd/system/tmp.mount",
    "coredump.config": "/etc/systemd/coredump.conf",
    "limits.core": "/etc/security/limits.conf",
    "pam.services": "/etc/pam.d/sshd",
    "containers.docker_config": "/etc/docker/daemon.json",
    "pam.namespace_folders": "/etc/security/namespace.conf",
    "pam.faillock_conf": "/etc/security/faillock.conf",
    "fail2ban.store": "/etc/fail2ban/fail2ban.conf",
    "sshd.banner_files": "/etc/issue",
    "crypto.policy": "/etc/crypto-policies/config",
    "time.config": "/etc/chrony.conf",
    "repositories.dnf": "/etc/yum.repos.d/a.repo",
    "repositories.zypper": "/etc/zypp/repos.d/a.repo",
    "repositories.apt": "/etc/apt/sources.list.d/a.sources",
    "updates.suse_cron": "/etc/cron.daily/opensuse.org-online_update",
}


def one_item(name: str, content: bytes) -> HostEvidence:
    key = BY_NAME[name].keys[0]
    return host(tree(key, {PATHS[name]: content}) if name in TREES else {key: content})


def mutated(content: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for at, piece in cuts:
        place = at % (len(content) + 1)
        content = content[:place] + piece + content[place + at % 7 :]
    return content


@pytest.mark.parametrize("name", sorted(BY_NAME))
@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_value_or_an_absence(name: str, content: bytes) -> None:
    run_parser(BY_NAME[name], one_item(name, content))


PIECES = st.sampled_from(
    [b"", b"\n", b"\0", b"{", b"}", b"=", b" ", b":", b'"', b"\\", b"\xff", b"-", b"9" * 40, b"[", b"a"]
)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 10_000), PIECES), min_size=1, max_size=4))
def test_a_damaged_sample_gives_a_value_or_an_absence(path: object, cuts: list[tuple[int, bytes]]) -> None:
    items = dict(read(path).items)  # type: ignore[arg-type]
    for key, item in items.items():
        if item.reason is None and (":" in key or len(items) == 1):
            items[key] = Evidence(key, item.origin, mutated(item.content, cuts))
    name = path.parent.name  # type: ignore[attr-defined]
    run_parser(BY_NAME[name], host(items))


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_what_could_not_be_had_is_never_a_value(name: str, reason: Reason) -> None:
    fact = BY_NAME[name]
    value = run_parser(fact, host(dict.fromkeys(fact.keys, reason)))
    if reason is Reason.NOT_PRESENT and name in TREES:
        return  # a tree without files is an answer
    if reason is Reason.TOOL_MISSING and name == "containers.engines":
        return  # so is a host without an engine
    assert isinstance(value, Absent)
    assert value.reason is reason


@pytest.mark.parametrize("name", sorted(BY_NAME))
@pytest.mark.parametrize(
    "piece", [b" ", b"\t", b'"', b"{", b"a,", b"\\", b"${", b"=", b"-", b"- ", b"a:", b"(", b"[", b"1"]
)
def test_a_long_line_takes_no_long_time(name: str, piece: bytes) -> None:
    content = piece * (60_000 // len(piece))
    began = time.process_time()
    run_parser(BY_NAME[name], one_item(name, content + b"!\n"))
    assert time.process_time() - began < 5.0  # one that tries all pieces again takes a minute


def everything() -> HostEvidence:
    items: dict[str, Evidence] = {}
    for path in SAMPLES:
        if path.stem.startswith("debian12"):
            for key, item in read(path).items.items():
                items.setdefault(key, item)
    return host(items)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_derived_facts_stand_any_mixture_of_absences(data: st.DataObject) -> None:
    items = dict(everything().items)
    for key in data.draw(st.lists(st.sampled_from(sorted(items)), max_size=6, unique=True)):
        items[key] = Evidence(key, "", reason=data.draw(st.sampled_from(list(Reason))))
    facts = assemble(host(items), PARSERS, DERIVED, SPECS)
    for derived in DERIVED:
        facts[derived.name]
