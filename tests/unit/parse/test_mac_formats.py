"""Forms that the samples do not have, one question each; and real outputs of other distributions."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.selinux import LabelCheck, Module, context_type
from hardcheck.parse.apparmor_state import parse_aa_status
from hardcheck.parse.base import run_parser
from hardcheck.parse.boot_loader import parse_boot_loader
from hardcheck.parse.kernel_cmdline import parse_options
from hardcheck.parse.mac import MAC_PARSERS
from hardcheck.parse.module_store import parse_modules
from hardcheck.parse.os_release import parse_os_release
from hardcheck.parse.selinux_config import parse_selinux_config
from hardcheck.parse.sestatus import parse_sestatus
from hardcheck.parse.uname import parse_uname
from tests.corpora import corpus
from tests.unit.parse.system_hosts import host

PARSERS = {fact.name: fact for fact in MAC_PARSERS}


def insights(name: str) -> str:
    return (corpus("insights-outputs") / name).read_text()


@pytest.mark.parametrize(
    ("name", "release", "machine"),
    [
        ("UNAME1", "2.6.32-504.el6.x86_64", "x86_64"),
        ("UNAME2", "3.10.0-229.el7.x86_64", "x86_64"),
        ("UNAME_ALT", "4.11.0-44.el7.x86_64", "x86_64"),
        ("UNAME_BLANK_LINE", "2.6.32-279.el6.x86_64", "x86_64"),
        ("UNAME_FOREMAN_DEBUG", "2.6.32-279.el6.x86_64", "x86_64"),
        ("UNAME_RT_1post", "2.6.24.7-101.1.el5rt.x86_64", "x86_64"),
        ("UNAME_RT_3post2", "3.10.1-327.204.el7.x86_64", "x86_64"),
        ("uname_line", "2.6.32-504.el6.x86_64", "x86_64"),
    ],
)
def test_uname_of_red_hat_is_read(name: str, release: str, machine: str) -> None:
    kernel = parse_uname(host({"kernel.uname": insights(f"parsers/test_uname/{name}.txt")}))
    assert (kernel.release, kernel.machine) == (release, machine)


def test_a_cut_uname_is_refused() -> None:
    text = insights("parsers/test_uname/UNAME_ERROR_TOO_MANY_REL_PARTS.txt")
    with pytest.raises(ParseError, match=r"kernel\.uname"):
        parse_uname(host({"kernel.uname": text}))


@pytest.mark.parametrize(
    ("name", "mode", "configured"),
    [
        ("test_sestatus/SESTATUS_ENFORCING", "enforcing", "enforcing"),
        ("test_sestatus/SESTATUS_PERMISSIVE", "permissive", "permissive"),
    ],
)
def test_sestatus_of_red_hat_is_read(name: str, mode: str, configured: str) -> None:
    status = parse_sestatus(host({"selinux.sestatus": insights(f"parsers/{name}.txt")}))
    assert (status.enabled, status.mode, status.configured) == (True, mode, configured)


def test_a_sestatus_without_the_configured_mode_leaves_it_open() -> None:
    text = insights("parsers/test_sestatus/SESTATUS_ENFORCING_LEGACY.txt")
    status = parse_sestatus(host({"selinux.sestatus": text}))
    assert status.mode == "enforcing"
    assert isinstance(status.configured, Absent)


def test_an_indented_comment_does_not_configure_selinux() -> None:
    text = insights("parsers/test_selinux_config/SELINUX_CONFIG.txt")
    config = parse_selinux_config(host({"selinux.config": text}))
    assert (config.mode, config.policy_type) == ("enforcing", "targeted")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("SELINUX=enforcing\nSELINUX=permissive\n", "enforcing"),
        ("SELINUX=ENFORCING\n", "enforcing"),
        ("SELINUX=enforcing # why\n", "enforcing"),
        (" SELINUX=enforcing\n", "invalid"),
        ("#SELINUX=enforcing\n", "invalid"),
        ("SELINUX=1\nSELINUX=disabled\n", "disabled"),
        ("SELINUX=permisive\n", "invalid"),
        ("", "invalid"),
    ],
)
def test_the_mode_is_read_as_libselinux_reads_it(text: str, mode: str) -> None:
    assert parse_selinux_config(host({"selinux.config": text})).mode == mode


def grub_lines(name: str, path: str) -> HostEvidence:
    """What the probe takes of a boot loader file: every line behind the file's name."""
    text = insights(f"parsers/test_grub_conf/{name}.txt")
    lines = "".join(f"{path}:{line}\n" for line in text.splitlines())
    return host({"boot.loader": lines, "boot.entries": ""})


