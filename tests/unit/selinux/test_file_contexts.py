"""Paths get the labels that libselinux gives them."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import PolicyError
from hardcheck.selinux import FileContexts
from tests.corpora import corpus, need_tool
from tests.unit.selinux.policies import debian_folder, debian_labels, oracle_rows

KINDS = ("file", "dir", "lnk_file", "sock_file", "pipe", "chr_file", "blk_file")


def labels(text: str, **others: str) -> FileContexts:
    files = {"file_contexts": text.encode()}
    files |= {f"file_contexts.{name}": content.encode() for name, content in others.items()}
    return FileContexts.from_files(files)


def type_of(contexts: FileContexts, path: str, kind: str = "file") -> str | None:
    context = contexts.match(path, kind)
    return context and context.split(":")[2]


def test_debians_labels_are_those_of_matchpathcon() -> None:
    rows = oracle_rows(corpus("oracle-file-contexts") / "debian12-default.tsv")
    contexts = debian_labels()
    wrong = [row for row in rows if (contexts.match(row[0], row[1]) or "<<none>>") != row[2]]
    assert wrong == []
    assert len(rows) > 4000


PARTS = ("usr", "us", "a", "b", "ab", "x.y", "lib64", "c++", "d-e", "_f")
VARIED = (
    *("a?", "b*", "[ab]+", "(a|b)", "a.", "\\d", "us(r)?", "(usr|us)", "lib(64)?", "x{1,2}", "x{,2}"),
    *("[[:alpha:]]+", "\\w+", "[]a]", "[^]a/]+", "a{", "[a\\]b]", "\\Qc++\\E", "[^/]+", ".*", "(.*)?"),
)


def random_spec(rng: random.Random) -> str:
    spec = ""
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.6:
            spec += "/" + rng.choice(PARTS).replace(".", "\\.").replace("+", "\\+")
        else:
            spec += rng.choice(("/", "(/", "/")) + rng.choice(VARIED)
            spec += ")?" if spec.count("(") > spec.count(")") else ""
    return spec + ("|" + rng.choice(("a", "/b", "x$")) if rng.random() < 0.05 else "")


def random_path(rng: random.Random) -> str:
    parts = (*PARTS, "r", "xx", "{a", "a{", "]", "a]")
    return "/" + "/".join(rng.choice(parts) for _ in range(rng.randint(1, 4)))


@pytest.mark.parametrize("seed", range(12))
def test_random_file_contexts_label_as_matchpathcon(seed: int, tmp_path: Path) -> None:
    matchpathcon = need_tool("matchpathcon")
    rng = random.Random(seed)
    specs = {
        random_spec(rng): rng.choice(("", "", "--", "-d", "-l", "-p", "-c", "-b", "-s")) for _ in range(80)
    }
    lines = [
        f"{spec}\t{kind}\t{'<<none>>' if number % 20 == 0 else f'system_u:object_r:t{number}_t:s0'}\n"
        for number, (spec, kind) in enumerate(specs.items())
    ]
    main = tmp_path / "fc"
    main.write_text("".join(lines[:60]))
    (tmp_path / "fc.homedirs").write_text("".join(lines[60:70]))
    (tmp_path / "fc.local").write_text("".join(lines[70:]))
    (tmp_path / "fc.subs_dist").write_text("/us /usr\n/ab /\n/b/a /x\n/b /lib64\n")
    (tmp_path / "fc.subs").write_text("# local\n/xx /us\n")
    contexts = FileContexts.read(main)
    for kind in KINDS:
        paths = list(dict.fromkeys(random_path(rng) for _ in range(60)))
        command = [matchpathcon, "-N", "-n", "-f", main, "-m", kind, *paths]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert run.stderr == ""
        given = [contexts.match(path, kind) or "<<none>>" for path in paths]
        assert list(zip(paths, given, strict=True)) == list(zip(paths, run.stdout.splitlines(), strict=True))


def test_the_last_fitting_rule_wins_and_a_literal_one_before_all() -> None:
    contexts = labels(
        "/srv/a u:r:literal_t:s0\n/srv/.* u:r:first_t:s0\n"
        "/srv/[ab] u:r:second_t:s0\n/srv/b -d u:r:folder_t:s0\n"
    )
    assert type_of(contexts, "/srv/a") == "literal_t"
    assert type_of(contexts, "/srv/b") == "second_t"
    assert type_of(contexts, "/srv/b", "dir") == "folder_t"
    assert type_of(contexts, "/srv/c") == "first_t"
    assert type_of(contexts, "/srv") is None


def test_local_rules_come_after_the_others() -> None:
    contexts = labels(
        "/srv/.* u:r:base_t:s0\n", local="/srv/.* u:r:local_t:s0\n", homedirs="/srv/.* u:r:home_t:s0\n"
    )
    assert type_of(contexts, "/srv/x") == "local_t"


def test_none_is_no_label_but_a_rule() -> None:
    contexts = labels("/proc/.* <<none>>\n")
    assert contexts.match("/proc/1") is None
    rule = contexts.find("/proc/1")
    assert rule is not None
    assert rule.where == "file_contexts:1"


def test_slashes_are_collapsed_before_the_look_up() -> None:
    contexts = labels("/srv/a u:r:a_t:s0\n/ -d u:r:root_t:s0\n")
    assert type_of(contexts, "//srv///a/") == "a_t"
    assert type_of(contexts, "/", "dir") == "root_t"


def test_substitutions_are_made_once_each_the_last_line_first() -> None:
    contexts = labels(
        "/srv/.* u:r:srv_t:s0\n/var/.* u:r:var_t:s0\n/x u:r:x_t:s0\n",
        subs="/data /srv\n/data /var\n",
        subs_dist="/var /srv\n/all /\n",
    )
    assert type_of(contexts, "/data/x") == "srv_t"
    assert type_of(contexts, "/database/x") is None
    assert type_of(contexts, "/all/x") == "x_t"


def test_bytes_beyond_ascii_are_single_characters() -> None:
    contexts = labels("/srv/.. u:r:two_t:s0\n")
    assert type_of(contexts, "/srv/é") == "two_t"
    assert type_of(contexts, "/srv/\udcff\udcfe") == "two_t"


def test_a_type_leads_back_to_its_paths() -> None:
    specs = [rule.spec for rule in debian_labels().specs_of("shadow_t")]
    assert "/etc/shadow.*" in specs
    assert debian_labels().specs_of("no_such_t") == ()


@pytest.mark.parametrize("folder", ["", "contexts", "contexts/files", "contexts/files/file_contexts"])
def test_file_contexts_are_found_from_several_folders(folder: str) -> None:
    assert len(FileContexts.read(debian_folder() / folder).rules) > 5000


def test_a_folder_without_file_contexts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="file_contexts or a folder with it"):
        FileContexts.read(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/srv", "file_contexts:2: expected REGEX"),
        ("/srv -x u:r:t:s0", "file_contexts:2: expected a kind of"),
        ("/srv -- u:r:t:s0 more", "file_contexts:2: expected REGEX"),
        ("/é u:r:t:s0", "file_contexts:2: expected printable ASCII"),
        ("/" + "a" * 5000 + " u:r:t:s0", "file_contexts:2: expected an expression of at most"),
    ],
)
def test_a_line_of_another_form_is_an_error_with_its_place(line: str, expected: str) -> None:
    with pytest.raises(PolicyError, match=expected):
        labels(f"# comment\n{line}\n")


def test_compiled_file_contexts_are_recognised() -> None:
    with pytest.raises(PolicyError, match="compiled file contexts"):
        FileContexts.from_files({"file_contexts": b"\x8a\xff\x7c\xf9\x05\0\0\0"})


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(PolicyError, match="kind of file"):
        labels("/a u:r:t:s0\n").match("/a", "socket")


def test_an_expression_that_is_not_covered_stops_only_paths_it_might_decide() -> None:
    contexts = labels("/srv/.* u:r:srv_t:s0\n/srv/x(?=y).* u:r:odd_t:s0\n/srv/xx u:r:xx_t:s0\n")
    assert type_of(contexts, "/srv/a") == "srv_t"
    assert type_of(contexts, "/srv/xx") == "xx_t"
    with pytest.raises(PolicyError, match="file_contexts:2: expected a regular expression that is covered"):
        contexts.match("/srv/xy")


@given(st.binary(max_size=200))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    try:
        contexts = FileContexts.from_files({"file_contexts": content, "file_contexts.subs": content[::-1]})
        contexts.match("/some/path", "file")
    except PolicyError as error:
        where = error.where
    else:
        where = "file_contexts"
    assert where.startswith("file_contexts")


def test_hostile_expressions_and_paths_take_no_time() -> None:
    contexts = labels("/(a*)*(a*)*b u:r:t:s0\n/(.*/)*(.*/)*x u:r:t:s0\n/((a+)+)+$ u:r:t:s0\n")
    started = time.process_time()
    for path in ("/" + "a" * 4000 + "c", "/" + "a/" * 2000 + "y"):
        assert contexts.match(path, "file") is None
    assert time.process_time() - started < 8
