"""Hosts without Ansible: words, plain lists, patterns over them, and what may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import ConfigError, HardcheckError, UsageError
from hardcheck.inventory.patterns import limit_names
from hardcheck.inventory.plain import read_plain_list
from hardcheck.inventory.variables import holds_secret, shown_variables
from hardcheck.inventory.words import HostWord, parse_host_word


def one_line(error: HardcheckError) -> None:
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("web1", HostWord("web1")),
        ("root@web1:2222", HostWord("web1", "root", 2222)),
        ("web1.example.net:22", HostWord("web1.example.net", "", 22)),
        ("192.0.2.7", HostWord("192.0.2.7")),
        ("2001:db8::1", HostWord("2001:db8::1")),
        ("me@[2001:db8::1]:2222", HostWord("2001:db8::1", "me", 2222)),
        ("fe80::1%eth0", HostWord("fe80::1%eth0")),
        ("svc_scan+ro@web1", HostWord("web1", "svc_scan+ro", 0)),
    ],
)
def test_a_word_is_taken_apart(word: str, parts: HostWord) -> None:
    assert parse_host_word(word) == parts


@pytest.mark.parametrize(
    "word",
    [
        "",
        "a b",
        "-oProxyCommand=x",
        "@web1",
        "web1:",
        "web1:0",
        "web1:65536",
        "a@b@c",
        "web1:x",
        "a/b",
        "é",
        "--",
    ],
)
def test_what_is_no_host_is_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError):
        parse_host_word(word)


@given(st.text(max_size=50))
def test_any_word_is_a_host_or_a_usage_error(word: str) -> None:
    try:
        parts = parse_host_word(word)
    except UsageError as error:
        one_line(error)
        return
    assert parts.host
    assert not parts.host.startswith("-")
    assert 0 <= parts.port <= 65535


def test_a_plain_list_has_comments_blanks_and_each_host_once(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("# fleet\nweb1\n\n  root@web2:2222  # the second\nweb1\r\n2001:db8::1\n")
    assert read_plain_list(tmp_path / "hosts") == [
        HostWord("web1"),
        HostWord("web2", "root", 2222),
        HostWord("2001:db8::1"),
    ]


@pytest.mark.parametrize(
    "text",
    ["[web]\nweb1\n", "web1 ansible_host=x\n", "all:\n  hosts:\n", "---\n", "web[01:20]\n", '{"all": {}}\n'],
)
def test_what_is_more_than_a_list_is_left_to_ansible(tmp_path: Path, text: str) -> None:
    (tmp_path / "hosts").write_text(text)
    assert read_plain_list(tmp_path / "hosts") is None


def test_a_program_and_a_folder_are_left_to_ansible(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web1\n")
    (tmp_path / "hosts").chmod(0o755)
    assert read_plain_list(tmp_path / "hosts") is None
    assert read_plain_list(tmp_path) is None


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_bytes(b"web1\nw\xffb2\n")
    with pytest.raises(ConfigError, match="hosts:2: expected UTF-8"):
        read_plain_list(tmp_path / "hosts")


@given(st.binary(max_size=300))
def test_any_file_is_a_list_or_not(data: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        try:
            read_plain_list(Path(file.name))
        except HardcheckError as error:
            one_line(error)


NAMES = ["web1", "web2", "db1", "db2", "2001:db8::1"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("all", NAMES),
        ("web*", ["web1", "web2"]),
        ("web1,db1", ["web1", "db1"]),
        ("web1:db1", ["web1", "db1"]),
        ("all:!db*", ["web1", "web2", "2001:db8::1"]),
        ("!db*", ["web1", "web2", "2001:db8::1"]),
        ("*1,&web*", ["web1"]),
        ("!web1,web*", ["web2"]),
        (r"~^(web|db)2$", ["web2", "db2"]),
        ("web[12]", ["web1", "web2"]),
        ("2001:db8::1,db2", ["db2", "2001:db8::1"]),
    ],
)
def test_a_pattern_leaves_what_ansible_would_leave(pattern: str, left: list[str]) -> None:
    assert limit_names(NAMES, pattern) == left


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("nope", "nope: no host"),
        ("web1,nope", "nope: no host"),
        ("web1:&nope", "nope: no host"),
        ("~(", r"~\(: not a regular expression"),
        ("@/no/such/file", "@/no/such/file: No such file"),
    ],
)
def test_a_pattern_that_fits_nothing_is_a_usage_error(pattern: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        limit_names(NAMES, pattern)


def test_a_file_of_patterns_is_read(tmp_path: Path) -> None:
    (tmp_path / "retry").write_text("web2\n\ndb1\n")
    assert limit_names(NAMES, f"@{tmp_path / 'retry'}") == ["web2", "db1"]


@given(st.text(max_size=30))
def test_any_pattern_gives_names_or_a_usage_error(pattern: str) -> None:
    try:
        assert set(limit_names(NAMES, pattern)) <= set(NAMES)
    except UsageError:
        return


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("db_password", "hunter2"),
        ("admin_pass", "x"),
        ("api_key", "x"),
        ("ssl_private_key", "x"),
        ("vault_thing", "x"),
        ("snmp_community", "public"),
        ("slack_token", "x"),
        ("notes", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"),
        ("database", "postgres://app:hunter2@db1/app"),
        ("user_shadow", "$6$rounds=5000$salt$abcdefgh"),
        ("ci", "ghp_abcdefghijklmnop0123456789"),
        ("cloud", "AKIAIOSFODNN7EXAMPLE"),
        ("blob", "Q2hpY2tlbnMgZG9uJ3QgY2xhcCB0aGVpciBoYW5kczEyMw"),
        ("settings", {"listen": 80, "auth": {"password": "x"}}),
        ("users", [{"name": "a", "secret": "x"}]),
        ("command", "mysql --password=hunter2"),
        ("inline", "$ANSIBLE_VAULT;1.1;AES256"),
    ],
)
def test_a_secret_is_withheld(name: str, value: object) -> None:
    assert shown_variables({name: value}) == {}


def test_what_is_no_secret_is_shown_as_text() -> None:
    assert shown_variables(
        {
            "site": "Zürich",
            "rack": 7,
            "ha": True,
            "passive_ports": "30000-30100",
            "roles": ["web", "cache"],
            "listen": {"http": 80},
            "monkey": "see",
            "nothing": None,
            "path": "/srv/www/a.example/htdocs",
        }
    ) == {
        "site": "Zürich",
        "rack": "7",
        "ha": "true",
        "passive_ports": "30000-30100",
        "roles": '["web", "cache"]',
        "listen": '{"http": 80}',
        "monkey": "see",
        "path": "/srv/www/a.example/htdocs",
    }


def test_what_is_shown_is_bounded() -> None:
    assert len(shown_variables({f"v{n}": n for n in range(2000)})) == 500
    assert len(shown_variables({"long": "ab " * 5000})["long"]) == 1000
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    assert holds_secret(deep)
