"""States of hosts for which respected tools give the wrong verdict, and the verdict that hardcheck gives.

Each host is evidence, as the probe brings it, put through parsers, derivations and shipped rules.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import pytest

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble
from hardcheck.engine.evaluate import evaluate
from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.facts import Absent, Facts
from hardcheck.findings import EvidenceRef, Finding, Framework, Status
from hardcheck.parse import PARSERS
from hardcheck.selinux import Policy
from tests.corpora import corpus
from tests.unit.engine import shipped

Items = Mapping[str, bytes | str | Reason | Evidence]

LISTING = "f {mode} 0 0 1 - {path}\n"
PROCESS = (
    "{pid}/status:Name:\t{name}\n{pid}/status:PPid:\t1\n{pid}/status:Uid:\t0\t0\t0\t0\n"
    "{pid}/status:Gid:\t0\t0\t0\t0\n{pid}/status:VmSize:\t1 kB\n{pid}/status:CapEff:\t0\n"
    "{pid}/status:CapBnd:\t0\n{pid}/attr/current:{label}\n{pid}/cgroup:0::/system.slice/{name}.service\n"
)
SELINUXFS = (
    "enforce:{enforce}\nmls:1\npolicyvers:33\ndeny_unknown:1\nreject_unknown:0\ncheckreqprot:0\n"
    "initial_contexts/kernel:system_u:system_r:kernel_t:s0\n"
)


def processes(*running: tuple[int, str, str, str]) -> dict[str, str]:
    """Items of processes (pid, name, label, program)."""
    return {
        "processes.files": "".join(
            PROCESS.format(pid=pid, name=name, label=label) for pid, name, label, _ in running
        ),
        "processes.programs": "".join(f"'{pid}/exe' -> '{program}'\n" for pid, _, _, program in running),
    }


@functools.cache
def policy() -> bytes:
    return (corpus("selinux-policies-debian12") / "debian12-default" / "policy.33").read_bytes()


def selinux_host(
    enforce: int = 1, config: str = "enforcing", line: str = "ro quiet", **items: object
) -> Items:
    return {
        "kernel.lsm": "lockdown,capability,yama,selinux,bpf",
        "kernel.config": 'CONFIG_LSM="lockdown,yama,integrity,selinux,bpf"\n',
        "kernel.cmdline": line,
        "boot.loader": "none\n",
        "boot.entries": Reason.NOT_PRESENT,
        "boot.defaults": Reason.NOT_PRESENT,
        "apparmor.kernel": "absent\n",
        "selinux.kernel": SELINUXFS.format(enforce=enforce),
        "selinux.config": f"SELINUX={config}\nSELINUXTYPE=targeted\n",
        **processes((10, "sshd", "system_u:system_r:sshd_t:s0", "/usr/sbin/sshd")),
        **{key.replace("__", "."): value for key, value in items.items()},  # type: ignore[dict-item]
    }


def apparmor_host(profiles: str | Reason = "reader (enforce)\n", **items: object) -> Items:
    return {
        "kernel.lsm": "lockdown,capability,yama,apparmor,bpf",
        "kernel.config": 'CONFIG_LSM="lockdown,yama,integrity,apparmor,bpf"\n',
        "kernel.cmdline": "ro quiet",
        "boot.loader": "none\n",
        "boot.entries": Reason.NOT_PRESENT,
        "boot.defaults": Reason.NOT_PRESENT,
        "selinux.kernel": "absent\n",
        "apparmor.kernel": "module/apparmor/parameters/enabled:Y\n",
        "apparmor.profiles": profiles,
        "apparmor.service": "LoadState=loaded\nActiveState=active\nSubState=exited\nUnitFileState=enabled\n",
        **apparmor_tree({"reader": "profile reader /usr/local/bin/reader {\n  /srv/** r,\n}\n"}),
        **processes((10, "sshd", "unconfined", "/usr/sbin/sshd")),
        **{key.replace("__", "."): value for key, value in items.items()},  # type: ignore[dict-item]
    }


def apparmor_tree(files: Mapping[str, str]) -> dict[str, str]:
    """Items of a profile tree: file name to text."""
    items = {f"apparmor.files:/etc/apparmor.d/{name}": text for name, text in files.items()}
    paths = ("/etc/apparmor.d/" + name for name in files)
    items["apparmor.files"] = "".join(LISTING.format(mode="0644", path=path) for path in paths)
    return items


def no_mac_host(**items: object) -> Items:
    return {
        "kernel.lsm": "lockdown,capability,landlock,yama,bpf",
        "kernel.config": 'CONFIG_LSM="landlock,lockdown,yama"\n',
        "kernel.cmdline": "ro quiet apparmor=0",
        "boot.loader": "none\n",
        "boot.entries": Reason.NOT_PRESENT,
        "selinux.kernel": "absent\n",
        "apparmor.kernel": "absent\n",
        "apparmor.profiles": Reason.NOT_PRESENT,
        **processes((10, "nginx", "kernel", "/usr/sbin/nginx")),
        **{key.replace("__", "."): value for key, value in items.items()},  # type: ignore[dict-item]
    }


def facts_of(items: Items, privilege: Privilege = Privilege.ROOT) -> Facts:
    made = {}
    for key, value in items.items():
        if isinstance(value, Evidence):
            made[key] = value
        elif isinstance(value, Reason):
            made[key] = Evidence(key, "", reason=value)
        else:
            made[key] = Evidence(key, "", value.encode() if isinstance(value, str) else value)
    host = HostEvidence(HostIdentity("web1"), "", "", "0", "", privilege, made)
    return assemble(host, PARSERS, DERIVED, shipped.setup().specs)


def verdict(rule: str, items: Items, privilege: Privilege = Privilege.ROOT) -> Finding:
    facts = facts_of(items, privilege)
    return evaluate(shipped.rules()[rule], facts, "web1", lambda key: EvidenceRef(key, "", "", 0))


def test_t1_setenforce_0_is_a_failure_although_the_file_says_enforcing() -> None:
    """ComplianceAsCode's selinux_state reads the file alone: pass."""
    finding = verdict("mac-enforcing-after-boot", selinux_host(enforce=0))
    assert finding.status is Status.FAIL
    assert "permissive now, enforcing after the next boot" in finding.observed
    assert finding.literal is Status.PASS
    assert verdict("mac-framework-enforcing", selinux_host(enforce=0)).status is Status.FAIL


