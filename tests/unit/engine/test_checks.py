"""Each operator and quantifier: pass, fail and unknown, with what was expected and observed."""

from __future__ import annotations

from typing import Any

import pytest

from hardcheck.facts import Absent, Reason
from hardcheck.findings import Status
from tests.unit.engine.world import Config, Mode, Profile, Setting, judge

DENIED = Absent(Reason.DENIED, ("apparmor.profiles",), "Permission denied")
GONE = Absent(Reason.NOT_PRESENT, ("selinux.config",), "No such file")
FORWARD = "'sysctl.values[net.ipv4.ip_forward].now'"


def config(mode: str) -> dict[str, Any]:
    return {"selinux__config": Config(mode)}


def sysctl(now: str) -> dict[str, Any]:
    return {"sysctl__values": {"net.ipv4.ip_forward": Setting(now, "0")}}


def permissive(*names: str) -> dict[str, Any]:
    return {"selinux__permissive_types": names}


@pytest.mark.parametrize(
    ("leaf", "facts", "status"),
    [
        ("fact: selinux.config.mode, equals: enforcing", config("enforcing"), "pass"),
        ("fact: selinux.config.mode, equals: enforcing", config("permissive"), "fail"),
        ("fact: selinux.config.mode, not_equals: disabled", config("disabled"), "fail"),
        ("fact: selinux.config.mode, in: [enforcing, permissive]", config("permissive"), "pass"),
        ("fact: selinux.config.mode, in: [enforcing, permissive]", config("off"), "fail"),
        ("fact: selinux.config.mode, not_in: [disabled]", config("disabled"), "fail"),
        ("fact: selinux.config.mode, matches: 'enf.*'", config("enforcing"), "pass"),
        ("fact: selinux.config.mode, matches: 'enf'", config("enforcing"), "fail"),
        ("fact: selinux.config.mode, not_matches: 'enf'", config("enforcing"), "pass"),
        ("fact: selinux.config.mode, starts_with: enf", config("enforcing"), "pass"),
        ("fact: selinux.config.mode, contains: forc", config("enforcing"), "pass"),
        ("fact: selinux.config.mode, empty: false", config(""), "fail"),
        ("fact: selinux.config.line, at_least: 3", {"selinux__config": Config("x", 3)}, "pass"),
        ("fact: selinux.config.line, greater_than: 3", {"selinux__config": Config("x", 3)}, "fail"),
        ("fact: selinux.config.line, less_than: 3.5", {"selinux__config": Config("x", 3)}, "pass"),
        ("fact: selinux.enforcing, equals: true", {"selinux__enforcing": True}, "pass"),
        ("fact: selinux.enforcing, equals: false", {"selinux__enforcing": True}, "fail"),
        ("fact: count, equals: 1", {"count": True}, "fail"),  # True is no number here
        (f"fact: {FORWARD}, equals: '0'", sysctl("0"), "pass"),
        (f"fact: {FORWARD}, at_least: 1", sysctl("2"), "pass"),
        (f"fact: {FORWARD}, at_least: 1", sysctl("0\n"), "fail"),
        (f"fact: {FORWARD}, at_least: 1", sysctl("many"), "unknown"),
        (f"fact: {FORWARD}, at_least: 1", sysctl("٣"), "unknown"),
        ("fact: 'ports[22]', equals: sshd", {"ports": {22: "sshd"}}, "pass"),
        ("fact: selinux.permissive_types, empty: true", permissive(), "pass"),
        ("fact: selinux.permissive_types, empty: true", permissive("httpd_t"), "fail"),
        ("fact: selinux.permissive_types, equals: [a, b]", permissive("a", "b"), "pass"),
        ("fact: selinux.permissive_types, equals: [b, a]", permissive("a", "b"), "fail"),
        ("fact: apparmor.modes, equals: [complain, enforce]", {"apparmor__modes": frozenset(Mode)}, "pass"),
        ("fact: selinux.permissive_types, contains_all: [a, b]", permissive("a"), "fail"),
        ("fact: selinux.permissive_types, contains_none: [b]", permissive("a"), "pass"),
        ("fact: selinux.config.note, present: true", config("x"), "fail"),  # None is not there
        ("fact: selinux.config, present: false", {"selinux__config": GONE}, "pass"),
        ("fact: selinux.config, present: false", config("x"), "fail"),
        ("fact: selinux.config, present: false", {"selinux__config": DENIED}, "unknown"),
        ("fact: selinux.config, present: true", {"selinux__config": GONE}, "fail"),
        ("fact: selinux.config, present: true", {"selinux__config": DENIED}, "unknown"),
        ("fact: 'sysctl.values[a.b]', present: true", sysctl("0"), "fail"),
        ("fact: 'sysctl.values[a.b].now', equals: '0'", sysctl("0"), "unknown"),
        ("fact: selinux.config.mode, not_equals: disabled", {"selinux__config": GONE}, "unknown"),
        (
            "fact: selinux.permissive_types, contains_none: [b]",
            {"selinux__permissive_types": DENIED},
            "unknown",
        ),
    ],
)
def test_a_leaf_decides_by_its_operator(leaf: str, facts: dict[str, Any], status: str) -> None:
    finding = judge(f"{{{leaf}}}", **facts)
    assert finding.status == status, finding
    assert finding.expected
    assert finding.observed
    assert (finding.reason is not None) == (status == "unknown")


