"""What an interface gives is told whole, or not at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.refpolicy.expand import Expander
from hardcheck.refpolicy.model import Given, Grant, Unusable
from tests.unit.refpolicy.samples import BROKEN, library

LOOK = ("getattr", "open", "read")
PASS = ("getattr", "search", "open")


def expand(name: str, body: str = "", *more: tuple[str, str]) -> Given | Unusable:
    return Expander(library(body, *more)).expand(name)


def rights(found: Given | Unusable, *, sure: bool) -> set[tuple[str, str, str]]:
    """Target, class and permission of the rules."""
    assert isinstance(found, Given)
    return {
        (target, class_, permission)
        for grant in found.grants
        if grant.sure or not sure
        for target in grant.targets
        for class_ in grant.classes
        for permission in grant.permissions
    }


def test_patterns_and_sets_are_written_out() -> None:
    found = expand("shop_look_conf")
    assert isinstance(found, Given)
    assert found.where == "apps/shop.if:3"
    assert found.needs == {"shop_conf_t", "shop_dir_t", "shop_thing"}
    assert found.grants == (
        Grant(("shop_dir_t",), (), ("dir",), PASS),
        Grant(("shop_conf_t",), (), ("file",), LOOK),
        Grant(("shop_thing",), ("shop_key_t",), ("file", "fifo_file"), (*LOOK, "lock", "ioctl", "map")),
    )


def test_rules_about_itself_and_of_the_log() -> None:
    found = expand("shop_pass")
    assert rights(found, sure=True) == {
        *(("shop_dir_t", "dir", permission) for permission in PASS),
        ("self", "capability", "chown"),
    }


def test_what_depends_is_not_sure_and_not_left_out() -> None:
    found = expand("shop_all")
    assert isinstance(found, Given)
    assert found.needs == {"shop_dir_t"}
    assert rights(found, sure=True) == rights(expand("shop_pass"), sure=True)
    unsure = rights(found, sure=False) - rights(found, sure=True)
    assert {("shop_extra_t", "file", "read"), ("shop_wide_t", "file", "write")} <= unsure
    assert {("shop_ours_t", "file", "read"), ("shop_conf_t", "file", "open")} <= unsure


@pytest.mark.parametrize(("body", "why"), BROKEN.items())
def test_what_is_not_understood_makes_it_unusable(body: str, why: str) -> None:
    found = expand("broken", body)
    assert isinstance(found, Unusable)
    assert why in found.why


@pytest.mark.parametrize("wrapped", ["optional_policy(`{}')", "shop_caller($1)", "ifdef(`x',`',`{}')"])
@pytest.mark.parametrize("body", ["nobody_knows($1)", "dontaudit $1 a_t:file read;"])
def test_it_stays_so_wherever_it_stands(body: str, wrapped: str) -> None:
    caller = ("apps/caller.if", f"interface(`shop_caller',`{body}')")
    assert isinstance(expand("broken", wrapped.format(body), caller), Unusable)


def test_one_that_is_defined_twice_is_not_taken() -> None:
    again = ("apps/again.if", "interface(`shop_pass',`allow $1 a_t:file read;')")
    assert isinstance(expand("shop_pass", "", again), Unusable)
    assert isinstance(expand("shop_all", "", again), Unusable)


def test_arguments_that_double_end() -> None:
    doubling = (
        "".join(f"interface(`d{n}',`d{n + 1}($1 $1)')\n" for n in range(20))
        + "interface(`d20',`allow $1 a_t:file read;')"
    )
    found = expand("d0", "", ("apps/d.if", doubling))
    assert isinstance(found, Unusable)


def test_calls_that_double_take_no_time() -> None:
    text = "".join(f"interface(`t{n}',`t{n + 1}($1)\nt{n + 1}($1)')\n" for n in range(18))
    text += "interface(`t18',`allow $1 a_t:file read;')"
    start = time.process_time()
    assert rights(expand("t0", "", ("apps/t.if", text)), sure=True) == {("a_t", "file", "read")}
    assert time.process_time() - start < 8


def test_blocks_in_blocks_end() -> None:
    body = "allow $1 a_t:file read;"
    for _ in range(40):
        body = f"optional_policy(`{body}')"
    assert isinstance(expand("broken", body), Unusable)


@given(st.text(alphabet="`'(),;:#\n a_t$1{}-~allow", max_size=80))
def test_any_body_is_told_or_unusable(body: str) -> None:
    found = expand("broken", body)
    assert isinstance(found, Given | Unusable)


@given(
    st.lists(st.sampled_from(["a_t", "b_t", "shop_thing"]), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["read", "write", "look_file_perms"]), min_size=1, max_size=3, unique=True),
    st.booleans(),
)
def test_a_rule_gives_what_it_says(targets: list[str], wanted: list[str], inside: bool) -> None:
    rule = f"allow $1 {{ {' '.join(targets)} }}:file {{ {' '.join(wanted)} }};"
    found = expand("broken", f"optional_policy(`{rule}')" if inside else rule)
    permissions = {p for word in wanted for p in (LOOK if word == "look_file_perms" else (word,))}
    expected = {(target, "file", permission) for target in targets for permission in permissions}
    assert rights(found, sure=False) == expected
    assert rights(found, sure=True) == (set() if inside else expected)
