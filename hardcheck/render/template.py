"""The template environment of the page and the PDF: every expression made visible, then escaped."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

import jinja2
from markupsafe import Markup, escape

from hardcheck.render import words
from hardcheck.render.sanitise import FIELD_LIMIT, has_unseen, visible, visible_lines
from hardcheck.resources import resource_folder

_LINES_LIMIT = 10_000
_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")
_SEAM = re.compile(r"[./_:-](?=\w)(?![^<]*>)")


@functools.cache
def environment() -> jinja2.Environment:
    """The one environment; made when first asked for.

    ``finalize`` passes each string that is no markup yet through `visible`, so that a template
    cannot forget it; autoescape then does its part.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_folder("reports")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    env.filters.update(shown=shown, plain=visible, breakable=breakable, brief=brief, commands=commands)
    env.globals.update(words=words, plural=words.plural)
    return env


def style_sheet(name: str) -> Markup:
    """A style sheet or script of ours, to stand in the document as it is."""
    return Markup((resource_folder("reports") / name).read_text(encoding="utf-8").strip())  # noqa: S704 - our file


def shown(text: str, limit: int = FIELD_LIMIT) -> Markup:
    """Text of a host on one line, with the characters that were made visible marked as such."""
    if not has_unseen(text):
        return escape(visible(text, limit))
    return _marked(str(escape(visible(text, limit))))


def breakable(text: str, limit: int = FIELD_LIMIT) -> Markup:
    """As `shown`, and a line may break after a dot, slash, hyphen, colon or underscore."""
    return Markup(_SEAM.sub(r"\g<0><wbr>", str(shown(text, limit))))  # noqa: S704 - between escaped words


def brief(text: str, limit: int) -> str:
    """The beginning of a text that the JSON report has in full, its white space folded."""
    words = " ".join(text[: 4 * limit].split())
    cut = len(words) > limit or len(text) > 4 * limit
    return visible(words[:limit]).rstrip() + (" …" if cut else "")


def commands(lines: Iterable[str]) -> Markup:
    """Commands or a file, a block of lines as it would be typed."""
    return escape("\n".join(visible_lines(line.rstrip("\n"), _LINES_LIMIT) for line in lines))


def _marked(escaped: str) -> Markup:
    """Wrap each escape of an already escaped text. The pattern matches no character of HTML."""
    return Markup(_ESCAPED.sub(r'<span class="esc">\g<0></span>', escaped))  # noqa: S704 - escaped by the caller


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(value)
