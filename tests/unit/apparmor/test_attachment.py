"""Which profile attaches to an executable."""

from __future__ import annotations

import pytest

from hardcheck.apparmor import parse

POLICY = parse(
    "/usr/bin/exact { }\n"
    "profile star /usr/bin/* { }\n"
    "profile deep /usr/** { }\n"
    "profile two /usr/bin/to* { }\n"
    "profile one /opt/[a-c] { }\nprofile other /opt/[a-b] { }\n"
    "profile marked /srv/x xattrs=(user.kind=web) { }\nprofile plain /srv/x { }\n"
    "profile named { }\n"
    "profile parent { profile kid /usr/bin/k* { } }\n"
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/exact", "/usr/bin/exact"),
        ("/usr/bin/x", "star"),
        ("/usr/bin/tox", "two"),
        ("/usr/lib/x", "deep"),
        ("/opt/c", "one"),
        ("/bin/x", ""),
        ("/usr/bin/k", "star"),
    ],
)
def test_the_longest_left_match_wins_and_a_name_wins_over_patterns(path: str, name: str) -> None:
    assert POLICY.attached(path).name == name


def test_equals_are_a_conflict_and_nothing_attaches() -> None:
    found = POLICY.attached("/opt/a")
    assert found.profile is None
    assert {profile.name for profile in found.conflict} == {"one", "other"}
    assert set(found.because) == {"policy:5", "policy:6"}


def test_a_star_after_a_slash_reads_one_byte_before_it_loops() -> None:
    policy = parse("profile star /bin/* { }\nprofile t /bin/t* { }")
    assert len(policy.attached("/bin/tx").conflict) == 2


def test_extended_attributes_break_ties_and_are_unknown_unless_given() -> None:
    assert POLICY.attached("/srv/x", xattrs={"user.kind": "web"}).name == "marked"
    assert POLICY.attached("/srv/x", xattrs={}).name == "plain"
    assert "extended attributes" in POLICY.attached("/srv/x").unknown


def test_children_attach_within_their_parent() -> None:
    assert POLICY.attached("/usr/bin/k", within=POLICY.profile("parent")).name == "parent//kid"


def test_only_what_is_loaded_attaches() -> None:
    assert POLICY.with_loaded(["star"]).attached("/usr/bin/tox").name == "star"
