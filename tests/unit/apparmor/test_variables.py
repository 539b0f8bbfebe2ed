"""Variables, and patterns with variables put in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.apparmor.globs import parse_glob
from hardcheck.apparmor.matching import Matcher
from hardcheck.apparmor.variables import Scope, VariableFault, filter_slashes


def scope(**values: tuple[str, ...]) -> Scope:
    made = Scope()
    made.sets = values
    return made


def test_a_value_meets_a_slash_as_text() -> None:
    made = scope(HOME=("/home/*/", "/root/"))
    assert made.expand_paths("@{HOME}/.ssh/") == ("/home/*/.ssh/", "/root/.ssh/")


def test_values_that_meet_nothing_special_become_one_alternation() -> None:
    assert scope(N=("a", "b", "c")).expand("/x-@{N}.log") == ("/x-{a,b,c}.log",)


def test_a_star_at_the_end_of_a_value_keeps_its_meaning() -> None:
    assert scope(D=("/a/*", "/b/*")).expand("@{D}") == ("/a/*", "/b/*")


def test_recursion_is_a_fault() -> None:
    with pytest.raises(VariableFault, match="refers to itself"):
        scope(A=("@{B}",), B=("x@{A}",)).expand("/@{A}")


def test_too_many_forms_are_a_fault_and_not_a_long_wait() -> None:
    many = tuple(f"/v{number}/" for number in range(200))
    with pytest.raises(VariableFault, match="forms"):
        scope(A=many, B=many).expand("@{A}/@{B}/x")


@pytest.mark.parametrize(
    ("text", "filtered"),
    [("///a//b", "/a/b"), ("//a//b", "//a/b"), ("//", "//"), ("///", "/"), ("/a/", "/a/"), ("", "")],
)
def test_runs_of_slashes_become_one_but_for_exactly_two_at_the_start(text: str, filtered: str) -> None:
    assert filter_slashes(text) == filtered


_VALUES = st.lists(
    st.sampled_from(["a", "b*", "/c", "d/", "*", "/e/*", "[xy]", "{p,q}", "", "f/**"]), min_size=1, max_size=4
)
_GLUE = st.sampled_from(["", "/", "x", "*", "/x", "x/", "/*/"])


@given(_VALUES, _VALUES, _GLUE, _GLUE, _GLUE, st.lists(st.text("abcdefpqxy/", max_size=7), max_size=12))
def test_the_forms_match_what_the_cross_product_of_all_values_matches(
    first: list[str], second: list[str], left: str, middle: str, right: str, texts: list[str]
) -> None:
    made = scope(A=tuple(dict.fromkeys(first)), B=tuple(dict.fromkeys(second)))
    forms = made.expand_paths(f"/{left}@{{A}}{middle}@{{B}}{right}")
    product = {filter_slashes(f"/{left}{a}{middle}{b}{right}") for a in first for b in second}
    short, long = (Matcher(tuple(parse_glob(form).elements for form in some)) for some in (forms, product))
    for text in texts:
        path = "/" + text
        assert short.matches_text(path) == long.matches_text(path), (path, forms, product)
