"""Questions about sets, weaknesses, and what is loaded against what is on disk."""

from __future__ import annotations

import pytest

from hardcheck.apparmor import ProfileSet, parse
from hardcheck.apparmor.hygiene import Weakness, inspect
from hardcheck.apparmor.loaded import DifferenceKind, Loaded, compare_loaded
from hardcheck.apparmor.overlaps import overlapping_attachments
from hardcheck.apparmor.permissions import READ, WRITE
from hardcheck.apparmor.questions import access_of, allows_more, what_may, who_may
from hardcheck.apparmor.write_exec import writable_program
from tests.corpora import corpus
from tests.unit.apparmor.samples import probes_of

POLICY = parse(
    "abi <kernel>,\n"
    "profile writer { owner /etc/** rw, deny /etc/shadow w, }\n"
    "profile reader { /etc/** r, }\n"
    "profile broad { /** rw, capability sys_admin, }\n"
    "profile off flags=(unconfined) { userns, }\n"
)


def test_who_may_names_profiles_and_rules() -> None:
    holders = who_may(POLICY, WRITE, "/etc/passwd", owner=True)
    assert [holder.profile for holder in holders] == ["broad", "off", "writer"]
    assert holders[2].because == ("policy:2: owner /etc/** rw,",)
    assert [holder.profile for holder in who_may(POLICY, WRITE, "/etc/shadow", owner=True)] == [
        "broad",
        "off",
    ]


def test_what_may_gives_patterns_and_what_is_cut_out_of_them() -> None:
    (grant,) = what_may(POLICY.profile("writer"), WRITE)
    assert (grant.pattern, grant.owner, grant.without) == ("/etc/**", "owner", ("/etc/shadow",))


@pytest.mark.parametrize(
    ("left", "right", "kind", "witness"),
    [
        ("writer", "reader", "file", "/etc/x"),
        ("reader", "writer", "file", "/etc/x"),
        ("broad", "reader", "capability", "sys_admin"),
        ("reader", "broad", "", ""),
        ("off", "reader", "unconfined", "everything"),
        ("reader", "off", "", ""),
    ],
)
def test_more_is_shown_by_a_witness(left: str, right: str, kind: str, witness: str) -> None:
    excess = allows_more(POLICY, left, right)
    assert (excess.kind, excess.witness) == (kind, witness)


def test_the_quick_look_agrees_with_the_compiled_rules() -> None:
    policy = ProfileSet.read(corpus("apparmor-profiles-debian13") / "etc" / "apparmor.d")
    for name in ("dnsmasq", "smbd", "php-fpm"):
        profile, table = policy.profile(name), policy.table(name)
        for path in probes_of([glob.text for glob, _ in table.forms][:60], 1):
            for owner in (True, False):
                quick, compiled = access_of(profile, path, owner, READ | WRITE), table.access(path, owner)
                assert quick.allowed & (READ | WRITE) == compiled.allowed & (READ | WRITE), (name, path)


def test_weaknesses_are_found_and_named() -> None:
    text = {
        "/etc/apparmor.d/a": b"@{UNUSED}=/x\nprofile a /usr/bin/a flags=(complain) {\n /** rw,\n /bin/* ux,\n"
        b" capability sys_admin,\n mount,\n ptrace,\n /tmp/** rwix,\n include <abstractions/dbus>\n}\n",
        "/etc/apparmor.d/abstractions/dbus": b"dbus bus=system,\n",
        "/etc/apparmor.d/b": b"profile b /usr/bin/[a-b] { }\nprofile c /usr/bin/[b-c] { }\n",
        "/etc/apparmor.d/stub": b"profile stub /x flags=(unconfined) { userns, }\n",
        "/etc/apparmor.d/gone": b"profile gone { nonsense }\n",
        "/etc/apparmor.d/disable/off": b"",
        "/etc/apparmor.d/off": b"profile off { }\n",
    }
    policy = ProfileSet.read(text)
    found = {(finding.weakness, finding.profile) for finding in inspect(policy, ["/usr/bin/a", "/usr/bin/c"])}
    assert {weakness for weakness, profile in found if profile == "a"} == {
        Weakness.COMPLAIN,
        Weakness.BROAD_FILE,
        Weakness.UNCONFINED_EXEC,
        Weakness.UNCONFINED_SHELL,
        Weakness.BROAD_CAPABILITY,
        Weakness.BARE_RULE,
        Weakness.WRITE_AND_EXEC,
        Weakness.DANGEROUS_INCLUDE,
        Weakness.STALE_ABI,
        Weakness.OVERLAPPING_ATTACHMENT,
        Weakness.UNUSED_VARIABLE,
    }
    assert (Weakness.OVERLAPPING_ATTACHMENT, "b") in found
    assert (Weakness.USERNS_STUB, "stub") in found
    assert (Weakness.ATTACHES_TO_NOTHING, "stub") in found
    assert (Weakness.BROKEN, "gone") in found
    assert (Weakness.DISABLED, "off") in found


