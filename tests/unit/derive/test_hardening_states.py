"""Boot parameters, mounts, locks, and the other states that hardening asks for, made of several facts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.derive import boot_arguments as boot
from hardcheck.derive import fail2ban_store, mount_places, package_sources, sshd_settings
from hardcheck.derive.pam_lockout import lockouts
from hardcheck.derive.sudo_contexts import sudo_contexts
from hardcheck.derive.time_sources import sources
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.accounts import Sudoers, SudoRule
from hardcheck.facts.boot import BootChoice, Firmware, KernelArgument, Protections
from hardcheck.facts.fail2ban import Fail2banServer, Fail2banStore, Jail
from hardcheck.facts.host import BootDefaults, BootEntry, BootLoader, CommandLine, OsRelease
from hardcheck.facts.mounts import FstabEntry, Mount, MountUnit, PlaceMount
from hardcheck.facts.packages import Packages
from hardcheck.facts.pam import FaillockConf, PamLine
from hardcheck.facts.repositories import RpmSources, SigningKey
from hardcheck.facts.sshd import CryptoPolicy
from hardcheck.facts.sysctl import SysctlReading
from hardcheck.facts.time import TimeConfig, TimeSource, TimeSync
from hardcheck.parse.boot_choice import parse_boot_choice
from hardcheck.parse.pam_stacks import parse_pam_services
from tests.unit.parse.system_hosts import DATA, host, tree, tree_of_text

DENIED = Absent(Reason.DENIED, ("x",))
NONE = Absent(Reason.NOT_PRESENT, ("x",))
SYSTEMD = SysctlReading({}, True, "")


# --- which entry boots


BLS = {
    "/boot/loader/entries/0f-0-rescue.conf": "title Rescue\noptions root=/dev/sda1 rescue\n",
    "/boot/loader/entries/0f-5.14.0-99.el9.x86_64.conf": "title Old\noptions root=/dev/sda1 pti=off\n",
    "/boot/loader/entries/0f-5.14.0-427.el9.x86_64.conf": "title New\noptions root=/dev/sda1 $kernelopts\n",
}
MENU = "\n".join(
    f"/boot/grub2/grub.cfg:{line}"
    for line in ('set default="${next_entry}"', 'set default="${saved_entry}"', "blscfg", "}")
)


def choice(environment: str) -> BootChoice | Absent:
    lines = "".join(f"/boot/grub2/grubenv:{line}\n" for line in environment.split("\n") if line)
    items = {"boot.loader": f"{lines}{MENU}\n", **tree("boot.entries", dict(BLS))}
    return parse_boot_choice(host(items))


@pytest.mark.parametrize(
    ("environment", "title"),
    [
        ("saved_entry=0f-5.14.0-99.el9.x86_64", "Old"),
        ("saved_entry=0", "New"),  # the newest stands first: 427 is above 99
        ("saved_entry=1", "Old"),
        ("", "New"),
        ("saved_entry=0\nnext_entry=0f-5.14.0-99.el9.x86_64", "Old"),
        ("saved_entry=Rescue", "Rescue"),
    ],
)
def test_grub_takes_the_saved_entry_by_number_title_or_id(environment: str, title: str) -> None:
    found = choice(environment)
    assert isinstance(found, BootChoice)
    assert found.entry.title == title


def test_a_saved_entry_that_is_gone_chooses_nothing() -> None:
    found = choice("saved_entry=0f-4.18.0-1.el8.x86_64")
    assert isinstance(found, Absent)
    assert "saved_entry 0f-4.18.0-1" in found.detail


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["submenu 'a' {", "menuentry 'b' {", "linux /v x=1", "}", "blscfg", "set default=1>0>2"]
        ),
        max_size=40,
    )
)
def test_any_order_of_menu_lines_gives_a_choice_or_an_absence(lines: list[str]) -> None:
    text = "".join(f"/boot/grub/grub.cfg:{line}\n" for line in lines)
    found = parse_boot_choice(host({"boot.loader": text, "boot.entries": Reason.NOT_PRESENT}))
    assert isinstance(found, BootChoice | Absent)


# --- parameters


def line(text: str = "ro") -> CommandLine:
    return CommandLine(tuple(text.split()))


def entry(text: str, title: str = "Linux", *, rescue: bool = False) -> BootEntry:
    return BootEntry(title, "/boot/grub/grub.cfg", line(text), rescue)


def arguments(now: str, *entries: BootEntry, chosen: int | None = 0) -> dict[str, KernelArgument]:
    picked = BootChoice(entries[chosen], "default 0") if chosen is not None else NONE
    return boot.arguments(line(now), picked, BootLoader(entries))


def test_the_entry_that_boots_next_is_what_counts() -> None:
    found = arguments("ro", entry("ro pti=on"), entry("ro pti=off", "other"))["pti"]
    assert (found.now, found.after_boot) == ("not set", "on")
    assert found.set_by == "default 0: Linux in /boot/grub/grub.cfg"


def test_where_the_next_entry_is_not_known_all_for_service_have_to_agree() -> None:
    rescue = entry("single", "rescue", rescue=True)
    agree = arguments("ro", entry("mitigations=off"), entry("mitigations=off"), rescue, chosen=None)
    assert agree["mitigations"].after_boot == "off"
    differ = arguments("ro", entry("mitigations=off"), entry("ro"), chosen=None)["mitigations"].after_boot
    assert isinstance(differ, Absent)
    assert "differ on mitigations: not set, off" in differ.detail


def test_a_host_without_a_boot_loader_is_started_as_now_and_one_unread_is_not_known() -> None:
    assert boot.arguments(line("nopti"), NONE, NONE)["nopti"].after_boot == "set"
    assert boot.arguments(line("nopti"), DENIED, DENIED)["nopti"].after_boot == DENIED
    image = boot.arguments(line(), NONE, BootLoader((), ("/boot/efi/EFI/Linux/a.efi",)))
    assert isinstance(image["pti"].after_boot, Absent)
    variable = msgspec.structs.replace(entry("ro"), unresolved=("extra",))
    assert isinstance(arguments("ro", variable)["pti"].after_boot, Absent)


def test_the_files_for_later_entries_are_told_apart() -> None:
    found = boot.generated(BootDefaults({"/etc/default/grub": line("ro mitigations=off")}))
    assert (found["mitigations"], found["pti"]) == ("off", "not set")


CPU = Protections(
    "x86_64", True, "", {"meltdown": "Mitigation: PTI", "spectre_v2": "Mitigation: Retpolines; x"}
)


@pytest.mark.parametrize(
    ("report", "now", "after", "expected"),
    [
        ("Mitigation: PTI", "ro", "ro", (True, True)),
        ("Mitigation: PTI", "ro", "ro nopti", (True, False)),
        ("Mitigation: PTI", "ro", "ro mitigations=off", (True, False)),
        ("Mitigation: PTI", "ro", "ro mitigations=off pti=on", (True, True)),
        ("Vulnerable", "ro pti=off", "ro", (False, True)),  # what took it away is gone
        ("Vulnerable", "ro", "ro", (False, False)),  # nothing took it away: the kernel has none
        ("Not affected", "ro nopti", "ro nopti", (True, True)),
    ],
)
def test_isolation_is_what_the_kernel_reports_and_no_parameter_takes_away(
    report: str, now: str, after: str, expected: tuple[bool, bool]
) -> None:
    state = msgspec.structs.replace(CPU, reports={"meltdown": report})
    found = boot.page_tables(arguments(now, entry(after)), state)
    assert (found.now, found.after_boot) == expected


def test_branch_targets_are_lost_by_the_one_word_for_all() -> None:
    assert boot.branch_targets(arguments("ro", entry("mitigations=auto,nosmt")), CPU).after_boot is True
    assert boot.branch_targets(arguments("ro", entry("mitigations=off")), CPU).after_boot is False
    assert boot.branch_targets(arguments("ro", entry("spectre_v2=off")), CPU).after_boot is False


@pytest.mark.parametrize(
    ("after", "build", "expected"),
    [
        ("ro", {"LEGACY_VSYSCALL_NONE": "y"}, True),
        ("ro", {"LEGACY_VSYSCALL_NONE": "n"}, False),
        ("ro vsyscall=none", {"LEGACY_VSYSCALL_NONE": "n"}, True),
        ("ro vsyscall=xonly", {"LEGACY_VSYSCALL_NONE": "y"}, False),
        ("ro", {}, None),
        ("ro", DENIED, None),
    ],
)
def test_the_vsyscall_page_is_the_parameter_s_or_the_build_s(
    after: str, build: dict[str, str] | Absent, expected: bool | None
) -> None:
    found = boot.vsyscall(arguments("ro", entry(after)), CPU, build).after_boot
    assert (None if isinstance(found, Absent) else found) is expected


@pytest.mark.parametrize(
    ("text", "build", "pages", "memory"),
    [
        ("ro", {"PAGE_POISONING": "y"}, False, False),
        ("page_poison=1", {"PAGE_POISONING": "y"}, True, False),
        ("page_poison=1", {"PAGE_POISONING": "n"}, False, False),
        ("init_on_free=1", {}, True, True),
        ("init_on_free=0", {"INIT_ON_FREE_DEFAULT_ON": "y"}, False, False),
        ("ro", {"INIT_ON_FREE_DEFAULT_ON": "y"}, True, True),
        ("slub_debug=FZP", {"PAGE_POISONING": "y"}, False, True),
        ("slub_debug=P,kmalloc-64", {"PAGE_POISONING": "y"}, False, False),
        ("slub_debug", {"PAGE_POISONING": "y"}, False, True),
        ("ro", {}, None, None),
    ],
)
def test_freed_memory_is_cleared_by_one_of_several_ways(
    text: str, build: dict[str, str], pages: bool | None, memory: bool | None
) -> None:
    found = arguments(text, entry(text))
    for safeguard, expected in (
        (boot.freed_pages(found, build), pages),
        (boot.freed_memory(found, build), memory),
    ):
        for value in (safeguard.now, safeguard.after_boot):
            assert (None if isinstance(value, Absent) else value) is expected


SECURE = Firmware(True, True, False, True)


@pytest.mark.parametrize(
    ("level", "after", "firmware", "expected"),
    [
        ("integrity", "lockdown=integrity", Firmware(False, False, NONE, NONE), True),
        ("integrity", "ro", SECURE, True),
        ("integrity", "ro", Firmware(True, False, False, True), False),  # set by hand, until the next boot
        ("integrity", "ro", DENIED, None),
        ("none", "lockdown=confidentiality", SECURE, True),
        ("none", "ro", SECURE, False),
    ],
)
def test_lockdown_lasts_by_its_parameter_or_by_secure_boot(
    level: str, after: str, firmware: Firmware | Absent, expected: bool | None
) -> None:
    found = boot.lockdown(arguments("ro", entry(after)), {}, level, ("lockdown",), firmware)
    assert found.now is (level != "none")
    assert (None if isinstance(found.after_boot, Absent) else found.after_boot) is expected


def test_a_kernel_without_lockdown_has_none_and_one_unread_is_not_known() -> None:
    found = boot.lockdown(arguments("ro", entry("ro")), {}, NONE, ("yama", "apparmor"), SECURE)
    assert (found.now, found.after_boot) == (False, False)
    assert boot.lockdown(arguments("ro", entry("ro")), {}, DENIED, ("yama",), SECURE).now == DENIED
    assert boot.lockdown(arguments("ro", entry("ro")), {}, NONE, DENIED, SECURE).now == NONE


def test_no_execute_goes_by_the_flag_and_the_parameter() -> None:
    assert boot.no_execute(arguments("ro", entry("noexec=off")), CPU).after_boot is False
    without = msgspec.structs.replace(CPU, no_execute=False)
    assert boot.no_execute(arguments("ro", entry("ro")), without).now is False


# --- mounts


ROOT = Mount("/", "ext4", "/dev/sda1", ("rw",), device="8:1")


def fstab(
    point: str, options: str, source: str = "/dev/sda2", fstype: str = "ext4", at: int = 3
) -> FstabEntry:
    return FstabEntry(source, point, fstype, tuple(options.split(",")), at)


def place(
    path: str, *entries: FstabEntry, mounts: tuple[Mount, ...] = (ROOT,), units: tuple[MountUnit, ...] = ()
) -> PlaceMount:
    return next(each for each in mount_places.places(mounts, entries, units, SYSTEMD) if each.path == path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("rw", "nodev"), ("nodev",)),
        (("defaults",), ()),
        (("noexec", "exec"), ()),
        (("users",), ("nodev", "nosuid", "noexec")),
        (("user", "exec"), ("nodev", "nosuid")),
        (("owner",), ("nodev", "nosuid")),
    ],
)
def test_of_two_options_the_later_one_holds(options: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert mount_places.guards(options) == expected


def test_a_place_is_told_now_and_after_boot_with_what_mounts_it() -> None:
    tmp = Mount("/tmp", "tmpfs", "tmpfs", ("rw", "nodev", "nosuid"))
    found = place("/tmp", mounts=(ROOT, tmp))
    assert (found.separate_now, found.guards_now) == (True, ("nodev", "nosuid"))
    assert (found.separate_at_boot, found.guards_at_boot) == (False, ())
    assert "after boot not mounted" in found.shown
    at_boot = place("/home", fstab("/home", "defaults,nodev"))
    assert (at_boot.separate_now, at_boot.guards_at_boot, at_boot.set_by) == (
        False,
        ("nodev",),
        "/etc/fstab:3",
    )
    assert place("/home", fstab("/home", "noauto")).separate_at_boot is False
    assert place("/home", fstab("/home", "noauto,x-systemd.automount")).separate_at_boot is True


def test_of_two_mounts_on_one_place_the_last_is_on_top() -> None:
    below, above = Mount("/tmp", "tmpfs", "c", ("nodev",)), Mount("/tmp", "ext4", "d", ("ro",))
    found = place("/tmp", mounts=(ROOT, below, above))
    assert (found.source, found.guards_now) == ("ext4 d", ())


def unit(file: str, *, wanted: bool = True, masked: bool = False) -> MountUnit:
    return MountUnit("tmp.mount", "/tmp", "tmpfs", ("nodev",), file, wanted, masked)


@pytest.mark.parametrize(
    ("units", "entries", "mounted", "by"),
    [
        ((unit("/etc/systemd/system/tmp.mount"),), (), True, "/etc/systemd/system/tmp.mount"),
        ((unit("/etc/systemd/system/tmp.mount", wanted=False),), (), False, "is not enabled"),
        ((unit("/etc/systemd/system/tmp.mount", masked=True),), ("/tmp",), False, "is masked"),
        ((unit("/usr/lib/systemd/system/tmp.mount"),), ("/tmp",), True, "/etc/fstab:3"),
        ((unit("/usr/lib/systemd/system/tmp.mount"),), (), True, "/usr/lib/systemd/system/tmp.mount"),
    ],
)
def test_a_unit_of_etc_goes_before_fstab_and_that_before_the_vendor_s(
    units: tuple[MountUnit, ...], entries: tuple[str, ...], mounted: bool, by: str
) -> None:
    found = place("/tmp", *(fstab(each, "nosuid") for each in entries), units=units)
    assert found.separate_at_boot is mounted
    assert by in found.set_by


def test_shared_memory_is_systemd_s_own_and_unread_files_make_the_boot_unknown() -> None:
    assert place("/dev/shm").guards_at_boot == ("nodev", "nosuid")
    for wrong in mount_places.places((ROOT,), DENIED, (), SYSTEMD):
        assert wrong.separate_at_boot == DENIED
    (zfs,) = (
        each
        for each in mount_places.places((ROOT, Mount("/home", "zfs", "pool/home", ("rw",))), (), (), SYSTEMD)
        if each.path == "/home"
    )
    assert isinstance(zfs.separate_at_boot, Absent)


def test_local_file_systems_are_those_on_disks_and_not_what_is_bound_or_an_engine_s() -> None:
    mounts = (
        ROOT,
        Mount("/srv", "xfs", "/dev/sdb1", ("rw",)),
        Mount("/srv/bound", "xfs", "/dev/sdb1", ("rw",), root="/x"),
        Mount("/snap/core/1", "squashfs", "/dev/loop0", ("ro",)),
        Mount("/var/lib/docker/x", "ext4", "/dev/sdb2", ("rw",)),
        Mount("/proc", "proc", "proc", ("rw",)),
    )
    entries = (
        fstab("/", "rw"),
        fstab("/data", "defaults"),
        fstab("none", "sw", fstype="swap"),
        fstab("/cd", "noauto"),
    )
    found = mount_places.local_file_systems(mounts, entries, (), SYSTEMD)
    assert not isinstance(found, Absent)
    assert [each.path for each in found] == ["/data", "/srv"]
    assert mount_places.local_file_systems(mounts, DENIED, (), SYSTEMD) == DENIED


def test_removable_media_are_those_of_fstab_and_those_that_are_mounted() -> None:
    stick = Mount("/mnt", "vfat", "/dev/sdb1", ("rw", "nosuid", "nodev"), device="8:17")
    entries = (fstab("/media/cdrom0", "user,noauto", "/dev/sr0", "udf,iso9660"),)
    found = mount_places.removable_media((ROOT, stick), ("8:16", "8:17"), entries)
    assert not isinstance(found, Absent)
    assert [(each.path, each.guards_at_boot) for each in found] == [
        ("/media/cdrom0", ("nodev", "nosuid", "noexec")),
        ("/mnt", ("nodev", "nosuid")),
    ]
    assert mount_places.removable_media((ROOT,), (), ()) == ()


# --- locks after failed logins


RHEL = (DATA / "pam.services/rhel9.tree").read_text()
NO_CONF = FaillockConf({}, {})


def stacks(text: str) -> dict[str, tuple[PamLine, ...]]:
    found = parse_pam_services(host(tree_of_text("pam.files", text)))
    assert not isinstance(found, Absent)
    return dict(found)


def test_a_stack_with_both_lines_locks_with_the_values_of_its_file() -> None:
    conf = FaillockConf({"deny": "5", "unlock_time": "never"}, {"deny": "f:1", "unlock_time": "f:2"})
    (found,) = lockouts(stacks(RHEL), conf) or ()
    assert (found.counts, found.deny, found.unlock_seconds, found.interval_seconds) == (True, 5, 0, 900)
    assert found.why == "f:1, f:2, pam_faillock's default"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("preauth silent", "", "no preauth line"),
        ("pam_faillock.so authfail", "pam_deny.so", "no authfail line"),
        ("pam_faillock.so", "pam_permit.so", "not in its stack"),
    ],
)
def test_one_line_alone_locks_nothing(old: str, new: str, why: str) -> None:
    (found,) = lockouts(stacks(RHEL.replace(old, new)), NO_CONF) or ()
    assert not found.counts
    assert why in found.why


def test_arguments_of_the_stack_go_before_the_file() -> None:
    conf = FaillockConf({"deny": "3"}, {"deny": "f:1"})
    (found,) = lockouts(stacks(RHEL.replace("authfail", "authfail deny=50")), conf) or ()
    assert found.deny == 50


def test_tally2_counts_without_an_interval_and_only_with_deny() -> None:
    text = "== /etc/pam.d/login\nauth required pam_tally2.so deny=3 onerr=fail\nauth required pam_unix.so\n"
    (found,) = lockouts(stacks(text), NO_CONF) or ()
    assert (found.counts, found.deny, found.unlock_seconds, found.interval_seconds) == (True, 3, 0, -1)
    (bare,) = lockouts(stacks(text.replace("deny=3 ", "")), NO_CONF) or ()
    assert not bare.counts


def test_stacks_that_include_each_other_end_and_unread_settings_are_not_known() -> None:
    loop = "== /etc/pam.d/sshd\nauth include sshd\n@include sshd\n"
    (found,) = lockouts(stacks(loop), NO_CONF) or ()
    assert not found.counts
    assert lockouts(stacks(RHEL), DENIED) == DENIED
    assert isinstance(lockouts({}, NO_CONF), Absent)
    wrong = lockouts(stacks(RHEL), FaillockConf({"deny": "many"}, {"deny": "f:1"}))
    assert isinstance(wrong, Absent)


# --- the rest


def test_a_banner_is_what_its_file_holds() -> None:
    files = {"/etc/issue": True, "/etc/issue.net": False}
    for path, expected in (
        ("none", False),
        ("/etc/issue", True),
        ("/etc/issue.net", False),
        ("/etc/ssh/my-banner", False),
    ):
        assert sshd_settings.banner({"banner": path}, files).text is expected
    assert isinstance(sshd_settings.banner({"banner": "/opt/text"}, files).text, Absent)
    assert sshd_settings.banner({"banner": "/etc/issue"}, DENIED).text == DENIED


def test_numbers_of_sshd_are_read_or_told_as_not_read() -> None:
    found = sshd_settings.limits({"maxstartups": "10:30:60", "rekeylimit": "1073741824 3600"})
    assert not isinstance(found, Absent)
    assert (found.startups_full, found.rekey_bytes, found.rekey_seconds) == (60, 1 << 30, 3600)
    assert isinstance(sshd_settings.limits({"maxstartups": "10"}), Absent)


def test_departures_from_the_policy_are_named() -> None:
    policy = CryptoPolicy("DEFAULT", "DEFAULT", {"ciphers": "a,b", "macs": "m", "unknown": "x"})
    found = sshd_settings.crypto_policy(policy, {"ciphers": "b,a", "macs": "m"})
    assert not isinstance(found, Absent)
    assert found.departures == ("ciphers is b,a",)
    unread = msgspec.structs.replace(policy, openssh=DENIED)
    assert sshd_settings.crypto_policy(unread, {}) == DENIED


def test_servers_are_those_of_the_service_that_runs() -> None:
    config = TimeConfig(
        (
            TimeSource("a", "chrony", 1024, False, "f:1"),
            TimeSource("b", "systemd-timesyncd", 2048, False, "g:1"),
        ),
        NONE,
    )
    found = sources(config, TimeSync(("systemd-timesyncd",), True))
    assert not isinstance(found, Absent)
    assert [each.name for each in found] == ["b"]
    assert sources(config, TimeSync((), False)) == ()
    unread = TimeConfig((), NONE, ("/srv/chrony.conf",))
    assert isinstance(sources(unread, TimeSync(("chrony",), True)), Absent)


STORE = Fail2banStore("/var/lib/f.sqlite3", "f:1", 86400, "/var/log/f.log", "f:2")


def jail(ban: int) -> Fail2banServer:
    return Fail2banServer(True, (Jail("sshd", 0, 0, ban, 600, 5, ()),))


@pytest.mark.parametrize(
    ("store", "server", "gaps"),
    [
        (STORE, jail(600), 0),
        (STORE, jail(604800), 1),
        (STORE, jail(-1), 1),
        (msgspec.structs.replace(STORE, database=":memory:"), jail(600), 1),
        (msgspec.structs.replace(STORE, database="None"), DENIED, 1),
        (msgspec.structs.replace(STORE, log="/dev/null"), jail(600), 1),
        (STORE, DENIED, None),
    ],
)
def test_what_a_restart_forgets_is_named(
    store: Fail2banStore, server: Fail2banServer | Absent, gaps: int | None
) -> None:
    found = fail2ban_store.persistence(store, server)
    assert (None if isinstance(found, Absent) else len(found.gaps)) == gaps


def test_sudo_s_defaults_give_role_and_type_where_a_rule_has_none() -> None:
    rules = (
        SudoRule("%wheel", "ALL", "ALL", (), "ALL", "f:1"),
        SudoRule("alice", "ALL", "root", (), "ALL", "f:2", "sysadm_r", "sysadm_t"),
        SudoRule("bob", "ALL", "root", (), "/usr/bin/id", "f:3"),
        SudoRule("root", "ALL", "ALL", (), "ALL", "f:4"),
    )
    found = sudo_contexts(Sudoers(rules, ()))
    assert not isinstance(found, Absent)
    assert [(each.who, each.role) for each in found] == [("%wheel", ""), ("alice", "sysadm_r")]
    given_ = sudo_contexts(Sudoers(rules, ((" role=staff_r, type=staff_t", "f:5"),)))
    assert not isinstance(given_, Absent)
    assert (given_[0].role, given_[0].type_) == ("staff_r", "staff_t")


def test_the_manager_that_installs_is_the_one_whose_settings_count() -> None:
    dnf = RpmSources("dnf", True, "f", True, "f", True, "f", ())
    zypper = msgspec.structs.replace(dnf, manager="zypper")
    rpm = Packages("rpm", {})
    assert package_sources.rpm_sources(dnf, NONE, rpm) is dnf
    assert package_sources.rpm_sources(NONE, zypper, rpm) is zypper
    assert package_sources.rpm_sources(dnf, DENIED, rpm) == DENIED
    of_dpkg = package_sources.rpm_sources(dnf, NONE, Packages("dpkg", {}))
    assert isinstance(of_dpkg, Absent)
    assert of_dpkg.reason is Reason.NOT_PRESENT


def test_a_vendor_s_key_is_known_by_the_owner_it_names() -> None:
    keys = (SigningKey("fd431d51", "Red Hat, Inc. (release key 2)"), SigningKey("12345678", "Site"))
    assert package_sources.vendor_keys(OsRelease("rhel"), keys) == keys[:1]
    assert package_sources.vendor_keys(OsRelease("rocky"), keys) == ()
    assert isinstance(package_sources.vendor_keys(OsRelease("other"), keys), Absent)
