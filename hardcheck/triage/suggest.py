"""Cures as files to read, run and take back: shell, policy modules, AppArmor snippets, Ansible tasks.

Names come from logs: every argument is quoted for the shell, every text of the Ansible file is a JSON string
(which YAML reads as it is), comments have no control characters, and what cannot be written whole on one line
is left out and said so.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

import msgspec

from hardcheck.triage.model import Cause, Explanation, Step
from hardcheck.triage.recheck import Recheck

_MODULE = "hardcheck_local"
_RULE = re.compile(r"allow (\S+) (\S+):(\S+) \{ ([^}]*) \};")
_MOST_OBJECTS = 3
_CHANGING = frozenset({"semanage", "restorecon", "setsebool", "apparmor_parser", "semodule"})


class SuggestedFile(msgspec.Struct, frozen=True):
    """A file below the folder of suggestions; ``about`` says in one line what it is for."""

    name: str
    text: str
    about: str
    executable: bool = False


def suggestions(
    explanations: Iterable[Explanation], host: str = "", checked: Recheck | None = None
) -> tuple[SuggestedFile, ...]:
    """All files; only those that have something to say, and always the one that says what is left."""
    listed = tuple(one for one in explanations if one.open)
    cured = [one for one in listed if one.cure is not None and one.cause is not Cause.DANGER]
    files = [
        _script(cured, host),
        _undo(cured, host),
        *_modules(cured),
        _file_contexts(cured),
        *_snippets(cured),
        _ansible(cured, host),
        _read_me(listed, host, checked),
    ]
    return tuple(file for file in files if file is not None)


def plain(text: str) -> str:
    """A text for a comment: printable, on one line, at most 300 characters."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
    return shown if len(shown) <= 300 else f"{shown[:300]}..."


def writable(words: Iterable[str]) -> bool:
    """Whether arguments can be written as they are: no control characters, no bytes that are no UTF-8."""
    return all(word.isprintable() for word in words)


def answers(one: Explanation) -> str:
    """What a cure answers, on one line."""
    group = one.group
    wanted = " ".join(group.wanted)
    objects = [path for path in list(group.paths.values)[:_MOST_OBJECTS] if path.startswith("/")] or [
        group.object
    ]
    what = " ".join(word for word in (wanted, group.target, group.class_, ", ".join(objects)) if word)
    return plain(f"{group.source}: {what} ({group.count} times): {one.cause}")


def _commands(one: Explanation) -> Iterator[Step]:
    steps = one.cure.steps if one.cure is not None else ()
    for step in steps:
        if step.kind == "command" and step.words[0] in _CHANGING and step.words[:2] != ("semodule", "-lfull"):
            yield step


def _script(cured: list[Explanation], host: str) -> SuggestedFile | None:
    lines: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in cured:
        own = [step for step in _commands(one) if step.words not in seen]
        if not own:
            continue
        lines += ["", f"# {answers(one)}", *_remarks(one)]
        for step in own:
            seen.add(step.words)
            line = shlex.join(step.words)
            left_out = f"# left out, its name cannot be written: {plain(line)}"
            lines.append(f"{line} || failed=1" if writable(step.words) else left_out)
    if not lines:
        return None
    head = [
        "#!/bin/sh",
        f"# Cures of denials{_on(host)}. Read it, then run it as root on that host.",
        "failed=0",
    ]
    lines += ["", "exit $failed"]
    return SuggestedFile("cures.sh", "\n".join([*head, *lines]) + "\n", "commands", True)


def _remarks(one: Explanation) -> list[str]:
    cure = one.cure
    if cure is None:
        return []
    lines = [] if cure.checked else ["# not checked: the policy could not be asked again with it"]
    lines += [f"# does not answer: {plain(text)}" for text in cure.leaves]
    if cure.opens is not None:
        opens = cure.opens
        lines.append(
            f"# opens beside what was asked for: {opens.rights} rights of {plain(one.group.source)}, and "
            f"rights of {len(opens.domains)} other domains"
        )
        told = [*opens.ports, *opens.paths, *opens.others]
        lines += [f"#   {plain(text)}" for text in told[:30]]
        left = len(told) - 30 + opens.more
        lines += [f"#   and {left} more"] if left > 0 else []
    return lines


def _undo(cured: list[Explanation], host: str) -> SuggestedFile | None:
    lines = [
        shlex.join(step.undo)
        for one in reversed(cured)
        for step in _commands(one)
        if step.undo and writable(step.undo)
    ]
    if not lines:
        return None
    head = [
        "#!/bin/sh",
        f"# Takes cures.sh back{_on(host)}; run restorecon on the paths afterwards.",
        "set -eu",
    ]
    unique = list(dict.fromkeys(lines))
    return SuggestedFile("undo.sh", "\n".join([*head, *unique]) + "\n", "the way back", True)


