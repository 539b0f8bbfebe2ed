"""Modules as the policy store keeps them."""

from __future__ import annotations

import bz2
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import PolicyError
from hardcheck.selinux.module_store import MAX_NESTING, read_module

MODULE = b"""; a local module
(typeattributeset cil_gen_require httpd_t)
(allow httpd_t shadow_t (file (read open)))
(optional local_optional
    (allow httpd_t etc_t (dir (search)))  ; inside
    (booleanif httpd_local
        (true (allow httpd_t tmp_t (file (write))))))
(typetransition httpd_t tmp_t file "a name" httpd_tmp_t)
(filecon "/srv/a b(/.*)?" any (system_u object_r srv_t ((s0) (s0))))
(roleattributeset cil_gen_require system_r)
"""


@pytest.mark.parametrize("content", [MODULE, bz2.compress(MODULE)])
def test_a_module_shows_its_rules(content: bytes) -> None:
    statements = {(statement.line, statement.text) for statement in read_module(content)}
    assert (3, "(allow httpd_t shadow_t (file (read open)))") in statements
    assert (5, "(allow httpd_t etc_t (dir (search)))") in statements
    assert (7, "(allow httpd_t tmp_t (file (write)))") in statements
    assert (8, '(typetransition httpd_t tmp_t file "a name" httpd_tmp_t)') in statements
    assert (9, '(filecon "/srv/a b(/.*)?" any (system_u object_r srv_t ((s0) (s0))))') in statements


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"(allow a b", "module:1: expected '\\)'"),
        (b"\n)", "module:2: expected an open bracket"),
        (b"(" * (MAX_NESTING + 2), "nested brackets"),
        (b"\xff", "UTF-8"),
        (b"BZh9nonsense", "bzip2 data"),
        (bz2.compress(MODULE)[:-5], "a cut file"),
    ],
)
def test_a_damaged_module_is_a_policy_error(content: bytes, expected: str) -> None:
    with pytest.raises(PolicyError, match=expected):
        read_module(content)


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(PolicyError):
        read_module(content)
