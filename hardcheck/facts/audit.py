"""The audit system: what the kernel holds, what the files hold, and what is watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent


class AuditStatus(msgspec.Struct, frozen=True):
    """``auditctl -s``. ``enabled`` is 0, 1 or 2 (locked until the next boot); ``failure`` 0 silent, 1 log,
    2 panic; ``pid`` is 0 when no daemon takes the records."""

    enabled: int
    failure: int
    pid: int
    backlog_limit: int
    lost: int
    loginuid_immutable: bool | Absent


class AuditRule(msgspec.Struct, frozen=True):
    """One rule of auditctl(8), watches in the form they stand for.

    ``list_`` is exit, task, user, exclude, filesystem, io_uring; ``action`` always or never. ``path`` is
    the watched file or folder and ``recursive`` says that it holds for all below; ``permissions`` are of
    ``rwxa``, all four where the rule names none. ``conditions`` are the other fields as written; ``arch`` is
    the value of that field, empty where the rule names none. ``prepended``: ``-A``, put before all others.
    ``place`` is FILE:LINE, empty for a loaded rule.
    """

    list_: str
    action: str
    text: str
    path: str = ""
    recursive: bool = False
    permissions: str = ""
    syscalls: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    key: str = ""
    place: str = ""
    arch: str = ""
    prepended: bool = False


class AuditRulesFile(msgspec.Struct, frozen=True):
    """The rules of one file in its order. ``controls`` are its other lines (``-e 2``, ``-D``) with their
    line numbers; ``generated``: augenrules(8) wrote it."""

    path: str
    rules: tuple[AuditRule, ...]
    controls: tuple[tuple[int, str], ...] = ()
    generated: bool = False


class AuditFiles(msgspec.Struct, frozen=True):
    """``compiled`` is /etc/audit/audit.rules, ``parts`` are the files of rules.d in the order in which
    augenrules(8) joins them."""

    compiled: AuditRulesFile | Absent
    parts: tuple[AuditRulesFile, ...]


class PersistentRules(msgspec.Struct, frozen=True):
    """What auditd loads at boot. ``source`` is ``rules.d`` (joined by augenrules) or ``audit.rules``.

    ``refused`` are rules that stand below ``-e 2`` and are therefore never loaded. ``immutable`` is
    whether the rules end locked, ``loginuid_immutable`` whether login identities do, ``failure`` what
    ``-f`` sets, the kernel's own 1 (log it) where nothing does.
    """

    source: str
    rules: tuple[AuditRule, ...]
    refused: tuple[AuditRule, ...]
    immutable: bool
    loginuid_immutable: bool = False
    failure: int = 1


class RulesDrift(msgspec.Struct, frozen=True):
    """Loaded against persistent rules, as their text in one form."""

    not_loaded: tuple[str, ...]
    not_persistent: tuple[str, ...]


class MacWatch(msgspec.Struct, frozen=True):
    """Whether writes to one place of the MAC policy leave an audit record.

    ``watched``: a loaded rule records them and nothing stops it; ``by`` is that rule. ``persistent``: a
    rule that boot loads does; ``place`` is where it stands. ``note`` says what keeps a rule from working.
    """

    path: str
    framework: Literal["selinux", "apparmor"]
    watched: bool
    persistent: bool | Absent
    by: str = ""
    place: str = ""
    note: str = ""

    @property
    def shown(self) -> str:
        """``PATH: not watched (REASON)``."""
        now = "watched" if self.watched else "not watched"
        if isinstance(self.persistent, Absent):
            boot = "after boot not known"
        else:
            boot = "after boot watched" if self.persistent else "after boot not watched"
        note = f" ({self.note})" if self.note else ""
        return f"{self.path}: {now}, {boot}{note}"


class AuditdConfig(msgspec.Struct, frozen=True):
    """auditd.conf(5): keyword in small letters to value."""

    settings: Mapping[str, str]
