"""Checks that ask the loaded policy: ``may`` and ``who_may``.

::

    {may: "read /etc/shadow", each: mac.listeners, where: COND, subject: label, expect: denied}
    {who_may: "write /etc/cron.d", only: ["init_t", "dpkg.*"]}

The text is what stands behind SUBJECT in `hardcheck.access.question`. An answer that the policy cannot
give makes the item unknown; one that is only logged (permissive, complain) is not denied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hardcheck.access import AccessPolicy, Action, Object, Subject, Verdict
from hardcheck.access.question import Question, QuestionError, parse_question
from hardcheck.engine.kleene import Truth, all_of
from hardcheck.engine.lists import compile_condition, compile_show, element_root
from hardcheck.engine.outcome import Check, Item, Outcome, Show, unique
from hardcheck.engine.paths import FactsRoot, items_of
from hardcheck.engine.wording import absence_text, listed, one_line
from hardcheck.engine.yaml_source import Value
from hardcheck.facts import Absent, Reason

POLICY = "access.policy"
ACCESS_FORMS = ("may", "who_may")
_MAY = ("may", "each", "where", "subject", "expect", "empty", "show")
_WHO = ("who_may", "only")


def compile_access(at: Value, root: FactsRoot) -> Check:
    """Compile a check of one of `ACCESS_FORMS`. Raises ConfigError."""
    entries = at.mapping()
    if "who_may" in entries:
        return _who_may(at.fields(_WHO, _WHO), root)
    return _may(at.fields(_MAY, ("may", "each", "subject")), root)


def _question(at: Value, head: str) -> tuple[Action, Object, str]:
    """The action and object of a text, and how it reads."""
    text = at.text("an action and an object, such as 'read /etc/shadow'")
    try:
        question: Question = parse_question(f"{head} {text}")
    except QuestionError as error:
        raise at.fault("an action and an object of the question grammar", error.fault) from None
    if question.object_ is None:
        raise at.fault("an object", "none")
    return question.action or Action.USE, question.object_, text


def _may(entries: Mapping[str, Value], root: FactsRoot) -> Check:
    action, object_, text = _question(entries["may"], "may subject")
    path = root.resolve(entries["each"])
    evidence = root.specs[path.fact].evidence
    item_root = element_root(entries["each"], path, evidence)
    where = compile_condition(entries["where"], item_root) if "where" in entries else None
    subject = item_root.resolve(entries["subject"])
    show = compile_show(entries.get("show"), item_root)
    expect = entries["expect"].word(["denied", "allowed"]) if "expect" in entries else "denied"
    empty = entries["empty"].word(["unknown", "pass"]) if "empty" in entries else "unknown"
    of_none = Absent(Reason.NOT_PRESENT, evidence, f"{path.shown} has no subject that this asks about")

    def run(facts: Any) -> Outcome:
        values, policy = path.read(facts), facts[POLICY]
        for value in (values, policy):
            if isinstance(value, Absent):
                return Outcome(value, absence_text(value))
        asked = _Asked(policy, action, object_, expect)
        for item in items_of(values):
            asked.ask(item, True if where is None else where.test(item), subject.read, show)
        if not asked.truths:
            truth: Truth = True if empty == "pass" else of_none
            return Outcome(truth, f"{path.shown}: none to ask about")
        return asked.outcome(text)

    words = f"each of {path.shown}" + (f" with {where.words}" if where is not None else "")
    return Check(run, one_line(f"{words}: '{text}' is {expect}"), (path.fact, POLICY))


class _Asked:
    """The answers for the items of a list; equal subjects are asked once."""

    def __init__(self, policy: AccessPolicy, action: Action, object_: Object, expect: str) -> None:
        self._policy, self._action, self._object, self._expect = policy, action, object_, expect
        self._known: dict[str, tuple[Truth, str]] = {}
        self.truths: list[Truth] = []
        self.bad: list[Item] = []
        self.unsure: list[Item] = []

    def ask(self, item: Any, meant: Truth, subject: Callable[[Any], Any], show: Show) -> None:
        """Ask for one item; ``meant`` is whether the check is about it."""
        if meant is False:
            return
        name = subject(item)
        truth, why = (name, absence_text(name)) if isinstance(name, Absent) else self._answer(str(name))
        if meant is not True and truth is not True:
            truth, why = meant, absence_text(meant)
        self.truths.append(truth)
        shown = show(item)
        named = Item(shown.name, one_line(f"{shown.text}: {why}", 300))
        if truth is False:
            self.bad.append(named)
        elif truth is not True:
            self.unsure.append(named)

    def _answer(self, name: str) -> tuple[Truth, str]:
        if name not in self._known:
            answer = self._policy.may(Subject(name), self._action, self._object)
            wanted = Verdict.DENIED if self._expect == "denied" else Verdict.ALLOWED
            because = answer.because[0] if answer.because else answer.verdict.value
            truth: Truth = answer.verdict is wanted
            if answer.verdict is Verdict.UNKNOWN:
                truth, because = Absent(Reason.NOT_PRESENT, (), answer.unknown), answer.unknown
            elif answer.verdict is Verdict.LOGGED:
                because = f"only logged: {because}"
            self._known[name] = truth, because
        return self._known[name]

    def outcome(self, text: str) -> Outcome:
        """Kleene's AND of all."""
        truth = all_of(self.truths)
        items = unique(self.bad if truth is False else self.unsure)
        if truth is True:
            return Outcome(truth, f"'{text}' is {self._expect} for all {len(self.truths)}")
        other = "could not be judged" if truth is not False else f"is not {self._expect}"
        words = listed((item.text for item in items), len(items))
        return Outcome(
            truth, one_line(f"'{text}' {other} for {len(items)} of {len(self.truths)}: {words}"), items
        )


def _who_may(entries: Mapping[str, Value], root: FactsRoot) -> Check:
    action, object_, text = _question(entries["who_may"], "who may")
    patterns = [_pattern(part) for part in entries["only"].items("a list of names or expressions")]

    def run(facts: Any) -> Outcome:
        policy = facts[POLICY]
        if isinstance(policy, Absent):
            return Outcome(policy, absence_text(policy))
        names = [subject.name for subject in policy.who_may(action, object_)]
        others = [name for name in names if not any(pattern.fullmatch(name) for pattern in patterns)]
        if not others:
            return Outcome(True, f"'{text}' is allowed to {listed(names, len(names)) or 'nobody'}")
        words = listed(others, len(others))
        items = unique(Item(name, name) for name in others)
        return Outcome(False, one_line(f"'{text}' is allowed to {words}"), items)

    shown = ", ".join(pattern.pattern for pattern in patterns)
    return Check(run, one_line(f"'{text}' is allowed to nobody but {shown}"), (POLICY,))


def _pattern(at: Value) -> re.Pattern[str]:
    try:
        return re.compile(at.text("a name or an expression"))
    except re.error as error:
        raise at.fault("a regular expression", str(error)) from None
