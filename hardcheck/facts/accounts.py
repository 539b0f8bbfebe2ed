"""Accounts, groups and sudo rules."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent


class User(msgspec.Struct, frozen=True):
    """One line of passwd(5), without the comment field."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str

    @property
    def may_log_in(self) -> bool:
        """Whether its shell lets it log in."""
        return not self.shell.endswith(("/nologin", "/false", "/sync", "/halt", "/shutdown"))


class Group(msgspec.Struct, frozen=True):
    """One line of group(5)."""

    name: str
    gid: int
    members: tuple[str, ...]


class Password(msgspec.Struct, frozen=True):
    """The state of a password, never its hash. ``scheme`` is crypt(5)'s name, empty where there is no
    hash. Days count from 1970; None is not set."""

    name: str
    state: Literal["set", "locked", "none"]
    scheme: str
    changed_day: int | None = None
    max_days: int | None = None
    expire_day: int | None = None


class SudoRule(msgspec.Struct, frozen=True):
    """One user specification of sudoers(5). ``who`` is a user, ``%group``, ``#uid``, ``+netgroup`` or an
    alias; ``tags`` are NOPASSWD, NOEXEC and so on as they hold for ``commands``; ``run_as`` is empty for
    root."""

    who: str
    hosts: str
    run_as: str
    tags: tuple[str, ...]
    commands: str
    place: str
    role: str = ""
    type_: str = ""

    @property
    def without_password(self) -> bool:
        """Whether it asks for no password."""
        return "NOPASSWD" in self.tags


class Sudoers(msgspec.Struct, frozen=True):
    """Rules and defaults of the files that sudo reads. ``unread`` are files whose rules are not known."""

    rules: tuple[SudoRule, ...]
    defaults: tuple[tuple[str, str], ...]
    unread: tuple[str, ...] | Absent = ()


class SudoContext(msgspec.Struct, frozen=True):
    """A sudo rule that gives any command, with the SELinux role and type it is run in; empty where the
    account's own stay."""

    who: str
    role: str
    type_: str
    place: str

    @property
    def shown(self) -> str:
        """``%wheel without role and type (FILE:LINE)``."""
        named = f"as {self.role}:{self.type_}" if self.role and self.type_ else "without role and type"
        return f"{self.who} {named} ({self.place})"
