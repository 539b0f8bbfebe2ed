"""Exec rules that contradict each other, held against apparmor_parser itself."""

from __future__ import annotations

import random
import subprocess

import pytest

from hardcheck.apparmor import parse
from hardcheck.errors import ProfileError
from tests.corpora import need_tool

_MODES = ("ix", "px", "Px", "cx", "Cx", "ux", "Ux", "pix", "Pix", "cix", "pux", "PUx", "px -> a", "cx -> kid")
_PATTERNS = ("a", "a*", "ab", "b", "b?", "{a,b}", "*", "**", "sub/*", "[ab]", "[^a]*", "a*c", "*c")


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("/bin/* Px, /bin/** ix,", "/bin/x"),
        ("/bin/a* Cx, /bin/*b Px,", "/bin/ab"),
        ("/bin/a px -> x, owner /bin/a px -> y,", "/bin/a"),
        ("change_profile safe /a -> b, change_profile unsafe /a -> b,", "/a -> b"),
    ],
)
def test_a_conflict_is_shown_by_a_path(rules: str, path: str) -> None:
    with pytest.raises(ProfileError, match="conflicting exec modes") as caught:
        parse(f"profile p {{ {rules} }}")
    assert f"'{path}'" in str(caught.value)


@pytest.mark.parametrize(
    "rules",
    [
        "/bin/* Px, /bin/sh ix,",
        "/bin/a* Px, /bin/b* ix,",
        "owner /bin/* Px, other /bin/* ix,",
        "/bin/* px -> p//kid, /bin/a* cx -> kid,",
        "priority=1 /bin/* px, /bin/** ix,",
    ],
)
def test_what_does_not_meet_does_not_conflict(rules: str) -> None:
    assert parse(f"profile p {{ {rules} }}").profiles


def _random_profile(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randint(2, 4)):
        owner = rng.choice(("", "", "owner "))
        lines.append(f"  {owner}/x/{rng.choice(_PATTERNS)} {rng.choice(_MODES)},")
    if rng.random() < 0.3:
        lines.append(f"  deny /x/{rng.choice(_PATTERNS)} x,")
    return "profile t {\n" + "\n".join(lines) + "\n}\n"


def test_random_exec_rules_conflict_where_the_parser_says_so() -> None:
    tool = need_tool("apparmor_parser")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    numbers = version.split("version ")[1].split(".")
    rng, refused = random.Random(5), 0
    for _ in range(120):
        text = _random_profile(rng)
        real = (
            subprocess.run([tool, "-QKS"], input=text.encode(), capture_output=True, check=False).returncode
            == 0
        )
        try:
            parse(text, parser_version=(int(numbers[0]), int(numbers[1][:1])))
            ours = True
        except ProfileError:
            ours = False
        assert ours == real, text
        refused += not real
    assert 20 < refused < 100
