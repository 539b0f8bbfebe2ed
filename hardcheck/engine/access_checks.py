"""Checks that ask the loaded policy: ``may`` and ``who_may``.

::

    {may: "read /etc/shadow", each: mac.listeners, where: COND, subject: label, expect: denied}
    {may: "execute /bin/sh", each: mac.listeners, subject: label, not_into: access.unconfined}
    {who_may: "create /etc/cron.d/job", only: ["init_t", "dpkg.*"], besides: access.unconfined}

The text is what stands behind SUBJECT in `hardcheck.access.question`. An answer that the policy cannot
give makes the item unknown; one that is only logged (permissive, complain) is not denied. A path has
the label that it has on disk where that was looked at, else the one that the policy means it to have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hardcheck.access import AccessAnswer, AccessPolicy, Action, Object, Subject, Verdict, subject_name
from hardcheck.access.model import Path as AskedPath
from hardcheck.access.question import Question, QuestionError, parse_question
from hardcheck.engine.kleene import Truth, all_of
from hardcheck.engine.lists import compile_condition
from hardcheck.engine.outcome import Check, Item, Outcome, Show, unique
from hardcheck.engine.paths import FactsRoot, Path
from hardcheck.engine.selections import Chosen, compile_choice
from hardcheck.engine.shows import compile_naming, element_root
from hardcheck.engine.wording import absence_text, listed, one_line
from hardcheck.engine.yaml_source import Value
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import GENERATED
from hardcheck.facts.labels import FileLabels

POLICY = "access.policy"
LABELS = "labels.files"
ACCESS_FORMS = ("may", "who_may")
_MAY = ("may", "each", "where", "subject", "expect", "not_into", "empty", "show")
_WHO = ("who_may", "only", "besides")
_KINDS = {
    "f": "file",
    "d": "dir",
    "l": "lnk_file",
    "s": "sock_file",
    "p": "fifo_file",
    "c": "chr_file",
    "b": "blk_file",
}


def compile_access(at: Value, root: FactsRoot) -> Check:
    """Compile a check of one of `ACCESS_FORMS`. Raises ConfigError."""
    entries = at.mapping()
    if "who_may" in entries:
        return _who_may(at.fields(_WHO, ("who_may", "only")), root)
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


def _as_on_disk(object_: Object, facts: Any, policy: AccessPolicy, root: FactsRoot) -> Object:
    """A path with its label and kind on disk, where SELinux decides and they were looked at."""
    if not isinstance(object_, AskedPath) or policy.framework != "selinux" or LABELS not in root.specs:
        return object_
    labels = facts[LABELS]
    if isinstance(labels, Absent):
        return object_
    known: dict[str, AskedPath] = facts.shared(("paths", LABELS), _paths_of, labels)
    return known.get(object_.path, object_)


def _paths_of(labels: FileLabels) -> dict[str, AskedPath]:
    """The first label that each path has."""
    found: dict[str, AskedPath] = {}
    for label in labels.files:
        if label.kind in _KINDS:
            found.setdefault(label.path, AskedPath(label.path, _KINDS[label.kind], label.label))
    return found


def _names(at: Value, root: FactsRoot) -> Path:
    """The path of a fact that is a list of names."""
    path = root.resolve(at)
    if path.type not in (tuple[str, ...], frozenset[str]):
        raise at.fault("a fact that is a list of names", path.shown)
    return path


def _may(entries: Mapping[str, Value], root: FactsRoot) -> Check:
    action, object_, text = _question(entries["may"], "may subject")
    path = root.resolve(entries["each"])
    evidence = root.specs[path.fact].evidence
    item_root = element_root(entries["each"], path, evidence)
    where = compile_condition(entries["where"], item_root) if "where" in entries else None
    choose = compile_choice(entries["each"], entries.get("where"), where, of_facts=True)
    subject = item_root.resolve(entries["subject"])
    naming = compile_naming(entries["each"], entries.get("show"), item_root, of_facts=True)
    expect = entries["expect"].word(["denied", "allowed"]) if "expect" in entries else "denied"
    into = _names(entries["not_into"], root) if "not_into" in entries else None
    if into is not None and (action is not Action.EXECUTE or "expect" in entries):
        raise entries["not_into"].fault("no `expect`, and a question with 'execute'", text)
    empty = entries["empty"].word(["unknown", "pass"]) if "empty" in entries else "unknown"
    of_none = Absent(Reason.NOT_PRESENT, evidence, f"{path.shown} has no subject that this asks about")

    def run(facts: Any) -> Outcome:
        values, policy = path.read(facts), facts[POLICY]
        bounds = into.read(facts) if into is not None else ()
        for value in (values, policy, bounds):
            if isinstance(value, Absent):
                return Outcome(value, absence_text(value))
        meant = _as_on_disk(object_, facts, policy, root)
        asked = _Asked(policy, action, meant, "confined" if into is not None else expect, frozenset(bounds))
        asked.ask(choose(facts, values), subject.read, naming(facts))
        if not asked.truths:
            truth: Truth = True if empty == "pass" else of_none
            return Outcome(truth, f"{path.shown}: none to ask about")
        return asked.outcome(text)

    words = f"each of {path.shown}" + (f" with {where.words}" if where is not None else "")
    wanted = expect if into is None else f"denied, or leads to none of {into.shown}"
    read = (path.fact, POLICY) if into is None else (path.fact, POLICY, into.fact)
    return Check(run, one_line(f"{words}: '{text}' is {wanted}"), read)


class _Asked:
    """The answers for the items of a list; equal subjects are asked once."""

    def __init__(
        self, policy: AccessPolicy, action: Action, object_: Object, expect: str, unbounded: frozenset[str]
    ) -> None:
        self._policy, self._action, self._object, self._expect = policy, action, object_, expect
        self._unbounded = unbounded
        self._known: dict[str, tuple[Truth, str]] = {}
        self.truths: list[Truth] = []
        self.bad: list[Item] = []
        self.failed: list[Any] = []
        self.unsure: list[Item] = []

    def ask(self, chosen: Chosen, subject: Callable[[Any], Any], show: Show) -> None:
        """Ask for each of the items that the check is about."""
        for place, item in enumerate(chosen.items):
            name = subject(item)
            truth, why = (name, absence_text(name)) if isinstance(name, Absent) else self._answer(str(name))
            doubt = chosen.doubts.get(place)
            if doubt is not None and truth is not True:
                truth, why = doubt, absence_text(doubt)
            self.truths.append(truth)
            if truth is not True:
                self._name(item, truth, why, show)

    def _name(self, item: Any, truth: Truth, why: str, show: Show) -> None:
        shown = show(item)
        named = Item(shown.name, one_line(f"{shown.text}: {why}", 300))
        if truth is False:
            self.bad.append(named)
            self.failed.append(item)
        else:
            self.unsure.append(named)

    def _answer(self, name: str) -> tuple[Truth, str]:
        if name not in self._known:
            answer = self._policy.may(Subject(name), self._action, self._object)
            because = answer.because[0] if answer.because else answer.verdict.value
            if answer.verdict is Verdict.LOGGED:
                because = f"only logged: {because}"
            truth = self._truth(answer)
            if isinstance(truth, Absent):
                because = truth.detail
            elif self._expect == "confined" and answer.leads_to:
                because = f"leads to {answer.leads_to}: {because}"
            self._known[name] = truth, because
        return self._known[name]

    def _truth(self, answer: AccessAnswer) -> Truth:
        if answer.verdict is Verdict.UNKNOWN:
            return Absent(Reason.NOT_PRESENT, (), answer.unknown)
        if self._expect == "confined" and answer.verdict is Verdict.ALLOWED:
            if not answer.leads_to:
                return Absent(Reason.NOT_PRESENT, (), "the policy does not tell what it would run as")
            return not {answer.leads_to, subject_name(answer.leads_to)} & self._unbounded
        return answer.verdict is (Verdict.ALLOWED if self._expect == "allowed" else Verdict.DENIED)

    def outcome(self, text: str) -> Outcome:
        """Kleene's AND of all."""
        truth = all_of(self.truths)
        items = unique(self.bad if truth is False else self.unsure)
        if truth is True:
            return Outcome(truth, f"'{text}' is {self._expect} for all {len(self.truths)}")
        other = "could not be judged" if truth is not False else f"is not {self._expect}"
        words = listed((item.text for item in items), len(items))
        observed = one_line(f"'{text}' {other} for {len(items)} of {len(self.truths)}: {words}")
        return Outcome(truth, observed, items, tuple(self.failed) if truth is False else None)