@pytest.mark.parametrize(
    ("name", "service", "rescue"),
    [("GRUB2_CFG_1", 1, 1), ("GRUB2_CFG_1_DOC", 1, 0), ("GRUB2_CFG_2", 3, 1), ("GRUB2_CFG_4", 1, 0)],
)
def test_entries_of_grub_2_are_read(name: str, service: int, rescue: int) -> None:
    loader = parse_boot_loader(grub_lines(name, "/boot/grub2/grub.cfg"))
    assert not isinstance(loader, Absent)
    assert (len(loader.service_entries), len(loader.entries)) == (service, service + rescue)
    assert all("crashkernel" in " ".join(e.options.parameters) for e in loader.service_entries)


@pytest.mark.parametrize("name", ["GRUB1_CFG_1_DOC", "GRUB1_CONF_3"])
def test_entries_of_grub_legacy_are_read(name: str) -> None:
    loader = parse_boot_loader(grub_lines(name, "/boot/grub/grub.conf"))
    assert not isinstance(loader, Absent)
    assert [entry.title.split(" (")[0] for entry in loader.entries] == ["Red Hat Enterprise Linux Server"] * 2


def test_an_entry_with_a_variable_nobody_set_says_so() -> None:
    text = insights("parsers/test_grub_conf/BOOT_LOADER_ENTRIES_CONF.txt")
    loader = parse_boot_loader(
        host({"boot.loader": "none\n", "boot.entries": "", "boot.entries:/boot/loader/entries/a.conf": text})
    )
    assert not isinstance(loader, Absent)
    assert loader.entries[0].unresolved == ("tuned_params",)


def test_a_boot_loader_for_root_only_is_denied_and_not_missing() -> None:
    loader = parse_boot_loader(host({"boot.loader": Reason.DENIED, "boot.entries": Reason.NOT_PRESENT}))
    assert isinstance(loader, Absent)
    assert loader.reason is Reason.DENIED


def test_quotes_keep_a_kernel_parameter_together() -> None:
    line = parse_options('root=/dev/sda1 dyndbg="file ec.c +p" selinux=1\tquiet "a b')
    assert line.parameters == ("root=/dev/sda1", "dyndbg=file ec.c +p", "selinux=1", "quiet", "a b")
    assert parse_options("enforcing=1 enforcing=0").value("enforcing") == "0"


def test_an_os_release_without_an_id_names_no_distribution() -> None:
    with pytest.raises(ParseError, match="ID="):
        parse_os_release(host({"host.os_release": "NAME=Linux\n"}))


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("ID=ubuntu\nID_LIKE=debian\n", "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rhel"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=sles\n", "suse"),
        ("ID=nixos\n", "other"),
    ],
)
def test_the_family_comes_from_id_then_id_like(text: str, family: str) -> None:
    assert parse_os_release(host({"host.os_release": text})).family == family


def test_modules_come_from_the_store_where_semodule_was_refused() -> None:
    listing = (
        "store /var/lib/selinux/targeted/active\n100/apache\n400/mypol\n400/permissive_x_t\ndisabled/apache\n"
    )
    modules = parse_modules(host({"selinux.modules": Reason.TOOL_MISSING, "selinux.store_listing": listing}))
    assert modules == (Module("apache", 100, False), Module("mypol", 400), Module("permissive_x_t", 400))
    assert [module.name for module in modules if module.local] == ["mypol"]


def test_modules_are_denied_to_an_account_that_may_neither_ask_nor_look() -> None:
    modules = parse_modules(host({"selinux.modules": Reason.DENIED, "selinux.store_listing": Reason.DENIED}))
    assert isinstance(modules, Absent)
    assert modules.reason is Reason.DENIED


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0, "in force"),
        (1, "disabled"),
        (2, "no policy loaded"),
        (3, "control files missing"),
        (4, "not permitted"),
    ],
)
def test_every_exit_status_of_aa_status_has_its_own_meaning(status: int, meaning: str) -> None:
    evidence = Evidence("apparmor.status", "aa-status --json", exit_status=status)
    found = parse_aa_status(host({"apparmor.status": evidence}))
    assert not isinstance(found, Absent)
    assert found.meaning == meaning


