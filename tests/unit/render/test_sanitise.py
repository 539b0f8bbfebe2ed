"""Host text is shown as it was, and does nothing."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.render.sanitise import FIELD_LIMIT, has_unseen, json_safe, visible, visible_lines

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY_TEXT)
def test_nothing_that_controls_a_terminal_or_the_reading_order_is_left(text: str) -> None:
    shown = visible(text)
    assert not has_unseen(shown)
    controls = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
    assert controls == set()
    bidi = {
        c for c in shown if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}
    }
    assert bidi == set()


@given(ANY_TEXT)
def test_lines_are_kept_only_where_asked_for(text: str) -> None:
    assert visible_lines(text).count("\n") == text[:FIELD_LIMIT].count("\n")
    assert "\n" not in visible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u3164\uffa0")))
def test_letters_digits_and_signs_are_left_alone(text: str) -> None:
    assert visible(text, limit=10**6) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]52;c;YQ==\x07", "\\x1b]52;c;YQ==\\x07"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\U000e0041", "\\U000e0041"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\udcff", "\\udcff"),
        ("\x9b31m", "\\x9b31m"),
        ("é 漢 ✓ |", "é 漢 ✓ |"),
    ],
)
def test_an_unseen_character_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_cut_says_how_long_the_text_was() -> None:
    assert visible("x" * 10_000_000) == "x" * FIELD_LIMIT + " [cut here: 10,000,000 characters in all]"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_json_document_made_safe_says_the_same(value: object) -> None:
    document = json.dumps(value, ensure_ascii=False, indent=1)
    safe = json_safe(document)
    assert json.loads(safe) == value
    assert not has_unseen(safe.replace("\n", ""))
