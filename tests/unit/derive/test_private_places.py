"""Whether /proc hides processes, and which folders a login gets of its own."""

from __future__ import annotations

import pytest

from hardcheck.derive.pam_namespaces import login_namespaces
from hardcheck.derive.proc_mount import proc_mount
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.mounts import FstabEntry, Mount
from hardcheck.facts.pam import PamLine, PolyDir

DENIED = Absent(Reason.DENIED, ("mounts.fstab",))
NO_FSTAB = Absent(Reason.NOT_PRESENT, ("mounts.fstab",))


def proc(*options: str) -> tuple[Mount, ...]:
    return (
        Mount("/", "ext4", "/dev/vda1", ("rw",)),
        Mount("/proc", "proc", "proc", ("rw", "nosuid"), options),
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("rw",), "off"),
        (("rw", "hidepid=2"), "invisible"),
        (("rw", "hidepid=invisible", "gid=101"), "invisible"),
        (("hidepid=1",), "noaccess"),
        (("hidepid=ptraceable",), "ptraceable"),
        (("hidepid=2", "hidepid=0"), "off"),
    ],
)
def test_the_mount_says_what_proc_hides_now(options: tuple[str, ...], expected: str) -> None:
    found = proc_mount(proc(*options), NO_FSTAB)
    assert not isinstance(found, Absent)
    assert (found.hidepid_now, found.hidepid_at_boot) == (expected, "off")


def test_fstab_says_what_it_will_hide_after_boot() -> None:
    entry = FstabEntry("proc", "/proc", "proc", ("defaults", "hidepid=2"), 7)
    found = proc_mount(proc("rw"), (entry,))
    assert not isinstance(found, Absent)
    assert (found.hidepid_now, found.hidepid_at_boot, found.set_by) == ("off", "invisible", "/etc/fstab:7")
    unseen = proc_mount(proc("rw"), DENIED)
    assert not isinstance(unseen, Absent)
    assert unseen.hidepid_at_boot is DENIED
    assert isinstance(proc_mount((), NO_FSTAB), Absent)


FOLDERS = (PolyDir("/tmp", "user", "root", "f:1"), PolyDir("/var/tmp", "user", "root", "f:2"))


def line(control: str, module: str) -> PamLine:
    return PamLine("session", control, module, (), "/etc/pam.d/x:3")


def test_a_module_that_is_included_counts_and_one_that_may_fail_does_not() -> None:
    services = {
        "sshd": (line("include", "common-session"),),
        "common-session": (line("required", "pam_namespace.so"),),
        "login": (line("optional", "pam_namespace.so"),),
        "gdm-password": (line("required", "pam_unix.so"),),
    }
    found = login_namespaces(services, FOLDERS)
    assert not isinstance(found, Absent)
    by_name = {each.service: each.private for each in found}
    assert by_name == {"sshd": ("/tmp", "/var/tmp"), "login": (), "gdm-password": ()}


def test_a_module_without_folders_does_nothing() -> None:
    found = login_namespaces({"sshd": (line("required", "pam_namespace.so"),)}, ())
    assert not isinstance(found, Absent)
    assert (found[0].private, found[0].why) == ((), "namespace.conf names no folder")
    assert isinstance(login_namespaces({"cron": ()}, FOLDERS), Absent)
