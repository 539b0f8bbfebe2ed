"""Places that hardening asks a mount of their own for, with the mount that covers each."""

from __future__ import annotations

from hardcheck.facts.mounts import Mount, MountPoint

PLACES = (
    "/boot",
    "/dev/shm",  # noqa: S108 - a place that is looked at, not one that is used
    "/home",
    "/proc",
    "/tmp",  # noqa: S108 - the same
    "/var",
    "/var/log",
    "/var/log/audit",
    "/var/tmp",  # noqa: S108 - the same
)


def mount_points(mounts: tuple[Mount, ...]) -> dict[str, MountPoint]:
    """Place to what covers it. Of several mounts on one point the last is on top."""
    found = {}
    for place in PLACES:
        over = [mount for mount in mounts if _covers(mount.point, place)]
        if over:
            top = max(enumerate(over), key=lambda pair: (len(pair[1].point), pair[0]))[1]
            found[place] = MountPoint(place, top.point == place, top)
    return found


def _covers(point: str, place: str) -> bool:
    return point == "/" or place == point or place.startswith(point + "/")
