"""Counting in bounded memory: what is kept of one group while a log is read."""

from __future__ import annotations

from hardcheck.denials.causes import Cause
from hardcheck.denials.joining import moment
from hardcheck.denials.model import Bounded, Denial, Group, Outcome

_VALUE = 4096  # characters of one kept value: a whole path
_EXAMPLES = 8
_EXAMPLE_SIZE = 4_000  # characters that a kept refusal stands for, roughly
_DAYS = 800
DAY_S = 86_400


class Budget:
    """How many characters all groups together may still keep."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, size: int) -> bool:
        """Whether there was room; then it is taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


class Few:
    """The first distinct values with their counts, and how many others there were."""

    __slots__ = ("limit", "more", "values")

    def __init__(self, limit: int) -> None:
        self.limit, self.more = limit, 0
        self.values: dict[str, int] = {}

    def add(self, value: str, count: int, budget: Budget) -> None:
        """Count a value; an empty one is none."""
        if not value:
            return
        value = value[:_VALUE]
        if value in self.values:
            self.values[value] += count
        elif len(self.values) < self.limit and budget.take(len(value) + 100):
            self.values[value] = count
        else:
            self.more += count

    def take_over(self, other: Few, budget: Budget) -> None:
        """Add another's counts."""
        self.more += other.more
        for value, count in other.values.items():
            self.add(value, count, budget)

    def bounded(self) -> Bounded:
        """The result."""
        return Bounded(dict(self.values), self.more)


class Tally:
    """One group that is being counted. ``into`` is the group it was folded into."""

    __slots__ = (
        *("cause", "comms", "count", "day", "days", "examples", "exes", "first_s", "hosts", "into", "last_s"),
        *("pairs", "paths", "pids", "seen", "succeeded", "wanted"),
    )

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        self.count = self.succeeded = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.day = -1
        self.days: dict[int, int] = {}
        self.comms, self.exes, self.pids = Few(20), Few(20), Few(20)
        self.paths, self.pairs, self.hosts = Few(50), Few(20), Few(50)
        self.wanted: dict[str, None] = {}
        self.examples: list[Denial] = []
        self.seen: set[tuple[str, ...]] = set()
        self.into: Tally | None = None

    def count_at(self, at_s: float | None) -> None:
        """Count one line at a time in seconds."""
        self.count += 1
        if at_s is None:
            return
        if self.first_s is None or self.last_s is None:
            self.first_s = self.last_s = at_s
        elif at_s > self.last_s:
            self.last_s = at_s
        elif at_s < self.first_s:
            self.first_s = at_s
        day = int(at_s // DAY_S)
        if day in self.days:
            self.days[day] += 1
        elif len(self.days) < _DAYS:
            self.days[day] = 1

    def keep(self, denial: Denial, wanted: tuple[str, ...], budget: Budget) -> None:
        """Note what is wanted, and keep a refusal that shows something new."""
        if len(self.wanted) < 200:
            self.wanted.update(dict.fromkeys(word[:200] for word in wanted))
        new = {(word,) for word in wanted} | {("exe", denial.process.exe or denial.process.comm)}
        if len(self.examples) < _EXAMPLES and not new <= self.seen and budget.take(_EXAMPLE_SIZE):
            self.seen |= new
            self.examples.append(denial)

    def take_over(self, other: Tally, budget: Budget) -> None:
        """Fold another group into this one."""
        self.count += other.count
        self.succeeded += other.succeeded
        firsts = [one for one in (self.first_s, other.first_s) if one is not None]
        lasts = [one for one in (self.last_s, other.last_s) if one is not None]
        self.first_s, self.last_s = min(firsts, default=None), max(lasts, default=None)
        for day, count in other.days.items():
            if day in self.days or len(self.days) < _DAYS:
                self.days[day] = self.days.get(day, 0) + count
        for name in ("comms", "exes", "pids", "paths", "pairs", "hosts"):
            getattr(self, name).take_over(getattr(other, name), budget)
        for denial in other.examples:
            self.keep(denial, tuple(other.wanted), budget)
        self.wanted |= other.wanted
        other.into = self

    def group(self) -> Group:
        """The result."""
        cause = self.cause
        return Group(
            framework=cause.framework,
            outcome=cause.outcome,
            source=cause.source,
            target=cause.target,
            class_=cause.class_,
            wanted=tuple(sorted(self.wanted)),
            object=cause.object,
            count=self.count,
            first=moment(self.first_s),
            last=moment(self.last_s),
            comms=self.comms.bounded(),
            exes=self.exes.bounded(),
            paths=self.paths.bounded(),
            pairs=self.pairs.bounded(),
            pids=self.pids.bounded(),
            hosts=self.hosts.bounded(),
            by_day={_date(day): self.days[day] for day in sorted(self.days)},
            examples=tuple(self.examples),
            info=cause.info,
            succeeded=self.succeeded,
            error=cause.error,
            cached=cause.framework == "selinux" and cause.outcome is Outcome.WOULD_DENY,
        )


def _date(day: int) -> str:
    at = moment(day * DAY_S + 1)
    return at.strftime("%Y-%m-%d") if at else ""
