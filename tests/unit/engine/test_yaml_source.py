from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.yaml_source import MAX_BYTES, parse_yaml, read_yaml
from hardcheck.errors import ConfigError
from tests.unit.engine.world import fault_of


def test_lines_and_key_paths_are_kept() -> None:
    root = parse_yaml("a: 1\nb:\n  - x\n  - {c: true}\n", "f.yaml")
    inner = root.mapping()["b"].items()[1].mapping()["c"]
    assert (inner.line, inner.key, inner.data) == (4, "b[1].c", True)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "yes",
        "on",
        "off",
        "NO",
        "True",
        "1:30",
        "0644",
        "0x1F",
        "1_000",
        "2024-01-01",
        "~",
        "null",
        ".inf",
        ".nan",
        "1e3",
        "+1",
        "1.",
        ".5",
        "0b11",
        "0o17",
        "<<",
        "=",
    ],
)
def test_a_word_that_yaml_1_1_would_change_needs_quotes(word: str) -> None:
    with pytest.raises(ConfigError, match=r"^f\.yaml:1: a: expected .*quotes"):
        parse_yaml(f"a: {word}", "f.yaml")
    assert parse_yaml(f"a: '{word}'", "f.yaml").plain() == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-7", -7),
        ("1.5", 1.5),
        ("1.2.3", "1.2.3"),
        ("a b", "a b"),
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
        ("/etc/x", "/etc/x"),
        ("", None),
        ("x64", "x64"),
    ],
)
def test_plain_scalars_mean_what_they_look_like(text: str, value: object) -> None:
    plain = parse_yaml(f"a: {text}", "f").plain()["a"]
    assert plain == value
    assert type(plain) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "f:2: expected each key once, found 'a' again"),
        ("a: &x [1]\nb: *x", "f:1: a: expected no anchors and aliases"),
        ("a: &x {b: *x}", "no anchors and aliases"),
        ("a: !!python/object/apply:os.system [id]", "no tags"),
        ("a: !!str 1", "no tags"),
        ("? [a, b]\n: 1", "a text as key"),
        ("1: a", "f:1: expected a text as key"),
        ("a: b: c", "f:1: expected YAML"),
        ("a\n---\nb", "f:2: expected one document"),
        ("", "expected a mapping, found an empty file"),
        ("# only a comment", "an empty file"),
        ("a: \x00", "expected YAML"),
        ("a: [1", "expected YAML"),
        ("%TAG ! tag:x,2000:\n---\na", None),
    ],
)
def test_each_fault_is_one_line_with_its_place(text: str, message: str | None) -> None:
    if message is None:
        parse_yaml(text, "f")
        return
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "f")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_aliases_of_aliases_are_refused_at_the_first() -> None:
    laughs = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{f'*{chr(97 + i)},' * 9}]\n" for i in range(9)
    )
    with pytest.raises(ConfigError, match="f:1: a: expected no anchors"):
        parse_yaml(laughs, "f")


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "? " * 5_000])
def test_deep_nesting_is_a_fault_and_no_crash(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_yaml(text, "f")


def test_bytes_that_are_not_utf_8_are_a_fault() -> None:
    with pytest.raises(ConfigError, match="expected UTF-8 text, found byte 0xff"):
        parse_yaml(b"a: \xff", "f")


def test_a_file_over_the_limit_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="at most"):
        read_yaml(path)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable file, found No such file"):
        read_yaml(tmp_path / "none.yaml")


def test_without_the_c_loader_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    with pytest.raises(ConfigError, match=r"PyYAML: expected a build with its C loader \(libyaml\)"):
        parse_yaml("a: 1", "f")


@given(st.text())
def test_any_text_is_a_value_or_a_config_error_of_one_line(text: str) -> None:
    assert "\n" not in fault_of(lambda: parse_yaml(text, "f").plain())


@given(st.binary())
def test_any_bytes_are_a_value_or_a_config_error_that_names_the_file(content: bytes) -> None:
    fault = fault_of(lambda: parse_yaml(content, "f"))
    assert not fault or fault.startswith("f")


scalars = st.one_of(
    st.booleans(), st.integers(-(10**17), 10**17), st.text(st.characters(exclude_categories=("Cs",)))
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz_.", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(documents)
def test_what_pyyaml_writes_is_read_back_as_it_was(document: object) -> None:
    text = yaml.safe_dump({"document": document})
    fault = fault_of(lambda: parse_yaml(text, "f"))
    if fault:  # an alias, or a word such as 08 that PyYAML does not quote
        assert "aliases" in fault or "quotes" in fault
    else:
        assert parse_yaml(text, "f").plain() == {"document": document}
