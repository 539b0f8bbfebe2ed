"""Wrong labels: what lies on disk is not what file_contexts says of the path."""

from __future__ import annotations

import posixpath
from contextlib import suppress

import msgspec

from hardcheck.errors import PolicyError
from hardcheck.facts import Absent
from hardcheck.facts.selinux import context_type
from hardcheck.selinux.file_contexts import FileContextRule, FileContexts
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.selinux_case import SelinuxCase

_MOST_PATHS = 40
_RECURSE_FROM = 4
"""From so many paths of one folder on the folder is named instead."""


class LabelOfPath(msgspec.Struct, frozen=True):
    """A path of the group: the type it had, the one that it should have ("" for none), and the rule."""

    path: str
    recorded: str
    expected: str
    rule: FileContextRule | None
    on_disk: str = ""

    @property
    def differs(self) -> bool:
        """Whether another type is meant for it than it had."""
        return bool(self.expected) and self.expected != self.recorded


def labels_of(case: SelinuxCase) -> tuple[LabelOfPath, ...]:
    """Every path of the group with its label; none where it has no paths or file_contexts is not known."""
    contexts = case.world.file_contexts
    if not case.about_files or isinstance(contexts, Absent):
        return ()
    return tuple(
        _label(case, contexts, path)
        for path in paths_of(case)[:_MOST_PATHS]
        if not path.startswith(("/proc/", "/sys/"))
    )


def paths_of(case: SelinuxCase) -> tuple[str, ...]:
    """The whole paths of the group. Without an audit rule the kernel records only a last part: then the one
    path, among those whose labels were collected, that ends so and has the recorded type."""
    found = [path for path in case.group.paths.values if path.startswith("/")]
    labels = case.world.labels
    if isinstance(labels, Absent):
        return tuple(found)
    wanted = context_type(case.target)
    known = {path.rpartition("/")[2] for path in found}
    names = [name for name in case.group.paths.values if "/" not in name and name not in known]
    for name in names[:_MOST_PATHS]:
        same = [
            path
            for path, label in labels.items()
            if path.rpartition("/")[2] == name and context_type(label.label) == wanted
        ]
        found += same if len(same) == 1 else []
    return tuple(found)


def _label(case: SelinuxCase, contexts: FileContexts, path: str) -> LabelOfPath:
    rule = None
    with suppress(PolicyError):  # an expression that is not covered might decide: no label can be said
        rule = contexts.find(path, case.group.class_)
    expected = "" if rule is None else context_type(rule.context)
    if expected == "<<none>>":
        expected = ""
    labels = case.world.labels
    seen = None if isinstance(labels, Absent) else labels.get(path)
    return LabelOfPath(
        path, context_type(case.target), expected, rule, "" if seen is None else context_type(seen.label)
    )


def wrong_label(case: SelinuxCase, labels: tuple[LabelOfPath, ...]) -> Found | None:
    """The label is not the one that file_contexts has, and with that one the access is allowed."""
    wrong = [one for one in labels if one.differs]
    cured = [one for one in wrong if not case.refused(case.with_type(one.expected))]
    if not cured:
        return None
    customizable = _is_customizable(case)
    proof = []
    for one in cured[:4]:
        assert one.rule is not None
        proof.append(
            Proof(
                f"{one.path}: had {one.recorded}, file_contexts has {one.expected} "
                f"({one.rule.spec}, {one.rule.where})",
                "selinux.file_contexts",
            )
        )
        if one.on_disk:
            proof.append(Proof(f"{one.path}: {one.on_disk} on disk when evidence was taken", "labels.files"))
    proof.append(_allows(case, cured[0].expected))
    if all(one.on_disk == one.expected for one in cured):
        says = "The label was wrong and has been put right since; with the right one the access is allowed."
        return Found(Cause.NOW_ALLOWED, says, tuple(proof))
    words = ("restorecon", "-v", *(("-F",) if customizable else ()))
    steps = [Step("command", (*words, *rest)) for rest in _targets([one.path for one in cured])]
    says = _sentence(cured[0], customizable)
    left = [one.path for one in labels if one not in cured]
    leaves = tuple(f"{path}: its label is right already or does not help" for path in left[:5])
    return Found(Cause.LABEL, says, tuple(proof), Cure("Restore the label", tuple(steps), True, leaves))


def _sentence(one: LabelOfPath, customizable: bool) -> str:
    moved = "as a file has that was moved (mv keeps the label) or made elsewhere"
    if customizable:
        moved = "a customizable type, set by hand, which restorecon leaves alone without -F"
    return f"{one.path} has the label {one.recorded}, {moved}; its place is labelled {one.expected}."


def _allows(case: SelinuxCase, type_: str) -> Proof:
    wanted = " ".join(case.wanted)
    text = f"the policy allows {case.group.source} {type_}:{case.group.class_} {{ {wanted} }}"
    return Proof(text, case.proof_of_policy)


def _is_customizable(case: SelinuxCase) -> bool:
    types = case.world.customizable
    return not isinstance(types, Absent) and context_type(case.target) in types


def _targets(paths: list[str]) -> list[tuple[str, ...]]:
    """Arguments for restorecon: the paths, or their folder where many lie in one."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(posixpath.dirname(path), []).append(path)
    found: list[tuple[str, ...]] = []
    for folder, members in folders.items():
        if len(members) >= _RECURSE_FROM and folder.count("/") >= 2:
            found.append(("-R", "--", folder))
        else:
            found.append(("--", *members))
    return found


def effective_target(case: SelinuxCase, labels: tuple[LabelOfPath, ...]) -> str:
    """The target's context once its label is right: what the causes after this one are asked for."""
    expected = {one.expected for one in labels}
    if len(expected) == 1 and labels[0].differs:
        return case.with_type(labels[0].expected)
    return case.target
