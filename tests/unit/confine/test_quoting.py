"""Every form of a path is read back by the reader of its format as that path, and as no other."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hardcheck.apparmor import parse
from hardcheck.confine.drafted import path_of
from hardcheck.confine.quoting import apparmor_path, file_context_regex, shell_word, systemd_word
from hardcheck.confine.scripts import settings as settings_text
from hardcheck.confine.selinux_text import cil, fc
from hardcheck.confine.spec import is_path
from hardcheck.selinux.cil import Extension, FileContext, read_extension
from hardcheck.selinux.file_contexts import FileContexts
from tests.unit.confine.specs import spec, with_paths

ODD = [*"\"'`$*?+[]{}()|^\\.,;#@% -=!&<>~:éä☃", "@{x}", "\\x41", "$(id)", "'; id; '"]
PATHS = (
    st.lists(st.one_of(st.sampled_from(ODD), st.characters(codec="utf-8")), min_size=1, max_size=12)
    .map(lambda parts: "/srv/" + "".join(parts))
    .filter(is_path)
)
CONTEXT = "system_u:object_r:odd_content_t:s0"


def matcher(text: str) -> FileContexts:
    return FileContexts.from_files({"file_contexts": text.encode("ascii")})


@settings(max_examples=50)
@given(PATHS)
@example("/a b/c")
@example("/srv/x\\")
@example("/srv/a.example")
def test_an_expression_matches_its_path_alone(path: str) -> None:
    path = path.rstrip("/")
    text = file_context_regex(path)
    assert path_of(text) == path
    labels = matcher(f"{text} {CONTEXT}\n")
    assert labels.match(path) == CONTEXT
    for other in (path + "x", path[:-1], path.replace(".", "x"), path.replace("*", "xx"), path + "/x"):
        if other not in (path, ""):
            assert labels.match(other) is None


@settings(max_examples=50)
@given(PATHS)
def test_file_contexts_survive_both_languages(path: str) -> None:
    one = FileContext(file_context_regex(path.rstrip("/")) + "(/.*)?", "", CONTEXT)
    module = Extension(types=("odd_content_t",), file_contexts=(one,))
    assert read_extension(cil(module)) == module
    labels = matcher(fc(module, refpolicy=False))
    assert labels.match(path.rstrip("/") + "/below") == CONTEXT


@settings(max_examples=30)
@given(PATHS)
@example('/srv/a"b')
@example("/srv/a\\")
@example("/srv/a\\,b")
@example("/srv/@{HOME}")
@example("/srv/a b#c")
def test_a_profile_grants_its_path_alone(path: str) -> None:
    file = path.rstrip("/")
    text = f"profile odd {{\n  {apparmor_path(file)} r,\n  {apparmor_path(file + '/', '**')} w,\n}}\n"
    policy = parse(text)
    assert "r" in str(policy.file("odd", file).permissions)
    assert "w" in str(policy.file("odd", file + "/below").permissions)
    for other in (file + "x", file[:-1], file.replace("*", "xx"), file.replace("?", "x")):
        if other != file:
            assert not str(policy.file("odd", other).permissions).strip("-")


def unquoted(word: str) -> str:
    """systemd's reading of one word: quotes, backslash escapes, ``%%`` and ``$$``."""
    if word.startswith('"'):
        inner, text, at = word[1:-1], "", 0
        while at < len(inner):
            at += inner[at] == "\\"
            text += inner[at]
            at += 1
        word = text
    return word.replace("%%", "%").replace("$$", "$")


@given(st.text(alphabet=st.sampled_from([*"abc/ ", *"\"\\%$;@-{}'"]), min_size=1, max_size=12))
def test_a_word_of_a_unit_stands_for_itself(text: str) -> None:
    word = systemd_word(text)
    assert unquoted(word) == text
    outside = word if not word.startswith('"') else ""
    assert not set(outside) & set(" ;\"'\\")
    assert "%" not in word.replace("%%", "")
    assert "$" not in word.replace("$$", "")


@settings(max_examples=25, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=4, unique_by=lambda path: path.rstrip("/")))
def test_settings_give_the_shell_each_path_as_one_word(paths: list[str]) -> None:
    found = spec(with_paths(paths))
    text = settings_text(found, "confine_odd", (), ("odd",))
    shown = subprocess.run(
        ["sh", "-c", 'eval "$1"; show() { printf "%s\\n" "$1"; }; each_path show', "sh", text],
        capture_output=True,
        check=True,
        timeout=10,
    )
    assert shown.stdout.decode() == "".join(path.rstrip("/") + "\n" for path in paths)
    assert shown.stderr == b""


@pytest.mark.parametrize("path", ["/srv/a;b", "/srv/a b"])
def test_a_plain_shell_reads_the_quoted_word(path: str) -> None:
    assert shlex.split(shell_word(path)) == [path]
