"""The cures as a shell script, and the script that takes them back.

Labels, ports and switches are put right at once; rules, which open something, only with ``--rules``.
"""

from __future__ import annotations

import posixpath
import shlex

from hardcheck.triage.model import Explanation, Step
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

_LOCAL_FOLDER = "/etc/apparmor.d/local"
_RULES_HEAD = (
    "# With --rules it adds the rules that the policy lacks as well; ask for each first whether the service",
    "# should do it at all.",
    "add_line() {  # FILE LINE: at the end of the file, unless it stands there",
    '    grep -qxF -e "$2" -- "$1" 2>/dev/null && return',
    """    if [ -s "$1" ] && [ -n "$(tail -c 1 -- "$1")" ]; then echo >>"$1" || return; fi""",
    """    printf '%s\\n' "$2" >>"$1\"""",
    "}",
)
_DROP_LINE = (
    "drop_line() {  # FILE LINE",
    '    [ -e "$1" ] || return 0',
    """    kept=$(grep -vxF -e "$2" -- "$1"; echo .)""",
    """    printf '%s' "${kept%.}" >"$1\"""",
    "}",
)


def script(cured: list[Explanation], host: str, *, module: bool) -> SuggestedFile | None:
    """``cures.sh``; None where no cure is a command or a rule."""
    lines: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in cured:
        own = [] if adds_rules(one) else [step for step in commands_of(one) if step.words not in seen]
        if own:
            seen.update(step.words for step in own)
            lines += ["", f"# {answers(one)}", *remarks(one), *(_command_line(step.words) for step in own)]
    rules = _rule_lines([one for one in cured if adds_rules(one)], module=module)
    if not lines and not rules:
        return None
    head = [
        "#!/bin/sh",
        f"# Cures of denials{on_host(host)}. Read it, then run it as root on that host.",
        *(_RULES_HEAD if rules else ()),
        "failed=0",
    ]
    return SuggestedFile(
        "cures.sh", "\n".join([*head, *lines, *rules, "", "exit $failed"]) + "\n", "commands", True
    )


def undo(cured: list[Explanation], host: str, *, module: bool) -> SuggestedFile | None:
    """``undo.sh``, in the other order; None where nothing can be taken back."""
    lines = [
        shlex.join(step.undo)
        for one in reversed(cured)
        for step in commands_of(one)
        if step.undo and writable(step.undo)
    ]
    local = [
        shlex.join(("drop_line", step.place, step.text))
        for one in cured
        for step in steps_of(one)
        if step.kind == "apparmor" and in_local_file(step)
    ]
    loads = [
        shlex.join(step.words)
        for one in cured
        for step in commands_of(one)
        if adds_rules(one) and step.words[0] == "apparmor_parser" and writable(step.words)
    ]
    if module:
        lines.append(f"semodule -lfull | grep -qw {MODULE} && semodule -r {MODULE}")
    lines += [*local, *(loads if local else ())]
    if not lines:
        return None
    head = [
        "#!/bin/sh",
        f"# Takes cures.sh back{on_host(host)}; run restorecon on the paths afterwards.",
        *(_DROP_LINE if local else ()),
    ]
    unique = list(dict.fromkeys(lines))
    return SuggestedFile("undo.sh", "\n".join([*head, *unique]) + "\n", "the way back", True)


def _rule_lines(adding: list[Explanation], *, module: bool) -> list[str]:
    """The part of the script that adds rules: done only where ``--rules`` asks for it."""
    if not adding:
        return []
    lines: dict[str, None] = {}
    for one in adding:
        lines[f"    # {answers(one)}"] = None
        for step in steps_of(one):
            if step.kind == "apparmor" and in_local_file(step):
                lines[f"    {shlex.join(('add_line', step.place, step.text))} || failed=1"] = None
            elif step.kind == "apparmor" and writable([step.place]):
                say = f"put {snippet_name(step.place)} into its profile in {step.place} by hand, then go on"
                lines[f"    {shlex.join(('echo', say))}"] = None
    commands = dict.fromkeys(step.words for one in adding for step in commands_of(one))
    lines |= dict.fromkeys(f"    {_command_line(words)}" for words in commands)
    if module:
        lines[f'    semodule -i "$(dirname -- "$0")/{MODULE}.cil" || failed=1'] = None
    return ["", 'if [ "${1:-}" = --rules ]; then', *lines, "fi"]


def _command_line(words: tuple[str, ...]) -> str:
    line = shlex.join(words)
    if writable(words):
        return f"{line} || failed=1"
    return f"# left out, its name cannot be written: {plain(line)}"


def in_local_file(step: Step) -> bool:
    """Whether a rule goes into a file that is only for rules of the site, by a name that can be written."""
    return posixpath.dirname(step.place) == _LOCAL_FOLDER and writable([step.text, step.place])
