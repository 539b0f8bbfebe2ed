"""Security contexts as text: ``user:role:type[:range]``, read and shown by a policy's names.

A range is ``low[-high]``, a level ``sensitivity[:categories]``, categories a list like
``c0.c3,c7`` where the dot means "up to". Source: libsepol mls.c ``mls_context_to_sid``,
``mls_sid_to_context``; policydb_context_isvalid in kernel policydb.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.errors import PolicyError
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.mls import MlsLevel, MlsRange
from hardcheck.selinux.names import Names
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.symbols import OBJECT_R

# Longer texts are no contexts: 1,024 categories written one by one take 6,000 characters.
MAX_TEXT = 1 << 16


class Labels:
    """Reads and shows the contexts of one policy."""

    def __init__(self, policydb: PolicyDb, names: Names) -> None:
        self._names = names
        self._mls = policydb.header.mls
        self._roles = {role.value: role for role in policydb.roles.records}
        self._users = {user.value: user for user in policydb.users.records}
        self._carries = {
            record.level.sensitivity: record.level.categories
            for record in policydb.sensitivities.records
            if not record.is_alias
        }

    def parse(self, text: str) -> SecurityContext:
        """Return the values of a context.

        Without MLS a context has three parts; with MLS a missing range is the lowest level.

        Raises:
            PolicyError: a part that the policy does not define. A combination that the policy
                does not authorise is no error here; see `is_valid`.
        """
        parts = text.split(":", 3) if len(text) <= MAX_TEXT else []
        if len(parts) < 3 or (len(parts) == 4 and not self._mls):
            raise PolicyError("context", "USER:ROLE:TYPE" + (":RANGE" if self._mls else ""), repr(text[:200]))
        user = self._look_up(self._names.users, parts[0], "user")
        role = self._look_up(self._names.roles, parts[1], "role")
        type_ = self.parse_type(parts[2])
        return SecurityContext(user, role, type_, self.parse_range(parts[3] if len(parts) == 4 else ""))

    def parse_type(self, name: str) -> int:
        """Return the value of a type or alias.

        Raises:
            PolicyError: an unknown name or an attribute.
        """
        value = self._look_up(self._names.types, name, "type")
        if value in self._names.attributes:
            raise PolicyError("context", "a type", f"the attribute {name}")
        return value

    @staticmethod
    def _look_up(table: dict[str, int], name: str, what: str) -> int:
        value = table.get(name)
        if value is None:
            raise PolicyError("context", f"a {what} that the policy defines", repr(name[:200]))
        return value

    def parse_range(self, text: str) -> MlsRange:
        """Return a range; the lowest level for an empty text.

        Raises:
            PolicyError: unknown names, or a form other than ``low[-high]``.
        """
        if not text:
            lowest = min(self._names.sensitivity_names, default=1)
            level = MlsLevel(lowest, 0)
            return MlsRange(level, level)
        low, dash, high = text.partition("-")
        low_level = self._parse_level(low)
        return MlsRange(low_level, self._parse_level(high) if dash else low_level)

    def _parse_level(self, text: str) -> MlsLevel:
        name, colon, categories = text.partition(":")
        sensitivity = self._look_up(self._names.sensitivities, name, "sensitivity")
        bits = 0
        for item in categories.split(",") if colon else ():
            first, dot, last = item.partition(".")
            start = self._look_up(self._names.categories, first, "category")
            end = self._look_up(self._names.categories, last, "category") if dot else start
            if end < start:
                raise PolicyError("context", "categories from low to high", repr(item[:200]))
            bits |= (1 << end) - (1 << (start - 1))
        return MlsLevel(sensitivity, bits)

    def show(self, context: SecurityContext) -> str:
        """Return the text of a context, as the kernel writes it."""
        names = self._names
        text = ":".join(
            (
                names.user_names.get(context.user, f"#{context.user}"),
                names.role_names.get(context.role, f"#{context.role}"),
                names.type_name(context.type),
            )
        )
        return f"{text}:{self.show_range(context.range)}" if self._mls else text

    def show_range(self, range_: MlsRange) -> str:
        """Return ``low`` or ``low-high``."""
        low = self.show_level(range_.low)
        return low if range_.low == range_.high else f"{low}-{self.show_level(range_.high)}"

    def show_level(self, level: MlsLevel) -> str:
        """Return ``sensitivity[:categories]``."""
        name = self._names.sensitivity_names.get(level.sensitivity, f"#{level.sensitivity}")
        if not level.categories:
            return name
        return f"{name}:{','.join(self._show_runs(level.categories))}"

    def _show_runs(self, categories: int) -> Iterator[str]:
        names = self._names.category_names
        for first, last in _runs(values_of(categories)):
            start, end = names.get(first, f"#{first}"), names.get(last, f"#{last}")
            if first == last:
                yield start
            else:
                yield f"{start}{',' if last == first + 1 else '.'}{end}"

    def is_valid(self, context: SecurityContext) -> bool:
        """Whether the policy authorises the combination: role for user, type for role, range for user.

        ``object_r`` goes with every user and type, and its range only has to be well formed.
        """
        if context.role != OBJECT_R:
            role, user = self._roles.get(context.role), self._users.get(context.user)
            if role is None or user is None:
                return False
            if not role.types >> (context.type - 1) & 1 or not user.roles >> (context.role - 1) & 1:
                return False
        if not self._mls:
            return True
        range_ = context.range
        if not (self._is_level(range_.low) and self._is_level(range_.high)):
            return False
        if not range_.high.dominates(range_.low):
            return False
        return context.role == OBJECT_R or self._users[context.user].range.contains(range_)

    def _is_level(self, level: MlsLevel) -> bool:
        carries = self._carries.get(level.sensitivity)
        return carries is not None and not level.categories & ~carries


def _runs(values: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of each run of consecutive values."""
    first = last = 0
    for value in values:
        if first and value == last + 1:
            last = value
            continue
        if first:
            yield first, last
        first = last = value
    if first:
        yield first, last
