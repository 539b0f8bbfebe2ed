"""What a path must hold to match an expression of file_contexts: cheaper to look for than to match.

Most rules that could decide about a path by their beginning do not: ``/usr/lib/(.*/)?libx\\.so.*`` needs
``libx.so`` in it. Only expressions without anything unusual are looked at; for others nothing is required.
"""

from __future__ import annotations

import re

# One step: an escaped sign, a class, or a single character.
_STEP = re.compile(r"\\[^0-9A-Za-z]|\[(?:\\.|[^\]\\])+\]|.", re.DOTALL)
_UNUSUAL = re.compile(
    r"\(\?|\(\*|\\[0-9A-Za-z]|\\\Z|\{"  # options, verbs, escaped sets and quotes, counts
    r"|\[\^?\]|\[[^\]]*\["  # a class that holds brackets
    r"|(?<=[^\[])\^|\\\[\^|\$(?=.)"  # anchors inside
    r"|(?:\A\^?|[(|])[*+?]|[*+?][*+]|[*+?]\?[*+?]"  # nothing to repeat, possessive or double repetition
)
_REPEATS = frozenset("*+?")


def required_text(spec: str) -> str:
    """The longest text behind the literal beginning that stands in every match, "" where none can be told.

    Text in brackets may be left out by what follows them, so it does not count; a character that is
    repeated may be missing, so text ends before it. A choice outside of all brackets has no text.
    """
    if _UNUSUAL.search(spec):
        return ""
    runs = [""]
    depth = 0
    for match in _STEP.finditer(spec):
        step = match.group()
        if step == "(":
            depth += 1
        elif step == ")":
            depth -= 1
        if depth < 0 or (step == "|" and depth == 0):
            return ""
        if depth == 0 and _is_text(step):
            runs[-1] += step[-1]
        else:
            if depth == 0 and step in _REPEATS:
                runs[-1] = runs[-1][:-1]
            runs.append("")
    return max(runs[1:], key=len, default="") if depth == 0 else ""


def _is_text(step: str) -> bool:
    return len(step) == 2 if step[0] == "\\" else len(step) == 1 and step not in "*+?(){}|[].^$"