def test_a_tight_profile_has_no_weakness() -> None:
    text = "abi <kernel>,\nprofile p /usr/bin/p { /etc/p.conf r, /usr/bin/p mr, network inet stream, }"
    assert inspect(parse(text), ["/usr/bin/p"]) == ()


def test_the_kernel_and_the_disk_are_compared() -> None:
    policy = ProfileSet.read(
        {
            "/etc/apparmor.d/a": b"profile a { profile kid { } }\n",
            "/etc/apparmor.d/b": b"profile b flags=(complain) { }\n",
            "/etc/apparmor.d/c": b"profile c { }\n",
            "/etc/apparmor.d/d": b"profile d { }\n",
            "/etc/apparmor.d/disable/d": b"",
            "/etc/apparmor.d/e": b"profile e { bad }\n",
        }
    )
    loaded = [
        Loaded(*pair) for pair in (("a", "enforce"), ("b", "enforce"), ("d", "enforce"), ("x", "complain"))
    ]
    loaded.append(Loaded("a//null-/bin/sh", "complain"))
    found = compare_loaded(policy, loaded, loaded_at_s=100.0, changed_at_s={"a": 200.0, "b": 50.0})
    assert {(one.profile, one.kind) for one in found} == {
        ("a", DifferenceKind.CHANGED),
        ("a//kid", DifferenceKind.PARTLY),
        ("b", DifferenceKind.MODE),
        ("c", DifferenceKind.NOT_LOADED),
        ("d", DifferenceKind.LOADED_DISABLED),
        ("e", DifferenceKind.BROKEN),
        ("x", DifferenceKind.NOT_ON_DISK),
    }


def test_a_search_that_was_given_up_is_told_as_such() -> None:
    tail = "?" * 16
    found = inspect(parse(f"abi <kernel>,\nprofile p /usr/bin/p {{\n /**a{tail} w,\n /**b{tail} ix,\n}}"))
    assert [(one.weakness, one.unproven) for one in found] == [
        (Weakness.NOT_EXAMINED, Weakness.WRITE_AND_EXEC)
    ]


def test_overlaps_whose_search_was_given_up_are_told_for_every_attachment() -> None:
    tail = "?" * 16
    found = inspect(
        parse(f"abi <kernel>,\nprofile p /**a{tail} {{ }}\nprofile q /**b{tail} {{ }}\nprofile r {{ }}")
    )
    assert {(one.profile, one.unproven) for one in found if one.weakness is Weakness.NOT_EXAMINED} == {
        ("p", Weakness.OVERLAPPING_ATTACHMENT),
        ("q", Weakness.OVERLAPPING_ATTACHMENT),
    }


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("/srv/** rw,\n /srv/bin/* ix,", "/srv/bin/x"),
        ("/srv/** rw,\n /srv/lib/* m,", "/srv/lib/x"),
        ("/srv/** rw,\n /srv/bin/* ix,\n deny /srv/bin/** w,", None),
        ("/srv/** rw,\n /srv/bin/* ix,\n deny /srv/bin/x x,", "/srv/bin/a"),
        ("/srv/** rw,\n other /srv/bin/* ix,", None),  # one's own files are not others'
        ("/srv/a* rw,\n /srv/b* ix,", None),
        ("", None),  # what the base abstraction below grants is no news
        ("/home/** rw,", None),
        ("/home/** rw,\n /home/a/.Private/* ix,", None),
        ("/home/** rw,\n /home/a/bin/* ix,", "/home/a/bin/x"),
    ],
)
def test_a_program_that_can_be_written_is_found(rules: str, path: str | None) -> None:
    base = b"owner /home/*/.Private/** mrixwlk,\n"
    text = f"abi <kernel>,\nprofile p {{\n include <abstractions/base>\n {rules}\n}}\n"
    policy = ProfileSet.read({"/etc/apparmor.d/p": text.encode(), "/etc/apparmor.d/abstractions/base": base})
    assert policy.faults == ()
    assert writable_program(policy.profile("p")) == path


def test_attachments_that_contend_are_shown_with_a_path() -> None:
    policy = parse(
        "profile a /usr/bin/[ab] { }\nprofile b /usr/bin/[bc] { }\nprofile c /usr/bin/b* { }\n"
        "profile d /usr/bin/bb { }\nprofile e /opt/x { }\n"
    )
    found = list(overlapping_attachments(policy))
    assert found
    for path, left, right in found:
        conflict = policy.attached(path).conflict
        assert left in conflict
        assert right in conflict
