"""What to fetch from a host, as data, and the one probe that fetches it.

``SOURCES`` is all of it, in the order of collection: what tells most comes first, what may be slow last.
"""

from hardcheck.collect import (
    accounts,
    apparmor,
    audit,
    denials,
    firewall,
    kernel,
    labels,
    mounts,
    network,
    processes,
    selinux,
    sshd,
    sysctl,
    time,
    units,
)
from hardcheck.collect.base import Source

SOURCES: tuple[Source, ...] = (
    *kernel.SOURCES,
    *selinux.SOURCES,
    *apparmor.SOURCES,
    *processes.SOURCES,
    *labels.SOURCES,
    *sysctl.SOURCES,
    *network.SOURCES,
    *firewall.SOURCES,
    *audit.SOURCES,
    *sshd.SOURCES,
    *time.SOURCES,
    *accounts.SOURCES,
    *mounts.SOURCES,
    *units.SOURCES,
    *denials.SOURCES,
)
