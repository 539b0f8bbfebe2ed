"""The common question, put to Debian's policy."""

from __future__ import annotations

import pytest

from hardcheck.access.model import (
    AccessPolicy,
    Action,
    Capability,
    Native,
    Object,
    Path,
    Port,
    Subject,
    Verdict,
)
from hardcheck.selinux.access import SelinuxPolicy
from tests.unit.selinux.policies import debian, debian_labels, small

HTTPD = Subject("httpd_t", "nginx")


def asked(**booleans: bool) -> SelinuxPolicy:
    return SelinuxPolicy(debian().with_booleans(booleans), debian_labels())


@pytest.fixture(scope="module")
def policy() -> SelinuxPolicy:
    return asked()


def test_it_is_an_access_policy(policy: SelinuxPolicy) -> None:
    any_framework: AccessPolicy = policy
    assert any_framework.framework == "selinux"


QUESTIONS: list[tuple[str, Action, Object, Verdict]] = [
    ("httpd_t", Action.READ, Path("/etc/shadow"), Verdict.DENIED),
    ("httpd_t", Action.READ, Path("/var/www/html/index.html"), Verdict.ALLOWED),
    ("httpd_t", Action.READ, Path("/var/www", "dir"), Verdict.ALLOWED),
    ("httpd_t", Action.WRITE, Path("/var/www/html/index.html"), Verdict.DENIED),
    ("httpd_t", Action.APPEND, Path("/var/log/nginx/access.log"), Verdict.ALLOWED),
    ("httpd_t", Action.CREATE, Path("/var/log/nginx/new.log"), Verdict.ALLOWED),
    ("httpd_t", Action.DELETE, Path("/var/log/nginx/access.log"), Verdict.DENIED),
    ("httpd_t", Action.WRITE, Path("/etc/cron.d", "dir"), Verdict.DENIED),
    ("httpd_t", Action.EXECUTE, Path("/bin/bash"), Verdict.ALLOWED),
    ("init_t", Action.EXECUTE, Path("/usr/sbin/nginx"), Verdict.ALLOWED),
    ("httpd_t", Action.MMAP_EXECUTE, Path("/lib/x86_64-linux-gnu/libc.so.6"), Verdict.ALLOWED),
    ("httpd_t", Action.READ, Path("/proc/kcore"), Verdict.DENIED),
    ("httpd_t", Action.READ, Path("/etc/passwd", context="system_u:object_r:shadow_t:s0"), Verdict.DENIED),
    ("httpd_t", Action.BIND, Port("tcp", 80), Verdict.ALLOWED),
    ("httpd_t", Action.BIND, Port("tcp", 22), Verdict.DENIED),
    ("httpd_t", Action.CONNECT, Port("tcp", 3306), Verdict.DENIED),
    ("httpd_t", Action.USE, Capability("net_bind_service"), Verdict.ALLOWED),
    ("httpd_t", Action.USE, Capability("sys_module"), Verdict.DENIED),
    ("httpd_t", Action.USE, Capability("mac_admin"), Verdict.DENIED),
    ("httpd_t", Action.PTRACE, Subject("sshd_t"), Verdict.DENIED),
    ("httpd_t", Action.SIGNAL, Subject("httpd_t"), Verdict.ALLOWED),
    ("user_t", Action.TRANSITION, Subject("passwd_t"), Verdict.ALLOWED),
    ("httpd_t", Action.TRANSITION, Subject("unconfined_t"), Verdict.DENIED),
    ("httpd_t", Action.SET_POLICY, Subject(""), Verdict.DENIED),
    ("load_policy_t", Action.SET_POLICY, Subject(""), Verdict.ALLOWED),
    ("kmod_t", Action.LOAD_MODULE, Subject(""), Verdict.ALLOWED),
    ("httpd_t", Action.LOAD_MODULE, Path("/lib/modules/x.ko"), Verdict.DENIED),
    ("httpd_t", Action.USE, Native("shadow_t", "file", "getattr"), Verdict.DENIED),
    ("httpd_t", Action.CONNECT, Path("/run/php/php-fpm.sock", "sock_file"), Verdict.ALLOWED),
]


@pytest.mark.parametrize(("subject", "action", "object_", "verdict"), QUESTIONS)
def test_questions_of_debians_policy(
    policy: SelinuxPolicy, subject: str, action: Action, object_: Object, verdict: Verdict
) -> None:
    answer = policy.may(Subject(subject), action, object_)
    assert answer.verdict is verdict, answer
    assert answer.because
    assert answer.outside


@pytest.mark.parametrize(("subject", "action", "object_", "verdict"), QUESTIONS)
def test_who_may_agrees_with_may(
    policy: SelinuxPolicy, subject: str, action: Action, object_: Object, verdict: Verdict
) -> None:
    assert (Subject(subject) in policy.who_may(action, object_)) == (verdict is Verdict.ALLOWED)


