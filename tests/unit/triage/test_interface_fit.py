"""Interfaces in place of raw rules: the narrowest by the host's own policy, never one that opens danger."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from hardcheck.denials.model import Group
from hardcheck.facts import Absent
from hardcheck.reasons import Reason
from hardcheck.refpolicy.interfaces import Interfaces
from hardcheck.refpolicy.library import read_texts
from hardcheck.triage.explain import explain
from hardcheck.triage.interface_fit import NONE_FITS, NOT_AT_HAND
from hardcheck.triage.model import Cause, Explanation, Interface
from hardcheck.triage.suggest import suggestions
from hardcheck.triage.world import World
from tests.corpora import need_tool
from tests.unit.triage.groups import debian_world, selinux

GAP = selinux("ntpd_t", "cron_spool_t", "dir", "search")
PASS = (
    "interface(`own_pass',`gen_require(`type cron_spool_t;')"
    " allow $1 cron_spool_t:dir { getattr open search };')"
)
LIST = "interface(`own_list',`allow $1 cron_spool_t:dir { getattr open search read };')"
SECRET = "interface(`own_secret',`allow $1 cron_spool_t:dir search; allow $1 shadow_t:file read;')"
HIDDEN = (
    "interface(`own_hidden',`allow $1 cron_spool_t:dir search;"
    " optional_policy(`allow $1 shadow_t:file read;')')"
)
MAYBE = "interface(`own_maybe',`optional_policy(`allow $1 cron_spool_t:dir search;')')"
FOREIGN = "interface(`own_foreign',`allow $1 { cron_spool_t no_such_type_t }:dir search;')"
NEEDING = "interface(`own_needing',`gen_require(`type no_such_type_t;') allow $1 cron_spool_t:dir search;')"
NO_WORD = "interface(`own_no_word',`allow $1 cron_spool_t:dir { search no_such_permission };')"
BESIDE = "interface(`own_beside',`allow $1 cron_spool_t:dir search; allow $1 etc_aliases_t:file read;')"
WIDER = "interface(`own_wider',`own_beside($1) allow $1 { cron_spool_t etc_aliases_t }:dir search;')"
BY_ATTRIBUTE = "interface(`own_by_attribute',`allow $1 { file_type -shadow_t }:dir search;')"
SYSCTLS = "interface(`own_sysctls',`allow $1 { sysctl_type -sysctl_vm_t }:dir search;')"


def world(*texts: str, file: str = "apps/own.if") -> World:
    library = read_texts([(file, "\n".join(texts))])
    return msgspec.structs.replace(debian_world(), interfaces=Interfaces(library=library))


def told(group: Group, *texts: str) -> Explanation:
    (found,) = explain([group], world(*texts))
    return found


def interface(group: Group, *texts: str) -> Interface | None:
    found = told(group, *texts)
    assert found.cure is not None
    assert found.cure.checked
    return found.cure.interface


def notes(group: Group, *texts: str) -> list[str]:
    found = told(group, *texts)
    return [step.text for step in found.cure.steps if step.kind == "note"] if found.cure else []


def test_the_narrowest_is_proposed_with_what_else_it_opens() -> None:
    found = interface(GAP, BESIDE, WIDER)
    assert found is not None
    assert found.call == "own_beside(ntpd_t)"
    assert not found.preferred
    assert "the raw rule is preferred" in found.why
    assert found.opens.rights == 1
    assert {line.split(" (")[1] for line in found.opens.paths} == {"etc_aliases_t:file) read"}


def test_more_of_the_same_comes_before_something_else() -> None:
    found = interface(GAP, BESIDE, LIST, PASS)
    assert found is not None
    assert found.call == "own_pass(ntpd_t)"


def test_one_that_opens_only_the_way_is_preferred_to_the_raw_rule() -> None:
    found = interface(GAP, LIST, PASS)
    assert found is not None
    assert (found.call, found.defined, found.preferred) == ("own_pass(ntpd_t)", "apps/own.if:2", True)
    assert found.opens.rights == 2
    assert notes(GAP, PASS) == []


@pytest.mark.parametrize("text", [SECRET, HIDDEN])
def test_one_that_opens_danger_is_never_proposed(text: str) -> None:
    assert interface(GAP, text) is None
    assert notes(GAP, text) == [NONE_FITS]
    found = interface(GAP, text, LIST)
    assert found is not None
    assert found.call == "own_list(ntpd_t)"


def test_what_is_on_the_danger_list_gets_none() -> None:
    read = "interface(`own_shadow',`allow $1 shadow_t:file read;')"
    found = told(selinux("httpd_t", "shadow_t", "file", "read", "/etc/shadow"), read)
    assert found.cause is Cause.DANGER
    assert found.cure is None


@pytest.mark.parametrize("text", [MAYBE, FOREIGN, NEEDING, NO_WORD])
def test_one_that_is_not_sure_to_give_it_on_this_host_is_left_out(text: str) -> None:
    assert interface(GAP, text) is None


def test_attributes_are_those_of_the_hosts_policy() -> None:
    found = interface(selinux("ntpd_t", "sysctl_rpc_t", "dir", "search"), SYSCTLS)
    assert found is not None
    assert not found.preferred
    types = {line.partition(":")[0] for line in found.opens.others}
    assert len(types) == found.opens.rights > 3
    assert "sysctl_hotplug_t" in types
    assert not types & {"sysctl_type", "sysctl_vm_t", "sysctl_rpc_t"}


def test_one_that_opens_hundreds_of_rights_is_no_answer() -> None:
    assert interface(GAP, BY_ATTRIBUTE) is None
    assert notes(GAP, BY_ATTRIBUTE) == [NONE_FITS]


@pytest.mark.parametrize(
    ("wanted", "given", "preferred"),
    [
        ("read", "getattr open read lock", True),
        ("read", "getattr open read write", False),
        ("getattr", "getattr read", False),
        ("write", "write append getattr", True),
        ("setattr", "setattr write", False),
    ],
)
def test_more_of_the_same_is_of_the_same_kind(wanted: str, given: str, preferred: bool) -> None:
    text = f"interface(`own_some',`allow $1 etc_aliases_t:file {{ {given} }};')"
    found = interface(selinux("ntpd_t", "etc_aliases_t", "file", wanted), text)
    assert found is not None
    assert found.preferred is preferred


def test_without_files_that_is_said() -> None:
    (found,) = explain([GAP], debian_world())
    assert found.cure is not None
    assert found.cure.interface is None
    assert [step.text for step in found.cure.steps if step.kind == "note"] == [NOT_AT_HAND]
    absent = msgspec.structs.replace(debian_world(), interfaces=Absent(Reason.NOT_PRESENT, (), ""))
    assert explain([GAP], absent)[0].cure == found.cure


def test_files_that_could_not_be_read_are_counted() -> None:
    library = read_texts([("apps/own.if", SECRET), ("apps/cut.if", "interface(`own_cut',`")])
    known = msgspec.structs.replace(debian_world(), interfaces=Interfaces(library=library))
    (found,) = explain([GAP], known)
    assert found.cure is not None
    assert found.cure.steps[-1].text == (
        f"{NONE_FITS} 1 of the files could not be read: apps/cut.if: a quote that is never closed"
    )


def files(*texts: str, file: str = "apps/own.if") -> dict[str, str]:
    known = world(*texts, file=file)
    return {one.name: one.text for one in suggestions(explain([GAP], known))}


def test_the_preferred_form_is_in_force_and_the_other_beside() -> None:
    found = files(PASS)
    raw, refpolicy = (
        found["hardcheck_local.te"].splitlines(),
        found["refpolicy/hardcheck_local.te"].splitlines(),
    )
    assert "allow ntpd_t cron_spool_t:dir { search };" in raw
    assert "# in its place the interface own_pass(ntpd_t)  (of apps/own.if:1)" in raw
    assert "own_pass(ntpd_t)" in refpolicy
    assert "# in its place the raw rule allow ntpd_t cron_spool_t:dir { search };" in refpolicy
    assert "\ttype ntpd_t;" in refpolicy
    assert "(allow ntpd_t cron_spool_t (dir (search)))" in found["hardcheck_local.cil"]


def test_the_raw_rule_stays_in_force_where_it_is_preferred() -> None:
    refpolicy = files(BESIDE)["refpolicy/hardcheck_local.te"].splitlines()
    assert "allow ntpd_t cron_spool_t:dir { search };" in refpolicy
    assert "# in its place the interface own_beside(ntpd_t)  (of apps/own.if:1)" in refpolicy
    assert any(line.startswith("#   ") and "etc_aliases_t:file" in line for line in refpolicy)
    assert "\ttype cron_spool_t;" in refpolicy


def test_without_an_interface_there_is_no_file_for_refpolicy() -> None:
    assert "refpolicy/hardcheck_local.te" not in files(SECRET)


def test_names_of_files_cannot_leave_their_comment() -> None:
    found = files(PASS, file="apps/x\nallow ntpd_t shadow_t:file read;.if")
    for name in ("hardcheck_local.te", "refpolicy/hardcheck_local.te"):
        assert not any(line.startswith("allow ntpd_t shadow_t") for line in found[name].splitlines())


def test_the_module_compiles_with_the_interface_beside(tmp_path: Path) -> None:
    te = tmp_path / "hardcheck_local.te"
    te.write_text(files(BESIDE)[te.name])
    tool = need_tool("checkmodule")
    command = [tool, "-M", "-m", "-o", str(te.with_suffix(".mod")), str(te)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
