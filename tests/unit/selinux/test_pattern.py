"""The expressions of file_contexts match what PCRE matches, in linear time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.selinux.automaton import MAX_PARTS, Automaton
from hardcheck.selinux.pattern import MAX_NESTING, PatternError, parse_pattern

ATOMS = ("a", "b", "/", ".", "\\.", "[ab]", "[^/]", "[a-b/]", "\\w", "\\d", "[^a-z]", "\\/", "(?:a)")
QUANTIFIERS = ("*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "??")


def specs() -> st.SearchStrategy[str]:
    def extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
            inner.map(lambda text: f"({text}|)"),
            st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda pair: f"({pair[0]}){pair[1]}"),
        )

    return st.recursive(st.sampled_from(ATOMS), extended, max_leaves=8)


def matches(spec: str, text: str) -> bool:
    return Automaton(parse_pattern(spec)).matches(text)


@given(specs(), st.lists(st.text("ab/.1", max_size=8), max_size=6))
def test_matching_is_that_of_a_backtracking_engine(spec: str, texts: list[str]) -> None:
    automaton = Automaton(parse_pattern(spec))
    oracle = re.compile(f"^{spec}$", re.DOTALL)
    for text in texts:
        assert automaton.matches(text) == bool(oracle.search(text)), (spec, text)


@given(specs(), specs(), st.text("ab/.", max_size=6))
def test_an_outer_choice_binds_each_anchor_to_one_branch(first: str, second: str, text: str) -> None:
    oracle = re.compile(f"^{first}|{second}$", re.DOTALL)
    assert matches(f"{first}|{second}", text) == bool(oracle.search(text))


@pytest.mark.parametrize(
    ("spec", "matching", "other"),
    [
        ("/usr/lib(64)?/.*\\.so(\\.[^/]*)*", ["/usr/lib/a.so", "/usr/lib64/x/a.so.1.2"], ["/usr/lib32/a.so"]),
        ("/dev/[0-9].*", ["/dev/3dfx"], ["/dev/dfx"]),
        ("/a[]x]b", ["/a]b", "/axb"], ["/ab"]),
        ("/a[^]x]b", ["/ayb"], ["/a]b"]),
        ("/[[:alpha:]_]+", ["/ab_"], ["/a1"]),
        ("/[[:^digit:]]", ["/a"], ["/1"]),
        ("/[a\\-z]", ["/a", "/-", "/z"], ["/m"]),
        ("/x{1,2}", ["/x", "/xx"], ["/xxx"]),
        ("/x{,2}", ["/x{,2}"], ["/x"]),
        ("/x{a}", ["/x{a}"], ["/x"]),
        ("/\\Qa+b\\E+", ["/a+b", "/a+bbb"], ["/aab"]),
        ("/\\x61\\x2e", ["/a."], ["/ab"]),
        ("/(?<name>a|b)", ["/a", "/b"], ["/c"]),
        ("^/a$", ["/a"], ["/ab"]),
        ("/a.b", ["/a\nb", "/a\xffb"], ["/ab"]),
    ],
)
def test_constructs_of_pcre(spec: str, matching: list[str], other: list[str]) -> None:
    for text in matching:
        assert matches(spec, text), text
    for text in other:
        assert not matches(spec, text), text


@pytest.mark.parametrize(
    "spec",
    [
        *("(a", "a)", "[a", "*a", "a**", "a{3,2}", "(?=a)", "(?!a)", "(?<=a)", "(?>a)", "(?i)a", "a++"),
        *("a\\1", "\\ba", "a\\z", "\\pL", "(*UTF)a", "a^b", "a$b", "\\", "[[:no:]]", "[b-a]", "\\x{100}"),
        *("(" * (MAX_NESTING + 2), "a{5000}{5000}", f"a{{{MAX_PARTS + 1}}}", "((){60000}){60000}", "\u0100"),
    ],
)
def test_what_is_not_covered_is_refused(spec: str) -> None:
    with pytest.raises(PatternError):
        Automaton(parse_pattern(spec))


@given(st.text(st.characters(max_codepoint=0x7F), max_size=30))
def test_any_text_is_an_expression_or_a_pattern_error(spec: str) -> None:
    try:
        automaton = Automaton(parse_pattern(spec))
    except PatternError:
        return
    automaton.matches("/some/path")


@pytest.mark.parametrize(
    "spec",
    ["(a*)*b", "(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)*(.*)*(.*)*b", "(/[^/]*)*(/.*)*b", "(a?){40}a{40}b"],
)
def test_an_expression_that_explodes_elsewhere_is_matched_at_once(spec: str) -> None:
    started = time.process_time()
    assert not matches(spec, "/" + "a" * 4000 + "c")
    assert not matches(spec, "a" * 4000)
    assert time.process_time() - started < 8