@pytest.mark.parametrize(
    ("host", "observed"),
    [
        (selinux_host(config="permissive"), "enforcing now, permissive after the next boot"),
        (selinux_host(config="disabled"), "enforcing now, disabled after the next boot"),
        (selinux_host(line="ro enforcing=0"), "enforcing now, permissive after the next boot"),
        (
            selinux_host(
                boot__loader="/boot/grub2/grub.cfg:menuentry 'Fedora' {\n"
                "/boot/grub2/grub.cfg:  linux /vmlinuz ro enforcing=0\n"
            ),
            "enforcing now, permissive after the next boot",
        ),
        (
            selinux_host(
                boot__entries="",
                **{"boot.entries:/boot/loader/entries/a.conf": "title F\nlinux /v\noptions ro selinux=0\n"},
            ),
            "enforcing now, disabled after the next boot",
        ),
    ],
    ids=["file permissive", "file disabled", "command line", "grub entry", "boot loader entry"],
)
def test_t2_a_host_that_enforces_now_and_not_after_the_next_boot_fails(host: Items, observed: str) -> None:
    """Tools that ask the running kernel alone: pass."""
    finding = verdict("mac-enforcing-after-boot", host)
    assert finding.status is Status.FAIL
    assert observed in finding.observed
    assert verdict("mac-framework-enforcing", host).status is Status.PASS, "which is what they look at"


