"""File systems of their own and their guards (nodev, nosuid, noexec), now and after the next boot.

At boot systemd makes mount units of fstab(5); a unit of /etc/systemd/system goes before those, one of
/usr/lib/systemd/system behind. A unit mounts when fstab or a ``.wants`` link asks for it. /dev/shm is
systemd's own, mounted nodev and nosuid unless fstab says otherwise (src/shared/mount-setup.c). Of several
lines of fstab for one place systemd-fstab-generator takes the first.

Not weighed: file systems that ZFS mounts by itself (said so), and programs that mount later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hardcheck.facts import Absent, Reason
from hardcheck.facts.mounts import FstabEntry, Mount, MountUnit, PlaceMount
from hardcheck.facts.sysctl import SysctlReading

PLACES = (
    "/boot",
    "/dev/shm",  # noqa: S108 - a place that is looked at, not one that is used
    "/home",
    "/tmp",  # noqa: S108 - the same
    "/var",
    "/var/log",
    "/var/log/audit",
    "/var/tmp",  # noqa: S108 - the same
)
GUARDS = ("nodev", "nosuid", "noexec")
_SHM = "/dev/shm"  # noqa: S108 - the same
_LOCAL = ("/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=")
_READ_ONLY_TYPES = frozenset({"squashfs", "erofs", "iso9660", "udf"})
_ENGINES = ("/var/lib/docker/", "/var/lib/containers/", "/var/lib/kubelet/", "/var/lib/containerd/", "/snap/")
_DISCS = ("/dev/sr", "/dev/cdrom", "/dev/dvd", "/dev/fd", "/dev/disk/by-id/usb-")

Boot = tuple[bool | Absent, tuple[str, ...] | Absent, str]


def guards(options: Iterable[str]) -> tuple[str, ...]:
    """Those of nodev, nosuid and noexec that the options come to; the later one of two wins."""
    found = dict.fromkeys(GUARDS, False)
    for option in options:
        if option in found:
            found[option] = True
        elif f"no{option}" in found:
            found[f"no{option}"] = False
        elif option in ("user", "users"):
            found = dict.fromkeys(GUARDS, True)
        elif option in ("owner", "group"):
            found |= {"nodev": True, "nosuid": True}
    return tuple(name for name in GUARDS if found[name])


def places(
    mounts: tuple[Mount, ...],
    fstab: tuple[FstabEntry, ...] | Absent,
    units: tuple[MountUnit, ...] | Absent,
    reading: SysctlReading | Absent,
) -> tuple[PlaceMount, ...]:
    """Every place of `PLACES`."""
    return tuple(_place(path, mounts, fstab, units, reading) for path in PLACES)


def local_file_systems(
    mounts: tuple[Mount, ...],
    fstab: tuple[FstabEntry, ...] | Absent,
    units: tuple[MountUnit, ...] | Absent,
    reading: SysctlReading | Absent,
) -> tuple[PlaceMount, ...] | Absent:
    """Every file system on a disk of the host beside the root, mounted now or at boot. Files bound into other
    places and what container engines mount are left out."""
    if isinstance(fstab, Absent) and fstab.reason is not Reason.NOT_PRESENT:
        return fstab
    points = [
        mount.point
        for mount in mounts
        if mount.source.startswith("/dev/")
        and mount.fstype not in _READ_ONLY_TYPES
        and (mount.root == "/" or mount.fstype == "btrfs")
        and not mount.point.startswith(_ENGINES)
    ]
    if not isinstance(fstab, Absent):
        points += [
            entry.point
            for entry in fstab
            if entry.source.startswith(_LOCAL)
            and entry.fstype not in (*_READ_ONLY_TYPES, "swap")
            and "noauto" not in entry.options
            and "bind" not in entry.options
            and not entry.source.startswith(_DISCS)
        ]
    names = sorted({point for point in points if point.startswith("/") and point != "/"})
    return tuple(_place(path, mounts, fstab, units, reading) for path in names)


def removable_media(
    mounts: tuple[Mount, ...], removable: tuple[str, ...], fstab: tuple[FstabEntry, ...] | Absent
) -> tuple[PlaceMount, ...] | Absent:
    """Discs and disks that can be taken out: those that are mounted, and those that fstab knows."""
    if isinstance(fstab, Absent) and fstab.reason is not Reason.NOT_PRESENT:
        return fstab
    entries = () if isinstance(fstab, Absent) else fstab
    known = {
        entry.point: entry
        for entry in reversed(entries)
        if entry.source.startswith(_DISCS) or entry.fstype in ("iso9660", "udf") or _below_media(entry.point)
    }
    mounted = {mount.point: mount for mount in mounts if mount.device in removable}
    found = []
    for point in sorted({*known, *mounted}):
        mount, entry = mounted.get(point), known.get(point)
        later = () if entry is None else guards(entry.options)
        now = later if mount is None else guards(mount.options)
        found.append(
            PlaceMount(
                path=point,
                separate_now=mount is not None,
                guards_now=now,
                separate_at_boot=entry is not None,
                guards_at_boot=now if entry is None else later,
                set_by="mounted by hand" if entry is None else f"/etc/fstab:{entry.line}",
                source="" if mount is None else mount.source,
            )
        )
    return tuple(found)


def _below_media(point: str) -> bool:
    return point.startswith(("/media/", "/run/media/"))


def _place(
    path: str,
    mounts: Sequence[Mount],
    fstab: tuple[FstabEntry, ...] | Absent,
    units: tuple[MountUnit, ...] | Absent,
    reading: SysctlReading | Absent,
) -> PlaceMount:
    mount = next((each for each in reversed(mounts) if each.point == path), None)
    boot = _at_boot(path, mount, fstab, units, reading)
    return PlaceMount(
        path=path,
        separate_now=mount is not None,
        guards_now=() if mount is None else guards(mount.options),
        separate_at_boot=boot[0],
        guards_at_boot=boot[1],
        set_by=boot[2],
        source="" if mount is None else f"{mount.fstype} {mount.source}",
    )


def _at_boot(
    path: str,
    mount: Mount | None,
    fstab: tuple[FstabEntry, ...] | Absent,
    units: tuple[MountUnit, ...] | Absent,
    reading: SysctlReading | Absent,
) -> Boot:
    for part in (fstab, units):
        if isinstance(part, Absent) and part.reason is not Reason.NOT_PRESENT:
            return part, part, "not known"
    entries = () if isinstance(fstab, Absent) else fstab
    of_place = [] if isinstance(units, Absent) else [unit for unit in units if unit.where == path]
    own = next((unit for unit in of_place if unit.file.startswith("/etc/")), None)
    if own is not None:
        return _by_unit(own)
    entry = next((each for each in entries if each.point == path), None)
    if entry is not None:
        place = f"/etc/fstab:{entry.line}"
        if "noauto" in entry.options and "x-systemd.automount" not in entry.options:
            return False, (), f"{place}, noauto"
        return True, guards(entry.options), place
    other = next(iter(of_place), None)
    if other is not None:
        return _by_unit(other)
    if path == _SHM:
        if isinstance(reading, Absent):
            return reading, reading, "not known"
        if reading.systemd:
            return True, ("nodev", "nosuid"), "systemd itself"
    if mount is not None and mount.fstype == "zfs":
        unseen = Absent(Reason.NOT_COLLECTED, ("mounts.fstab",), "ZFS mounts its file systems by itself")
        return unseen, unseen, "ZFS"
    return False, (), "no line of fstab and no unit mounts it"


def _by_unit(unit: MountUnit) -> Boot:
    if unit.masked:
        return False, (), f"{unit.file} is masked"
    if not unit.wanted:
        return False, (), f"{unit.file} is not enabled"
    return True, guards(unit.options), unit.file
