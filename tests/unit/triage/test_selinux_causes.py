"""The causes of SELinux denials, by Debian 12's own policy and file_contexts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hardcheck.access import subject_name
from hardcheck.denials.model import ErrorKind, Group, Outcome, SelinuxDenial
from hardcheck.denials.reading import LogFile, read_logs
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.processes import Process
from hardcheck.facts.web import Site
from hardcheck.triage.explain import explain
from hardcheck.triage.model import Cause, Effect, Explanation
from hardcheck.triage.selinux_case import SelinuxCase
from hardcheck.triage.world import World, without_host
from tests.corpora import corpus
from tests.unit.triage.groups import bounded, debian_policy, debian_world, selinux

HTTPD = "httpd_t"


def told(group: Group, world: World | None = None) -> Explanation:
    (explanation,) = explain([group], world or debian_world())
    return explanation


def commands(explanation: Explanation) -> list[str]:
    steps = explanation.cure.steps if explanation.cure is not None else ()
    return [" ".join(step.words) for step in steps if step.words]


def rules(explanation: Explanation) -> list[str]:
    steps = explanation.cure.steps if explanation.cure is not None else ()
    return [step.text for step in steps if step.kind == "te"]


def test_a_moved_file_gets_its_label_back() -> None:
    found = told(selinux(HTTPD, "admin_home_t", "file", "read open", "/var/www/html/moved.html"))
    assert found.cause is Cause.LABEL
    assert commands(found) == ["restorecon -v -- /var/www/html/moved.html"]
    assert found.cure is not None
    assert found.cure.checked


def test_many_moved_files_of_one_folder_are_one_command() -> None:
    paths = [f"/var/www/html/shop/{number}.html" for number in range(6)]
    found = told(selinux(HTTPD, "user_home_t", "file", "read", *paths))
    assert commands(found) == ["restorecon -v -R -- /var/www/html/shop"]


def test_a_label_that_was_put_right_since_needs_nothing() -> None:
    label = FileLabel("/var/www/x", "f", "system_u:object_r:httpd_sys_content_t:s0", "644", 0, 0)
    world = msgspec.structs.replace(debian_world(), labels={"/var/www/x": label})
    found = told(selinux(HTTPD, "admin_home_t", "file", "read", "/var/www/x"), world)
    assert found.cause is Cause.NOW_ALLOWED
    assert not found.open


def test_a_customizable_type_takes_force() -> None:
    world = msgspec.structs.replace(debian_world(), customizable=frozenset({"user_home_t"}))
    found = told(selinux(HTTPD, "user_home_t", "file", "read", "/var/www/x"), world)
    assert commands(found) == ["restorecon -v -F -- /var/www/x"]


def test_a_file_that_carries_the_label_of_a_secret_is_not_relabelled() -> None:
    found = told(selinux(HTTPD, "shadow_t", "file", "read", "/var/www/html/backup"))
    assert found.cause is Cause.DANGER
    assert commands(found) == []


def test_an_own_folder_gets_a_specification() -> None:
    found = told(selinux(HTTPD, "default_t", "file", "getattr open read", "/data/shop/a/index.html"))
    assert found.cause is Cause.OWN_PATH
    assert commands(found)[0] == "semanage fcontext -a -t httpd_sys_content_t /data/shop/a(/.*)?"
    assert commands(found)[1] == "restorecon -R -v -- /data/shop/a"


def test_the_docroot_is_labelled_whole() -> None:
    site = Site("nginx", ("a",), ("/data/shop",), (), (), "www", "x:1")
    world = msgspec.structs.replace(debian_world(), sites=(site,))
    found = told(selinux(HTTPD, "default_t", "file", "getattr open read", "/data/shop/a/b/index.html"), world)
    assert commands(found)[1] == "restorecon -R -v -- /data/shop"


def test_a_folder_on_the_way_to_a_docroot_is_found_by_its_name() -> None:
    site = Site("nginx", ("a",), ("/data/shop",), (), (), "www", "x:1")
    world = msgspec.structs.replace(debian_world(), sites=(site,))
    found = told(selinux(HTTPD, "default_t", "dir", "search", "data"), world)
    assert found.cause is Cause.OWN_PATH
    assert commands(found) == [
        "semanage fcontext -a -t httpd_sys_content_t /data/shop(/.*)?",
        "semanage fcontext -a -f d -t httpd_sys_content_t /data",
        "restorecon -v -- /data",
        "restorecon -R -v -- /data/shop",
    ]
    for name, known in (("other", world), ("data", debian_world())):
        assert told(selinux(HTTPD, "default_t", "dir", "search", name), known).cause is not Cause.OWN_PATH


def test_a_hostile_path_stays_one_argument_and_matches_only_itself() -> None:
    found = told(selinux(HTTPD, "default_t", "file", "read", "/data/x;reboot #(.*)/i"))
    assert found.cure is not None
    spec = found.cure.steps[0].words[-1]
    assert spec == r"/data/x\;reboot\ \#\(\.\*\)(/.*)?"


@pytest.mark.parametrize("port", [81, 9999])
def test_a_free_port_gets_the_type_of_the_service(port: int) -> None:
    target = "reserved_port_t" if port < 1024 else "unreserved_port_t"
    found = told(selinux(HTTPD, target, "tcp_socket", "name_bind", object_=f"tcp {port}"))
    assert found.cause is Cause.PORT
    assert commands(found) == [f"semanage port -a -t http_port_t -p tcp {port}"]


def test_a_port_of_another_service_is_changed_not_added() -> None:
    found = told(selinux(HTTPD, "ssh_port_t", "tcp_socket", "name_bind", object_="tcp 22"))
    assert commands(found) == ["semanage port -m -t http_port_t -p tcp 22"]
    assert "taken from" in found.says


def test_the_narrowest_boolean_comes_with_all_that_it_opens() -> None:
    found = told(selinux(HTTPD, "mysqld_port_t", "tcp_socket", "name_connect", object_="tcp 3306"))
    assert found.cause is Cause.BOOLEAN
    assert commands(found) == ["setsebool -P httpd_can_network_connect_db=on"]
    assert found.cure is not None
    assert found.cure.opens is not None
    assert "tcp 5432 (postgresql_port_t) name_connect" in found.cure.opens.ports
    assert not any("3306" in port for port in found.cure.opens.ports)
    assert any("httpd_can_network_connect=on" in other for other in found.cure.alternatives)


def test_no_boolean_is_proposed_without_its_list() -> None:
    for target in ("mysqld_port_t", "smtp_port_t", "unreserved_port_t", "ldap_port_t"):
        found = told(selinux(HTTPD, target, "tcp_socket", "name_connect", object_="tcp 9000"))
        if any(line.startswith("setsebool") for line in commands(found)):
            assert found.cure is not None
            assert found.cure.opens is not None
            assert found.cure.opens.rights or found.cure.opens.ports


def test_a_boolean_that_is_on_already_allows() -> None:
    policy, _ = debian_policy()
    world = msgspec.structs.replace(
        debian_world(), selinux=policy.with_booleans({"httpd_can_network_connect_db": True})
    )
    found = told(selinux(HTTPD, "mysqld_port_t", "tcp_socket", "name_connect", object_="tcp 3306"), world)
    assert found.cause is Cause.NOW_ALLOWED


def test_a_service_started_by_hand_is_told_by_its_process() -> None:
    process = Process(
        99,
        5,
        "php-fpm8.2",
        0,
        0,
        0,
        False,
        "unconfined_u:unconfined_r:unconfined_t:s0",
        "/usr/sbin/php-fpm8.2",
        "system_u:object_r:httpd_exec_t:s0",
        unit="session-3.scope",
    )
    world = msgspec.structs.replace(debian_world(), processes=(process,))
    group = selinux(HTTPD, "unconfined_t", "unix_stream_socket", "connectto", "/run/php/a.sock")
    found = told(group, world)
    assert found.cause is Cause.TRANSITION
    assert "pid 99" in found.says
    assert "httpd_t" in found.says
    assert rules(found) == []


def test_a_constraint_is_quoted_and_no_rule_is_proposed() -> None:
    group = selinux("svirt_t", "svirt_image_t", "file", "read", level="s0:c1,c2", target_level="s0:c3,c4")
    found = told(group)
    assert found.cause is Cause.CONSTRAINT
    assert "c1,c2" in found.says
    assert "c3,c4" in found.says
    assert any("mlsconstrain" in proof.text for proof in found.proof)
    assert found.cure is None


def test_a_name_that_the_policy_lacks_is_a_missing_module() -> None:
    found = told(selinux("myapp_t", "etc_t", "file", "read"))
    assert found.cause is Cause.MODULE
    assert rules(found) == []


def test_a_raw_label_is_named() -> None:
    group = selinux(HTTPD, "unlabeled_t", "file", "read", "/srv/x")
    one = SelinuxDenial(
        "a:b:httpd_t:s0", "a:b:unlabeled_t:s0", "file", ("read",), raw_target="u:object_r:gone_t:s0"
    )
    group = msgspec.structs.replace(
        group, examples=(msgspec.structs.replace(group.examples[0], selinux=one),)
    )
    found = told(group)
    assert found.cause is Cause.MODULE
    assert "gone_t" in found.says


def test_a_wrong_role_is_said_in_words() -> None:
    group = selinux("unconfined_t", "httpd_t", "process", "transition", error=ErrorKind.INVALID_CONTEXT)
    one = SelinuxDenial(
        "unconfined_u:unconfined_r:unconfined_t:s0",
        "system_u:object_r:httpd_exec_t:s0",
        "process",
        (),
        invalid="unconfined_u:user_r:sshd_t:s0",
    )
    group = msgspec.structs.replace(
        group, examples=(msgspec.structs.replace(group.examples[0], selinux=one),)
    )
    found = told(group)
    assert found.cause is Cause.CONSTRAINT
    assert "user_r" in found.says


def test_a_true_gap_gets_exactly_what_was_refused() -> None:
    found = told(selinux("ntpd_t", "cron_spool_t", "dir", "search"))
    assert found.cause is Cause.GAP
    assert rules(found) == ["allow ntpd_t cron_spool_t:dir { search };"]
    assert found.cure is not None
    assert found.cure.checked


def test_a_rule_that_is_only_asked_about_is_weighed_with_what_takes_it_away() -> None:
    policy, _ = debian_policy()
    case = SelinuxCase(selinux("ntpd_t", "cron_spool_t", "dir", "search"), debian_world(), policy)
    assert case.refused_with(("search",)) == {}
    assert list(case.refused_with(())) == ["search"]
    assert case.refused() == ("search",)
    pair = bounded("system_u:system_r:ntpd_t:s0 unconfined_u:object_r:user_home_t:s0")
    other = selinux("ntpd_t", "user_home_t", "file", "relabelfrom", pairs=pair)
    left = SelinuxCase(other, debian_world(), policy).refused_with(("relabelfrom",))
    assert left["relabelfrom"][0].startswith("refused by constrain file")


def test_modes_are_what_is_wrong_behind_dac_override() -> None:
    found = told(selinux(HTTPD, HTTPD, "capability", "dac_override dac_read_search"))
    assert found.cause is Cause.NOT_MAC
    assert rules(found) == []


@pytest.mark.parametrize(
    ("class_", "wanted", "cause"),
    [
        ("capability2", "checkpoint_restore", Cause.NOT_MAC),
        ("capability", "sys_admin", Cause.NOT_MAC),
        ("process", "setrlimit", Cause.NOT_MAC),
        ("process", "execmem", Cause.DANGER),
    ],
)
def test_what_a_program_does_without_is_no_denial_to_cure_unless_it_is_a_danger(
    class_: str, wanted: str, cause: Cause
) -> None:
    group = selinux("ntpd_t", "ntpd_t", class_, wanted)
    succeeded = msgspec.structs.replace(group, succeeded=1)
    assert told(succeeded).cause is cause
    assert told(succeeded).open is bool(told(succeeded).danger) is (cause is Cause.DANGER)
    assert told(group).cause is not Cause.NOT_MAC


def test_an_audited_grant_is_nobodys_fault() -> None:
    found = told(selinux(HTTPD, "etc_t", "file", "read", outcome=Outcome.GRANTED))
    assert (found.cause, found.effect) == (Cause.NOT_MAC, Effect.LOGGED)


def test_permissive_denials_keep_their_cause() -> None:
    group = selinux(HTTPD, "admin_home_t", "file", "read", "/var/www/x", outcome=Outcome.WOULD_DENY)
    found = told(group)
    assert (found.cause, found.effect) == (Cause.LABEL, Effect.WOULD_BE)


def test_a_log_alone_says_what_is_missing() -> None:
    found = told(selinux(HTTPD, "admin_home_t", "file", "read", "/var/www/x"), without_host())
    assert found.cause is Cause.UNDECIDED
    assert any("policy" in text for text in found.missing)
    assert any("file_contexts" in text for text in found.missing)


SETROUBLESHOOT = {
    "restorecon": (Cause.LABEL, "restorecon -v -- /opt/real/RealPlayer/mozilla/nphelix.so"),
    "public_content": (Cause.OWN_PATH, "public_content_t"),
    "automount_exec_config": (Cause.LABEL, "restorecon -v -- /etc/auto.net"),
    "httpd_enable_cgi": (Cause.BOOLEAN, "setsebool -P httpd_enable_cgi=on"),
    "httpd_unified": (Cause.BOOLEAN, "httpd_unified=on"),
    "httpd_can_network_connect_db": (Cause.BOOLEAN, "setsebool -P httpd_can_network_connect_db=on"),
    "bind_ports": (Cause.PORT, "semanage port -a -t http_port_t -p tcp 81"),
}


def logs(name: str) -> tuple[Group, ...]:
    folder = corpus("setroubleshoot-logs") / "framework" / "test" / "data" / "audit"
    return groups_of(folder / f"{name}.log")


def groups_of(path: Path) -> tuple[Group, ...]:
    def blocks() -> Iterator[bytes]:
        yield path.read_bytes()

    return read_logs([[LogFile(path.name, blocks)]]).groups


@pytest.mark.parametrize("name", sorted(SETROUBLESHOOT))
def test_the_cure_is_the_one_that_the_log_is_labelled_with(name: str) -> None:
    cause, line = SETROUBLESHOOT[name]
    (found,) = [told(group) for group in logs(name)]
    assert found.cause is cause
    assert any(line in command for command in commands(found))


def test_a_step_that_this_policy_allows_by_now_names_the_boolean_for_what_follows() -> None:
    (found,) = [told(group) for group in logs("ftp_home_dir")]
    assert found.cause is Cause.NOW_ALLOWED
    assert found.cure is not None
    assert "ftp_home_dir=on" in found.cure.alternatives[0]


def test_a_guest_gets_its_one_device_labelled_and_no_rule_for_all_disks() -> None:
    (found,) = [told(group) for group in logs("qemu_blk_image")]
    assert found.cause is Cause.DANGER
    assert found.cure is not None
    assert "qemu_image_t" in found.cure.steps[0].text


def test_keys_are_kept_where_the_log_is_labelled_with_a_boolean() -> None:
    """setroubleshoot offers samba_enable_home_dirs for ssh_home_t; keys are on our list, so we do not."""
    (found,) = [told(group) for group in logs("samba_home_dir")]
    assert found.cause is Cause.DANGER
    assert subject_name(found.group.source) == "smbd_t"
    assert commands(found) == []


@pytest.mark.parametrize("name", ["audit.log", "httpd.log", "short.log"])
def test_whole_logs_go_through_without_a_policy(name: str) -> None:
    groups = groups_of(corpus("sepolgen-logs") / "python" / "sepolgen" / "tests" / "test_data" / name)
    found = explain(groups, without_host())
    assert len(found) == len(groups) > 0
    assert not any(rules(one) for one in found)
    assert all(one.missing or one.danger or one.cause is not Cause.UNDECIDED for one in found)