def test_expected_and_observed_are_told_by_the_leaf() -> None:
    finding = judge("{fact: selinux.config.mode, in: [enforcing, permissive]}", **config("disabled"))
    assert finding.expected == "SELinux configuration: mode is enforcing or permissive"
    assert finding.observed == "SELinux configuration: mode is disabled"


def test_an_unknown_says_why_in_the_hosts_own_words() -> None:
    finding = judge("{fact: selinux.permissive_types, empty: true}", selinux__permissive_types=DENIED)
    assert (finding.reason, finding.detail) == (Reason.DENIED, "Permission denied")
    assert finding.observed == "selinux.permissive_types: denied (Permission denied)"
    assert [ref.key for ref in finding.evidence] == ["selinux.policy", "apparmor.profiles"]


def test_a_list_that_should_be_empty_names_its_members() -> None:
    assert judge("{fact: selinux.permissive_types, empty: true}", **permissive("a", "b", "a")).items == (
        "a",
        "b",
    )


def test_members_that_are_missing_or_unwelcome_are_named() -> None:
    missing = judge("{fact: selinux.permissive_types, contains_all: [a, b, c]}", **permissive("b"))
    unwelcome = judge("{fact: selinux.permissive_types, contains_none: [a, b, c]}", **permissive("b", "d"))
    assert missing.items == ("a", "c")
    assert unwelcome.items == ("b",)


NGINX = Profile("nginx", Mode.COMPLAIN, (1, 2))
MAN = Profile("man", Mode.ENFORCE)
CUPS = Profile("cups", Mode.ENFORCE, (), DENIED)  # whether it is attached could not be seen


