from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, TreeEntry, escape_path, format_listing, parse_listing, unescape_path

_NUMBERS = st.none() | st.integers(0, 2**32 - 1)
_PATHS = st.binary(min_size=1, max_size=40).map(escape_path)
_ENTRIES = st.builds(
    TreeEntry,
    kind=st.sampled_from("fdlo"),
    path=_PATHS,
    mode=st.none() | st.integers(0, 0o7777),
    uid=_NUMBERS,
    gid=_NUMBERS,
    size=_NUMBERS,
    sha256=st.none() | st.just("ab" * 32),
    target=st.none() | _PATHS,
)


@given(st.lists(_ENTRIES, max_size=6).map(tuple))
def test_a_listing_is_read_back_as_it_was_written(entries: tuple[TreeEntry, ...]) -> None:
    assert parse_listing(Evidence("tree", "/x/*", format_listing(entries))) == entries


@given(st.binary(max_size=60))
def test_a_path_of_any_bytes_is_one_line_without_an_arrow_and_comes_back(path: bytes) -> None:
    escaped = escape_path(path)
    assert unescape_path(escaped) == path
    assert len(escaped.splitlines()) <= 1
    assert " -> " not in escaped
    escaped.encode()


def test_letters_of_other_alphabets_stay_readable() -> None:
    assert escape_path("/etc/b\u00e4r baz".encode()) == "/etc/b\u00e4r baz"
    assert escape_path(b"/etc/a\nb\\c") == "/etc/a\\x0ab\\x5cc"


@pytest.mark.parametrize(
    "line", ["f", "x 0644 0 0 1 - /a", "f 0644 0 0 1 zz /a", "f 0644 0 0 99999999999999999999 - /a"]
)
def test_a_line_of_another_form_is_a_parse_error(line: str) -> None:
    with pytest.raises(ParseError, match="tree:1"):
        parse_listing(Evidence("tree", "", line.encode()))
