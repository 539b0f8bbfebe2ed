"""The causes of AppArmor denials, by the text of the profiles."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from hardcheck.denials.model import Group, Outcome
from hardcheck.facts.apparmor import ProfileCheck
from hardcheck.facts.web import Site
from hardcheck.triage.apparmor_rules import glob_dangers, permissions_of, written
from hardcheck.triage.explain import explain
from hardcheck.triage.model import Cause, Explanation
from hardcheck.triage.world import World, without_host, world_of_profiles
from tests.unit.triage.groups import apparmor, profiles

APP = """
@{PROC} = /proc
@{pid} = [0-9]*
profile app /usr/bin/app {
  /srv/www/a/** r,
  deny /etc/machine-id r,
  include if exists <local/app>
}
profile helper /usr/bin/helper {
  /etc/helper.conf r,
}
"""


def told(group: Group, text: str = APP, world: World | None = None, local: str | None = "") -> Explanation:
    (explanation,) = explain([group], world or world_of_profiles(profiles(text, local)))
    return explanation


def rules(explanation: Explanation) -> list[str]:
    steps = explanation.cure.steps if explanation.cure is not None else ()
    return [step.text for step in steps if step.kind == "apparmor"]


def checked(explanation: Explanation) -> bool:
    return explanation.cure is not None and explanation.cure.checked


def test_the_narrowest_rule_goes_into_the_local_file_and_suffices() -> None:
    found = told(apparmor("app", "open", "/var/lib/app/db", "rw"))
    assert found.cause is Cause.GAP
    assert rules(found) == ["/var/lib/app/db rw,"]
    assert found.cure is not None
    assert found.cure.steps[0].place == "/etc/apparmor.d/local/app"
    assert checked(found)


def test_a_profile_without_a_local_file_is_changed_itself() -> None:
    found = told(apparmor("helper", "open", "/var/lib/h", "r"))
    assert found.cure is not None
    assert found.cure.steps[0].place == "/etc/apparmor.d/app"
    assert any("block of helper" in step.text for step in found.cure.steps)
    assert checked(found)


def test_own_files_get_an_owner_rule() -> None:
    found = told(apparmor("app", "open", "/var/lib/app/own", "r", fsuid=33, ouid=33))
    assert rules(found) == ["owner /var/lib/app/own r,"]
    assert checked(found)


def test_create_and_delete_are_write() -> None:
    assert permissions_of("cd") == "w"
    assert permissions_of("arw") == "rw"
    assert permissions_of("rmx") == "rm"


def test_the_number_of_a_process_is_a_variable() -> None:
    found = told(apparmor("app", "open", "/proc/4711/status", "r"))
    assert rules(found) == ["@{PROC}/@{pid}/status r,"]
    assert checked(found)


def test_a_pattern_is_proposed_only_over_what_was_seen() -> None:
    names = [f"/var/lib/app/{name}" for name in "abcde"]
    assert rules(told(apparmor("app", "open", names[0], "r", *names[1:3]))) == [f"{n} r," for n in names[:3]]
    assert rules(told(apparmor("app", "open", names[0], "r", *names[1:]))) == ["/var/lib/app/* r,"]


def test_no_pattern_over_a_folder_that_holds_secrets() -> None:
    names = [f"/etc/{name}.conf" for name in "abcde"]
    found = told(apparmor("app", "open", names[0], "r", *names[1:]))
    assert rules(found) == [f"{name} r," for name in names]
    assert "password-hashes" in glob_dangers("/etc/*", "r")
    assert glob_dangers("/var/lib/app/*", "rw") == ()


def test_marks_of_patterns_in_names_match_themselves() -> None:
    found = told(apparmor("app", "open", "/var/lib/app/a*[b] c", "r"))
    assert rules(found) == [r'"/var/lib/app/a\*\[b\] c" r,']
    assert checked(found)


def test_a_name_that_would_break_the_line_gives_no_rule() -> None:
    for name in ("/var/x\n  capability sys_admin,\n#", '/var/"x', "/var/\x1b[2J", "/var/\udcff"):
        found = told(apparmor("app", "open", name, "r"))
        assert rules(found) == []
        assert found.cause is Cause.UNDECIDED
    assert written("/var/\u2028x") == ""


def test_a_deny_rule_is_not_overruled() -> None:
    found = told(apparmor("app", "open", "/etc/machine-id", "r"))
    assert found.cause is Cause.DENY_RULE
    assert found.cure is None
    assert "deny /etc/machine-id r," in found.proof[0].text


def test_text_that_allows_it_and_was_not_loaded_is_stale() -> None:
    world = msgspec.structs.replace(
        world_of_profiles(profiles(APP)),
        checks=(ProfileCheck("app", "enforce", "changed", ("/etc/apparmor.d/app",)),),
    )
    found = told(apparmor("app", "open", "/srv/www/a/x", "r"), world=world)
    assert found.cause is Cause.STALE
    assert found.cure is not None
    assert found.cure.steps[0].words == ("apparmor_parser", "-r", "--", "/etc/apparmor.d/app")


def test_text_that_allows_it_and_was_loaded_since_needs_nothing() -> None:
    group = msgspec.structs.replace(
        apparmor("app", "open", "/srv/www/a/x", "r"), last=datetime(2026, 1, 1, tzinfo=UTC)
    )
    found = told(group)
    assert found.cause is Cause.NOW_ALLOWED
    assert not found.open


def test_a_disconnected_path_needs_a_flag_and_no_rule() -> None:
    group = apparmor("app", "open", "apps/x", "r", info="Failed name lookup - disconnected path")
    found = told(group)
    assert found.cause is Cause.DISCONNECTED
    assert rules(found) == []
    assert found.cure is not None
    assert "attach_disconnected" in found.cure.title


def test_no_new_privs_is_no_gap() -> None:
    found = told(apparmor("app", "exec", "/usr/bin/helper", "x", info="no new privs"))
    assert found.cause is Cause.CONSTRAINT


def test_an_exec_without_a_rule_goes_to_the_profile_that_attaches() -> None:
    found = told(apparmor("app", "exec", "/usr/bin/helper", "x"))
    assert found.cause is Cause.TRANSITION
    assert rules(found) == ["/usr/bin/helper Px,"]
    assert checked(found)


def test_an_exec_of_anything_else_stays_in_the_profile() -> None:
    assert rules(told(apparmor("app", "exec", "/usr/bin/id", "x"))) == ["/usr/bin/id ix,"]


def test_a_learning_child_leads_back_to_the_parent() -> None:
    group = apparmor("app//null-/usr/bin/id", "open", "/etc/id.conf", "r", outcome=Outcome.WOULD_DENY)
    found = told(group)
    assert found.cause is Cause.TRANSITION
    assert "learning child of app" in found.says
    assert rules(found) == ["/etc/id.conf r,"]


def test_a_learning_child_of_a_confined_program_is_judged_by_its_own_profile() -> None:
    group = apparmor("app//null-/usr/bin/helper", "open", "/etc/x", "r", outcome=Outcome.WOULD_DENY)
    found = told(group)
    assert found.cause is Cause.TRANSITION
    assert "helper" in found.says
    assert rules(found) == []


def test_of_a_stack_the_part_that_refuses_gets_the_rule() -> None:
    found = told(apparmor("app//&helper", "open", "/srv/www/a/x", "r"))
    assert found.cure is not None
    assert "helper has no rule" in found.says
    assert checked(found)


def test_capabilities_and_sockets_get_their_kinds_of_rules() -> None:
    assert rules(told(apparmor("app", "capable", capability="net_bind_service"))) == [
        "capability net_bind_service,"
    ]
    group = apparmor("app", "create", "", "create", family="inet", sock_type="stream")
    assert rules(told(group)) == ["network inet stream,"]


def test_dac_override_is_a_matter_of_modes() -> None:
    assert told(apparmor("app", "capable", capability="dac_override")).cause is Cause.NOT_MAC


def test_another_sites_files_are_kept() -> None:
    sites = (
        Site("nginx", ("a",), ("/srv/www/a",), (), (), "www", "x:1"),
        Site("nginx", ("b",), ("/srv/www/b",), (), (), "www", "x:2"),
    )
    world = msgspec.structs.replace(world_of_profiles(profiles(APP)), sites=sites)
    found = told(apparmor("app", "open", "/srv/www/b/config.php", "r"), world=world)
    assert found.cause is Cause.DANGER
    assert [hit.id for hit in found.danger] == ["other-tenants"]
    assert rules(found) == []


def test_a_log_alone_gives_the_rule_and_says_what_is_missing() -> None:
    (found,) = explain([apparmor("app", "open", "/var/lib/app/db", "r")], without_host())
    assert rules(found) == ["/var/lib/app/db r,"]
    assert not checked(found)
    assert any("profiles of the host" in text for text in found.missing)


def test_a_profile_without_text_is_named() -> None:
    found = told(apparmor(":ns://gone", "open", "/var/lib/app/db", "r", namespace="ns"))
    assert any(":ns://gone" in text for text in found.missing)
