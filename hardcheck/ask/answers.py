"""Ask a world a question; one answer for each subject and each label of the object that is in play."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hardcheck.access import AccessAnswer, Action, Native, Object, Path, Subject, Verdict
from hardcheck.access.question import Question, QuestionError, QuestionKind, parse_question
from hardcheck.ask.subjects import STARTER, Resolved, is_known, plain_label, resolve_subjects
from hardcheck.ask.world import World
from hardcheck.facts import Absent

_MOST_NAMED = 8
_KINDS = {
    "f": "file",
    "d": "dir",
    "l": "lnk_file",
    "s": "sock_file",
    "p": "fifo_file",
    "c": "chr_file",
    "b": "blk_file",
}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a question for one subject and one reading of the object.

    ``verdict`` is set for "may"; ``names`` for the others: subjects, what may be reached, or labels.
    ``subject`` is the label that was asked for, ``pids`` the processes that run as it. ``object_as``
    says which label of a path was taken when the one on disk is not the one that file_contexts gives.
    """

    question: str
    framework: str
    subject: str = ""
    pids: tuple[int, ...] = ()
    object_as: str = ""
    verdict: Verdict | None = None
    enforced: bool = True
    audited: bool = False
    because: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    leads_to: str = ""
    names: tuple[str, ...] = ()
    note: str = ""


def ask(world: World, text: str) -> tuple[Answer, ...]:
    """Answer one question in its text form.

    Raises:
        QuestionError: the text is not of the grammar.
    """
    question = parse_question(text)
    if question.kind is QuestionKind.RUNS_AS:
        return _runs_as(world, text, question.subject)
    if question.kind is QuestionKind.WHO_MAY:
        return _who(world, text, question)
    resolved = resolve_subjects(world, question.subject)
    if question.kind is QuestionKind.WHAT_MAY:
        return tuple(_what(world, text, question, one) for one in resolved)
    return tuple(
        _may(world, text, question, one, object_, how)
        for one in resolved
        for object_, how in _readings(world, text, question)
    )


def _action(question: Question) -> Action:
    """A permission of the framework goes with a Native object, which carries it."""
    return question.action or Action.USE


def _readings(world: World, text: str, question: Question) -> tuple[tuple[Object, str], ...]:
    """The object as the host has it: a path by its label on disk, and by file_contexts where they differ."""
    object_ = question.object_
    assert object_ is not None
    if question.action is None and not isinstance(object_, Native):
        raise QuestionError(text, f"{question.permission!r} is a permission and goes with TYPE:CLASS")
    if isinstance(object_, Subject):
        return tuple((one.subject, "") for one in resolve_subjects(world, object_.name))
    if not isinstance(object_, Path) or world.framework != "selinux" or isinstance(world.labels, Absent):
        return ((object_, ""),)
    label = world.labels.get(object_.path)
    if label is None:
        return ((object_, "by file_contexts"),)
    kind = _KINDS.get(label.kind, "file")
    on_disk = Path(object_.path, kind, label.label)
    by_rule = world.label_of(object_.path, kind)
    if by_rule and by_rule != label.label:
        return (on_disk, f"label on disk {label.label}"), (
            Path(object_.path, kind, by_rule),
            f"as file_contexts has it {by_rule}",
        )
    return ((on_disk, f"label on disk {label.label}"),)


def _may(world: World, text: str, question: Question, one: Resolved, object_: Object, how: str) -> Answer:
    if not one.subject.name:
        return Answer(text, world.framework, pids=one.processes, verdict=Verdict.UNKNOWN, note=one.note)
    answer = world.policy.may(one.subject, _action(question), object_)
    return Answer(
        text,
        world.framework,
        subject=one.subject.name,
        pids=one.processes,
        object_as=how,
        verdict=answer.verdict,
        enforced=answer.enforced,
        audited=answer.audited,
        because=answer.because,
        outside=answer.outside,
        leads_to=answer.leads_to,
        note=answer.unknown or one.note,
    )


def _who(world: World, text: str, question: Question) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            text,
            world.framework,
            object_as=how,
            names=tuple(subject.name for subject in world.policy.who_may(_action(question), object_)),
            note=_unread(world.policy.silent),
        )
        for object_, how in _readings(world, text, question)
    )


def _unread(silent: Sequence[str]) -> str:
    """Who could not be asked about, in words."""
    if not silent:
        return ""
    more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
    return f"not known of {', '.join(silent[:_MOST_NAMED])}{more}: loaded, and no text of it was read"


def _what(world: World, text: str, question: Question, one: Resolved) -> Answer:
    if question.action is None:
        raise QuestionError(text, f"'what may' takes one of {', '.join(Action)}")
    if not one.subject.name:
        return Answer(text, world.framework, pids=one.processes, verdict=Verdict.UNKNOWN, note=one.note)
    made = Answer(text, world.framework, subject=one.subject.name, pids=one.processes, note=one.note)
    names = world.policy.what_may(one.subject, question.action)
    if not names and not is_known(world, one.subject):
        why = world.policy.may(one.subject, Action.SIGNAL, one.subject).unknown
        return msgspec.structs.replace(made, verdict=Verdict.UNKNOWN, note=why)
    return msgspec.structs.replace(made, names=names)


def _runs_as(world: World, text: str, program: str) -> tuple[Answer, ...]:
    """What the program would run as when the system's first process starts it, and what it runs as now."""
    answers = []
    first = resolve_subjects(world, "pid 1")[0] if not isinstance(world.processes, Absent) else None
    starter = first.subject if first is not None and first.subject.name else Subject(STARTER[world.framework])
    readings = _readings(world, text, Question(QuestionKind.MAY, "", Action.EXECUTE, "", Path(program)))
    for object_, how in readings:
        answer: AccessAnswer = world.policy.may(starter, Action.EXECUTE, object_)
        answers.append(
            Answer(
                text,
                world.framework,
                subject=starter.name,
                object_as=how,
                verdict=answer.verdict,
                enforced=answer.enforced,
                because=answer.because,
                outside=answer.outside,
                names=(answer.leads_to,) if answer.leads_to else (),
                note=answer.unknown or f"when {starter.name} starts it",
            )
        )
    if not isinstance(world.processes, Absent):
        running = [process for process in world.processes if process.program == program]
        labels = {plain_label(p.label) for p in running if not isinstance(p.label, Absent)}
        if labels:
            pids = tuple(process.pid for process in running)
            names = tuple(sorted(labels))
            answers.append(Answer(text, world.framework, pids=pids, names=names, note="as it runs now"))
    return tuple(answers)


"""Who starts services where no process list says it: init's domain in refpolicy, no profile."""
