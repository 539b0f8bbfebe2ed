"""The running kernel and those on disk, as the probe's fragment prints them::

running 6.1.0-56-cloud-amd64
version Linux version 6.1.0-56-cloud-amd64 (...) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)
image vmlinuz-6.1.0-56-cloud-amd64
modules 6.1.0-56-cloud-amd64
boot readable
mark reboot-required
package linux-image-6.1.0-57-cloud-amd64
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.packages import RebootState

_WORDS = ("running", "version", "image", "modules", "boot", "mark", "package")


def parse_reboot_state(host: HostEvidence) -> RebootState:
    """Raises ParseError for a line of another form or without the running kernel."""
    evidence = host.get("reboot.state")
    told: dict[str, list[str]] = {word: [] for word in _WORDS}
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word not in told or not rest:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
        told[word].append(rest)
    if not told["running"]:
        raise ParseError(evidence.key, "'running RELEASE'", "none")
    return RebootState(
        running=told["running"][0],
        version=told["version"][0] if told["version"] else "",
        images=tuple(told["image"]),
        modules=tuple(told["modules"]),
        boot_readable=bool(told["boot"]),
        marked=bool(told["mark"]),
        marked_by=tuple(dict.fromkeys(told["package"])),
    )