def _who_may(entries: Mapping[str, Value], root: FactsRoot) -> Check:
    action, object_, text = _question(entries["who_may"], "who may")
    expected = _Names(entries["only"].items("a list of names or expressions"))
    besides = _names(entries["besides"], root) if "besides" in entries else None

    def run(facts: Any) -> Outcome:
        policy = facts[POLICY]
        if isinstance(policy, Absent):
            return Outcome(policy, absence_text(policy))
        passed = besides.read(facts) if besides is not None else ()
        meant = _as_on_disk(object_, facts, policy, root)
        names = [subject.name for subject in policy.who_may(action, meant)]
        others = [name for name in names if not expected.match(name)]
        if others and isinstance(passed, Absent):
            return Outcome(passed, absence_text(passed))
        if not names:
            known = [*(() if isinstance(passed, Absent) else passed), *expected.texts]
            unasked = _unasked(policy, known, action, meant)
            if unasked is not None:
                return Outcome(unasked, absence_text(unasked))
        others = [name for name in others if name not in passed]
        if not others and (unread := _unread(policy, expected, passed)) is not None:
            return Outcome(unread, absence_text(unread))
        if not others:
            return Outcome(True, one_line(f"'{text}' is allowed to {listed(names, len(names))}"))
        words = listed(others, len(others))
        items = unique(Item(name, one_line(name)) for name in others)
        return Outcome(False, one_line(f"'{text}' is allowed to {words}"), items)

    shown = ", ".join([*expected.texts, *([besides.shown] if besides else [])])
    read = (POLICY,) if besides is None else (POLICY, besides.fact)
    return Check(run, one_line(f"'{text}' is allowed to nobody but {shown}"), read)