def test_an_exit_status_that_aa_status_does_not_define_means_nothing() -> None:
    evidence = Evidence("apparmor.status", "aa-status --json", exit_status=42)
    with pytest.raises(ParseError, match="0 to 4"):
        parse_aa_status(host({"apparmor.status": evidence}))


def test_a_line_of_the_profiles_list_without_a_known_mode_is_unparsable() -> None:
    value = run_parser(PARSERS["apparmor.profiles"], host({"apparmor.profiles": "a (enforce)\nb (odd)\n"}))
    assert isinstance(value, Absent)
    assert value.reason is Reason.UNPARSABLE


def test_an_empty_profiles_list_is_an_answer() -> None:
    assert run_parser(PARSERS["apparmor.profiles"], host({"apparmor.profiles": ""})) == ()


@pytest.mark.parametrize(
    ("label", "type_"),
    [
        ("system_u:object_r:etc_t:s0", "etc_t"),
        ("system_u:object_r:etc_t", "etc_t"),
        ("user_u:user_r:user_t:s0-s0:c0.c1023", "user_t"),
        ("unconfined", "unconfined"),
        ("", ""),
    ],
)
def test_the_type_of_a_context_stands_third(label: str, type_: str) -> None:
    assert context_type(label) == type_


def test_a_customizable_type_and_a_path_without_a_rule_do_not_differ() -> None:
    label = "system_u:object_r:public_content_t:s0"
    assert LabelCheck("/srv/pub", "d", label, "system_u:object_r:var_t:s0", True).differs is False
    assert LabelCheck("/tmp/x", "f", label, "").differs is False
    assert LabelCheck("/srv/pub", "d", label, "system_u:object_r:var_t:s0").differs is True
    assert isinstance(LabelCheck("/x", "f", label, Absent(Reason.UNPARSABLE)).differs, Absent)


def test_the_lab_policies_of_debian_are_read_for_facts() -> None:
    folder = corpus("selinux-policies-debian12")
    for path in (folder / "debian12-default" / "policy.33", folder / "debian12-mls" / "policy.33"):
        policy = run_parser(PARSERS["selinux.policy"], host({"selinux.policy": Path(path).read_bytes()}))
        assert not isinstance(policy, Absent)
        assert (policy.version, policy.mls, policy.permissive) == (33, True, ())
        assert "httpd_t" not in policy.unconfined
        if "default" in str(path):
            assert {"unconfined_t", "initrc_t"} <= policy.unconfined
        assert "httpd_can_network_connect" in policy.booleans


def test_a_cut_policy_is_unparsable() -> None:
    path = corpus("selinux-policies-debian12") / "debian12-default" / "policy.33"
    policy = run_parser(PARSERS["selinux.policy"], host({"selinux.policy": path.read_bytes()[:100_000]}))
    assert isinstance(policy, Absent)
    assert policy.reason is Reason.UNPARSABLE


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "root_only", "hidden"),
    [
        ("0600", 0, 0, True, True),
        ("0640", 0, 0, True, True),
        ("0640", 0, 4, True, False),
        ("0644", 0, 0, True, False),
        ("0664", 0, 0, True, False),
        ("0664", 0, 100, False, False),
        ("0666", 0, 0, False, False),
        ("0600", 1000, 0, False, False),
        ("1777", 0, 0, False, False),
    ],
)
def test_who_may_change_or_read_a_file_follows_from_owner_and_mode(
    mode: str, uid: int, gid: int, root_only: bool, hidden: bool
) -> None:
    file = OwnedFile("/etc/selinux/config", mode, uid, gid)
    assert (file.root_only, file.hidden) == (root_only, hidden)


def test_a_listing_that_lacks_a_mode_proves_no_permissions() -> None:
    value = run_parser(PARSERS["apparmor.files"], host({"apparmor.files": "f - - - - - /etc/apparmor.d/a\n"}))
    assert isinstance(value, Absent)
    assert value.reason is Reason.DENIED
