"""Comparison of policies, counts and weak spots."""

from __future__ import annotations

import re
import subprocess

import msgspec
import pytest

from hardcheck.selinux import FileContexts, Policy, hygiene
from hardcheck.selinux.avtab import RuleKind, key_of
from hardcheck.selinux.diff import diff_policies, diff_rights
from tests.corpora import need_tool
from tests.unit.selinux.policies import debian, debian_folder, debian_labels, small


def test_a_policy_does_not_differ_from_itself_nor_from_another_version_of_it() -> None:
    assert diff_policies(debian(), debian()).equal
    other = diff_policies(debian("default", 30), debian("default", 33))
    assert other.rights == ()
    assert [part.part for part in other.parts] == ["properties"]
    assert other.parts[0].added == ("version 33",)


def test_a_new_rule_is_found_by_meaning() -> None:
    policy = small("attribute")
    names = policy.names
    key = key_of(
        names.types["other_t"], names.types["file_type"], names.classes["file"].value, RuleKind.ALLOW
    )
    rules = msgspec.structs.replace(
        policy.policydb.rules,
        plain={**policy.policydb.rules.plain, key: names.classes["file"].masks["write"]},
    )
    changed = Policy(msgspec.structs.replace(policy.policydb, rules=rules))
    (change,) = diff_rights(policy, changed)
    assert (change.source, change.class_, change.permission) == ("other_t", "file", "write")
    assert change.added == ("content_t", "secret_t", "server_exec_t")
    assert change.removed == ()
    (back,) = diff_policies(changed, policy).rights
    assert back.removed == change.added


def test_a_rule_that_other_rules_imply_is_no_difference() -> None:
    policy = small("attribute")
    names = policy.names
    key = key_of(
        names.types["other_t"], names.types["content_t"], names.classes["file"].value, RuleKind.ALLOW
    )
    rules = msgspec.structs.replace(
        policy.policydb.rules,
        plain={**policy.policydb.rules.plain, key: names.classes["file"].masks["getattr"]},
    )
    assert diff_policies(policy, Policy(msgspec.structs.replace(policy.policydb, rules=rules))).equal


def test_booleans_change_rights_and_are_a_part() -> None:
    policy = small("boolean")
    diff = diff_policies(policy, policy.with_booleans({"may_write": True, "may_append": False}))
    assert {(change.permission, bool(change.added)) for change in diff.rights} == {
        ("append", False),
        ("write", True),
    }
    assert [part.part for part in diff.parts] == ["booleans"]


def test_debians_two_policies_differ_where_they_do() -> None:
    parts = {part.part: part for part in diff_policies(debian(), debian("mls")).parts}
    assert "sensitivity s15 s15:c0.c1023;" in parts["levels"].added
    assert parts["types"].added == ("type initrc_su_t;", "type lo_netif_t;")
    assert "attribute ubac_constrained_type;" in parts["attributes"].removed


def test_counts_are_those_of_seinfo() -> None:
    command = [need_tool("seinfo"), str(debian_folder() / "policy.33")]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    theirs = {name: int(number) for name, number in re.findall(r"([A-Z][\w .]+?):\s+(\d+)", text)}
    ours = hygiene.statistics(debian())
    assert ours.classes == theirs["Classes"]
    assert ours.types == theirs["Types"]
    assert ours.attributes == theirs["Attributes"]
    assert ours.booleans == theirs["Booleans"]
    assert ours.rules["allow"] == theirs["Allow"]
    assert ours.rules["dontaudit"] == theirs["Dontaudit"]
    assert ours.rules["type_transition"] + ours.filename_transitions == theirs["Type_trans"]
    assert ours.constraints == theirs["Constraints"] + theirs["MLS Constrain"]
    assert len(ours.capabilities) == theirs["Polcap"]


def test_permissive_types_are_named() -> None:
    assert hygiene.permissive_types(small("permissive")) == ("other_t",)
    assert hygiene.permissive_types(debian()) == ()


def test_unconfined_domains_are_found_by_attribute_and_by_power() -> None:
    marked, strong = hygiene.unconfined_by_attribute(debian()), hygiene.unconfined_by_power(debian())
    assert {"unconfined_t", "init_t", "kernel_t"} <= set(marked)
    assert set(marked) <= set(strong)
    assert set(strong) - set(marked) == {"sysadm_t"}
    assert "httpd_t" not in strong


def test_powers_over_the_policy_and_the_kernel_are_listed() -> None:
    powers = hygiene.powers(debian(), debian_labels())
    assert "load_policy_t" in powers.load_policy
    assert "kmod_t" in powers.load_modules
    assert "httpd_t" not in {*powers.load_policy, *powers.load_modules, *powers.write_memory}
    assert set(powers.write_memory) <= {*powers.write_memory, *powers.read_memory}
    assert hygiene.powers(debian()) == powers


def test_memory_devices_are_found_by_their_labels() -> None:
    contexts = FileContexts.from_files({"file_contexts": b"/dev/mem -c system_u:object_r:secret_t:s0\n"})
    assert hygiene.powers(small("attribute"), contexts).read_memory == ()


def test_types_without_attributes_are_listed() -> None:
    assert hygiene.types_without_attributes(debian()) == ("unlabeled_t",)
    assert "security_t" in hygiene.types_without_attributes(small("attribute"))


def test_rules_that_booleans_keep_out_are_listed() -> None:
    policy = small("boolean")
    (off,) = hygiene.switched_off(policy)
    assert off.expression == "may_write && !may_append"
    assert off.when
    assert off.rules == ("allow server_t content_t:file write;",)
    on = policy.with_booleans({"may_write": True, "may_append": False})
    assert [entry.when for entry in hygiene.switched_off(on)] == [False]


def test_booleans_off_their_default_are_listed() -> None:
    policy = small("boolean").with_booleans({"may_write": True})
    (changed,) = hygiene.changed_booleans(policy)
    assert (changed.name, changed.default, changed.state) == ("may_write", False, True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("system_u:system_r:init_t:s0-s15:c0.c1023", "system_u:system_r:init_t:s0-s15:c0.c1023"),
        ("system_u:system_r:init_t:s1:c1,c2,c3,c7-s1:c1,c2,c3,c7", "system_u:system_r:init_t:s1:c1.c3,c7"),
        ("system_u:system_r:init_t:s1:c1,c2", "system_u:system_r:init_t:s1:c1,c2"),
        ("system_u:object_r:etc_t", "system_u:object_r:etc_t:s0"),
    ],
)
def test_contexts_are_shown_as_the_kernel_shows_them(text: str, shown: str) -> None:
    policy = debian("mls")
    assert policy.labels.show(policy.context(text)) == shown
