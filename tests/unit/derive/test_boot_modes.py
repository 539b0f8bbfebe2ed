"""The mode now, as configured and after the next boot, reconciled."""

from __future__ import annotations

import pytest

from hardcheck.derive.boot_modes import derive_apparmor_modes, derive_selinux_modes
from hardcheck.derive.lsm_order import selected_module
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import ApparmorKernel, LoadedProfile, ServiceState
from hardcheck.facts.host import BootEntry, BootLoader, CommandLine
from hardcheck.facts.mac import ApparmorModes, SelinuxModes
from hardcheck.facts.selinux import SelinuxConfig, SelinuxKernel
from hardcheck.parse.kernel_cmdline import parse_options

DENIED = Absent(Reason.DENIED)
GONE = Absent(Reason.NOT_PRESENT)
DEBIAN = {"LSM": "landlock,lockdown,yama,integrity,apparmor,selinux,smack,tomoyo,bpf"}
FEDORA = {"LSM": "lockdown,yama,integrity,selinux,bpf,landlock"}
RHEL7 = {"DEFAULT_SECURITY_SELINUX": "y"}


def kernel(enforcing: bool = True, policy_loaded: bool = True) -> SelinuxKernel:
    return SelinuxKernel(enforcing, policy_loaded, True, 33, True, False, False)


def loader(*options: str, rescue: str = "") -> BootLoader:
    entries = [
        BootEntry(f"entry {n}", "/boot/grub2/grub.cfg", parse_options(o)) for n, o in enumerate(options)
    ]
    if rescue:
        entries.append(BootEntry("rescue", "/boot/grub2/grub.cfg", parse_options(rescue), rescue=True))
    return BootLoader(tuple(entries))


ENFORCING = kernel()
ONE_PROFILE = (LoadedProfile("a", "enforce"),)


def selinux(
    now: SelinuxKernel | Absent = ENFORCING,
    config: str | Absent = "enforcing",
    line: str = "ro quiet",
    boot: BootLoader | Absent = GONE,
    build: dict[str, str] | Absent = FEDORA,
) -> SelinuxModes:
    written = config if isinstance(config, Absent) else SelinuxConfig(config, "targeted")  # type: ignore[arg-type]
    modes = derive_selinux_modes(now, written, GONE, parse_options(line), boot, build, ("yama", "selinux"))
    assert isinstance(modes, SelinuxModes)
    return modes


@pytest.mark.parametrize(
    ("enforcing", "config", "line", "verdict"),
    [
        (True, "enforcing", "ro", "enforcing"),
        (True, "permissive", "ro", "enforcing now, permissive after the next boot"),
        (True, "disabled", "ro", "enforcing now, disabled after the next boot"),
        (True, "invalid", "ro", "enforcing now, permissive after the next boot"),
        (False, "enforcing", "ro", "permissive now, enforcing after the next boot"),
        (False, "permissive", "ro", "permissive"),
        (True, "enforcing", "ro enforcing=0", "enforcing now, permissive after the next boot"),
        (True, "permissive", "ro enforcing=1", "enforcing"),
        (True, "disabled", "ro enforcing=1", "enforcing now, disabled after the next boot"),
        (True, "enforcing", "ro selinux=0", "enforcing now, disabled after the next boot"),
        (True, "enforcing", "ro selinux=0 selinux=1", "enforcing"),
        (True, "enforcing", "ro lsm=yama,apparmor", "enforcing now, disabled after the next boot"),
        (True, "enforcing", "ro security=apparmor", "enforcing now, disabled after the next boot"),
        (True, "enforcing", "ro lsm=selinux security=apparmor", "enforcing"),
        (True, "enforcing", "ro xenforcing=0", "enforcing"),
    ],
)
def test_without_a_boot_loader_the_host_starts_again_as_it_was(
    enforcing: bool, config: str, line: str, verdict: str
) -> None:
    assert selinux(kernel(enforcing), config, line).verdict == verdict


def test_the_boot_loaders_entries_go_before_the_running_command_line() -> None:
    modes = selinux(line="ro", boot=loader("ro enforcing=0"))
    assert modes.verdict == "enforcing now, permissive after the next boot"
    assert [outcome.source for outcome in modes.boot] == ["/boot/grub2/grub.cfg"]


def test_entries_that_part_are_said_to() -> None:
    modes = selinux(boot=loader("ro", "ro selinux=0"))
    assert (modes.at_boot, modes.verdict) == (
        "differs",
        "enforcing now, after the next boot it depends on the boot entry",
    )


def test_an_entry_for_rescue_does_not_count() -> None:
    assert selinux(boot=loader("ro", rescue="ro single enforcing=0")).verdict == "enforcing"