@pytest.mark.parametrize(
    "rule",
    ["mac-framework-enforcing", "mac-policy-loaded", "mac-listeners-confined", "mac-services-confined"],
)
def test_t3_without_apparmor_nothing_about_profiles_passes(rule: str) -> None:
    """ComplianceAsCode's OVAL passes "all profiles enforced" where the list of profiles is not there."""
    assert verdict(rule, no_mac_host()).status is Status.FAIL


def test_t3_all_profiles_enforced_does_not_apply_with_the_proof_that_there_are_none() -> None:
    finding = verdict("mac-no-permissive-subjects", no_mac_host())
    assert (finding.status, finding.framework) == (Status.NOT_APPLICABLE, Framework.NEITHER)
    assert {"kernel.lsm", "apparmor.kernel", "selinux.kernel"} <= {ref.key for ref in finding.evidence}


@pytest.mark.parametrize(
    "rule",
    [
        "mac-no-permissive-subjects",
        "mac-framework-enforcing",
        "mac-policy-loaded",
        "mac-running-policy-is-configured",
        "apparmor-unconfined-mode",
        "apparmor-profiles-from-disk-loaded",
    ],
)
def test_t4_a_profiles_list_that_may_not_be_read_is_unknown_with_the_reason(rule: str) -> None:
    """The same OVAL passes where a folder above the list may not be searched."""
    denied = Evidence("apparmor.profiles", "", stderr=b"Permission denied", reason=Reason.DENIED)
    finding = verdict(rule, apparmor_host(apparmor__profiles=denied), Privilege.NONE)
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.DENIED)


@pytest.mark.parametrize(
    ("status", "profiles", "meaning", "passes"),
    [
        (2, "", "no policy loaded", Status.FAIL),
        (3, Reason.NOT_PRESENT, "control files missing", Status.UNKNOWN),
        (4, Reason.DENIED, "not permitted", Status.UNKNOWN),
    ],
)
def test_t5_three_exit_statuses_of_aa_status_are_three_answers(
    status: int, profiles: str | Reason, meaning: str, passes: Status
) -> None:
    """Lynis MACF-6208 says "disabled" of all three."""
    told = Evidence("apparmor.status", "aa-status --json", exit_status=status)
    host = apparmor_host(profiles, apparmor__status=told)
    facts = facts_of(host)
    assert facts["apparmor.status"].meaning == meaning
    assert facts["mac.framework"] == "apparmor", "the module is on in all three"
    assert verdict("mac-policy-loaded", host).status is passes


def test_t5_success_of_aa_status_does_not_make_apparmor_active() -> None:
    """Version 3.0.8 exits with 0 and prints nothing where AppArmor is off."""
    told = Evidence("apparmor.status", "aa-status --json", exit_status=0)
    host = no_mac_host(apparmor__status=told, apparmor__kernel="module/apparmor/parameters/enabled:N\n")
    assert facts_of(host)["mac.framework"] == "neither"


def test_t7_one_profile_in_complain_mode_is_named_with_its_processes() -> None:
    """ansible-lockdown's UBUNTU24-CIS-Audit passes: its test is inverted, and no sh that dash can read."""
    host = apparmor_host(
        "reader (enforce)\nphp-fpm (complain)\n",
        **processes((498, "php-fpm8.2", "php-fpm (complain)", "/usr/sbin/php-fpm8.2")),
    )
    finding = verdict("mac-no-permissive-subjects", host)
    assert finding.status is Status.FAIL
    assert finding.items == ("php-fpm (mode complain, processes php-fpm8.2 (pid 498))",)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("permissive", Status.PASS),
        ("Permissive", Status.PASS),
        ("enforcing", Status.PASS),
        ("Permisive", Status.FAIL),
    ],
)
def test_t8_a_permissive_host_is_not_disabled_and_a_misspelt_mode_is_none(
    written: str, status: Status
) -> None:
    """Wazuh policies that spell it "Permisive" fail hosts that are as the control asks."""
    assert verdict("mac-not-disabled", selinux_host(config=written)).status is status


