"""Evidence to test with: every kind of item, and a strategy for more of it."""

from __future__ import annotations

from hypothesis import strategies as st

from hardcheck.evidence import Evidence, Failure, HostEvidence, HostIdentity, Privilege, Reason

ITEMS = (
    Evidence("kernel.cmdline", "/proc/cmdline", b"ro quiet\n", euid=0, size=9),
    Evidence("shadow", "/etc/shadow", stderr=b"head: Permission denied\n", euid=1000, reason=Reason.DENIED),
    Evidence("nft", "nft list ruleset", b"table\n", b"warning\n", 0, 0, 120, 6),
    Evidence("log", "/var/log/x", b"\x00\xff" * 40, size=1 << 40, reason=Reason.TRUNCATED, redactions=3),
    Evidence("tree:/etc/\\x0aodd \u00e9", "/etc/\\x0aodd \u00e9", b"ro quiet\n", size=9),
)


def host(*items: Evidence, name: str = "web1") -> HostEvidence:
    """A host with those items, or with one of every kind."""
    return HostEvidence(
        host=HostIdentity(name, "192.0.2.7", 22, "auditor", "ssh", ("web", "prod"), {"site": "b\u00e4r"}),
        started_at="2026-11-21T04:00:00Z",
        finished_at="2026-11-21T04:00:09Z",
        tool_version="0.1.0",
        probe_sha256="ab" * 32,
        privilege=Privilege.SUDO,
        items={item.key: item for item in sorted(items or ITEMS, key=lambda item: item.key)},
        failure=Failure(Reason.TIMEOUT, "DeadlineExceeded", "300 s ran out"),
        privilege_detail="",
    )


_COUNTS = st.integers(0, 2**63 - 1)
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
_STATUSES = st.none() | st.integers(-(2**31), 2**31 - 1)

evidence_items = st.builds(
    Evidence,
    key=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20),
    origin=_TEXT,
    content=st.binary(max_size=200),
    stderr=st.binary(max_size=50),
    exit_status=_STATUSES,
    euid=st.none() | _COUNTS,
    duration_ms=_COUNTS,
    size=_COUNTS,
    reason=st.none() | st.sampled_from(Reason),
    redactions=_COUNTS,
)
hosts = st.builds(
    HostEvidence,
    host=st.builds(
        HostIdentity,
        name=_TEXT,
        groups=st.lists(_TEXT, max_size=3).map(tuple),
        variables=st.dictionaries(_TEXT, _TEXT, max_size=3),
    ),
    started_at=_TEXT,
    finished_at=_TEXT,
    tool_version=_TEXT,
    probe_sha256=_TEXT,
    privilege=st.sampled_from(Privilege),
    items=st.lists(evidence_items, max_size=5).map(lambda items: {item.key: item for item in items}),
    failure=st.none() | st.builds(Failure, reason=st.sampled_from(Reason), kind=_TEXT, detail=_TEXT),
    privilege_detail=_TEXT,
)
