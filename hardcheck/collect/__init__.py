"""What to fetch from a host, as data, and the one probe that fetches it.

``SOURCES`` is all of it, in the order of collection: what tells most comes first, what may be slow last.
"""

from hardcheck.collect import (
    accounts,
    apparmor,
    audit,
    containers,
    denials,
    fail2ban,
    firewall,
    kernel,
    labels,
    mounts,
    network,
    packages,
    processes,
    selinux,
    sshd,
    sysctl,
    time,
    units,
    web,
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
    *fail2ban.SOURCES,
    *audit.SOURCES,
    *sshd.SOURCES,
    *time.SOURCES,
    *accounts.SOURCES,
    *mounts.SOURCES,
    *units.SOURCES,
    *web.SOURCES,
    *containers.SOURCES,
    *packages.SOURCES,
    *denials.SOURCES,
)
