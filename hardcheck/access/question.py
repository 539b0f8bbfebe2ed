"""The text form of an access question.

::

    question = "may" SUBJECT ACTION [OBJECT]
             | "who" "may" ACTION OBJECT
             | "what" "may" SUBJECT ACTION
             | "what" "does" PATH "run" "as"
    SUBJECT  = name of a process or service | executable | "pid" NUMBER | domain | context | profile
    ACTION   = an `Action`, or a permission of the framework ("getattr", "name_connect")
               `load-module` and `set-policy` may do without an object: the kernel is meant
    OBJECT   = PATH | TYPE ":" CLASS | ["to"] ["port"] ("tcp"|"udp"|...) ["port"] NUMBER
             | "capability" NAME | SUBJECT

Words are split at spaces; quotes keep spaces, as in the shell. A closing "?" is dropped.
"""

from __future__ import annotations

import re
import shlex
from enum import StrEnum

import msgspec

from hardcheck.access.model import Action, Capability, Native, Object, Path, Port, Subject
from hardcheck.errors import UsageError

EXAMPLES = (
    "may nginx read /etc/shadow",
    "who may write /etc/cron.d",
    "what does /usr/sbin/nginx run as",
)
GRAMMAR = (
    "may SUBJECT ACTION OBJECT | who may ACTION OBJECT | what may SUBJECT ACTION | what does PATH run as"
)
PROTOCOLS = ("tcp", "udp", "sctp", "dccp")
KERNEL = Subject("kernel")
"""What is acted on where an action on the kernel itself names no object."""
_ON_KERNEL = (Action.LOAD_MODULE, Action.SET_POLICY)
_TYPE_CLASS = re.compile(r"(?P<type>[A-Za-z0-9_.-]+):(?P<class>[a-z][a-z0-9_]*)")
_MAX_LENGTH = 4096


class QuestionKind(StrEnum):
    """What is asked for."""

    MAY = "may"
    WHO_MAY = "who may"
    WHAT_MAY = "what may"
    RUNS_AS = "what does it run as"


class Question(msgspec.Struct, frozen=True):
    """A parsed question. ``action`` is one of the closed set; otherwise ``permission`` holds the
    framework's own word. ``subject`` and ``object_`` are as written, not yet resolved on a host;
    a bare word as the object is a Subject."""

    kind: QuestionKind
    subject: str = ""
    action: Action | None = None
    permission: str = ""
    object_: Object | None = None


class QuestionError(UsageError):
    """A question that is not of the grammar; the message gives the grammar and three examples."""

    def __init__(self, text: str, fault: str) -> None:
        self.text, self.fault = text, fault
        examples = "; ".join(f'"{example}"' for example in EXAMPLES)
        super().__init__(
            f"cannot read the question {text[:200]!r}: {fault}; ask {GRAMMAR}; for example {examples}"
        )


def parse_question(text: str) -> Question:
    """Parse one question.

    Raises:
        QuestionError: another form.
    """
    words = _words(text)
    lower = [word.lower() for word in words]
    if lower[:1] == ["may"]:
        return _may(text, words[1:])
    if lower[:2] == ["who", "may"]:
        action, permission, rest = _action(text, words[2:])
        object_ = _object(text, rest, permission or str(action))
        if object_ is None:
            raise QuestionError(text, "the object is missing")
        return Question(QuestionKind.WHO_MAY, "", action, permission, object_)
    if lower[:2] == ["what", "may"]:
        subject, rest = _subject(text, words[2:])
        action, permission, rest = _action(text, rest)
        if rest:
            raise QuestionError(text, f"'what may' ends with the action, not with {rest[0]!r}")
        return Question(QuestionKind.WHAT_MAY, subject, action, permission)
    if lower[:2] == ["what", "does"] and lower[-2:] == ["run", "as"] and len(words) == 5:
        return Question(QuestionKind.RUNS_AS, words[2])
    raise QuestionError(text, "it begins with none of 'may', 'who may', 'what may', 'what does'")


def _words(text: str) -> list[str]:
    if len(text) > _MAX_LENGTH:
        raise QuestionError(text, f"it is longer than {_MAX_LENGTH} characters")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise QuestionError(text, str(error).lower()) from None
    if words and words[-1] == "?":
        words.pop()
    elif words and words[-1].endswith("?") and not words[-1].startswith("/"):
        words[-1] = words[-1][:-1]
    return words


def _may(text: str, words: list[str]) -> Question:
    subject, rest = _subject(text, words)
    action, permission, rest = _action(text, rest)
    object_ = _object(text, rest, permission or str(action))
    if object_ is None:
        raise QuestionError(text, "the object is missing")
    return Question(QuestionKind.MAY, subject, action, permission, object_)


def _subject(text: str, words: list[str]) -> tuple[str, list[str]]:
    if words and words[0].lower() == "pid":
        if len(words) < 2 or not words[1].isdecimal():
            raise QuestionError(text, "'pid' is followed by a number")
        return f"pid {words[1]}", words[2:]
    if not words:
        raise QuestionError(text, "the subject is missing")
    return words[0], words[1:]


def _action(text: str, words: list[str]) -> tuple[Action | None, str, list[str]]:
    if not words:
        raise QuestionError(text, "the action is missing")
    word, rest = words[0].lower(), words[1:]
    try:
        return Action(word.replace("_", "-")), "", rest
    except ValueError:
        pass
    if not re.fullmatch(r"[a-z][a-z0-9_]*", word):
        raise QuestionError(text, f"{words[0]!r} is no action")
    return None, word, rest


def _object(text: str, words: list[str], permission: str) -> Object | None:
    """Read the object; None when there is none and the action takes one."""
    words = words[1:] if words and words[0].lower() in ("to", "on", "for") else words
    if not words:
        return KERNEL if permission in _ON_KERNEL else None
    if words[0].startswith("/"):
        return _alone(text, words, Path(words[0]))
    lower = [word.lower() for word in words]
    if lower[0] == "capability" and len(words) == 2:
        return Capability(lower[1].removeprefix("cap_"))
    if any(word in PROTOCOLS or word == "port" for word in lower) or "/" in words[0]:
        return _port(text, lower)
    match = _TYPE_CLASS.fullmatch(words[0])
    if match:
        return _alone(text, words, Native(match["type"], match["class"], permission.replace("-", "_")))
    context, colon, class_ = words[0].rpartition(":")
    if colon and context.count(":") >= 2 and re.fullmatch(r"[a-z][a-z0-9_]*", class_):
        return _alone(text, words, Native(context, class_, permission.replace("-", "_")))
    subject, rest = _subject(text, words)
    return _alone(text, [subject, *rest], Subject(subject))


def _alone(text: str, words: list[str], object_: Object) -> Object:
    if len(words) > 1:
        raise QuestionError(text, f"{words[1]!r} is left over after the object")
    return object_


def _port(text: str, words: list[str]) -> Port:
    parts = [part for word in words for part in word.split("/") if part != "port"]
    numbers = [part for part in parts if part.isdecimal()]
    protocols = [part for part in parts if part in PROTOCOLS] or ["tcp"]
    if len(numbers) != 1 or len(protocols) != 1 or len(parts) - len(numbers) > 1:
        raise QuestionError(text, "a port is written 'tcp 443', 'tcp/443' or 'port 443'")
    if len(numbers[0]) > 5 or int(numbers[0]) > 65535:
        raise QuestionError(text, f"port {numbers[0]} is above 65535")
    return Port(protocols[0], int(numbers[0]))
