"""Reading profile text: what is understood, and where faults are."""

from __future__ import annotations

import pytest

from hardcheck.apparmor import ExecMode, Fault, Profile, parse
from hardcheck.apparmor.permissions import letters_of
from hardcheck.errors import ProfileError


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(ProfileError) as caught:
        parse(text, name="test")
    return [fault for fault in caught.value.faults if isinstance(fault, Fault)]


def only_profile(text: str) -> Profile:
    (profile,) = parse(text).profiles.values()
    return profile


def test_a_fault_has_file_line_column_and_a_caret_below_the_place() -> None:
    (fault,) = faults_of("profile a {\n  /etc/passwd r,\n  nonsense here,\n}\n")
    assert str(fault) == "test:3:3: unknown keyword 'nonsense'"
    assert fault.caret == "  nonsense here,\n  ^"


def test_every_fault_of_a_file_is_found_at_once() -> None:
    faults = faults_of(
        "profile a {\n  /a wa,\n  capability flying,\n  /b r,\n  signal set=(no),\n  /c pxix,\n}\n"
    )
    assert [fault.line for fault in faults] == [2, 3, 5, 6]


def test_what_stands_behind_a_fault_is_still_read() -> None:
    faults = faults_of("profile a {\n  bogus {\n    /x r,\n  }\n}\nprofile b {\n  /y rr rr,\n}\n")
    assert [fault.line for fault in faults] == [2, 7]


@pytest.mark.parametrize(
    ("rule", "bits", "mode"),
    [
        ("/a r,", "r", None),
        ("r /a,", "r", None),
        ("file /a rwk,", "rwk", None),
        ("/a RWM,", "rwm", None),
        ("owner /a rPix,", "r", ExecMode("p", "i", True)),
        ("/a Cx -> kid,", "", ExecMode("c", "", True, "kid")),
        ("unsafe /a Px,", "", ExecMode("p", "", False)),
        ("safe pux /a,", "", ExecMode("p", "u", True)),
        ("deny /a wx,", "w", ExecMode("")),
        ('"/a b" r,', "r", None),
        ("/a\\ b r,", "r", None),
    ],
)
def test_file_rules_are_read_in_both_orders_with_all_exec_modes(
    rule: str, bits: str, mode: ExecMode | None
) -> None:
    (found,) = only_profile(f"profile p {{ {rule} }}").file_rules
    assert letters_of(found.bits) == bits
    assert found.exec_mode == mode


@pytest.mark.parametrize(
    "rule",
    [
        "/a,",
        "/a zz,",
        "/a px -> ,",
        "/a rx,",
        "deny /a ix,",
        "audit owner deny /a r,",
        "owner capability chown,",
        "/a r",
        "mount options=(rw,ro) /a,",
        "network inet tcp udp,",
        "dbus bind path=/a,",
        "unix bind peer=(addr=@a),",
        "set rlimit nice <= 30,",
        "ptrace peer=a peer=b,",
        "/a{b r,",
        "/a[b r,",
        "/a{b} r,",
        "/a@{UNKNOWN} r,",
        "priority=2000 /a r,",
    ],
)
def test_what_is_no_rule_is_a_fault(rule: str) -> None:
    assert faults_of(f"profile p {{ {rule} }}")


def test_the_qualifiers_of_a_block_hold_for_the_rules_inside() -> None:
    owned, both = only_profile("profile p { owner { /a r, deny /b w, } }").file_rules
    assert (owned.prefix.owner, owned.prefix.mode) == ("owner", "")
    assert (both.prefix.owner, both.prefix.mode) == ("owner", "deny")


def test_a_rule_names_the_line_it_stands_in_and_the_include_it_came_through() -> None:
    profile = only_profile("profile p {\n\n  /a   r,\n}")
    assert profile.cite(profile.file_rules[0]) == "policy:3: /a r,"


def test_children_and_hats_have_full_names_and_flags_of_their_own() -> None:
    policy = parse("profile p flags=(complain) { profile kid { } ^hat { } hat other flags=(kill) { } }")
    assert {name: str(policy.mode(name)) for name in policy.profiles} == {
        "p": "complain",
        "p//kid": "enforce",
        "p//hat": "enforce",
        "p//other": "kill",
    }


def test_conditions_choose_rules_while_reading() -> None:
    text = (
        "@{V}=a b\n$ON = true\nprofile p {\n if $ON and not defined @{W} { /yes r, } else { /no r, }\n"
        " if @{V} == a { /no r, } else if a in @{V} { /in r, }\n if 10 > 9 { /ten r, }\n}"
    )
    assert [rule.pattern for rule in only_profile(text).file_rules] == ["/yes", "/in", "/ten"]