@pytest.mark.parametrize(
    "changed",
    [{"config": DENIED}, {"boot": DENIED}, {"boot": BootLoader((), ("/efi/EFI/Linux/a.efi",))}],
    ids=["configuration", "boot loader", "unified image"],
)
def test_an_unseen_half_leaves_the_verdict_open(changed: dict[str, object]) -> None:
    modes = selinux(**changed)  # type: ignore[arg-type]
    assert isinstance(modes.verdict, Absent)
    assert modes.now == "enforcing"
    assert modes.shown.startswith("enforcing now, unknown (")


def test_an_unseen_half_does_not_hide_that_the_other_is_wrong() -> None:
    assert selinux(kernel(enforcing=False), boot=DENIED).verdict == (
        "permissive now, unknown (denied) after the next boot"
    )


def test_selinux_without_a_policy_is_disabled_whatever_it_calls_its_mode() -> None:
    assert selinux(kernel(True, policy_loaded=False), GONE).now == "disabled"


def test_a_mode_that_could_not_be_seen_is_absent() -> None:
    line = parse_options("ro")
    modes = derive_selinux_modes(DENIED, GONE, GONE, line, GONE, FEDORA, GONE)
    assert modes == DENIED


@pytest.mark.parametrize(
    ("line", "build", "module"),
    [
        ("ro", DEBIAN, "apparmor"),
        ("ro apparmor=0", DEBIAN, "selinux"),
        ("ro apparmor=0 selinux=0", DEBIAN, "smack"),
        ("ro security=selinux", DEBIAN, "selinux"),
        ("ro security=selinux selinux=0", DEBIAN, ""),
        ("ro security=none", DEBIAN, ""),
        ("ro lsm=landlock,selinux,apparmor", DEBIAN, "selinux"),
        ("ro lsm=landlock,yama", DEBIAN, ""),
        ("ro", FEDORA, "selinux"),
        ("ro", RHEL7, "selinux"),
        ("ro security=apparmor", RHEL7, "apparmor"),
        ("ro", {}, ""),
        ("ro", DENIED, None),
        ("ro security=selinux", DENIED, "selinux"),
    ],
)
def test_the_kernel_picks_the_first_exclusive_module_that_is_on(
    line: str, build: dict[str, str] | Absent, module: str | None
) -> None:
    assert selected_module(parse_options(line), build, GONE, None) == module


def test_an_unknown_build_leads_where_the_same_options_led_before() -> None:
    running = parse_options("ro quiet")
    assert selected_module(parse_options("rw splash"), DENIED, running, "apparmor") == "apparmor"
    assert selected_module(parse_options("apparmor=0"), DENIED, running, "apparmor") is None


def apparmor(
    enabled: bool = True,
    profiles: tuple[LoadedProfile, ...] | Absent = ONE_PROFILE,
    unit: str | Absent = "enabled",
    line: str = "ro",
    boot: BootLoader | Absent = GONE,
) -> ApparmorModes:
    service = (
        unit if isinstance(unit, Absent) else ServiceState("loaded", "active", "exited", unit, "success")
    )
    modes = derive_apparmor_modes(
        ApparmorKernel(enabled, {}), profiles, service, parse_options(line), boot, DEBIAN, ("apparmor",)
    )
    assert isinstance(modes, ApparmorModes)
    return modes


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "enabled"),
        ({"profiles": ()}, "without profiles now, enabled after the next boot"),
        ({"unit": "disabled"}, "enabled now, without profiles after the next boot"),
        ({"unit": "masked"}, "enabled now, without profiles after the next boot"),
        ({"boot": loader("ro apparmor=0")}, "enabled now, disabled after the next boot"),
        (
            {"boot": loader("ro", "ro security=selinux")},
            "enabled now, after the next boot it depends on the boot entry",
        ),
        ({"enabled": False, "line": "ro apparmor=0"}, "disabled"),
    ],
)
def test_apparmor_now_and_after_the_next_boot(changed: dict[str, object], verdict: str) -> None:
    assert apparmor(**changed).verdict == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [{"profiles": DENIED}, {"unit": Absent(Reason.TOOL_MISSING)}])
def test_apparmor_with_an_unseen_half_is_left_open(changed: dict[str, object]) -> None:
    assert isinstance(apparmor(**changed).verdict, Absent)  # type: ignore[arg-type]


def test_every_source_that_was_asked_is_named_with_what_it_says() -> None:
    modes = selinux(kernel(False), "enforcing", "ro enforcing=0", loader("ro"))
    assert [(source.source, source.says) for source in modes.sources] == [
        ("/sys/fs/selinux/enforce", "permissive"),
        ("sestatus", "not there"),
        ("/etc/selinux/config", "enforcing"),
        ("/proc/cmdline", "enforcing=0"),
        ("next boot", "entry 0 (/boot/grub2/grub.cfg): enforcing"),
    ]


def test_a_value_is_the_last_one_given() -> None:
    assert CommandLine(("lsm=a", "lsm=b")).value("lsm") == "b"