@pytest.mark.parametrize(
    ("check", "profiles", "status", "items"),
    [
        ("every: P, has: {mode: {equals: enforce}}", (MAN,), "pass", ()),
        ("every: P, has: {mode: {equals: enforce}}", (MAN, NGINX), "fail", ("nginx",)),
        ("every: P, has: {mode: {equals: enforce}}", (), "unknown", ()),
        ("every: P, has: {mode: {equals: enforce}}, empty: pass", (), "pass", ()),
        ("every: P, has: {mode: {equals: enforce}}, empty: fail", (), "fail", ()),
        ("every: P, has: {attached: {equals: true}}", (MAN, CUPS), "unknown", ("cups",)),
        ("every: P, has: {attached: {equals: false}}", (MAN, CUPS), "fail", ("man",)),
        ("every: P, where: {used: {equals: true}}, has: {mode: {equals: enforce}}", (MAN,), "unknown", ()),
        (
            "every: P, where: {attached: {equals: true}}, has: {mode: {equals: enforce}}",
            (CUPS,),
            "unknown",
            (),
        ),
        (
            "every: P, where: {attached: {equals: true}}, has: {mode: {equals: enforce}}, empty: pass",
            (CUPS,),
            "pass",
            (),
        ),
        (
            "every: P, where: {attached: {equals: true}}, has: {mode: {equals: enforce}}",
            (MAN, CUPS),
            "pass",
            (),
        ),
        (
            "every: P, where: {attached: {equals: true}}, has: {mode: {equals: complain}}",
            (CUPS,),
            "unknown",
            ("cups",),
        ),
        ("none: P, where: {mode: {equals: complain}}", (), "pass", ()),
        ("none: P, where: {mode: {equals: complain}}", (MAN,), "pass", ()),
        ("none: P, where: {mode: {equals: complain}}", (MAN, NGINX), "fail", ("nginx",)),
        (
            "none: P, where: {used: {equals: true}}, has: {mode: {equals: complain}}",
            (MAN, NGINX),
            "fail",
            ("nginx",),
        ),
        ("none: P, has: {attached: {equals: false}}", (MAN, CUPS), "unknown", ("cups",)),
        (
            "none: P, has: {mode: {equals: complain}}, show: [name, mode]",
            (NGINX,),
            "fail",
            ("nginx (mode complain)",),
        ),
        ("some: P, has: {mode: {equals: complain}}", (MAN, NGINX), "pass", ()),
        ("some: P, has: {mode: {equals: complain}}", (MAN,), "fail", ()),
        ("some: P, has: {mode: {equals: complain}}", (), "fail", ()),
        ("some: P, has: {attached: {equals: false}}", (MAN, CUPS), "unknown", ("cups",)),
        ("count: P, at_most: 1", (MAN, NGINX), "fail", ("man", "nginx")),
        ("count: P, at_least: 1", (), "fail", ()),
        ("count: P, equals: 0", (), "pass", ()),
        ("count: P, where: {attached: {equals: true}}, at_most: 1", (MAN, CUPS), "unknown", ("cups",)),
        ("count: P, where: {attached: {equals: true}}, at_most: 2", (MAN, CUPS), "pass", ()),
        ("count: P, where: {attached: {equals: true}}, at_most: 0", (MAN, CUPS), "fail", ("man",)),
        ("count: P, where: {attached: {equals: true}}, equals: 1", (MAN, CUPS), "unknown", ("cups",)),
        ("count: P, where: {attached: {equals: true}}, equals: 5", (MAN, CUPS), "fail", ("man",)),
        (
            "every: P, has: {any: [{mode: {equals: enforce}}, {used: {equals: false}}]}",
            (NGINX,),
            "fail",
            ("nginx",),
        ),
        ("every: P, has: {all: [{mode: {equals: enforce}}, {used: {equals: false}}]}", (MAN,), "pass", ()),
        ("every: P, has: {not: {attached: {equals: true}}}", (CUPS,), "unknown", ("cups",)),
        ("every: P, has: {name: {starts_with: m, not_equals: mx}}", (MAN,), "pass", ()),
        ("some: P, has: {some: pids, has: {item: {equals: 2}}}", (MAN, NGINX), "pass", ()),
        ("every: P, has: {none: pids, has: {item: {equals: 2}}}", (MAN, NGINX), "fail", ("nginx",)),
    ],
)
def test_a_list_is_judged_item_by_item(
    check: str, profiles: tuple[Profile, ...], status: str, items: Any
) -> None:
    finding = judge("{" + check.replace(" P,", " apparmor.profiles,") + "}", apparmor__profiles=profiles)
    assert finding.status == status, finding
    assert finding.items == items


