"""Times of the profile tree and of the kernel's own entries, and the cache of compiled profiles.

``stat -c '%y %z %n'``: last modification, last change of the inode, path::

    2026-11-21 03:51:02.716003125 +0000 2026-11-21 03:51:02.716003125 +0000 /etc/apparmor.d/reader

In securityfs a profile's folder gets its time when the profile is loaded or replaced (kernel apparmorfs.c
``__aafs_profile_migrate_dents``), and the folder of its raw data also when the same data is loaded
again (``__aa_loaddata_update``). Lines of ``sha256sum`` or ``sha1sum`` stand among those of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import CacheFile, ProfileEntry, SourceTimes
from hardcheck.parse.fragment_lines import is_absent, not_present

LOADED, CACHE = "apparmor.loaded", "apparmor.cache"
_POLICY = "/sys/kernel/security/apparmor/policy/"
_STAMP = r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))? ([+-][0-9]{4})"
_LINE = re.compile(rf"{_STAMP} {_STAMP} (/.*)")
_SUM = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) [ *](/.*)")
_ENTRY = re.compile(
    r"\./(?P<folder>(?:namespaces/[^/]+/)*profiles/[^/]+\.[0-9]+(?:/profiles/[^/]+\.[0-9]+)*)"
    r"/(?P<what>name|mode|attach|raw_sha1|raw_sha256):(?P<value>.*)"
)
_RAW = re.compile(r"\./raw_data/(?P<number>[0-9]+)/sha(?:1|256):(?P<digest>[0-9a-f]+)")
_NAMESPACE = re.compile(r"namespaces/([^/]+)/")


def parse_profile_entries(host: HostEvidence) -> tuple[ProfileEntry, ...] | Absent:
    """Every profile's folder in securityfs, with the time of its last load where that was seen."""
    evidence = host.get(LOADED)
    if is_absent(evidence):
        return not_present(evidence, "no /sys/kernel/security/apparmor/policy")
    folders: dict[str, dict[str, str]] = {}
    raw: dict[str, list[str]] = {}
    for _, line in evidence.lines():
        match = _ENTRY.fullmatch(line)
        if match is not None:
            folders.setdefault(match["folder"], {})[match["what"]] = match["value"]
            continue
        match = _RAW.fullmatch(line)
        if match is not None:
            raw.setdefault(match["digest"], []).append(match["number"])
    times = {path: modified for modified, _, path in _stamps(host.get(LOADED))}
    return tuple(
        _entry(folder, folders, raw, times) for folder in sorted(folders) if "name" in folders[folder]
    )


def _entry(
    folder: str,
    folders: dict[str, dict[str, str]],
    raw: dict[str, list[str]],
    times: dict[str, datetime],
) -> ProfileEntry:
    values = folders[folder]
    digest = values.get("raw_sha256") or values.get("raw_sha1") or ""
    seen = [times.get(_POLICY + folder)]
    seen += [times.get(f"{_POLICY}raw_data/{number}") for number in raw.get(digest, ())]
    attachment = values.get("attach", "")
    return ProfileEntry(
        name=_full_name(folder, folders),
        mode=values.get("mode", ""),
        attachment="" if attachment == "<unknown>" else attachment,
        raw_digest=digest,
        loaded_at=max((time for time in seen if time is not None), default=None),
    )


def _full_name(folder: str, folders: dict[str, dict[str, str]]) -> str:
    """``:NS://PARENT//CHILD`` from the folders on the way, each of which has its own name only."""
    namespace = "//".join(_NAMESPACE.findall(folder))
    steps = folder.split("/profiles/") if namespace else folder.removeprefix("profiles/").split("/profiles/")
    path = steps[0] if namespace else ""
    names = []
    for step in steps[1:] if namespace else steps:
        path = f"{path}/profiles/{step}".lstrip("/")
        names.append(folders.get(path, {}).get("name", step.rpartition(".")[0]))
    whole = "//".join(names)
    return f":{namespace}://{whole}" if namespace else whole


def parse_source_times(host: HostEvidence) -> SourceTimes:
    """Times of the files of the tree; paths with control bytes are not among them."""
    modified, changed = {}, {}
    for first, second, path in _stamps(host.get(LOADED)):
        if not path.startswith("/sys/"):
            modified[path], changed[path] = first, second
    return SourceTimes(modified, changed)


def parse_cache(host: HostEvidence) -> tuple[CacheFile, ...]:
    """The compiled profiles that the next boot may load, by path."""
    evidence = host.get(CACHE)
    times = {path: modified for modified, _, path in _stamps(evidence)}
    found = {}
    for _, line in evidence.lines():
        match = _SUM.fullmatch(line)
        if match is not None and match[2] in times:
            found[match[2]] = CacheFile(match[2], match[1], times[match[2]])
    return tuple(found[path] for path in sorted(found))


def _stamps(evidence: Evidence) -> Iterator[tuple[datetime, datetime, str]]:
    """(modified, changed, path) of every line that has them."""
    for _, line in evidence.lines():
        match = _LINE.fullmatch(line)
        if match is not None:
            first = _time(match[1], match[2], match[3])
            second = _time(match[4], match[5], match[6])
            if first is not None and second is not None:
                yield first, second, match[7]


def _time(day: str, fraction: str | None, zone: str) -> datetime | None:
    try:
        whole = datetime.strptime(f"{day} {zone}", "%Y-%m-%d %H:%M:%S %z")
        return whole.replace(microsecond=int(f"{fraction or '0':0<9}"[:6])).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
