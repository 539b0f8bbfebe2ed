"""A folder on the way to a docroot that was refused: the record has its last name alone, the sites' own
configuration has the rest."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hardcheck.errors import PolicyError
from hardcheck.facts import Absent
from hardcheck.facts.selinux import context_type
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.own_path import GENERIC, content_types, escaped, fcontext_verb
from hardcheck.triage.selinux_case import SelinuxCase


def way_to_docroot(case: SelinuxCase) -> Found | None:
    """The folder gets a label of its own, it alone, and the docroot one for all that is in it."""
    paths = case.group.paths.values
    if case.group.class_ != "dir" or not paths or any(path.startswith("/") for path in paths):
        return None
    for folder, docroot in _candidates(case, set(paths)):
        types = content_types(case, folder)
        if types:
            return _found(case, folder, docroot, types[0])
    return None


def _candidates(case: SelinuxCase, names: set[str]) -> Iterator[tuple[str, str]]:
    """Folders of such a name that docroots lie in, where file_contexts gives the label of the record."""
    sites, contexts = case.world.sites, case.world.file_contexts
    if isinstance(sites, Absent) or isinstance(contexts, Absent) or case.group.target not in GENERIC:
        return
    for docroot in dict.fromkeys(root.rstrip("/") for site in sites for root in site.docroots):
        folder = docroot
        while folder.count("/") > 1 or (folder.count("/") == 1 and folder != "/"):
            try:
                label = contexts.match(folder, "dir") or ""
            except PolicyError:
                return
            if posixpath.basename(folder) in names and context_type(label) == case.group.target:
                yield folder, docroot
            folder = posixpath.dirname(folder)


def _found(case: SelinuxCase, folder: str, docroot: str, type_: str) -> Found:
    alone, whole = escaped(folder), f"{escaped(docroot)}(/.*)?"
    steps = [
        Step(
            "command",
            ("semanage", "fcontext", fcontext_verb(case, whole), "-t", type_, whole),
            undo=("semanage", "fcontext", "-d", whole),
        )
    ]
    if folder != docroot:
        words = ("semanage", "fcontext", fcontext_verb(case, alone), "-f", "d", "-t", type_, alone)
        undo = ("semanage", "fcontext", "-d", "-f", "d", alone)
        steps += [Step("command", words, undo=undo), Step("command", ("restorecon", "-v", "--", folder))]
    steps.append(Step("command", ("restorecon", "-R", "-v", "--", docroot)))
    proof = (
        Proof(f"{docroot} is the docroot of a site of this host", "web.sites"),
        Proof(f"file_contexts gives {folder} the label {case.group.target}", "selinux.file_contexts"),
        Proof(
            f"the policy allows {case.group.source} {type_}:dir {{ {' '.join(case.wanted)} }}",
            case.proof_of_policy,
        ),
    )
    says = (
        f"The record names a folder {posixpath.basename(folder)} alone; the docroot {docroot} lies in "
        f"{folder}, for which file_contexts has nothing but {case.group.target}, which {case.group.source} "
        "may not pass."
    )
    leaves = ("the refused folder is known by its last name alone: another one of that name is possible",)
    return Found(
        Cause.OWN_PATH, says, proof, Cure(f"Label {docroot} and the way to it", tuple(steps), True, leaves)
    )
