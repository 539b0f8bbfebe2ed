"""Denials that must never lead to a proposal to allow them, whatever is known; and look-alikes."""

from __future__ import annotations

import pytest

from hardcheck.access import Action, Path
from hardcheck.denials.model import Group
from hardcheck.exposure.goals import load_goals
from hardcheck.triage.danger import hits_of
from hardcheck.triage.danger_list import DANGERS
from hardcheck.triage.explain import explain
from hardcheck.triage.model import Explanation
from hardcheck.triage.request import Request
from hardcheck.triage.world import World, without_host, world_of_profiles
from tests.unit.triage.groups import apparmor, debian_world, profiles, selinux

WEB = "/usr/sbin/nginx"
PROFILES = """
profile nginx /usr/sbin/nginx {
  /srv/www/a/** r,
  include if exists <local/app>
}
"""

# Reviewed by hand: each is what an intruder does, and what some tool has offered a rule for.
SELINUX: list[tuple[str, Group]] = [
    ("password-hashes", selinux("httpd_t", "shadow_t", "file", "read", "/etc/shadow", exe=WEB)),
    ("password-hashes", selinux("ntpd_t", "shadow_t", "file", "getattr open")),
    ("password-hashes", selinux("httpd_t", "etc_t", "file", "read", "/etc/shadow-", exe=WEB)),
    ("ssh-keys", selinux("httpd_t", "sshd_key_t", "file", "read", "/etc/ssh/ssh_host_rsa_key")),
    ("ssh-keys", selinux("mysqld_t", "ssh_home_t", "dir", "add_name write", "/root/.ssh")),
    ("tls-keys", selinux("ntpd_t", "cert_t", "file", "read", "/etc/pki/tls/private/localhost.key")),
    ("stored-secrets", selinux("httpd_t", "krb5_keytab_t", "file", "read", "/etc/krb5.keytab")),
    ("stored-secrets", selinux("httpd_t", "user_home_t", "file", "read", "/home/u/.aws/credentials")),
    ("memory-execution", selinux("httpd_t", "httpd_t", "process", "execmem", exe=WEB)),
    ("memory-execution", selinux("ntpd_t", "ntpd_t", "process", "execstack")),
    ("memory-execution", selinux("httpd_t", "lib_t", "file", "execmod", "/usr/lib/x.so")),
    ("memory-execution", selinux("httpd_t", "tmp_t", "file", "execute", "/tmp/x", exe=WEB)),
    ("kernel-modules", selinux("httpd_t", "httpd_t", "capability", "sys_module")),
    ("kernel-modules", selinux("ntpd_t", "modules_object_t", "system", "module_load")),
    ("policy-writes", selinux("httpd_t", "security_t", "security", "load_policy")),
    ("policy-writes", selinux("httpd_t", "security_t", "security", "setenforce")),
    ("policy-writes", selinux("ntpd_t", "selinux_config_t", "file", "write", "/etc/selinux/config")),
    ("raw-devices", selinux("httpd_t", "fixed_disk_device_t", "blk_file", "read", "/dev/sda")),
    ("raw-devices", selinux("ntpd_t", "memory_device_t", "chr_file", "read write", "/dev/mem")),
    ("raw-devices", selinux("httpd_t", "httpd_t", "capability", "sys_rawio")),
    ("kernel-memory", selinux("httpd_t", "proc_kcore_t", "file", "read", "/proc/kcore")),
    ("ptrace", selinux("httpd_t", "sshd_t", "process", "ptrace")),
    ("ptrace", selinux("ntpd_t", "ntpd_t", "capability", "sys_ptrace")),
    (
        "other-tenants",
        selinux("svirt_t", "svirt_image_t", "file", "read", level="s0:c1,c2", target_level="s0:c3,c4"),
    ),
    ("unlabelled", selinux("ntpd_t", "unlabeled_t", "file", "read")),
    ("shells", selinux("httpd_t", "shell_exec_t", "file", "execute", "/usr/bin/dash", exe=WEB)),
    ("shells", selinux("mysqld_t", "shell_exec_t", "file", "execute_no_trans", "/bin/sh")),
    ("unconfined", selinux("httpd_t", "unconfined_t", "process", "transition")),
    ("start-up-files", selinux("httpd_t", "system_cron_spool_t", "file", "write", "/etc/cron.d/x")),
    ("start-up-files", selinux("ntpd_t", "systemd_unit_t", "dir", "add_name write", "/etc/systemd/system")),
    ("programs", selinux("httpd_t", "bin_t", "file", "write", "/usr/bin/ls")),
    ("accounts", selinux("httpd_t", "etc_t", "file", "write", "/etc/passwd")),
    ("audit-trail", selinux("httpd_t", "auditd_log_t", "file", "unlink", "/var/log/audit/audit.log")),
    ("root-capabilities", selinux("httpd_t", "httpd_t", "capability", "sys_admin")),
    ("mounts", selinux("httpd_t", "fs_t", "filesystem", "mount")),
    ("whole-folders", selinux("ntpd_t", "etc_t", "dir", "add_name write", "/etc", exe="/usr/sbin/ntpd")),
    ("borrowed-credentials", selinux("httpd_t", "init_t", "io_uring", "override_creds", exe=WEB)),
    ("container-engine", selinux("httpd_t", "container_var_run_t", "sock_file", "write", "/run/docker.sock")),
]
APPARMOR: list[tuple[str, Group]] = [
    ("password-hashes", apparmor("nginx", "open", "/etc/shadow", "r")),
    ("ssh-keys", apparmor("nginx", "open", "/root/.ssh/id_ed25519", "r")),
    ("ssh-keys", apparmor("nginx", "mknod", "/home/u/.ssh/authorized_keys", "c")),
    ("tls-keys", apparmor("nginx", "open", "/etc/ssl/private/other.key", "r")),
    ("stored-secrets", apparmor("nginx", "open", "/root/.my.cnf", "r")),
    ("memory-execution", apparmor("nginx", "file_mmap", "/tmp/x.so", "m")),
    ("memory-execution", apparmor("nginx", "exec", "/dev/shm/x", "x")),
    ("kernel-modules", apparmor("nginx", "capable", capability="sys_module")),
    ("kernel-modules", apparmor("nginx", "exec", "/usr/bin/kmod", "x")),
    ("policy-writes", apparmor("nginx", "capable", capability="mac_admin")),
    ("policy-writes", apparmor("nginx", "open", "/etc/apparmor.d/local/app", "w")),
    ("policy-writes", apparmor("nginx", "open", "/sys/kernel/security/apparmor/.replace", "w")),
    ("raw-devices", apparmor("nginx", "open", "/dev/sda1", "r")),
    ("kernel-memory", apparmor("nginx", "open", "/proc/sys/kernel/core_pattern", "w")),
    ("ptrace", apparmor("nginx", "ptrace", "", "trace", peer="sshd")),
    ("ptrace", apparmor("nginx", "open", "/proc/612/mem", "r")),
    ("shells", apparmor("nginx", "exec", "/usr/bin/bash", "x")),
    ("shells", apparmor("nginx", "exec", "/usr/bin/nc", "x")),
    ("unconfined", apparmor("nginx", "change_profile", "unconfined", target="unconfined")),
    ("start-up-files", apparmor("nginx", "open", "/etc/cron.d/x", "wc")),
    ("programs", apparmor("nginx", "open", "/usr/sbin/nginx", "w")),
    ("accounts", apparmor("nginx", "open", "/etc/sudoers.d/x", "r")),
    ("audit-trail", apparmor("nginx", "unlink", "/var/log/audit/audit.log", "d")),
    ("root-capabilities", apparmor("nginx", "capable", capability="sys_admin")),
    ("mounts", apparmor("nginx", "mount", "/mnt/", fstype="ext4", srcname="/dev/sdb")),
    ("borrowed-credentials", apparmor("nginx", "uring_override", "", "override_creds", target="sshd")),
    ("container-engine", apparmor("nginx", "connect", "/run/docker.sock", "wr")),
]
HARMLESS = [
    selinux("httpd_t", "httpd_sys_content_t", "file", "read", "/srv/www/a/index.html", exe=WEB),
    selinux("logrotate_t", "shell_exec_t", "file", "execute", "/bin/sh", exe="/usr/sbin/logrotate"),
    selinux("httpd_t", "httpd_t", "process", "signal"),
    selinux("httpd_t", "mysqld_port_t", "tcp_socket", "name_connect"),
    apparmor("nginx", "open", "/srv/www/b/index.html", "r"),
    apparmor("logrotate", "exec", "/usr/bin/dash", "x"),
    apparmor("nginx", "capable", capability="net_bind_service"),
    apparmor("nginx", "open", "/usr/lib/x.so", "rm"),
    apparmor("nginx", "open", "/etc/ssl/certs/ca.pem", "r"),
]


