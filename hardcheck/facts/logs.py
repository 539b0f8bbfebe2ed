"""Logs: the journal, rsyslog, rotation, and the files that are kept."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent


class UnitSetting(msgspec.Struct, frozen=True):
    """One setting of a systemd configuration file and where it stands, FILE:LINE."""

    value: str
    place: str


class RsyslogForward(msgspec.Struct, frozen=True):
    """An action that sends messages to another host.

    ``encrypted``: over TLS. ``verified``: the other end has to show a certificate that is checked.
    ``selector`` is what goes there, empty where the configuration does not say it in one.
    """

    target: str
    protocol: str
    encrypted: bool
    verified: bool
    selector: str
    place: str

    @property
    def shown(self) -> str:
        """``logs.example.org (tcp, without TLS, FILE:LINE)``."""
        tls = "TLS" if self.encrypted else "without TLS"
        certificate = ", certificate not checked" if self.encrypted and not self.verified else ""
        return f"{self.target} ({self.protocol}, {tls}{certificate}, {self.place})"


class RsyslogInput(msgspec.Struct, frozen=True):
    """Where messages come from: ``kind`` is imudp, imtcp, imrelp, imptcp, imfile, imjournal, imuxsock ...;
    ``file`` is what imfile follows."""

    kind: str
    place: str
    file: str = ""

    @property
    def shown(self) -> str:
        """``imudp (FILE:LINE)``."""
        return f"{self.kind} ({self.place})"


class RsyslogFile(msgspec.Struct, frozen=True):
    """An action that writes to a file: ``selector`` is what goes there, ``mode`` what new files get."""

    path: str
    selector: str
    mode: str
    place: str


class RsyslogConfig(msgspec.Struct, frozen=True):
    """What rsyslog does, by its files.

    ``mode`` is what new files get at the end of the configuration and ``mode_place`` where that is set, empty
    where nothing sets it.
    """

    modules: tuple[str, ...]
    inputs: tuple[RsyslogInput, ...]
    forwards: tuple[RsyslogForward, ...]
    files: tuple[RsyslogFile, ...]
    mode: str
    mode_place: str

    @property
    def network_inputs(self) -> tuple[RsyslogInput, ...]:
        """Inputs that take messages from the network."""
        return tuple(each for each in self.inputs if each.kind in NETWORK_INPUTS)


NETWORK_INPUTS = frozenset({"imudp", "imtcp", "imptcp", "imrelp", "imgssapi", "imhttp", "imdtls"})


class LogEntry(msgspec.Struct, frozen=True):
    """A file (``f``) or folder (``d``) below /var/log or of the journal; ``mode`` in octal text."""

    kind: str
    mode: str
    uid: int
    gid: int
    path: str


class LogFiles(msgspec.Struct, frozen=True):
    """What is kept. ``journals`` are the folders of journals; ``umask`` is what rsyslog is started with, in
    octal text, empty where it was not told; ``jobs`` are the cron jobs of logrotate; ``cut``: there are more
    entries than were listed."""

    entries: tuple[LogEntry, ...]
    journals: tuple[str, ...]
    umask: str
    jobs: tuple[str, ...]
    cut: bool


class LogRotation(msgspec.Struct, frozen=True):
    """``frequency`` is how often logrotate rotates what does not say otherwise; ``gaps`` say what keeps logs
    from being rotated."""

    frequency: str
    gaps: tuple[str, ...]


class KeptFile(msgspec.Struct, frozen=True):
    """A log with its owner by name. ``private``: others cannot read it, its group cannot write it, and both
    owner and group are of the system."""

    path: str
    mode: str
    owner: str
    group: str
    private: bool
    folder: bool = False

    @property
    def shown(self) -> str:
        """``/var/log/syslog (0644 root:adm)``."""
        return f"{self.path} ({self.mode} {self.owner}:{self.group})"


class LoggingState(msgspec.Struct, frozen=True):
    """Who keeps the host's messages.

    ``keepers`` are the services that run and keep them on disk: rsyslog, syslog-ng, journald. ``storage`` is
    the journal's setting, ``storage_place`` where it stands, empty for the default (``auto``).
    ``journal_on_disk``: the journal is kept over a boot. ``fed``: how rsyslog gets the journal's messages, in
    words, empty where it gets none. ``auth_kept`` is where messages of logins go, ``auth_missing`` are the
    facilities whose messages go nowhere.
    """

    keepers: tuple[str, ...]
    storage: str
    storage_place: str
    journal_on_disk: bool
    forward: str
    forward_place: str
    fed: str | Absent
    auth_kept: tuple[str, ...]
    auth_missing: tuple[str, ...]


Settings = Mapping[str, UnitSetting]
