"""The figures of ``docs/proof.md``, counted from the pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.proof.compare import Pair
from tests.proof.differences import KINDS, Difference

_SOURCES = {
    "debian12": "OpenSCAP, content of Debian 12",
    "ubuntu2404": "OpenSCAP, content of Ubuntu 24.04",
    "rhel9": "OpenSCAP, content of RHEL 9",
    "lynis": "Lynis",
}


def table(pairs: Sequence[Pair], explained: Iterable[Difference]) -> str:
    """One Markdown line for each source and host: compared, equal, differences by kind."""
    kinds = {(entry.host, entry.source, entry.test): entry.kind for entry in explained}
    lines = [f"| | host | compared | equal | {' | '.join(KINDS)} |", "|---|---|---:|---:|---:|---:|"]
    for source, title in _SOURCES.items():
        for host in sorted({pair.host for pair in pairs if pair.source == source}):
            mine = [pair for pair in pairs if (pair.source, pair.host) == (source, host)]
            lines.append(_line(title, host, mine, kinds))
    lines.append(_line("all", "both", pairs, kinds))
    return "\n".join(lines)


def _line(title: str, host: str, pairs: Sequence[Pair], kinds: dict[tuple[str, str, str], str]) -> str:
    found = [kinds.get((pair.host, pair.source, pair.test), "") for pair in pairs if not pair.equal]
    counts = [len(pairs), sum(pair.equal for pair in pairs), *(found.count(kind) for kind in KINDS)]
    return f"| {title} | {host} | {' | '.join(map(str, counts))} |"