def widening(explanation: Explanation) -> list[str]:
    """Steps that would allow something: rules, switches, labels of ports and paths by hand."""
    steps = explanation.cure.steps if explanation.cure is not None else ()
    rules = [step.text for step in steps if step.kind in ("te", "cil", "apparmor", "fc")]
    changing = ("setsebool", "semanage", "chcon", "semodule -i")
    return rules + [line for step in steps if (line := " ".join(step.words)).startswith(changing)]


def test_there_are_forty_cases_over_both_frameworks() -> None:
    assert len(SELINUX) >= 30
    assert len(APPARMOR) >= 20
    assert {name for name, _ in SELINUX + APPARMOR} == {danger.id for danger in DANGERS}


@pytest.mark.parametrize(
    ("id_", "group"), SELINUX + APPARMOR, ids=lambda value: getattr(value, "object", value)
)
def test_a_log_alone_never_leads_to_a_rule_for_a_danger(id_: str, group: Group) -> None:
    (explanation,) = explain([group], without_host())
    assert id_ in [hit.id for hit in explanation.danger]
    assert widening(explanation) == []


@pytest.mark.parametrize(("id_", "group"), SELINUX)
def test_a_policy_never_leads_to_a_rule_for_a_danger(id_: str, group: Group) -> None:
    (explanation,) = explain([group], debian_world())
    assert id_ in [hit.id for hit in explanation.danger]
    assert widening(explanation) == []


