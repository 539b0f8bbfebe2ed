"""What local modules add to a policy: the statements of a module as the store keeps it.

The store has each module as CIL, compressed with bzip2 or not:
``/var/lib/selinux/TYPE/active/modules/400/NAME/cil``. Priority 400 is the administrator's, 100
the distribution's. A compiled policy does not tell where a rule came from; this does.
Only the words are read here, nothing is resolved: blocks, macros and optionals are shown where
they stand.
Source: semodule(8); libsemanage direct_api.c; SELinux CIL reference guide.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator

from msgspec import Struct

from hardcheck.errors import PolicyError

MAX_BYTES = 64 << 20  # of text, after decompression
MAX_NESTING = 200
ADMINISTRATOR_PRIORITY = 400

_RULES = frozenset(
    {
        *("allow", "auditallow", "dontaudit", "allowx", "auditallowx", "dontauditx", "neverallow"),
        *("typetransition", "typemember", "typechange", "roletransition", "roleallow", "rangetransition"),
        *("typepermissive", "typeattributeset", "boolean", "booleanif", "filecon", "portcon", "nodecon"),
        *("netifcon", "fsuse", "genfscon", "constrain", "mlsconstrain", "userrole", "roletype"),
    }
)
_INNER = frozenset({"block", "optional", "in", "macro", "booleanif", "tunableif", "true", "false"})


class CilStatement(Struct, frozen=True):
    """One statement of a module: its keyword, its text on one line, and the line it begins on."""

    keyword: str
    text: str
    line: int


def read_module(content: bytes) -> tuple[CilStatement, ...]:
    """Return the rules and labellings of a module, in the order of the file.

    Raises:
        PolicyError: data that bzip2 cannot read, more than `MAX_BYTES` of text, brackets that do
            not match or nest deeper than `MAX_NESTING`, bytes that are not UTF-8.
    """
    if content.startswith(b"BZh"):
        content = _decompressed(content)
    if len(content) > MAX_BYTES:
        raise PolicyError("module", f"at most {MAX_BYTES} bytes", "a larger one")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(f"module: byte {error.start}", "UTF-8", "another encoding") from error
    return tuple(_statements(text))


def _decompressed(content: bytes) -> bytes:
    decompressor = bz2.BZ2Decompressor()
    try:
        text = decompressor.decompress(content, MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError("module", "bzip2 data", str(error)) from error
    if not decompressor.eof and len(text) <= MAX_BYTES:
        raise PolicyError("module", "bzip2 data to its end", "a cut file")
    return text


class _Open:
    """A bracket that is still open: the words after it, and where it stands."""

    def __init__(self, line: int, *, shown: bool) -> None:
        self.words: list[str] = []
        self.line = line
        self.shown = shown  # its statements are statements of the module


def _statements(text: str) -> Iterator[CilStatement]:
    stack = [_Open(0, shown=True)]
    for line, word in words_of(text):
        if word == "(":
            outer = stack[-1]
            container = len(stack) == 1 or (outer.shown and bool(outer.words) and outer.words[0] in _INNER)
            if len(stack) > MAX_NESTING:
                raise PolicyError(f"module:{line}", f"at most {MAX_NESTING} nested brackets", "more")
            stack.append(_Open(line, shown=container))
        elif word == ")":
            if len(stack) == 1:
                raise PolicyError(f"module:{line}", "an open bracket before ')'", "none")
            closed = stack.pop()
            rule = " ".join(closed.words)
            if closed.shown and closed.words and closed.words[0] in _RULES:
                yield CilStatement(closed.words[0], f"({rule})", closed.line)
            if not closed.shown or closed.words[:1] == ["booleanif"]:
                stack[-1].words.append(f"({rule})")
        else:
            stack[-1].words.append(word)
    if len(stack) > 1:
        raise PolicyError(f"module:{stack[-1].line}", "')'", "the end of the module")


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, word); a string in quotes is one word, ``;`` begins a comment."""
    for number, line in enumerate(text.splitlines(), start=1):
        at = 0
        while at < len(line):
            character = line[at]
            if character == ";":
                break
            if character.isspace():
                at += 1
                continue
            end = _end_of_word(line, at)
            yield number, line[at:end]
            at = end


def _end_of_word(line: str, start: int) -> int:
    if line[start] in "()":
        return start + 1
    if line[start] == '"':
        closing = line.find('"', start + 1)
        return len(line) if closing < 0 else closing + 1
    end = start
    while end < len(line) and not line[end].isspace() and line[end] not in '();"':
        end += 1
    return end
