"""Whether /proc hides the processes of other accounts, proc(5), now and after boot.

At boot systemd mounts it without options, and again with those of its line in fstab(5). Since Linux 5.8 the
kernel prints the words, before that the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.facts import Absent, Reason
from hardcheck.facts.mounts import FstabEntry, Mount, ProcMount

_WORDS = {"0": "off", "1": "noaccess", "2": "invisible", "4": "ptraceable"}


def proc_mount(mounts: tuple[Mount, ...], fstab: tuple[FstabEntry, ...] | Absent) -> ProcMount | Absent:
    """The state of /proc. Absent where it is not mounted."""
    mount = next((each for each in reversed(mounts) if each.point == "/proc"), None)
    if mount is None:
        return Absent(Reason.NOT_PRESENT, ("mounts.mountinfo",), "/proc is not among the mounts")
    now = _hidepid((*mount.options, *mount.super_options))
    if isinstance(fstab, Absent) and fstab.reason is not Reason.NOT_PRESENT:
        return ProcMount(now, fstab, "not known")
    entry = None
    if not isinstance(fstab, Absent):
        entry = next((each for each in fstab if each.point == "/proc"), None)
    if entry is None:
        return ProcMount(now, "off", "no line of fstab for /proc")
    return ProcMount(now, _hidepid(entry.options), f"/etc/fstab:{entry.line}")


def _hidepid(options: Iterable[str]) -> str:
    """The last hidepid= of them in the kernel's words."""
    values = [option.partition("=")[2] for option in options if option.startswith("hidepid=")]
    return _WORDS.get(values[-1], values[-1][:40]) if values else "off"
