"""A policy of given answers, for rule cases: what is not given is not known."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.access.model import AccessAnswer, Action, Object, Subject, Verdict
from hardcheck.access.question import parse_question


class ScriptedPolicy(msgspec.Struct, frozen=True):
    """``answers``: "read /etc/shadow" to subjects and their verdicts; ``allowed_to``: the same texts to
    the subjects that may; ``leads_to``: what a subject becomes by what it executes; ``silent``: subjects
    whose rules are not known. Any other question has no answer."""

    framework: str
    answers: Mapping[str, Mapping[str, Verdict]] = {}
    allowed_to: Mapping[str, tuple[str, ...]] = {}
    leads_to: Mapping[str, str] = {}
    silent: tuple[str, ...] = ()

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        """The given verdict; unknown where none is given."""
        for text, verdicts in self.answers.items():
            if _asks(text, action, object_) and subject.name in verdicts:
                verdict = verdicts[subject.name]
                allowed = verdict is Verdict.ALLOWED
                unknown = "no answer is given" if verdict is Verdict.UNKNOWN else ""
                enforced = verdict is not Verdict.LOGGED
                because = (f"given: {verdict}",)
                leads_to = self.leads_to.get(subject.name, "") if action is Action.EXECUTE else ""
                return AccessAnswer(allowed, enforced, False, because, leads_to=leads_to, unknown=unknown)
        return AccessAnswer(False, False, False, (), unknown="no answer is given")

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        """The given subjects; none where the question is not given."""
        for text, names in self.allowed_to.items():
            if _asks(text, action, object_):
                return tuple(Subject(name) for name in names)
        return ()

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        """Nothing: no case asks for sets of objects."""
        return ()


def _asks(text: str, action: Action, object_: Object) -> bool:
    question = parse_question(f"who may {text}")
    return (question.action or Action.USE, question.object_) == (action, object_)
