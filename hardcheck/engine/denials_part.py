"""The report's part on denials, from the facts of a host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from hardcheck.facts import Absent, Facts
from hardcheck.facts.denials import Denials, EnforceReadiness, ExplainedDenial
from hardcheck.findings.denials import CauseCount, DenialLine, Enforceable, HostDenials, ServiceDays

FACTS = ("denials.recent", "denials.explained", "mac.readiness")
_TOP = 12
_DAYS = 42
_SERVICES = 5
_STEPS = 6


def denials_of(facts: Facts) -> HostDenials:
    """What the logs of a host say, its causes, and what could be enforced."""
    recent, explained, readiness = (facts[name] for name in FACTS)
    if isinstance(recent, Absent) or isinstance(explained, Absent):
        why = recent if isinstance(recent, Absent) else explained
        return HostDenials(unknown=_why(why), **_enforceable(readiness))
    open_ = sorted((one for one in explained if one.open), key=lambda one: -one.count)
    dangers = [one for one in open_ if one.dangers]
    others = [one for one in open_ if not one.dangers]
    days = _days(explained)
    return HostDenials(
        since=recent.since.strftime("%Y-%m-%dT%H:%M:%SZ") if recent.since else "",
        sources=recent.sources,
        faults=_faults(recent),
        lines=sum(one.count for one in explained),
        open_groups=len(open_),
        open_lines=sum(one.count for one in open_),
        causes=_causes(open_),
        top=tuple(_line(one) for one in others[:_TOP]),
        more=max(0, len(others) - _TOP),
        dangers=tuple(_line(one) for one in dangers[:_TOP]),
        more_dangers=max(0, len(dangers) - _TOP),
        days=days,
        services=_services(explained, days),
        **_enforceable(readiness),
    )


def _why(absent: Absent) -> str:
    return f"{absent.reason.replace('_', ' ')}: {absent.detail}" if absent.detail else str(absent.reason)


def _faults(recent: Denials) -> tuple[str, ...]:
    found = [f"no answer from a log: {missing}" for missing in recent.missing]
    if recent.lost:
        found.append("records were lost or lie before the part of the log that was taken")
    if recent.unread:
        found.append(f"{recent.unread} records could not be read")
    return tuple(found)


def _causes(open_: Iterable[ExplainedDenial]) -> tuple[CauseCount, ...]:
    groups: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for one in open_:
        groups[one.cause] += 1
        lines[one.cause] += one.count
    return tuple(CauseCount(cause, groups[cause], count) for cause, count in lines.most_common())


def _line(one: ExplainedDenial) -> DenialLine:
    what = " ".join(word for word in (" ".join(one.wanted), one.target, one.class_, one.object) if word)
    return DenialLine(
        who=one.source,
        what=what,
        cause=one.cause,
        effect=one.effect,
        lines=one.count,
        last=one.last.strftime("%Y-%m-%dT%H:%M:%SZ") if one.last else "",
        service=one.service,
        says=one.says,
        steps=one.steps[:_STEPS],
        dangers=one.dangers,
    )


def _days(explained: Iterable[ExplainedDenial]) -> tuple[str, ...]:
    """Each day from the first with a denial to the last, of a long time only the last ones."""
    known = sorted({day for one in explained for day in one.by_day})
    if not known:
        return ()
    last = date.fromisoformat(known[-1])
    first = max(date.fromisoformat(known[0]), last - timedelta(days=_DAYS - 1))
    return tuple((first + timedelta(days=step)).isoformat() for step in range((last - first).days + 1))


def _services(explained: Iterable[ExplainedDenial], days: Sequence[str]) -> tuple[ServiceDays, ...]:
    """Lines by service and day; what is beyond the largest services goes together."""
    by_service: dict[str, Counter[str]] = {}
    for one in explained:
        by_service.setdefault(one.service, Counter()).update(one.by_day)
    listed = sorted(by_service.items(), key=lambda item: (-sum(item[1][day] for day in days), item[0]))
    named = [(name, counts) for name, counts in listed if any(counts[day] for day in days)]
    rest: Counter[str] = Counter()
    for _, counts in named[_SERVICES:]:
        rest.update(counts)
    shown = named[:_SERVICES] + ([("", rest)] if rest else [])
    return tuple(ServiceDays(name, tuple(counts[day] for day in days)) for name, counts in shown)


def _enforceable(readiness: tuple[EnforceReadiness, ...] | Absent) -> dict[str, Any]:
    if isinstance(readiness, Absent):
        return {"enforceable_unknown": _why(readiness)}
    found = (
        Enforceable(
            one.name, one.kind, one.verdict, one.denials, round(one.days, 1), one.steps[:_TOP], one.because
        )
        for one in readiness
    )
    return {"enforceable": tuple(found)}