@pytest.mark.parametrize(
    ("subject", "action", "object_", "reason"),
    [
        ("no_such_t", Action.READ, Path("/etc/shadow"), "a type that the policy defines"),
        ("httpd_t", Action.READ, Path("/proc/1/environ"), "define no label for /proc/1/environ"),
        ("httpd_t", Action.READ, Path("/etc/shadow", context="a:b:c:s0"), "a user that the policy defines"),
        ("httpd_t", Action.READ, Path("/etc/shadow", "door"), "no kind of file is called 'door'"),
        ("httpd_t", Action.CONNECT, Port("icmp", 1), "a protocol of tcp udp dccp sctp"),
        ("httpd_t", Action.READ, Port("tcp", 80), "no permission for 'read' on a port"),
        ("httpd_t", Action.CONNECT, Port("udp", 53), "does not check the port of a UDP connection"),
        ("httpd_t", Action.EXECUTE, Capability("sys_admin"), "no permission for 'execute' on a capability"),
    ],
)
def test_what_cannot_be_answered_is_unknown_with_the_reason(
    policy: SelinuxPolicy, subject: str, action: Action, object_: Object, reason: str
) -> None:
    answer = policy.may(Subject(subject), action, object_)
    assert answer.verdict is Verdict.UNKNOWN
    assert reason in answer.unknown


def test_without_file_contexts_a_path_needs_its_context() -> None:
    bare = SelinuxPolicy(debian())
    assert "no file_contexts were given" in bare.may(HTTPD, Action.READ, Path("/etc/shadow")).unknown
    labelled = Path("/etc/shadow", context="system_u:object_r:shadow_t:s0")
    assert bare.may(HTTPD, Action.READ, labelled).verdict is Verdict.DENIED
    assert bare.may(HTTPD, Action.CREATE, labelled).verdict is Verdict.DENIED


def test_a_boolean_of_the_host_opens_a_port() -> None:
    question = HTTPD, Action.CONNECT, Port("tcp", 3306)
    closed, opened = asked().may(*question), asked(httpd_can_network_connect_db=True).may(*question)
    assert not closed.allowed
    assert any("httpd_can_network_connect_db is off" in line for line in closed.because)
    assert opened.allowed
    assert opened.because == (
        "if (httpd_can_network_connect_db) { allow httpd_t mysqld_port_t:tcp_socket name_connect; } "
        "# httpd_can_network_connect_db is on",
    )


def test_an_execution_says_what_it_leads_to(policy: SelinuxPolicy) -> None:
    nginx = Path("/usr/sbin/nginx")
    assert policy.may(Subject("init_t"), Action.EXECUTE, nginx).leads_to == "system_u:system_r:httpd_t:s0"
    assert policy.runs_as(Subject("init_t"), nginx) == "system_u:system_r:httpd_t:s0"
    assert policy.runs_as(Subject("no_such_t"), nginx) == ""
    shell = policy.may(HTTPD, Action.EXECUTE, Path("/bin/bash"))
    assert shell.leads_to == "system_u:system_r:httpd_t:s0"


def test_a_closed_folder_on_the_way_is_named(policy: SelinuxPolicy) -> None:
    outside = policy.may(HTTPD, Action.READ, Path("/etc/cron.d/job")).outside
    assert any("/etc/cron.d (system_cron_spool_t)" in line for line in outside)


def test_a_permissive_host_or_domain_only_logs() -> None:
    shadow = Path("/etc/shadow")
    host = SelinuxPolicy(debian(), debian_labels(), enforcing=False)
    assert host.may(HTTPD, Action.READ, shadow).verdict is Verdict.LOGGED
    domain = SelinuxPolicy(small("permissive"))
    native = Native("secret_t", "file", "read")
    assert domain.may(Subject("other_t"), Action.USE, native).verdict is Verdict.LOGGED
    assert domain.may(Subject("server_t"), Action.USE, native).verdict is Verdict.DENIED
    assert domain.who_may(Action.USE, native) == ()


def test_a_dontaudit_rule_keeps_a_denial_out_of_the_log(policy: SelinuxPolicy) -> None:
    quiet = policy.may(HTTPD, Action.USE, Native("security_t", "file", "read"))
    assert not quiet.allowed
    assert not quiet.audited
    assert quiet.because[-1].startswith("dontaudit ")


def test_what_a_domain_may_write_is_said_in_paths(policy: SelinuxPolicy) -> None:
    paths = policy.what_may(HTTPD, Action.WRITE)
    assert "/var/cache/nginx(/.*)?" in paths
    assert "/etc/shadow.*" not in paths
    assert list(paths) == sorted(paths)


def test_what_a_domain_may_connect_bind_use_and_become(policy: SelinuxPolicy) -> None:
    assert "tcp 80" in policy.what_may(HTTPD, Action.BIND)
    assert "tcp 3306" not in policy.what_may(HTTPD, Action.CONNECT)
    assert "net_bind_service" in policy.what_may(HTTPD, Action.USE)
    assert "httpd_suexec_t" in policy.what_may(HTTPD, Action.TRANSITION)
    assert "httpd_t" in policy.what_may(HTTPD, Action.SIGNAL)
    assert policy.what_may(Subject("no_such_t"), Action.READ) == ()
    assert policy.what_may(HTTPD, Action.MOUNT) == ()
