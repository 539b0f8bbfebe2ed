"""Jails, updates, reboots, audit watches, sites and clocks: states made of several facts."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.derive import audit_rules, updates
from hardcheck.derive.fail2ban_effect import jail_effects
from hardcheck.derive.listeners import listeners
from hardcheck.derive.mac_watches import mac_watches
from hardcheck.derive.time_sync import time_sync
from hardcheck.derive.web_sites import shared_users, sites
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditRule, AuditStatus, PersistentRules
from hardcheck.facts.fail2ban import BanAction, Fail2banServer, Jail
from hardcheck.facts.firewall import Firewalld, LegacyTables, Ruleset
from hardcheck.facts.host import Kernel
from hardcheck.facts.network import Listener, Sockets
from hardcheck.facts.packages import (
    AptConfig,
    AutomaticUpdates,
    DnfAutomatic,
    Package,
    Packages,
    PendingUpdate,
    RebootState,
    UpdateMetadata,
)
from hardcheck.facts.time import TimeState
from hardcheck.facts.units import UnitState
from hardcheck.facts.web import PhpPool, ServerBlock, WebServer
from hardcheck.parse.audit_rules import parse_audit_files, read_rule
from hardcheck.parse.base import run_parser
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import DATA, host, tree

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}
EMPTY = Ruleset(())
NO_LEGACY = LegacyTables(EMPTY, EMPTY, nf_tables_loaded=True)
MISSING = Absent(Reason.TOOL_MISSING, ("x",))
DENIED = Absent(Reason.DENIED, ("x",))
NOT_THERE = Absent(Reason.NOT_PRESENT, ("x",))


def sample(fact: str, name: str, key: str) -> object:
    return run_parser(FACTS[fact], host({key: (DATA / fact / name).read_bytes()}))


def unit(name: str, active: str = "active", enabled: str = "enabled") -> dict[str, UnitState]:
    return {name: UnitState(name, "loaded", active, "running", enabled)}


# --- fail2ban


def server(name: str) -> Fail2banServer:
    found = sample("fail2ban.server", name, "fail2ban.status")
    assert isinstance(found, Fail2banServer)
    return found


def test_jails_of_both_backends_ban_while_their_chains_are_loaded() -> None:
    rules = sample("firewall.nftables", "debian12-fail2ban.in", "firewall.nft")
    assert isinstance(rules, Ruleset)
    found = jail_effects(server("debian12-banned.in"), rules, NO_LEGACY, MISSING, NOT_THERE)
    assert {jail.name: (jail.bans, jail.why) for jail in found} == {
        "nginx-http-auth": (True, "ip filter f2b-nginx-http-auth"),
        "sshd": (True, "inet f2b-table addr-set-sshd"),
    }


def test_a_chain_that_nothing_jumps_to_bans_nothing() -> None:
    rules = sample("firewall.nftables", "debian12-fail2ban.in", "firewall.nft")
    assert isinstance(rules, Ruleset)
    cut = []
    for each in rules.tables:
        chains = tuple(msgspec.structs.replace(c, rules=()) if c.hook else c for c in each.chains)
        cut.append(msgspec.structs.replace(each, chains=chains))
    found = jail_effects(server("debian12-banned.in"), Ruleset(tuple(cut)), NO_LEGACY, MISSING, NOT_THERE)
    assert [jail.bans for jail in found] == [False, False]


def test_a_jail_that_never_banned_proves_nothing_by_an_empty_filter() -> None:
    found = jail_effects(server("debian12-quiet.in"), EMPTY, NO_LEGACY, MISSING, NOT_THERE)
    for jail in found:
        assert isinstance(jail.bans, Absent)
        assert jail.bans.reason is Reason.NOT_PRESENT


@pytest.mark.parametrize(
    ("kind", "firewalld", "expected"),
    [
        ("firewalld", Firewalld(running=False), False),
        ("firewalld", MISSING, False),
        ("firewalld", Firewalld(running=True, default_zone="public"), Reason.NOT_COLLECTED),
        ("other", MISSING, False),
        ("route", MISSING, Reason.NOT_COLLECTED),
    ],
)
def test_an_action_for_another_filter_bans_nothing(
    kind: str, firewalld: Firewalld | Absent, expected: bool | Reason
) -> None:
    jail = Jail("sshd", 1, 1, 600, 600, 5, (BanAction("x", kind),))
    (found,) = jail_effects(Fail2banServer(True, (jail,)), EMPTY, NO_LEGACY, firewalld, NOT_THERE)
    assert (found.bans.reason if isinstance(found.bans, Absent) else found.bans) == expected


def test_one_action_that_bans_is_enough() -> None:
    rules = sample("firewall.nftables", "debian12-fail2ban.in", "firewall.nft")
    assert isinstance(rules, Ruleset)
    good = BanAction("nftables", "nftables", ("f2b-table",))
    jail = Jail("sshd", 1, 1, 600, 600, 5, (BanAction("mail", "other"), BanAction("r", "route"), good))
    (found,) = jail_effects(Fail2banServer(True, (jail,)), rules, NO_LEGACY, MISSING, NOT_THERE)
    assert found.bans is True


# --- updates and reboot


def pending(security: bool) -> PendingUpdate:
    return PendingUpdate("openssl", "1", "2", "o", security)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (UpdateMetadata((), 1, True), 0),
        (UpdateMetadata((pending(False),), 1, True), 0),
        (
            UpdateMetadata((pending(True),), 400, False),
            1,
        ),  # what is known to wait waits, however old the lists
        (UpdateMetadata((), 8, True), None),
        (UpdateMetadata((), 1, False), None),
        (UpdateMetadata((), NOT_THERE, False), None),
    ],
)
def test_that_nothing_waits_takes_fresh_lists_of_a_security_archive(
    known: UpdateMetadata, expected: int | None
) -> None:
    found = updates.security(known)
    assert (None if isinstance(found, Absent) else len(found.pending)) == expected


def test_the_package_managers_of_the_host_answers() -> None:
    apt, dnf = UpdateMetadata((), 1, True), UpdateMetadata((), 2, True)
    assert updates.metadata(apt, dnf, MISSING) is apt
    assert updates.metadata(MISSING, dnf, MISSING) is dnf
    assert updates.metadata(MISSING, MISSING, dnf) is dnf
    assert updates.metadata(MISSING, DENIED, MISSING) == DENIED
    assert updates.metadata(DENIED, MISSING, MISSING) == DENIED
    assert updates.metadata(MISSING, MISSING, DENIED) == DENIED
    assert updates.metadata(MISSING, MISSING, MISSING) == MISSING


DPKG = Packages("dpkg", {"unattended-upgrades": (Package("unattended-upgrades", "2.9"),)})
APT = AptConfig(True, 1.0, 1.0, ("label=Debian-Security",), False)
TIMERS = {**unit("apt-daily.timer"), **unit("apt-daily-upgrade.timer")}


def test_every_link_of_automatic_updates_counts() -> None:
    def gaps(
        config: AptConfig = APT, states: dict[str, UnitState] = TIMERS, packages: Packages = DPKG
    ) -> int:
        found = updates.automatic(packages, states, config, NOT_THERE, NOT_THERE)
        assert not isinstance(found, Absent)
        assert found.on is not bool(found.gaps)
        return len(found.gaps)

    assert gaps() == 0
    assert gaps(msgspec.structs.replace(APT, enable=False)) == 1
    assert gaps(msgspec.structs.replace(APT, update_lists_days=0.0)) == 1
    assert gaps(msgspec.structs.replace(APT, unattended_upgrade_days=0.0)) == 1
    assert gaps(msgspec.structs.replace(APT, origins=("label=Debian",))) == 1
    assert gaps(states={**TIMERS, **unit("apt-daily.timer", enabled="disabled")}) == 1
    assert gaps(packages=Packages("dpkg", {})) == 1


def test_dnf_automatic_has_to_apply_and_to_run() -> None:
    packages = Packages("rpm", {"dnf-automatic": (Package("dnf-automatic", "4"),)})
    settings = DnfAutomatic(apply_updates=False, upgrade_type="security", file="/etc/dnf/automatic.conf")
    timer, install = unit("dnf-automatic.timer"), unit("dnf-automatic-install.timer")
    found = [
        updates.automatic(packages, states, NOT_THERE, settings, NOT_THERE) for states in (timer, install, {})
    ]
    assert [not isinstance(each, Absent) and each.on for each in found] == [False, True, False]
    assert updates.automatic(packages, timer, NOT_THERE, DENIED, NOT_THERE) == DENIED


def test_suse_updates_by_a_timer_or_by_the_job_of_yast() -> None:
    packages = Packages("rpm", {"zypper": (Package("zypper", "1"),)})

    def found(states: dict[str, UnitState], cron: tuple[str, ...] | Absent) -> object:
        return updates.automatic(packages, states, NOT_THERE, NOT_THERE, cron)

    job = ("/etc/cron.weekly/opensuse.org-online_update",)
    for states, cron, on in (
        (unit("os-update.timer"), (), True),
        (unit("os-update.timer", enabled="disabled"), (), False),
        ({}, job, True),
        ({}, (), False),
    ):
        value = found(states, cron)
        assert isinstance(value, AutomaticUpdates)
        assert (value.on, bool(value.gaps)) == (on, not on)
    assert found({}, DENIED) == DENIED


def state(running: str, *images: str, **more: object) -> RebootState:
    return RebootState(running, "", tuple(f"vmlinuz-{each}" for each in images), (), True, False, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("running", "images", "needed"),
    [
        ("6.1.0-9-amd64", ("6.1.0-9-amd64",), False),
        ("6.1.0-9-amd64", ("6.1.0-9-amd64", "6.1.0-10-amd64"), True),
        ("6.1.0-10-amd64", ("6.1.0-9-amd64", "6.1.0-10-amd64"), False),
        ("5.14.0-427.13.1.el9_4.x86_64", ("5.14.0-427.20.1.el9_4.x86_64",), True),
        ("5.14.0-427.el9.x86_64", ("0-rescue-0123456789abcdef", "5.14.0-427.el9.x86_64"), False),
        ("6.1.0-10-amd64", ("6.1.0-11-amd64.old", "6.1.0-10-amd64"), False),
    ],
)
def test_a_newer_kernel_on_disk_waits_for_a_reboot(
    running: str, images: tuple[str, ...], needed: bool
) -> None:
    found = updates.reboot_needed(state(running, *images), NOT_THERE)
    assert not isinstance(found, Absent)
    assert found.needed is needed


def test_another_build_of_the_running_kernel_and_marks_of_packages_count() -> None:
    known = msgspec.structs.replace(
        state("6.1.0-9-amd64", "6.1.0-9-amd64"),
        version="Linux version 6.1.0-9 #1 SMP Debian 6.1.27-1 (2023-05-08)",
    )
    newer = Packages(
        "dpkg", {"linux-image-6.1.0-9-amd64": (Package("linux-image-6.1.0-9-amd64", "6.1.27-2"),)}
    )
    built = updates.reboot_needed(known, newer)
    assert not isinstance(built, Absent)
    assert "6.1.27-2" in built.reasons[0]
    marked = updates.reboot_needed(
        msgspec.structs.replace(known, marked=True, marked_by=("libc6",)), NOT_THERE
    )
    assert not isinstance(marked, Absent)
    assert marked.reasons == ("packages ask for it: libc6",)


def test_a_boot_folder_that_shows_no_kernel_is_unknown_and_no_pass() -> None:
    assert isinstance(updates.reboot_needed(state("6.1.0-9-amd64"), NOT_THERE), Absent)


# --- audit


def rule(text: str) -> AuditRule:
    return read_rule("k:1", text, "")


STATUS = AuditStatus(1, 1, 216, 8192, 0, False)
NO_FILES = PersistentRules("rules.d", (), (), immutable=False)
KERNEL = Kernel("h", "6.1.0-1-amd64", "#1 SMP", "x86_64")
WATCH = "-w /etc/selinux/ -p wa -k MAC-policy"


@pytest.mark.parametrize(
    ("rules", "watched", "note"),
    [
        ([WATCH], True, ""),
        (["-a always,exit -F dir=/etc -F perm=wa"], True, ""),
        (["-w /etc/selinux/ -p w"], False, "without the permissions a"),
        (["-w /etc/selinux/config -p wa"], False, ""),
        (["-a always,exit -F path=/etc/selinux -F perm=wa"], False, ""),
        (["-a always,exit -F dir=/etc/selinux -F perm=wa -F auid>=1000"], False, "only where auid>=1000"),
        (["-a never,task", WATCH], False, "no system call is recorded"),
        ([WATCH, "-a never,task"], False, "no system call is recorded"),
        (["-a never,exit -F dir=/etc/selinux", WATCH], False, "comes first"),
        ([WATCH, "-a never,exit -F dir=/etc/selinux"], True, ""),
        (["-a never,exit -S all", WATCH], False, "comes first"),
        (["-a never,exit -F arch=b64 -S adjtimex -F auid=unset", WATCH], True, ""),
    ],
)
def test_a_watch_counts_when_nothing_keeps_it_from_recording(
    rules: list[str], watched: bool, note: str
) -> None:
    found = mac_watches(tuple(rule(each) for each in rules), STATUS, KERNEL, NO_FILES)
    watch = next(each for each in found if each.path == "/etc/selinux")
    assert watch.watched is watched
    assert note in watch.note


def test_with_auditing_off_nothing_is_watched() -> None:
    (watch, *_) = mac_watches((rule(WATCH),), AuditStatus(0, 1, 0, 64, 0, False), KERNEL, NO_FILES)
    assert (watch.watched, watch.note) == (False, "auditing is off (enabled 0)")


def kept(files: dict[str, str | bytes | Reason]) -> PersistentRules:
    found = parse_audit_files(host(tree("audit.rules_files", files)))
    assert not isinstance(found, Absent)
    rules = audit_rules.persistent(found)
    assert not isinstance(rules, Absent)
    return rules


GENERATED = "## This file is automatically generated from /etc/audit/rules.d\n-D\n"


def test_augenrules_joins_the_parts_whatever_stood_in_the_file_it_made() -> None:
    rules = kept(
        {
            "/etc/audit/audit.rules": GENERATED,
            "/etc/audit/rules.d/10.rules": "-e 2\n",
            "/etc/audit/rules.d/50.rules": WATCH + "\n",
        }
    )
    assert (rules.source, len(rules.rules), rules.refused, rules.immutable) == ("rules.d", 1, (), True)
    assert rules.rules[0].place == "/etc/audit/rules.d/50.rules:1"


def test_in_a_file_of_ones_own_the_order_decides() -> None:
    rules = kept({"/etc/audit/audit.rules": f"-w /a -p wa\n-D\n-w /b -p wa\n-e 2\n{WATCH}\n"})
    assert [each.path for each in rules.rules] == ["/b"]
    assert [each.place for each in rules.refused] == ["/etc/audit/audit.rules:5"]
    assert rules.immutable


def test_forms_of_one_rule_are_no_difference() -> None:
    loaded = (
        rule("-a always,exit -S all -F dir=/etc/selinux/ -F perm=wa -F key=MAC-policy"),
        rule("-a always,exit -F arch=b64 -S chmod,fchmod -F auid>=1000 -F auid!=-1 -F key=perm"),
    )
    disk = (
        rule(WATCH),
        rule("-a always,exit -F arch=b32 -S fchmod -S chmod -F auid>=1000 -F auid!=4294967295 -k perm"),
    )
    found = audit_rules.drift(loaded, PersistentRules("rules.d", disk, (), immutable=False))
    assert (found.not_loaded, found.not_persistent) == ((), ())


# --- listeners, mounts, web, time


def test_owners_are_joined_and_stay_absent_where_they_were_not_seen() -> None:
    socket = Listener("tcp", "::", 80, 0, 77, NOT_THERE)
    sockets = Sockets((socket,), (), ("tcp6",))
    (seen,) = listeners(sockets, {77: (1, 2)}) or ()
    (kernel,) = listeners(sockets, {}) or ()
    (unseen,) = listeners(sockets, DENIED) or ()
    assert (seen.pids, kernel.pids, unseen.pids) == ((1, 2), (), DENIED)  # type: ignore[union-attr]
    assert isinstance(listeners(Sockets((), (), (), ("tcp",)), {}), Absent)


def pool(name: str, user: str, listen: str) -> PhpPool:
    return PhpPool(name, user, user, listen, "", "", f"/etc/{name}.conf:1")


def block(name: str, *backends: str, server: str = "nginx", user: str = "") -> ServerBlock:
    return ServerBlock(server, (name,), ("80",), (f"/srv/{name}",), backends, f"/etc/{name}:1", user)


def test_sites_find_their_pools_in_every_form_of_an_address() -> None:
    pools = (pool("a", "ua", "/run/php/a.sock"), pool("b", "ub", "9000"), pool("c", "uc", "127.0.0.1:9001"))
    nginx = WebServer(
        "nginx",
        running=True,
        sites=(
            block("a", "unix:/var/run/php/a.sock"),
            block("b", "127.0.0.1:9000"),
            block("c", "fcgi://localhost:9001/"),
            block("static"),
            block("proxy", "http://10.0.0.1:8080"),
        ),
    )
    found = sites(nginx, NOT_THERE, pools)
    assert not isinstance(found, Absent)
    assert [each.user for each in found[:4]] == ["ua", "ub", "uc", ""]
    assert isinstance(found[4].user, Absent)


def test_an_account_is_shared_by_sites_in_folders_of_their_own() -> None:
    pools = (pool("a", "www-data", "/run/a"), pool("b", "www-data", "/run/b"))
    both = WebServer("nginx", True, sites=(block("a", "unix:/run/a"), block("b", "unix:/run/b")))
    found = sites(both, NOT_THERE, pools)
    assert not isinstance(found, Absent)
    (shared,) = shared_users(found) or ()
    assert (shared.user, shared.sites) == ("www-data", ("a", "b"))  # type: ignore[union-attr]
    twice = WebServer("nginx", True, sites=(block("a", "unix:/run/a"), block("a", "unix:/run/a")))
    one = sites(twice, NOT_THERE, pools)
    assert not isinstance(one, Absent)
    assert shared_users(one) == ()


def test_that_none_is_shared_is_unknown_while_a_sites_account_is() -> None:
    apache = WebServer("apache", True, "www-data", (block("a", server="apache"), block("b", server="apache")))
    found = sites(MISSING, apache, ())
    assert not isinstance(found, Absent)
    assert isinstance(shared_users(found), Absent)
    assert sites(DENIED, apache, ()) == DENIED


CHRONY = unit("chrony.service")


@pytest.mark.parametrize(
    ("states", "known", "expected"),
    [
        ({}, NOT_THERE, False),
        (CHRONY, TimeState(1000, None, 3, "Normal"), True),
        (CHRONY, TimeState(1000, None, 0, "Not synchronised"), False),
        (unit("ntp.service"), TimeState(1000, ntp_stratum=16), False),
        (unit("ntp.service"), TimeState(1000, ntp_stratum=2), True),
        (unit("systemd-timesyncd.service"), TimeState(1000, None), False),
        (unit("systemd-timesyncd.service"), TimeState(100_000, 99_000), True),
        (unit("systemd-timesyncd.service"), TimeState(200_000, 99_000), False),
        (CHRONY, DENIED, None),
        (unit("ntpd.service"), TimeState(1000), None),
    ],
)
def test_a_service_that_runs_has_to_be_in_step(
    states: dict[str, UnitState], known: TimeState | Absent, expected: bool | None
) -> None:
    found = time_sync(states, known)
    assert (None if isinstance(found.synchronised, Absent) else found.synchronised) is expected


def test_two_names_of_one_unit_are_one_service() -> None:
    found = time_sync({**CHRONY, **unit("chronyd.service")}, TimeState(1, None, 3, "Normal"))
    assert found.services == ("chrony",)
