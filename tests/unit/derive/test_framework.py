"""Which framework is active, and what would switch it off."""

from __future__ import annotations

import pytest

from hardcheck.derive.framework import (
    derive_framework,
    derive_majors,
    derive_switches,
    derive_verdict,
    weakening,
)
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import ApparmorKernel
from hardcheck.facts.host import BootDefaults, BootEntry, BootLoader
from hardcheck.facts.selinux import SelinuxKernel
from hardcheck.parse.kernel_cmdline import parse_options

DENIED, GONE = Absent(Reason.DENIED), Absent(Reason.NOT_PRESENT)
LOADED = SelinuxKernel(True, True, True, 33, True, False, False)
EMPTY = SelinuxKernel(False, False, False, 33, True, False, False)
ON, OFF = ApparmorKernel(True, {}), ApparmorKernel(False, {})


@pytest.mark.parametrize(
    ("active", "selinux", "apparmor", "framework"),
    [
        (("yama", "selinux"), LOADED, OFF, "selinux"),
        (("yama", "apparmor"), GONE, ON, "apparmor"),
        (("yama", "selinux", "tomoyo"), EMPTY, OFF, "neither"),
        (("yama",), GONE, GONE, "neither"),
        (GONE, GONE, GONE, "neither"),
        (("yama", "apparmor"), DENIED, ON, "apparmor"),
        (("yama", "apparmor"), GONE, DENIED, "apparmor"),
        (("yama",), DENIED, DENIED, "neither"),
    ],
)
def test_the_framework_is_the_one_with_a_policy_in_the_kernel(active, selinux, apparmor, framework) -> None:  # type: ignore[no-untyped-def]
    assert derive_framework(active, selinux, apparmor) == framework


@pytest.mark.parametrize(
    ("active", "selinux", "apparmor"),
    [(DENIED, DENIED, GONE), (DENIED, GONE, DENIED), (("selinux",), DENIED, GONE)],
)
def test_a_framework_that_could_not_be_seen_is_not_denied_to_be_there(active, selinux, apparmor) -> None:  # type: ignore[no-untyped-def]
    found = derive_framework(active, selinux, apparmor)
    assert isinstance(found, Absent)
    assert found.reason is Reason.DENIED


def test_tomoyo_beside_another_module_is_no_second_framework() -> None:
    assert derive_majors(("lockdown", "yama", "apparmor", "tomoyo", "bpf")) == ("apparmor",)


def test_selinux_without_a_policy_is_named_in_the_verdict() -> None:
    assert derive_verdict("neither", GONE, GONE, EMPTY, GONE) == (
        "no MAC framework is active: SELinux is switched on and has no policy"
    )
    assert derive_verdict("neither", GONE, GONE, GONE, GONE) == "no MAC framework is active"


@pytest.mark.parametrize(
    ("line", "framework", "found"),
    [
        ("ro quiet", "selinux", ()),
        ("selinux=0", "selinux", ("selinux=0",)),
        ("selinux=0", "apparmor", ()),
        ("enforcing=0 enforcing=1", "selinux", ("enforcing=0",)),
        ("apparmor=0", "apparmor", ("apparmor=0",)),
        ("security=apparmor", "selinux", ("security=apparmor",)),
        ("security=selinux selinux=1", "selinux", ()),
        ("lsm=yama security=selinux", "selinux", ("lsm=yama",)),
        ("apparmor=0 selinux=0", "neither", ("selinux=0", "apparmor=0")),
    ],
)
def test_options_that_weaken_are_found(line: str, framework, found: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    assert weakening(parse_options(line), framework) == found


def test_switches_are_told_by_where_they_stand() -> None:
    boot = BootLoader((BootEntry("Debian", "/boot/grub/grub.cfg", parse_options("ro apparmor=0")),))
    defaults = BootDefaults({"/etc/default/grub": parse_options("quiet security=selinux")})
    switches = derive_switches("apparmor", parse_options("ro"), boot, defaults)
    assert switches.running == ()
    assert switches.next == ("Debian: apparmor=0",)
    assert switches.generated == ("/etc/default/grub: security=selinux",)


def test_a_host_without_a_boot_loader_is_started_again_as_it_was() -> None:
    switches = derive_switches("selinux", parse_options("enforcing=0"), GONE, GONE)
    assert (switches.next, switches.generated) == (("started as now: enforcing=0",), ())


def test_options_in_a_unified_image_are_not_seen() -> None:
    boot = BootLoader((), ("/efi/EFI/Linux/a.efi",))
    assert isinstance(derive_switches("selinux", parse_options("ro"), boot, GONE).next, Absent)
    assert derive_switches("selinux", parse_options("ro"), DENIED, DENIED).generated == DENIED
