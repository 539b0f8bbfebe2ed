"""Cures as files to read, run and take back: shell, policy modules, AppArmor snippets, Ansible tasks.

Names come from logs: every argument is quoted for the shell, every text of the Ansible file is a JSON string
(which YAML reads as it is), comments have no control characters, and what cannot be written whole on one line
is left out and said so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from hardcheck.triage.cure_scripts import in_local_file, script, undo
from hardcheck.triage.model import Cause, Explanation
from hardcheck.triage.module_text import modules
from hardcheck.triage.recheck import Recheck
from hardcheck.triage.written import (
    MODULE,
    SuggestedFile,
    adds_rules,
    answers,
    commands_of,
    on_host,
    plain,
    remarks,
    snippet_name,
    steps_of,
    writable,
)

_TAG = "hardcheck_rules"
_ON_REQUEST = f"\n  tags: [never, {_TAG}]"


def suggestions(
    explanations: Iterable[Explanation], host: str = "", checked: Recheck | None = None
) -> tuple[SuggestedFile, ...]:
    """All files; only those that have something to say, and always the one that says what is left."""
    listed = tuple(one for one in explanations if one.open)
    cured = [one for one in listed if one.cure is not None and one.cause is not Cause.DANGER]
    own = modules(cured)
    files = [
        script(cured, host, module=bool(own)),
        undo(cured, host, module=bool(own)),
        *own,
        _file_contexts(cured),
        *_snippets(cured),
        _ansible(cured, host),
        _read_me(listed, host, checked),
    ]
    return tuple(file for file in files if file is not None)


def _file_contexts(cured: list[Explanation]) -> SuggestedFile | None:
    lines = [
        step.text for one in cured for step in steps_of(one) if step.kind == "fc" and writable([step.text])
    ]
    if not lines:
        return None
    head = "# The same as the semanage fcontext lines of cures.sh: for a module in their place."
    return SuggestedFile(f"{MODULE}.fc", "\n".join([head, *dict.fromkeys(lines)]) + "\n", "file contexts")


def _snippets(cured: list[Explanation]) -> list[SuggestedFile]:
    """AppArmor rules by the file that they go into."""
    places: dict[str, dict[str, None]] = {}
    for one in cured:
        for step in steps_of(one):
            if step.kind == "apparmor" and writable([step.text]):
                lines = places.setdefault(step.place, {})
                lines.setdefault(f"# {answers(one)}")
                lines.update((f"# {remark[2:]}", None) for remark in remarks(one))
                lines.setdefault(step.text)
    return [
        SuggestedFile(snippet_name(place), "\n".join(lines) + "\n", f"rules for {plain(place)}")
        for place, lines in sorted(places.items())
    ]


def _ansible(cured: list[Explanation], host: str) -> SuggestedFile | None:
    """A list of tasks; every text is a JSON string. Those that add rules run only by their tag."""
    tasks: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in cured:
        tasks += _local_tasks(one)
    for one in cured:
        for step in commands_of(one):
            if step.words not in seen and writable(step.words):
                seen.add(step.words)
                tasks.append(_command_task(answers(one), step.words, rules=adds_rules(one)))
    if modules(cured):
        file = {"src": f"{MODULE}.cil", "dest": f"/root/{MODULE}.cil", "mode": "0600"}
        text = json.dumps(file)
        tasks.append(
            f'- name: "Copy the module"\n  ansible.builtin.copy: {text}\n  become: true{_ON_REQUEST}'
        )
        tasks.append(_command_task("Install the module", ("semodule", "-i", file["dest"]), rules=True))
    if not tasks:
        return None
    head = (
        f"# Cures of denials{on_host(host)}, as tasks: include them in a play for that host.\n"
        f"# With --tags all,{_TAG} they add the rules that the policy lacks as well.\n"
    )
    return SuggestedFile("cures.yml", head + "\n".join(tasks) + "\n", "Ansible tasks")


def _command_task(name: str, words: tuple[str, ...], *, rules: bool) -> str:
    argv = ", ".join(_quoted(word) for word in words)
    return (
        f"- name: {_quoted(name)}\n  ansible.builtin.command:\n    argv: [{argv}]\n  become: true"
        f"{_ON_REQUEST if rules else ''}"
    )


def _local_tasks(one: Explanation) -> list[str]:
    return [
        f"- name: {_quoted(answers(one))}\n  ansible.builtin.lineinfile:\n    path: {_quoted(step.place)}\n"
        f'    line: {_quoted(step.text)}\n    create: true\n    mode: "0644"\n  become: true{_ON_REQUEST}'
        for step in steps_of(one)
        if step.kind == "apparmor" and in_local_file(step)
    ]


def _quoted(text: str) -> str:
    """A JSON string, which YAML reads as it is; marked so that no template in it is expanded."""
    marked = "!unsafe " if "{{" in text or "{%" in text or "{#" in text else ""
    return marked + json.dumps(text, ensure_ascii=False)


def _read_me(listed: tuple[Explanation, ...], host: str, checked: Recheck | None) -> SuggestedFile:
    lines = [f"What these files answer{on_host(host)}, and what they do not.", ""]
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
            if (one.cure is not None and bool(steps_of(one)) and one.cause is not Cause.DANGER) is wanted
        ]
        lines += [f"{title}:", *(f"  {answers(one)}" for one in ones), ""]
    dangers = [one for one in listed if one.danger]
    if dangers:
        lines += ["Not to be allowed; take them for possible intrusions:"]
        lines += [f"  {answers(one)}: {', '.join(hit.title for hit in one.danger)}" for one in dangers]
    return SuggestedFile("README.txt", "\n".join(lines).rstrip() + "\n", "what is answered and what is not")
