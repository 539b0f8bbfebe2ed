"""PAM: its stacks, and the lock after failed logins."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class PamLine(msgspec.Struct, frozen=True):
    """One line of a stack, pam.conf(5). ``kind`` is auth, account, password or session; ``module`` is the
    file name of the module, or for ``include`` and ``substack`` the other service. An ``@include`` has
    the kind ``all`` and the control ``include``."""

    kind: str
    control: str
    module: str
    arguments: tuple[str, ...]
    place: str


class FaillockConf(msgspec.Struct, frozen=True):
    """faillock.conf(5): setting to value (empty for a switch), and to FILE:LINE."""

    settings: Mapping[str, str]
    places: Mapping[str, str]


class Lockout(msgspec.Struct, frozen=True):
    """What failed logins through one service come to. ``counts``: a module counts them and refuses; ``why``
    says what is missing, or by what file it counts. Times are seconds; an ``unlock_seconds`` of 0 is until an
    administrator unlocks, and so is -1 for ``interval_seconds`` a module without an interval."""

    service: str
    counts: bool
    why: str
    deny: int = 0
    unlock_seconds: int = 0
    interval_seconds: int = 0

    @property
    def shown(self) -> str:
        """``sshd: locks after 3 failures in 900 s, for 600 s (FILE:LINE)``."""
        if not self.counts:
            return f"{self.service}: does not lock ({self.why})"
        within = "" if self.interval_seconds < 0 else f" in {self.interval_seconds} s"
        lasts = (
            "until an administrator unlocks" if self.unlock_seconds == 0 else f"for {self.unlock_seconds} s"
        )
        return f"{self.service}: locks after {self.deny} failures{within}, {lasts} ({self.why})"


class PolyDir(msgspec.Struct, frozen=True):
    """One line of namespace.conf(5): a folder of which each login gets an instance, by ``method`` (user,
    level, context, tmpfs ...); ``exempt`` are the accounts for which it does not hold."""

    path: str
    method: str
    exempt: str
    place: str


class LoginNamespace(msgspec.Struct, frozen=True):
    """The folders that a login through one service gets of its own; ``why`` says what is missing, or where
    it is set."""

    service: str
    private: tuple[str, ...]
    why: str

    @property
    def shown(self) -> str:
        """``sshd: /tmp, /var/tmp (FILE:LINE)``."""
        return f"{self.service}: {', '.join(self.private) or 'no folder'} of its own ({self.why})"