@pytest.mark.parametrize(
    "form",
    [
        "every: P, has: C",
        "every: P, has: C, empty: pass",
        "none: P, has: C",
        "some: P, has: C",
        "count: P, where: C, at_most: 9",
    ],
)
def test_a_list_that_could_not_be_had_makes_the_check_unknown(form: str) -> None:
    check = form.replace("P", "apparmor.profiles").replace("C", "{name: {equals: x}}")
    finding = judge(f"{{{check}}}", apparmor__profiles=DENIED)
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.DENIED)


def test_a_mapping_is_walked_as_entries() -> None:
    values = {"a": Setting("0", "0"), "b": Setting("1", DENIED), "c": Setting("1", "0")}
    finding = judge("{every: sysctl.values, has: {value.now: {equals: '0'}}}", sysctl__values=values)
    assert finding.items == ("b", "c")
    finding = judge(
        "{none: sysctl.values, has: {key: {equals: a}, value.now: {equals: '1'}}}", sysctl__values=values
    )
    assert finding.status is Status.PASS


def test_a_set_is_listed_in_one_order_whatever_its_hashes() -> None:
    finding = judge(
        "{none: apparmor.modes, has: {item: {starts_with: ''}}}".replace("''", "e"),
        apparmor__modes=frozenset(Mode),
    )
    assert finding.items == ("enforce",)


A = "{fact: selinux.config.mode, equals: enforcing}"
B = "{fact: selinux.enforcing, equals: true}"


@pytest.mark.parametrize(
    ("check", "mode", "now", "status", "observed"),
    [
        (
            f"{{all: [{A}, {B}]}}",
            "enforcing",
            True,
            "pass",
            "SELinux configuration: mode is enforcing; selinux.enforcing is true",
        ),
        (f"{{all: [{A}, {B}]}}", "permissive", True, "fail", "SELinux configuration: mode is permissive"),
        (f"{{all: [{A}, {B}]}}", "permissive", None, "fail", "SELinux configuration: mode is permissive"),
        (
            f"{{all: [{A}, {B}]}}",
            "enforcing",
            None,
            "unknown",
            "selinux.enforcing: denied (Permission denied)",
        ),
        (f"{{any: [{A}, {B}]}}", "enforcing", None, "pass", "SELinux configuration: mode is enforcing"),
        (
            f"{{any: [{A}, {B}]}}",
            "permissive",
            False,
            "fail",
            "SELinux configuration: mode is permissive; selinux.enforcing is false",
        ),
        (
            f"{{any: [{A}, {B}]}}",
            "permissive",
            None,
            "unknown",
            "SELinux configuration: mode is permissive; selinux.enforcing: denied (Permission denied)",
        ),
        (f"{{not: {A}}}", "permissive", None, "pass", "SELinux configuration: mode is permissive"),
        (f"{{not: {B}}}", "permissive", None, "unknown", "selinux.enforcing: denied (Permission denied)"),
    ],
)
def test_checks_are_joined_in_three_values(
    check: str, mode: str, now: Any, status: str, observed: str
) -> None:
    facts = {"selinux__config": Config(mode), "selinux__enforcing": DENIED if now is None else now}
    finding = judge(check, **facts)
    assert (finding.status, finding.observed) == (status, observed)


def test_a_long_list_is_summed_up_with_its_count() -> None:
    finding = judge(
        "{fact: selinux.permissive_types, empty: true}", **permissive(*(f"t{n}_t" for n in range(5000)))
    )
    assert (
        finding.observed
        == "selinux.permissive_types is t0_t, t1_t, t2_t, t3_t, t4_t and 4995 more (5000 in all)"
    )
    assert len(finding.items) == 500


def test_hostile_values_stay_on_one_line_of_bounded_length() -> None:
    hostile = "\x1b[2Jowned\n\u202egnp" + "A" * 100_000
    finding = judge("{fact: selinux.config.mode, equals: enforcing}", **config(hostile))
    assert finding.observed.isprintable()
    assert len(finding.observed) <= 400
    finding = judge("{fact: selinux.permissive_types, empty: true}", **permissive(hostile, "\udcff"))
    assert all(item.isprintable() and len(item) <= 300 for item in finding.items)
