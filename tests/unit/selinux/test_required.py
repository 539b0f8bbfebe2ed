"""A text that a path must hold is in every path that the expression matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.selinux.automaton import Automaton
from hardcheck.selinux.pattern import PatternError, parse_pattern
from hardcheck.selinux.required import required_text

_PART = st.sampled_from(
    [
        *("a", "b", "/", "\\.", "\\[", "[ab]", "[^/]", ".", "(a|b)", "(/.*)?", "(ab)+", "((a)|b)", ")", "("),
        *("|", "a|b", "\\d", "[]a]", "{2}", "(?:a)", "^", "$", "\\Qa\\E", "\\", "[a\\]b]", "]"),
    ]
)
_REPEAT = st.sampled_from(["", "", "", "*", "+", "?", "*?", "++", "**"])
SPECS = st.lists(st.tuples(_PART, _REPEAT), min_size=1, max_size=7).map(
    lambda parts: "".join(part + repeat for part, repeat in parts)
)
TEXTS = st.text(alphabet="ab/.[]d2()", max_size=8)


@settings(max_examples=1500, deadline=None)
@given(SPECS, st.lists(TEXTS, max_size=20))
def test_what_matches_holds_the_text(spec: str, texts: list[str]) -> None:
    required = required_text(spec)
    try:
        matcher = Automaton(parse_pattern(spec))
    except PatternError:
        assert required == ""  # whether it decides cannot be told: it has to be tried
        return
    assert all(required in text for text in texts if matcher.matches(text))


@pytest.mark.parametrize(
    "spec",
    [
        r"/usr/lib/(.*/)?libssl\.so(\.[^/]*)*",
        r"/etc/selinux/([^/]*/)?modules/semanage\.read\.LOCK",
        r"/home/[^/]+/\.mozilla(/.*)?",
        r"/var/(lib|cache)/x[0-9]*/y",
    ],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rules_of_distributions_are_told_apart_by_it(spec: str, data: st.DataObject) -> None:
    required = required_text(spec)
    assert len(required) > 1
    text = data.draw(st.from_regex(re.compile(spec, re.ASCII), fullmatch=True))
    assert required in text


@pytest.mark.parametrize(
    ("spec", "required"),
    [
        ("/usr/bin(/.*)?", ""),
        ("/usr/lib/.*/x", "/x"),
        (r"/a.b\.c?d", "b."),
        ("/a.b|c", ""),
        ("/a(b|c)de", "de"),
        ("/a(b", ""),
        (r"/a.b\d", ""),
        (r"/a.\[^", ""),
    ],
)
def test_the_text_behind_the_literal_beginning(spec: str, required: str) -> None:
    assert required_text(spec) == required
