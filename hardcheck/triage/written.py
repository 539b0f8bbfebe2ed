"""What the files of suggestions have in common: which texts may be written, and how a cure is named."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

import msgspec

from hardcheck.triage.model import Explanation, Opening, Step

MODULE = "hardcheck_local"
"""The name of the module with all rules of true gaps."""
_MOST_OBJECTS = 3
_MOST_TOLD = 30
_CHANGING = frozenset({"semanage", "restorecon", "setsebool", "apparmor_parser", "semodule"})


class SuggestedFile(msgspec.Struct, frozen=True):
    """A file below the folder of suggestions; ``about`` says in one line what it is for."""

    name: str
    text: str
    about: str
    executable: bool = False


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


def steps_of(one: Explanation) -> tuple[Step, ...]:
    """The steps of a cure; none without one."""
    return one.cure.steps if one.cure is not None else ()


def commands_of(one: Explanation) -> Iterator[Step]:
    """The steps that are commands which change the policy or its files; not those that only look."""
    for step in steps_of(one):
        if step.kind == "command" and step.words[0] in _CHANGING and step.words[:2] != ("semodule", "-lfull"):
            yield step


def adds_rules(one: Explanation) -> bool:
    """Whether a cure is a rule of the policy, which opens something for good."""
    return any(step.kind in ("te", "cil", "apparmor") for step in steps_of(one))


def remarks(one: Explanation) -> list[str]:
    """Comments: what a cure does not answer, and what it opens beside."""
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
        lines += _told(opens)
    return lines


def opens_beside(opens: Opening) -> list[str]:
    """Comments: what an interface opens beside what was refused."""
    if not opens.rights:
        return []
    return [f"#   it opens {opens.rights} rights beside:", *_told(opens)]


def _told(opens: Opening) -> list[str]:
    told = [*opens.ports, *opens.paths, *opens.others]
    left = len(told) - _MOST_TOLD + opens.more
    lines = [f"#   {plain(text)}" for text in told[:_MOST_TOLD]]
    return [*lines, f"#   and {left} more"] if left > 0 else lines


def snippet_name(place: str) -> str:
    """A name below apparmor/ of safe characters; ``local/`` files keep theirs."""
    folder = "local/" if posixpath.basename(posixpath.dirname(place)) == "local" else ""
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", posixpath.basename(place))[:100].lstrip(".") or "profile"
    return f"apparmor/{folder}{name}" if folder else f"apparmor/{name}.rules"


def on_host(host: str) -> str:
    """`` on HOST``, or nothing."""
    return f" on {plain(host)}" if host else ""
