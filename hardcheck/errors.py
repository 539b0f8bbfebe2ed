"""Everything hardcheck raises on purpose.

::

    HardcheckError
    |-- UsageError            the command line or an option asks for what cannot be (exit 2)
    |-- ConfigError           a file the user wrote has a fault: rule, profile, waiver, inventory (exit 2)
    |   `-- ConfigFaults      several files of one folder have faults
    |-- TransportError        a host could not be reached or did not answer (exit 4)
    |   |-- Unreachable       no TCP connection, name not found, connection lost
    |   |-- AuthenticationFailed
    |   |-- HostKeyRejected   unknown or changed host key
    |   |-- DeadlineExceeded  connect, idle or total time limit
    |   |-- AnswerTooLarge    the host sent more bytes than the limit
    |   `-- ProbeNotStarted   connected, but the account's shell did not run the probe
    |-- BundleError           an evidence bundle is unreadable, cut or altered (exit 3)
    |-- ParseError            evidence has a form that its parser does not know
    |-- PolicyError           a SELinux policy or file_contexts is damaged or of an unknown version
    `-- ProfileError          an AppArmor profile has faults

Each message is one line that names the file or host, the place, and what was expected.
Foreign exceptions are turned into these where they first appear.
"""

from __future__ import annotations

from collections.abc import Sequence


class HardcheckError(Exception):
    """Base of all errors that hardcheck raises on purpose."""


class UsageError(HardcheckError):
    """The command line asks for something that cannot be."""


class ConfigError(HardcheckError):
    """A file that the user wrote has a fault.

    ``where`` is ``FILE`` or ``FILE:LINE`` (with ``: KEY`` when a key is at fault).
    """

    def __init__(self, where: str, expected: str, found: str = "") -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(f"{where}: expected {expected}" + (f", found {found}" if found else ""))


class ConfigFaults(ConfigError):
    """Several files of one folder have faults; ``faults`` holds each, one line of the message each."""

    def __init__(self, faults: Sequence[ConfigError]) -> None:
        first = faults[0]
        super().__init__(first.where, first.expected, first.found)
        self.faults = tuple(faults)
        self.args = ("\n".join(str(fault) for fault in faults),)


class TransportError(HardcheckError):
    """A host could not be reached, or stopped answering."""

    def __init__(self, host: str, detail: str) -> None:
        self.host, self.detail = host, detail
        super().__init__(f"{host}: {detail}")


class Unreachable(TransportError):
    """No connection: name not found, refused, no route, lost in the middle."""


class AuthenticationFailed(TransportError):
    """The host refused every key and password that was offered."""


class HostKeyRejected(TransportError):
    """The host's key is unknown or differs from the one in known_hosts."""


class DeadlineExceeded(TransportError):
    """A connect, idle or total time limit ran out."""


class AnswerTooLarge(TransportError):
    """The host sent more bytes than the limit; what came before it is kept."""


class ProbeNotStarted(TransportError):
    """The connection stands, but the account's login shell did not run the probe."""


class BundleError(HardcheckError):
    """An evidence bundle is unreadable, cut, or not what its manifest says."""

    def __init__(self, where: str, detail: str) -> None:
        self.where, self.detail = where, detail
        super().__init__(f"{where}: {detail}")


class ParseError(HardcheckError):
    """Evidence has a form that its parser does not know."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(f"{where}: expected {expected}, found {found}")


class PolicyError(HardcheckError):
    """A SELinux policy or file_contexts is damaged, cut, or of a version not known here."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(f"{where}: expected {expected}, found {found}")


class ProfileError(HardcheckError):
    """An AppArmor profile has faults; ``faults`` holds every located one, in file order."""

    def __init__(self, faults: tuple[object, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))
