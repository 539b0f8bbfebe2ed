"""How a parser is tied to the evidence it reads and the fact it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hardcheck.errors import HardcheckError, ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent


class ParsedFact(msgspec.Struct, frozen=True):
    """One line of the parser table: fact ``name``, its ``type``, the evidence ``keys`` it rests on,
    and ``parse``.

    ``parse`` gets the host's evidence and returns the value or Absent; it may raise ParseError,
    PolicyError or ProfileError, which becomes Absent(UNPARSABLE). It is called only when the first
    key was collected whole, unless ``partial`` is set: then it decides itself what absence means
    (for example: a file that is not there is the answer "not configured").
    """

    name: str
    type: Any
    about: str
    keys: tuple[str, ...]
    parse: Callable[[HostEvidence], Any]
    partial: bool = False


def absent(evidence: Evidence) -> Absent:
    """The typed absence that an item of evidence stands for; its ``reason`` must not be None."""
    detail = evidence.stderr.decode("utf-8", "backslashreplace").strip().split("\n")[0][:300]
    return Absent(evidence.reason or Reason.NOT_COLLECTED, (evidence.key,), detail)


def require_text(evidence: Evidence) -> None:
    """Refuse what is no text, where lines of an unknown form are passed over: they could hide anything.

    Raises:
        ParseError: there is a NUL byte.
    """
    if b"\0" in evidence.content:
        raise ParseError(evidence.key, "text", "a NUL byte")


def run_parser(fact: ParsedFact, host: HostEvidence) -> Any:
    """The fact's value for this host, or Absent with the reason."""
    first = host.get(fact.keys[0])
    if first.reason is not None and not fact.partial:
        return absent(first)
    try:
        return fact.parse(host)
    except HardcheckError as error:
        return Absent(Reason.UNPARSABLE, fact.keys, str(error).split("\n")[0][:300])