@pytest.mark.parametrize(("id_", "group"), APPARMOR)
def test_profiles_never_lead_to_a_rule_for_a_danger(id_: str, group: Group) -> None:
    (explanation,) = explain([group], world_of_profiles(profiles(PROFILES)))
    assert id_ in [hit.id for hit in explanation.danger]
    assert widening(explanation) == []


@pytest.mark.parametrize("group", HARMLESS)
def test_what_only_looks_alike_is_on_no_list(group: Group) -> None:
    (explanation,) = explain([group], World())
    assert explanation.danger == ()


def test_the_history_of_the_process_is_told_with_a_danger() -> None:
    shadow = selinux("httpd_t", "shadow_t", "file", "read", "/etc/shadow", exe=WEB)
    shell = selinux("httpd_t", "shell_exec_t", "file", "execute", "/bin/sh", exe=WEB)
    explanations = explain([shadow, shell])
    assert any("shell_exec_t" in line for line in explanations[0].history)
    assert any("parent 1" in line for line in explanations[0].history)


def test_every_path_that_an_attack_goal_asks_for_by_default_is_on_the_list() -> None:
    """Content, mail of users and name resolution are no dangers of their own: a service may serve them."""
    left = {
        "read-web-content",
        "write-web-root",
        "read-home-folders",
        "read-application-secrets",
        "execute-shell",
    }
    words = {Action.READ: "r", Action.WRITE: "w", Action.CREATE: "w", Action.APPEND: "a", Action.DELETE: "d"}
    missing = []
    for goal in load_goals():
        if goal.id in left:
            continue
        asks = [ask for ways in goal.ways.values() for way in ways for ask in way]
        for ask in asks:
            if not isinstance(ask.object_, Path) or ask.action not in words:
                continue
            for path in goal.defaults if ask.takes_object else (ask.object_.path,):
                request = Request("apparmor", "nginx", "", "file", (words[ask.action],), path)
                if path.startswith("/") and not hits_of(request):
                    missing.append(f"{goal.id}: {ask.action} {path}")
    assert missing == []