def _unread(policy: AccessPolicy, expected: _Names, passed: Collection[str] | Absent) -> Absent | None:
    """None when all that are loaded could be named but those that may, and the profiles that runtimes
    generate for containers and packages."""
    may = () if isinstance(passed, Absent) else passed
    for name in policy.silent:
        if not expected.match(name) and name not in may and not GENERATED.fullmatch(name):
            return Absent(Reason.NOT_COLLECTED, (), f"no text of the loaded profile {name}")
    return None


def _unasked(policy: AccessPolicy, known: list[str], action: Action, object_: Object) -> Absent | None:
    """None when "nobody" is an answer: one of the subjects ``known`` was refused it. A policy that
    cannot be asked about an object names nobody as well."""
    why = "the policy names nobody, and no subject is known to ask for"
    for name in known:
        answer = policy.may(Subject(name), action, object_)
        if not answer.unknown:
            return None
        why = answer.unknown
    return Absent(Reason.NOT_PRESENT, (), why)


class _Names:
    """Names and expressions for them, as a rule lists them. Raises ConfigError."""

    def __init__(self, parts: list[Value]) -> None:
        patterns = [_pattern(part) for part in parts]
        self.texts = tuple(pattern.pattern for pattern in patterns)
        self._plain = frozenset(text for text in self.texts if re.escape(text) == text)
        self._patterns = tuple(pattern for pattern in patterns if pattern.pattern not in self._plain)

    def match(self, name: str) -> bool:
        """Whether one of them is this name or is for it."""
        return name in self._plain or any(pattern.fullmatch(name) for pattern in self._patterns)


def _pattern(at: Value) -> re.Pattern[str]:
    try:
        return re.compile(at.text("a name or an expression"))
    except re.error as error:
        raise at.fault("a regular expression", str(error)) from None