UBUNTU = {
    **{f"stub{n}": f"profile stub{n} /opt/stub{n} flags=(unconfined) {{\n  userns,\n}}\n" for n in range(91)},
    "mysqld": "profile mysqld /usr/sbin/mysqld flags=(unconfined) {\n  /var/lib/mysql/** rwk,\n}\n",
    "reader": "profile reader /usr/local/bin/reader {\n  /srv/** r,\n}\n",
}


def test_t9_stubs_in_unconfined_mode_fail_the_letter_and_only_real_gaps_fail_in_effect() -> None:
    """CIS by the letter: fail, and the advice to enforce all of them breaks container runtimes."""
    stubs = "".join(f"stub{n} (unconfined)\n" for n in range(91))
    quiet = apparmor_host(stubs + "reader (enforce)\n", **apparmor_tree(UBUNTU))
    finding = verdict("apparmor-unconfined-mode", quiet)
    assert (finding.status, finding.literal) == (Status.PASS, Status.FAIL)
    complain = verdict("mac-no-permissive-subjects", quiet)
    assert (complain.status, complain.literal) == (Status.PASS, Status.FAIL)
    gap = apparmor_host(stubs + "mysqld (unconfined)\n", **apparmor_tree(UBUNTU))
    finding = verdict("apparmor-unconfined-mode", gap)
    assert finding.status is Status.FAIL
    assert finding.items == ("mysqld (mode unconfined, processes none)",)


def test_t9_no_remedy_enforces_all_profiles_at_once() -> None:
    for rule in shipped.rules().values():
        for remedy in rule.info.remedies:
            for line in (*remedy.steps, *remedy.rollback, remedy.ansible):
                assert "aa-enforce /etc/apparmor.d/*" not in line, rule.id
                assert "setenforce 0" not in line, rule.id
                assert "SELINUX=disabled" not in line, rule.id


def test_t10_with_selinux_disabled_no_service_counts_as_confined() -> None:
    """A search of ps -eZ for unconfined_service_t finds nothing: pass."""
    host = no_mac_host(selinux__config="SELINUX=disabled\nSELINUXTYPE=targeted\n")
    for rule in ("mac-services-confined", "mac-listeners-confined"):
        assert verdict(rule, host).status is Status.FAIL


def test_t10_selinux_that_is_on_without_a_policy_confines_nobody() -> None:
    """Kernels built with SELinux list it as active, also where no policy was ever loaded."""
    empty = SELINUXFS.format(enforce=0).replace("system_u:system_r:kernel_t:s0", "kernel")
    host = no_mac_host(selinux__kernel=empty, kernel__lsm="lockdown,capability,yama,selinux,tomoyo,bpf")
    assert facts_of(host)["mac.framework"] == "neither"
    assert "SELinux is switched on and has no policy" in facts_of(host)["mac.verdict"]
    assert verdict("mac-services-confined", host).status is Status.FAIL


LOCKED = Evidence(
    "selinux.export",
    "semanage export",
    stderr=b"ValueError: SELinux policy is not managed or store cannot be accessed.",
    exit_status=1,
    reason=Reason.DENIED,
)


@pytest.mark.parametrize(
    "rule",
    [
        "selinux-local-fcontexts",
        "mac-nothing-disabled",
        "mac-policy-switches-at-default",
        "selinux-local-modules",
        "mac-no-permissive-subjects",
    ],
)
def test_t11_a_semanage_that_fails_is_unknown_and_never_an_empty_list(rule: str) -> None:
    host = selinux_host(
        selinux__export=LOCKED,
        selinux__store_listing=Reason.DENIED,
        selinux__store=Reason.DENIED,
        selinux__modules=Reason.DENIED,
        selinux__policy=Reason.DENIED,
        selinux__policy_linked=Reason.DENIED,
    )
    finding = verdict(rule, host, Privilege.NONE)
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.DENIED)