def _modules(cured: list[Explanation]) -> list[SuggestedFile]:
    """One module with every rule of a true gap, as .te and as CIL."""
    gaps = [one for one in cured if any(step.kind == "te" for step in _steps(one))]
    if not gaps:
        return []
    types: set[str] = set()
    classes: dict[str, set[str]] = {}
    te: list[str] = []
    cil: list[str] = []
    for one in gaps:
        for step in _steps(one):
            match = _RULE.fullmatch(step.text) if step.kind == "te" else None
            if match is not None:
                source, target, class_, permissions = match.groups()
                types |= {source} | ({target} if target != "self" else set())
                classes.setdefault(class_, set()).update(permissions.split())
                te += [f"# {answers(one)}", step.text]
            elif step.kind == "cil":
                cil += [f"; {answers(one)}", step.text]
    head = [f"module {_MODULE} 1.0;", "", "require {"]
    head += [f"    type {name};" for name in sorted(types)]
    head += [f"    class {name} {{ {' '.join(sorted(words))} }};" for name, words in sorted(classes.items())]
    note = "# Raw rules: no interface data of the host was at hand. Prefer an interface where one fits."
    return [
        SuggestedFile(
            f"{_MODULE}.te", "\n".join([note, *head, "}", "", *te]) + "\n", "module, for checkmodule"
        ),
        SuggestedFile(f"{_MODULE}.cil", "\n".join(cil) + "\n", "the same for semodule -i"),
    ]


def _file_contexts(cured: list[Explanation]) -> SuggestedFile | None:
    lines = [
        step.text for one in cured for step in _steps(one) if step.kind == "fc" and writable([step.text])
    ]
    if not lines:
        return None
    head = "# The same as the semanage fcontext lines of cures.sh: for a module in their place."
    return SuggestedFile(f"{_MODULE}.fc", "\n".join([head, *dict.fromkeys(lines)]) + "\n", "file contexts")


def _snippets(cured: list[Explanation]) -> list[SuggestedFile]:
    """AppArmor rules by the file that they go into."""
    places: dict[str, dict[str, None]] = {}
    for one in cured:
        for step in _steps(one):
            if step.kind == "apparmor" and writable([step.text]):
                lines = places.setdefault(step.place, {})
                lines.setdefault(f"# {answers(one)}")
                lines.update((f"# {remark[2:]}", None) for remark in _remarks(one))
                lines.setdefault(step.text)
    return [
        SuggestedFile(_snippet_name(place), "\n".join(lines) + "\n", f"rules for {plain(place)}")
        for place, lines in sorted(places.items())
    ]


def _snippet_name(place: str) -> str:
    """A name below apparmor/ of safe characters; ``local/`` files keep theirs."""
    folder = "local/" if posixpath.basename(posixpath.dirname(place)) == "local" else ""
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", posixpath.basename(place))[:100].lstrip(".") or "profile"
    return f"apparmor/{folder}{name}" if folder else f"apparmor/{name}.rules"


def _steps(one: Explanation) -> tuple[Step, ...]:
    return one.cure.steps if one.cure is not None else ()


def _ansible(cured: list[Explanation], host: str) -> SuggestedFile | None:
    """A list of tasks; every text is a JSON string."""
    tasks: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in cured:
        tasks += _local_tasks(one)
    for one in cured:
        for step in _commands(one):
            if step.words in seen or not writable(step.words):
                continue
            seen.add(step.words)
            argv = ", ".join(_quoted(word) for word in step.words)
            tasks.append(
                f"- name: {_quoted(answers(one))}\n  ansible.builtin.command:\n    argv: [{argv}]\n"
                "  become: true"
            )
    if not tasks:
        return None
    head = f"# Cures of denials{_on(host)}, as tasks: include them in a play for that host.\n"
    return SuggestedFile("cures.yml", head + "\n".join(tasks) + "\n", "Ansible tasks")


def _local_tasks(one: Explanation) -> list[str]:
    rules: dict[str, list[str]] = {}
    for step in _steps(one):
        if step.kind == "apparmor" and "/local/" in step.place and writable([step.text, step.place]):
            rules.setdefault(step.place, []).append(step.text)
    return [
        f"- name: {_quoted(answers(one))}\n  ansible.builtin.lineinfile:\n    path: {_quoted(place)}\n"
        f'    line: {_quoted(rule)}\n    create: true\n    mode: "0644"\n  become: true'
        for place, texts in rules.items()
        for rule in texts
    ]


def _quoted(text: str) -> str:
    """A JSON string, which YAML reads as it is; marked so that no template in it is expanded."""
    marked = "!unsafe " if "{{" in text or "{%" in text or "{#" in text else ""
    return marked + json.dumps(text, ensure_ascii=False)


def _read_me(listed: tuple[Explanation, ...], host: str, checked: Recheck | None) -> SuggestedFile:
    lines = [f"What these files answer{_on(host)}, and what they do not.", ""]
    if checked is not None and checked.asked:
        state = (
            "allows all of it, and nothing on the danger list"
            if checked.well
            else "does not allow all of it:"
        )
        lines.append(
            f"Our reader was asked again for {checked.asked} groups: the policy with the rules {state}"
        )
        lines += [f"  {plain(text)}" for text in (*checked.still_denied, *checked.dangers)]
        lines.append("")
    for title, wanted in (("Answered", True), ("Not answered", False)):
        ones = [
            one
            for one in listed
            if (one.cure is not None and bool(_steps(one)) and one.cause is not Cause.DANGER) is wanted
        ]
        lines += [f"{title}:", *(f"  {answers(one)}" for one in ones), ""]
    dangers = [one for one in listed if one.danger]
    if dangers:
        lines += ["Not to be allowed; take them for possible intrusions:"]
        lines += [f"  {answers(one)}: {', '.join(hit.title for hit in one.danger)}" for one in dangers]
    return SuggestedFile("README.txt", "\n".join(lines).rstrip() + "\n", "what is answered and what is not")


def _on(host: str) -> str:
    return f" on {plain(host)}" if host else ""
