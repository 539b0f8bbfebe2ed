"""The text form of access questions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.access import Action, Capability, Native, Path, Port, Subject, subject_name
from hardcheck.access.question import EXAMPLES, Question, QuestionError, QuestionKind, parse_question


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "may nginx read /etc/shadow",
            Question(QuestionKind.MAY, "nginx", Action.READ, "", Path("/etc/shadow")),
        ),
        (
            "may httpd_t read shadow_t:file",
            Question(QuestionKind.MAY, "httpd_t", Action.READ, "", Native("shadow_t", "file", "read")),
        ),
        (
            "may httpd_t getattr shadow_t:file?",
            Question(QuestionKind.MAY, "httpd_t", None, "getattr", Native("shadow_t", "file", "getattr")),
        ),
        (
            "may system_u:system_r:httpd_t:s0 read system_u:object_r:shadow_t:s0:file",
            Question(
                QuestionKind.MAY,
                "system_u:system_r:httpd_t:s0",
                Action.READ,
                "",
                Native("system_u:object_r:shadow_t:s0", "file", "read"),
            ),
        ),
        (
            "may pid 412 connect to tcp port 3306",
            Question(QuestionKind.MAY, "pid 412", Action.CONNECT, "", Port("tcp", 3306)),
        ),
        ("may nginx bind udp/53", Question(QuestionKind.MAY, "nginx", Action.BIND, "", Port("udp", 53))),
        (
            "may nginx use capability CAP_SYS_ADMIN",
            Question(QuestionKind.MAY, "nginx", Action.USE, "", Capability("sys_admin")),
        ),
        (
            "may 'my profile' ptrace sshd",
            Question(QuestionKind.MAY, "my profile", Action.PTRACE, "", Subject("sshd")),
        ),
        (
            "who may write /etc/cron.d",
            Question(QuestionKind.WHO_MAY, "", Action.WRITE, "", Path("/etc/cron.d")),
        ),
        ("what may php-fpm write", Question(QuestionKind.WHAT_MAY, "php-fpm", Action.WRITE)),
        ("What does /usr/sbin/nginx run as ?", Question(QuestionKind.RUNS_AS, "/usr/sbin/nginx")),
    ],
)
def test_questions_are_read_as_the_grammar_says(text: str, question: Question) -> None:
    assert parse_question(text) == question


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "begins with none"),
        ("can nginx read /etc/shadow", "begins with none"),
        ("may", "subject is missing"),
        ("may nginx", "action is missing"),
        ("may nginx read", "object is missing"),
        ("may nginx /etc/shadow read", "is no action"),
        ("may nginx read /etc/shadow now", "left over"),
        ("may pid x read /etc/shadow", "followed by a number"),
        ("may nginx bind tcp 70000", "above 65535"),
        ("may nginx bind tcp udp 53", "a port is written"),
        ("may 'nginx read /etc/shadow", "no closing quotation"),
        ("what may nginx write /etc", "ends with the action"),
        ("may a read " + "x" * 5000, "longer than"),
    ],
)
def test_another_form_gets_the_fault_the_grammar_and_three_examples(text: str, fault: str) -> None:
    with pytest.raises(QuestionError, match=fault) as caught:
        parse_question(text)
    assert all(example in str(caught.value) for example in EXAMPLES)
    assert "\n" not in str(caught.value)


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["may", "who", "what", "tcp", "9" * 30, "/x", "a:b", "'"])).map(" ".join)
)
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(QuestionError):
        assert parse_question(text).kind in QuestionKind


@pytest.mark.parametrize("action", ["set-policy", "load-module"])
def test_what_is_done_to_the_kernel_itself_needs_no_object(action: str) -> None:
    for text in (f"may nginx {action}", f"who may {action}"):
        assert parse_question(text).object_ == Subject("kernel")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("system_u:system_r:httpd_t:s0-s0:c0.c3", "httpd_t"),
        ("httpd_t", "httpd_t"),
        ("nginx (enforce)", "nginx"),
        (":ns://nginx (complain)", ":ns://nginx"),
        ("/usr/bin/a:b:c", "/usr/bin/a:b:c"),
        ("unconfined", "unconfined"),
    ],
)
def test_a_label_is_a_name_with_more_around_it(label: str, name: str) -> None:
    assert subject_name(label) == name
