"""Single forms of rsyslog's, the journal's and AIDE's files that samples do not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.audit_coverage import AuditPlaces
from hardcheck.facts.integrity import AideConfig
from hardcheck.facts.logs import RsyslogConfig
from hardcheck.parse.base import run_parser
from hardcheck.parse.rainer_script import Statement, statements
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import host, tree

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}
MAIN = "/etc/rsyslog.conf"


def read(text: str) -> list[Statement]:
    return list(statements(Evidence("k", "", text.encode()), "f"))


def rsyslog(text: str, files: dict[str, str | bytes | Reason] | None = None) -> RsyslogConfig | Absent:
    found = run_parser(FACTS["logs.rsyslog"], host(tree("logs.rsyslog", {MAIN: text, **(files or {})})))
    assert isinstance(found, RsyslogConfig | Absent)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('module(load="imudp") # here', [("module", "", {"load": "imudp"}, "f:1")]),
        ("# module(load='imudp')\n$X 1", [("", "$X 1", {}, "f:2")]),
        ('/* a\nb */ input(type="imtcp")', [("input", "", {"type": "imtcp"}, "f:2")]),
        (
            '*.* action ( type = "omfwd"\n# x\n target="a" )',
            [("action", "*.*", {"type": "omfwd", "target": "a"}, "f:1")],
        ),
        ('action(type="x" a="b \\" ) c")', [("action", "", {"type": "x", "a": 'b \\" ) c'}, "f:1")]),
        (
            "if $msg contains 'action(' then {\n stop\n}",
            [("", "if $msg contains 'action(' then", {}, "f:1"), ("", "stop", {}, "f:2")],
        ),
        (
            'if prifilt("a.*") then action(type="x") & stop',
            [("action", "", {"type": "x"}, "f:1"), ("", "& stop", {}, "f:1")],
        ),
        ("mail.* \\\n  /var/log/mail", [("", "mail.* /var/log/mail", {}, "f:1")]),
        ('set $.a = "action(x";\n', [("", 'set $.a = "action(x";', {}, "f:1")]),
    ],
)
def test_objects_and_lines_are_told_apart(
    text: str, expected: list[tuple[str, str, dict[str, str], str]]
) -> None:
    assert [(each.name, each.text, each.values, each.place) for each in read(text)] == expected


@pytest.mark.parametrize("text", ['action(type="x"', 'action(type="x)', "/* never closed"])
def test_what_is_never_closed_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        read(text)


_PARTS = st.sampled_from(
    ["action(", ")", '"', "'", "\\", "\n", "#", "/*", "*/", "a.b ", "x=", "{", "$", " ", "\0"]
)


@given(st.lists(_PARTS, max_size=40))
def test_any_text_is_statements_or_a_parse_error(parts: list[str]) -> None:
    try:
        found = read("".join(parts))
    except ParseError:
        return
    assert all(each.place.startswith("f:") for each in found)


OLD_TLS = "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n"


@pytest.mark.parametrize(
    ("text", "encrypted", "verified"),
    [
        ("*.* @@logs:6514", False, False),
        (OLD_TLS + "*.* @@logs:6514", True, False),
        (OLD_TLS + "$ActionSendStreamDriverAuthMode x509/name\n*.* @@(o)logs:6514;format", True, True),
        (OLD_TLS + "*.* @logs", False, False),
        ("*.* @@logs\n" + OLD_TLS, False, False),
        (
            'action(type="omfwd" target="logs" protocol="tcp" streamdriver="ossl" streamdrivermode="1")',
            True,
            False,
        ),
        ('action(type="omfwd" target="logs" protocol="tcp" streamdrivermode="1")', False, False),
        ('action(type="omrelp" target="logs" tls="on")', True, False),
    ],
)
def test_a_forward_is_encrypted_by_driver_and_mode(text: str, encrypted: bool, verified: bool) -> None:
    found = rsyslog(text)
    assert isinstance(found, RsyslogConfig)
    (forward,) = found.forwards
    assert forward.target.startswith("logs")
    assert (forward.encrypted, forward.verified) == (encrypted, verified)


def test_the_mode_in_force_is_that_of_the_lines_above() -> None:
    found = rsyslog("*.* /var/log/a\n$FileCreateMode 0600\nmail.* -/var/log/b;format\n")
    assert isinstance(found, RsyslogConfig)
    assert [(file.path, file.mode) for file in found.files] == [
        ("/var/log/a", "0644"),
        ("/var/log/b", "0600"),
    ]
    assert found.mode_place == f"{MAIN}:2"


def test_an_include_that_was_not_read_leaves_nothing_known() -> None:
    for text in ("$IncludeConfig /srv/rsyslog/*.conf", 'include(file="/etc/rsyslog.d/deeper/a.conf")'):
        found = rsyslog(text)
        assert isinstance(found, Absent)
        assert found.reason is Reason.NOT_COLLECTED
    unreadable = rsyslog("$IncludeConfig /etc/rsyslog.d/*.conf", {"/etc/rsyslog.d/a.conf": Reason.DENIED})
    assert isinstance(unreadable, Absent)
    assert isinstance(rsyslog("$IncludeConfig /etc/rsyslog.d/*.conf"), RsyslogConfig)
    assert isinstance(rsyslog("$IncludeConfig /var/run/rsyslog/additional-log-sockets.conf"), RsyslogConfig)


def test_an_include_of_itself_is_no_loop() -> None:
    found = rsyslog("$IncludeConfig /etc/rsyslog.conf")
    assert isinstance(found, Absent)
    assert found.reason is Reason.UNPARSABLE


def test_without_its_main_file_rsyslog_is_not_there() -> None:
    found = run_parser(FACTS["logs.rsyslog"], host(tree("logs.rsyslog", {"/etc/rsyslog.d/20-ufw.conf": ""})))
    assert isinstance(found, Absent)
    assert found.reason is Reason.NOT_PRESENT


@pytest.mark.parametrize(
    "text", ["", "link /bin\nreal /usr/bin\n", "link /bin\nend\n", "setid\nend\n", "link bin\nend\n"]
)
def test_a_fragment_that_is_not_whole_is_no_answer(text: str) -> None:
    found = run_parser(FACTS["audit.places"], host({"audit.places": text}))
    assert isinstance(found, Absent)
    assert found.reason is Reason.UNPARSABLE


def test_names_with_blanks_are_whole() -> None:
    text = "setid /opt/a b/tool\nend\n"
    found = run_parser(FACTS["audit.places"], host({"audit.places": text}))
    assert isinstance(found, AuditPlaces)
    assert found.privileged == ("/opt/a b/tool",)


def aide(files: dict[str, str | bytes | Reason]) -> AideConfig:
    found = run_parser(FACTS["integrity.aide"], host(tree("integrity.aide", files)))
    assert isinstance(found, AideConfig)
    return found


def test_groups_are_written_out_and_taken_away_from() -> None:
    found = aide(
        {"/etc/aide.conf": "A = p+u+sha512\nB = A-u+xattrs\n/etc B\n/var L\n!/tmp\n=/opt$ p+q\nx = y\n"}
    )
    attributes = {each.pattern: each.attributes for each in found.selections}
    assert attributes["/etc"] == ("p", "sha512", "xattrs")
    assert {"acl", "selinux", "xattrs"} <= set(attributes["/var"])
    assert [(each.kind, each.pattern) for each in found.selections if each.kind != "/"] == [
        ("!", "/tmp"),
        ("=", "/opt$"),
    ]
    assert found.settings == {"x": ("y",)}


def test_what_a_script_makes_and_what_was_not_collected_is_told() -> None:
    text = "@@x_include /etc/aide/aide.conf.d ^[a-z_0-9]+$\n@@include /srv/more.conf\n"
    found = aide(
        {
            "/etc/aide/aide.conf": text,
            "/etc/aide/aide.conf.d/a": "#!/bin/sh\n",
            "/etc/aide/aide.conf.d/b": "/b p\n",
        }
    )
    assert found.unread == ("what /etc/aide/aide.conf.d/a prints", "/srv/more.conf")
    assert [each.pattern for each in found.selections] == ["/b"]
