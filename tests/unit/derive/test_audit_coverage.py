"""A rule counts as recording a thing only when it matches each of its occurrences."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.derive.audit_coverage import Demand, normal, recorded
from hardcheck.derive.audit_demands import CALLS, call_things, place_things, run_things, widths
from hardcheck.derive.audit_exclusions import mac_exclusions
from hardcheck.derive.audit_watches import executions, judge, sudo_logs, watches
from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import Sudoers
from hardcheck.facts.audit import AuditRule, AuditStatus, PersistentRules
from hardcheck.facts.audit_coverage import AuditPlaces, AuditWatch, Program
from hardcheck.facts.host import Kernel
from hardcheck.parse.audit_rules import read_rule

INTEL = Kernel("h", "6.1.0-1-amd64", "#1 SMP", "x86_64")
NEW = Kernel("h", "6.14.0-1-generic", "#1 SMP", "x86_64")
ARM = Kernel("h", "6.12.0-1-arm64", "#1 SMP", "aarch64")
ON = AuditStatus(1, 1, 216, 8192, 0, False)
NONE = PersistentRules("rules.d", (), (), immutable=False)
MERGED = {"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/var/run": "/run"}
PLACES = AuditPlaces(
    links=MERGED,
    files={
        "/etc/gshadow": "/etc/gshadow",
        "/etc/nsswitch.conf": "/etc/authselect/nsswitch.conf",
        "/run/faillock": "/run/faillock",
    },
    commands={"restorecon": Program("/usr/sbin/restorecon", "/usr/sbin/setfiles")},
    privileged=("/usr/bin/su",),
)
LOGIN = "-F auid>=1000 -F auid!=unset"


def rules(*texts: str) -> tuple[AuditRule, ...]:
    return tuple(
        read_rule("k:1", text, f"/etc/audit/rules.d/x.rules:{at}") for at, text in enumerate(texts, 1)
    )


def covered(demand: Demand, *texts: str) -> tuple[bool, str]:
    found = recorded(demand, rules(*texts), MERGED)
    return found.rule is not None, found.note


WRITE = Demand(64, path="/etc/passwd", permission="w")
WRITE_32 = Demand(32, path="/etc/passwd", permission="w")
TREE = Demand(64, path="/etc/pam.d", recursive=True, permission="a")
RUN = Demand(64, path="/usr/bin/su", permission="x", logins=True)
RUN_32 = Demand(32, path="/usr/bin/su", permission="x", logins=True)
CHMOD = Demand(64, frozenset({"chmod"}), logins=True)
CHMOD_32 = Demand(32, frozenset({"chmod"}), logins=True)
CLOCK = Demand(64, frozenset({"clock_settime"}), conditions=frozenset({"a0=0"}))
REFUSED = Demand(64, frozenset({"openat"}), logins=True, conditions=frozenset({"exit=-EACCES"}))
EUID = Demand(64, frozenset({"execve"}), logins=True, conditions=frozenset({"-C euid!=uid", "euid=0"}))


@pytest.mark.parametrize(
    ("demand", "text", "covers"),
    [
        (WRITE, "-w /etc/passwd -p wa", True),
        (WRITE_32, "-w /etc/passwd -p wa", True),
        (WRITE, "-w /etc/passwd -p a", False),
        (WRITE, "-w /etc/passwd", True),
        (WRITE, "-w /etc/ -p wa", True),
        (WRITE, "-a always,exit -F path=/etc -F perm=wa", False),
        (WRITE, "-a always,exit -F dir=/etc -F perm=wa", True),
        (WRITE, "-w /etc/passwd- -p wa", False),
        (WRITE, "-w /etc/pass -p wa", False),
        (WRITE, "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa", True),
        (WRITE_32, "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa", False),
        (WRITE, "-a always,exit -F path=/etc/passwd -F perm=wa -F auid>=1000", False),
        (WRITE, "-a always,exit -F path=/etc/passwd -F perm=wa -F success=1", False),
        (WRITE, "-a always,exit -F arch=b64 -S openat -F path=/etc/passwd -F perm=wa", False),
        (WRITE, "-a exclude,always -F msgtype=CWD", False),
        (WRITE, "-a always,user -F uid=0", False),
        (WRITE, "-a always,exit -S all", True),
        (TREE, "-w /etc/pam.d/ -p wa", True),
        (TREE, "-a always,exit -F path=/etc/pam.d -F perm=wa", False),
        (TREE, "-w /etc/pam.d/sshd -p wa", False),
        (RUN, f"-a always,exit -F path=/usr/bin/su -F perm=x {LOGIN}", True),
        (RUN_32, f"-a always,exit -F path=/usr/bin/su -F perm=x {LOGIN}", True),
        (RUN, f"-a always,exit -F path=/bin/su -F perm=x {LOGIN}", True),
        (RUN, f"-a always,exit -F dir=/bin -F perm=x {LOGIN}", True),
        (RUN, f"-a always,exit -F path=/usr/bin/su -F perm=wa {LOGIN}", False),
        (RUN, f"-a always,exit -F arch=b64 -S execve {LOGIN}", True),
        (RUN_32, f"-a always,exit -F arch=b64 -S execve {LOGIN}", False),
        (RUN, f"-a always,exit -F arch=b64 -S execve -F path=/usr/bin/su {LOGIN}", True),
        (RUN, f"-a always,exit -F arch=b64 -S execve -C uid!=euid {LOGIN}", False),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1001", False),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=500 -F auid!=-1", True),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>999 -F auid!=4294967295", True),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F auid!=0", True),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F auid=1000", False),
        (RUN, "-a always,exit -F path=/usr/bin/su -F perm=x -F uid!=0", False),
        (CHMOD, f"-a always,exit -F arch=b64 -S chmod,fchmod {LOGIN}", True),
        (CHMOD, f"-a always,exit -F arch=x86_64 -S fchmod -S chmod {LOGIN}", True),
        (CHMOD_32, f"-a always,exit -F arch=b64 -S chmod {LOGIN}", False),
        (CHMOD_32, f"-a always,exit -F arch=i386 -S chmod {LOGIN}", True),
        (CHMOD, f"-a always,exit -S chmod {LOGIN}", True),
        (CHMOD_32, f"-a always,exit -S chmod {LOGIN}", False),
        (CHMOD, "-a always,exit -F arch=b64 -S all", True),
        (CHMOD, "-a always,exit -F arch=b64 -S chmod -F exit=-EPERM", False),
        (CHMOD, "-a always,exit -F arch=b64 -S chmod -F a1&0111", False),
        (CHMOD, f"-a always,exit -F arch=b64 -S chmod -F dir=/etc {LOGIN}", False),
        (CLOCK, "-a always,exit -F arch=b64 -S clock_settime -F a0=0x0", True),
        (CLOCK, "-a always,exit -F arch=b64 -S clock_settime -F a0=1", False),
        (CLOCK, f"-a always,exit -F arch=b64 -S clock_settime {LOGIN}", False),
        (REFUSED, f"-a always,exit -F arch=b64 -S openat -F exit=-EACCES {LOGIN}", True),
        (REFUSED, f"-a always,exit -F arch=b64 -S openat -F exit=-13 {LOGIN}", True),
        (REFUSED, f"-a always,exit -F arch=b64 -S openat -F exit=-EPERM {LOGIN}", False),
        (REFUSED, f"-a always,exit -F arch=b64 -S openat -F success=0 {LOGIN}", True),
        (REFUSED, f"-a always,exit -F arch=b64 -S open -F exit=-EACCES {LOGIN}", False),
        (EUID, "-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0", True),
        (EUID, "-a always,exit -F arch=b64 -S execve -C euid!=uid -F auid!=unset", True),
        (EUID, "-a always,exit -F arch=b64 -S execve -C gid!=egid -F egid=0", False),
    ],
)
def test_one_rule_covers_or_does_not(demand: Demand, text: str, covers: bool) -> None:
    assert covered(demand, text)[0] is covers


@pytest.mark.parametrize(
    ("demand", "before", "covers", "said"),
    [
        (WRITE, "-a never,exit -S all", False, "comes first"),
        (WRITE, "-a never,exit -F path=/etc/passwd", False, "comes first"),
        (WRITE, "-a never,exit -F path=/etc/passwd -F perm=r", True, ""),
        (WRITE, "-a never,exit -F path=/etc/shadow", True, ""),
        (WRITE, "-a never,exit -F arch=b32 -S all", True, ""),
        (WRITE, "-a never,exit -F arch=b64 -S openat -F exe=/usr/bin/vi", False, "leaves out whom it names"),
        (
            WRITE,
            "-a never,exit -F arch=b64 -S openat -F auid=unset -F exe=/usr/bin/agent",
            True,
            "one service",
        ),
        (WRITE, "-a never,exit -F arch=b64 -S adjtimex -F auid=unset -F uid=chrony", True, ""),
        (WRITE, "-a never,task", False, "no system call is recorded"),
        (WRITE, "-a always,exclude -F msgtype=SYSCALL", False, "thrown away"),
        (WRITE, "-a never,exclude -F msgtype=CWD", True, ""),
        (CHMOD, "-a never,exit -F arch=b64 -S chmod -F auid=unset", True, ""),
        (CHMOD, "-a never,exit -F arch=b64 -S chmod -F auid<1000", True, ""),
        (CHMOD, "-a never,exit -F arch=b64 -S chmod -F auid=1001", False, "leaves out whom it names"),
        (CHMOD, "-a never,exit -F dir=/var/lib/docker", True, "but for /var/lib/docker"),
        (CHMOD, "-a never,exit -F arch=b64 -S open", True, ""),
        (CHMOD, "-a never,task -F auid=unset", True, ""),
        (REFUSED, "-a never,exit -F arch=b64 -S openat -F exit=-ENOENT", True, ""),
        (TREE, "-a never,exit -F dir=/etc/pam.d/local", False, "comes first"),
    ],
)
def test_a_rule_that_comes_first_decides(demand: Demand, before: str, covers: bool, said: str) -> None:
    good = {
        WRITE: "-w /etc/passwd -p wa",
        TREE: "-w /etc/pam.d -p wa",
        CHMOD: f"-a always,exit -F arch=b64 -S chmod {LOGIN}",
        REFUSED: f"-a always,exit -F arch=b64 -S openat -F exit=-EACCES {LOGIN}",
    }[demand]
    found, note = covered(demand, before, good)
    assert (found, said in note) == (covers, True), note
    if "never,exit" in before:  # behind it, it decides nothing
        assert covered(demand, good, before) == (True, "")


_WORDS = st.sampled_from(
    [
        "-F auid>=1000",
        "-F auid!=unset",
        "-F uid!=0",
        "-F exit=-EPERM",
        "-F perm=wa",
        "-F success=1",
        "-F a0=0",
    ]
)


@given(st.lists(_WORDS, max_size=3), st.sampled_from([WRITE, CHMOD, CLOCK, REFUSED]))
def test_a_further_field_never_makes_a_rule_cover_more(fields: list[str], demand: Demand) -> None:
    base = (
        f"-a always,exit -F path={demand.path}"
        if demand.path
        else f"-a always,exit -F arch=b64 -S {next(iter(demand.calls))}"
    )
    covers = [covered(demand, " ".join([base, *fields[:count]]))[0] for count in range(len(fields) + 1)]
    narrowing = [now for before, now in itertools.pairwise(covers) if now and not before]
    assert not narrowing or demand is REFUSED  # whose rule needs its exit code or success first


@given(st.text(max_size=30))
def test_any_condition_has_one_form(condition: str) -> None:
    assert normal(normal(condition)) == normal(condition)


def found(items: tuple[AuditWatch, ...], group: str) -> dict[str, AuditWatch]:
    return {item.what: item for item in items if item.group == group}


def test_a_place_is_watched_when_both_widths_and_both_permissions_are() -> None:
    loaded = rules(
        "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=w",
        "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=a",
        "-a always,exit -F arch=b32 -F path=/etc/passwd -F perm=wa",
        "-a always,exit -F arch=b64 -F path=/etc/shadow -F perm=wa",
    )
    items = found(watches(loaded, ON, INTEL, PLACES, NONE), "accounts")
    assert items["/etc/passwd"].watched
    assert not items["/etc/shadow"].watched
    assert "not for 32-bit programs" in items["/etc/shadow"].note


def test_places_are_asked_for_where_they_are_and_by_what_they_lead_to() -> None:
    loaded = rules("-w /etc/nsswitch.conf -p wa", "-w /var/run/faillock -p wa")
    made = watches(loaded, ON, INTEL, PLACES, NONE)
    assert set(found(made, "accounts")) >= {"/etc/passwd", "/etc/gshadow", "/etc/security/opasswd"}
    assert found(made, "login-records")["/run/faillock/"].watched
    assert not found(made, "authentication")["/etc/nsswitch.conf (/etc/authselect/nsswitch.conf)"].watched
    assert "/etc/pam.conf" not in found(made, "authentication")


def test_calls_are_asked_for_as_the_machine_and_the_kernel_have_them() -> None:
    def names(kernel: Kernel) -> set[str]:
        return {thing.what for thing in call_things(kernel)}

    assert {"chmod (b64)", "chmod (b32)", "stime (b32)", "chown32 (b32)"} <= names(INTEL)
    assert not {"stime (b64)", "fchmodat2 (b64)", "setxattrat (b64)"} & names(INTEL)
    assert {"fchmodat2 (b32)", "setxattrat (b64)"} <= names(NEW)
    assert {"fchmodat (b64)", "renameat2 (b64)"} <= names(ARM)
    assert not {"chmod (b64)", "unlink (b64)", "fchmodat (b32)"} & names(ARM)
    assert widths(ARM) == (64,)


def test_a_call_may_be_named_by_its_number() -> None:
    texts = [f"-a always,exit -F arch=b{width} -S 452 {LOGIN}" for width in (64, 32)]
    items = found(watches(rules(*texts), ON, NEW, PLACES, NONE), "permission-change")
    assert items["fchmodat2 (b64)"].watched
    assert not items["fchmodat2 (b64)"].literal


BENCHMARK = [
    *(
        f"-a always,exit -F arch={arch} -S {calls} {LOGIN} -k perm_mod"
        for arch in ("b64", "b32")
        for calls in (
            "chmod,fchmod,fchmodat",
            "chown,fchown,lchown,fchownat",
            "setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr",
        )
    ),
    *(f"-a always,exit -F arch={arch} -S unlink,unlinkat,rename,renameat {LOGIN}" for arch in ("b64", "b32")),
    *(f"-a always,exit -F arch={arch} -S mount {LOGIN}" for arch in ("b64", "b32")),
    *(
        f"-a always,exit -F arch={arch} -S init_module,finit_module,delete_module {LOGIN}"
        for arch in ("b64", "b32")
    ),
    *(
        f"-a always,exit -F arch={arch} -S creat,open,openat,truncate,ftruncate -F exit={error} {LOGIN}"
        for arch in ("b64", "b32")
        for error in ("-EACCES", "-EPERM")
    ),
    "-a always,exit -F arch=b64 -S adjtimex,settimeofday -k time-change",
    "-a always,exit -F arch=b32 -S adjtimex,settimeofday,stime -k time-change",
    "-a always,exit -F arch=b64 -S clock_settime -F a0=0x0 -k time-change",
    "-a always,exit -F arch=b32 -S clock_settime -F a0=0x0 -k time-change",
    "-a always,exit -F arch=b64 -C euid!=uid -F auid!=unset -S execve -k user_emulation",
    "-a always,exit -F arch=b32 -C euid!=uid -F auid!=unset -S execve -k user_emulation",
]
"""The rules of the CIS benchmarks of Debian 12 and RHEL 9, as they print them."""


def test_rules_by_the_benchmarks_letter_meet_the_letter_and_not_all_that_happens() -> None:
    made = watches(rules(*BENCHMARK), ON, NEW, PLACES, NONE)
    calls = [item for item in made if "(b" in item.what and item.group != "network-change"]
    assert [item.what for item in calls if item.literal and not item.watched] == []
    missed = {item.what for item in calls if not item.watched}
    assert {"renameat2 (b64)", "move_mount (b64)", "clock_adjtime (b64)", "chown32 (b32)"} <= missed


def test_a_rule_on_a_link_never_matches_what_it_leads_to() -> None:
    loaded = rules(f"-a always,exit -F path=/usr/sbin/restorecon -F perm=x {LOGIN}")
    (watch,) = found(executions(loaded, ON, INTEL, PLACES, NONE), "restorecon").values()
    assert not watch.watched
    assert watch.note.endswith("/usr/sbin/restorecon is a link; what runs is /usr/sbin/setfiles")
    right = rules(f"-a always,exit -F path=/sbin/setfiles -F perm=x {LOGIN}")
    assert found(executions(right, ON, INTEL, PLACES, NONE), "restorecon")[
        "/usr/sbin/restorecon (a link to /usr/sbin/setfiles)"
    ].watched


def test_both_times_are_told_apart() -> None:
    text = "-w /etc/passwd -p wa"
    kept = msgspec.structs.replace(NONE, rules=rules(text))
    here = next(thing for thing in place_things(INTEL, PLACES) if thing.what == "/etc/passwd")
    assert judge(here, (), ON, kept, {}).shown == (
        "/etc/passwd: not recorded, after boot recorded (/etc/audit/rules.d/x.rules:1 is not loaded)"
    )
    assert judge(here, rules(text), ON, NONE, {}).shown == "/etc/passwd: recorded, not after boot"
    assert judge(here, rules(text), ON, kept, {}).shown == "/etc/passwd: recorded"
    locked = AuditStatus(2, 1, 1, 64, 0, False)
    assert "locked until the next boot" in judge(here, (), locked, kept, {}).note
    refused = msgspec.structs.replace(NONE, refused=rules(text))
    assert "below -e 2" in judge(here, (), ON, refused, {}).note
    off = AuditStatus(0, 1, 0, 64, 0, False)
    assert not judge(here, rules(text), off, kept, {}).watched
    unread = Absent(Reason.DENIED, ("audit.rules_files",))
    assert judge(here, rules(text), ON, unread, {}).persistent is unread


def test_the_log_of_sudo_is_asked_for_where_sudo_has_one() -> None:
    def logs(*defaults: str) -> tuple[str, ...]:
        sudoers = Sudoers((), tuple((text, "/etc/sudoers:1") for text in defaults))
        made = sudo_logs((), ON, INTEL, PLACES, sudoers, NONE)
        assert not isinstance(made, Absent)
        return tuple(each.what for each in made)

    assert logs("use_pty") == ()
    assert logs('logfile="/var/log/sudo.log"', "use_pty, logfile=/var/log/b") == (
        "/var/log/sudo.log",
        "/var/log/b",
    )


@pytest.mark.parametrize(
    ("text", "loses"),
    [
        ("-a never,exclude -F msgtype=AVC", ("AVC",)),
        ("-a always,exclude -F msgtype=1400", ("AVC",)),
        ("-a exclude,never -F msgtype=CWD", None),
        ("-a always,exclude -F msgtype>=1400 -F msgtype<=1405", None),
        ("-a always,exclude -F msgtype=1305", None),
        ("-a never,user -F subj_type=crond_t", ("USER_AVC", "USER_SELINUX_ERR")),
        ("-a always,user -F uid=0", None),
        ("-a never,exit -F arch=b64 -S open", None),
    ],
)
def test_an_exclusion_is_told_by_what_it_loses(text: str, loses: tuple[str, ...] | None) -> None:
    made = mac_exclusions(rules(text), NONE)
    assert not isinstance(made, Absent)
    if ">=" in text:
        assert made[0].loses == (
            "AVC",
            "SELINUX_ERR",
            "AVC_PATH",
            "MAC_POLICY_LOAD",
            "MAC_STATUS",
            "MAC_CONFIG_CHANGE",
        )
    else:
        assert tuple(each.loses for each in made) == ((loses,) if loses else ())


def test_an_exclusion_that_the_next_boot_loads_counts_and_unread_files_are_no_proof() -> None:
    kept = msgspec.structs.replace(NONE, rules=rules("-a never,exclude -F msgtype=AVC"))
    made = mac_exclusions((), kept)
    assert not isinstance(made, Absent)
    assert made[0].place == "/etc/audit/rules.d/x.rules:1"
    denied = Absent(Reason.DENIED, ("audit.rules_files",))
    assert mac_exclusions((), denied) is denied


def test_every_group_of_the_table_has_something_that_benchmarks_name() -> None:
    for calls in CALLS.values():
        assert any(call.literal for call in calls)
    assert [thing.group for thing in run_things(INTEL, PLACES)] == ["restorecon", "privileged"]