def test_t11_the_stores_own_files_answer_for_a_semanage_that_fails() -> None:
    host = selinux_host(
        selinux__export=LOCKED,
        selinux__store_listing="store /var/lib/selinux/targeted/active\n100/apache\ndisabled/apache\n",
        selinux__store="",
    )
    finding = verdict("mac-nothing-disabled", host)
    assert (finding.status, finding.items) == (Status.FAIL, ("apache",))


def test_t17_a_constraint_forbids_what_a_rule_grants_and_is_quoted() -> None:
    """sesearch shows the allow rule, which reads as "may"."""
    loaded = Policy.read(corpus("selinux-policies-debian12") / "debian12-mls" / "policy.33")
    content = "system_u:object_r:httpd_sys_content_t:s15"
    assert loaded.decide("system_u:system_r:httpd_t:s15", content, "file", "read").allowed, (
        "the rule is there"
    )
    decision = loaded.decide("system_u:system_r:httpd_t:s0", content, "file", "read")
    assert not decision.allowed
    assert any("mlsconstrain" in str(line) for line in decision.because)


def test_t19_a_permissive_domain_on_an_enforcing_host_is_named_with_its_processes() -> None:
    """Checks of the mode: pass."""
    listing = "store /var/lib/selinux/targeted/active\n100/base\n400/permissive_crond_t\n"
    host = selinux_host(
        selinux__export="boolean -D\npermissive -D\npermissive -a crond_t\n",
        selinux__store_listing=listing,
        selinux__policy=Reason.DENIED,
        **processes((281, "cron", "system_u:system_r:crond_t:s0", "/usr/sbin/cron")),
    )
    finding = verdict("mac-no-permissive-subjects", host)
    assert finding.status is Status.FAIL
    assert finding.items == ("crond_t (processes cron (pid 281))",)
    assert verdict("mac-framework-enforcing", host).status is Status.PASS, "which is what they look at"


def test_t19_no_permissive_domain_is_proven_by_the_policy_in_the_kernel() -> None:
    host = selinux_host(selinux__export="permissive -D\n", selinux__policy=policy())
    assert verdict("mac-no-permissive-subjects", host).status is Status.PASS


STAMP = "2026-11-21 03:51:{seconds} +0000"


def loaded_and_changed(modified: str, changed: str) -> Items:
    when = STAMP.format(seconds="02.232003108")
    loaded = "./profiles/reader.36/name:reader\n./profiles/reader.36/mode:enforce\n"
    loaded += f"{when} {when} /sys/kernel/security/apparmor/policy/profiles/reader.36\n"
    loaded += f"{STAMP.format(seconds=modified)} {STAMP.format(seconds=changed)} /etc/apparmor.d/reader\n"
    return apparmor_host(apparmor__loaded=loaded)


def test_t20_a_profile_that_was_changed_on_disk_since_it_was_loaded_is_named() -> None:
    """aa-status says "enforce" of it, half a second after the edit and a year after."""
    finding = verdict("mac-running-policy-is-configured", loaded_and_changed("02.716003125", "02.716003125"))
    assert finding.status is Status.FAIL
    assert finding.items == ("reader (state changed, files /etc/apparmor.d/reader)",)


def test_t20_what_was_not_touched_passes_and_a_restored_date_is_not_trusted() -> None:
    rule = "mac-running-policy-is-configured"
    assert verdict(rule, loaded_and_changed("01.000000000", "01.000000000")).status is Status.PASS
    assert verdict(rule, loaded_and_changed("01.000000000", "09.000000000")).status is Status.UNKNOWN


def test_no_rule_about_mac_passes_on_a_host_of_which_nothing_was_collected() -> None:
    for rule in shipped.rules().values():
        finding = evaluate(rule, facts_of({}), "web1", lambda key: EvidenceRef(key, "", "", 0))
        assert finding.status is Status.UNKNOWN, rule.id
    assert isinstance(facts_of({})["mac.framework"], Absent)
