"""file_contexts: which label the policy wants a path to have.

Text, one rule a line: ``REGEX [KIND] CONTEXT``; KIND is ``--`` file, ``-d`` folder, ``-l`` link,
``-s`` socket, ``-p`` fifo, ``-c`` character device, ``-b`` block device; CONTEXT may be
``<<none>>``. The files ``file_contexts``, ``.homedirs`` and ``.local`` make one list; ``.subs``
and ``.subs_dist`` rewrite the beginning of a path before it is looked up.

Look-up as libselinux does it: the last rule without metacharacters that is equal to the path,
else the last rule that matches; the kind has to fit. ``file_contexts.bin`` holds the same rules
compiled and is not read.
Source: libselinux label_file.c, label_file.h; selabel_file(5); matchpathcon(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from hardcheck.access.remembered import Remembered
from hardcheck.errors import PolicyError
from hardcheck.selinux.automaton import Automaton
from hardcheck.selinux.pattern import Chars, PatternError, Sequence, parse_pattern
from hardcheck.selinux.required import required_text

NAMES = (
    "file_contexts",
    "file_contexts.homedirs",
    "file_contexts.local",
    "file_contexts.subs",
    "file_contexts.subs_dist",
)
NONE = "<<none>>"
MAX_BYTES = 32 << 20
_MOST_FOUND = 1 << 14
MAX_SPEC = 4096  # characters of one expression; a path of the kernel has no more

_KINDS = {
    "--": "file",
    "-d": "dir",
    "-l": "lnk_file",
    "-s": "sock_file",
    "-p": "fifo_file",
    "-c": "chr_file",
    "-b": "blk_file",
}
_KIND_NAMES = {**{kind: kind for kind in _KINDS.values()}, "pipe": "fifo_file", "any": "", "": ""}
_COMPILED_MAGIC = b"\x8a\xff\x7c\xf9"
# A literal beginning: escaped punctuation, or characters without a meaning of their own.
_LITERAL = re.compile(r"(?:\\[^0-9A-Za-z]|[^.^$?*+|\[({\\])*")
_NO_METACHARACTER = re.compile(r"(?:\\.|[^.^$?*+|\[({\\])*", re.DOTALL)
_CHARACTER = re.compile(r"\\?.", re.DOTALL)
_STEM = re.compile(r"/[^/.^$?*+|\[({\\]*(?=/)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_AND_BELOW = "(/.*)?"
_QUANTIFIERS = frozenset("*?+{")


class FileContextRule(Struct, frozen=True):
    """One line; ``kind`` "" is any kind, ``where`` is FILE:LINE."""

    spec: str
    kind: str
    context: str
    where: str


class Substitution(Struct, frozen=True):
    """A path or folder that is labelled as if it were another one."""

    alias: str
    original: str


class FileContexts:
    """The rules of one policy, asked by path."""

    def __init__(
        self,
        rules: tuple[FileContextRule, ...],
        local_substitutions: tuple[Substitution, ...] = (),
        substitutions: tuple[Substitution, ...] = (),
    ) -> None:
        self.rules = rules
        self._substitutions = (local_substitutions, substitutions)
        self._literal: dict[str, list[int]] = {}  # rules by the path that they name
        self._by_prefix: dict[str, list[int]] = {}  # other rules by their literal beginning
        for number, rule in enumerate(rules):
            literal, whole = _literal_part(rule.spec)
            (self._literal if whole else self._by_prefix).setdefault(literal, []).append(number)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})
        self._matchers: dict[int, Automaton | _Below | str] = {}
        self._required: dict[int, str] = {}
        self._found: Remembered[tuple[str, str], FileContextRule | None] = Remembered(_MOST_FOUND)

    @classmethod
    def read(cls, path: str | Path) -> FileContexts:
        """Read a file_contexts with what stands beside it, or the folder that holds it.

        The folder may be ``/etc/selinux/TYPE``, its ``contexts`` or ``contexts/files``.

        Raises:
            PolicyError: no file_contexts there, a file that cannot be read, a line of another form.
        """
        main = _find(Path(path))
        files = {}
        for name in NAMES:
            file = main.with_name(main.name + name.removeprefix(NAMES[0]))
            try:
                with file.open("rb") as stream:
                    files[name] = stream.read(MAX_BYTES + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise PolicyError(str(file), "a readable file", error.strerror or str(error)) from error
        return cls.from_files(files)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> FileContexts:
        """Read the contents of the files by name (`NAMES`); all but the first may be missing.

        Raises:
            PolicyError: no ``file_contexts`` among them, one above `MAX_BYTES`, a line of another form.
        """
        if NAMES[0] not in files:
            raise PolicyError(NAMES[0], "the file among those given", ", ".join(sorted(files))[:200])
        rules: list[FileContextRule] = []
        for name in NAMES[:3]:
            rules += _parse_rules(name, files.get(name, b""))
        local, distributed = (tuple(_parse_substitutions(n, files.get(n, b""))) for n in NAMES[3:])
        return cls(tuple(rules), local, distributed)

    def with_rules(self, rules: tuple[FileContextRule, ...]) -> FileContexts:
        """Return others with the same substitutions."""
        return FileContexts(rules, *self._substitutions)

    def match(self, path: str, kind: str = "") -> str | None:
        """Return the context that a path should have; None where no label is defined for it.

        Args:
            path: absolute path; bytes that are not UTF-8 as lone surrogates (PEP 383).
            kind: ``file dir lnk_file sock_file fifo_file`` (or ``pipe``) ``chr_file blk_file``,
                or "" for a rule of any kind.

        Raises:
            PolicyError: an unknown kind, or a rule that might decide has an expression that
                is not covered (`pattern`).
        """
        rule = self.find(path, kind)
        return None if rule is None or rule.context == NONE else rule.context

    def find(self, path: str, kind: str = "") -> FileContextRule | None:
        """Return the rule that decides about a path; its context may be ``<<none>>``.

        Raises:
            PolicyError: as `match`.
        """
        if kind not in _KIND_NAMES:
            raise PolicyError("kind of file", " ".join(_KINDS.values()), repr(kind[:40]))
        key = (path, kind)
        return self._found[key] if key in self._found else self._found.put(key, self._find_rule(path, kind))

    def _find_rule(self, path: str, kind: str) -> FileContextRule | None:
        wanted = _KIND_NAMES[kind]
        text = self.substituted(path).encode("utf-8", "surrogateescape").decode("latin-1")
        for number in reversed(self._literal.get(text, ())):
            if not wanted or self.rules[number].kind in ("", wanted):
                return self.rules[number]
        for number in sorted(self._candidates(text), reverse=True):
            rule = self.rules[number]
            if (not wanted or rule.kind in ("", wanted)) and self._matches(number, text):
                return rule
        return None

    def _candidates(self, text: str) -> Iterator[int]:
        for length in self._lengths:
            if length > len(text):
                return
            yield from self._by_prefix.get(text[:length], ())

    def _matches(self, number: int, text: str) -> bool:
        required = self._required.get(number)
        if required is None:
            required = self._required[number] = required_text(self.rules[number].spec)
        if required not in text:
            return False
        matcher = self._matchers.get(number)
        if matcher is None:
            matcher = self._matchers[number] = _compile(self.rules[number].spec)
        if isinstance(matcher, str):
            rule = self.rules[number]
            raise PolicyError(rule.where, "a regular expression that is covered here", matcher)
        # PCRE's $ also stands before a line break at the very end.
        return matcher.matches(text) or (text.endswith("\n") and matcher.matches(text[:-1]))

    def substituted(self, path: str) -> str:
        """Return the path under which libselinux looks another one up."""
        path = re.sub("/{2,}", "/", path)
        if len(path) > 1:
            path = path.removesuffix("/")
        for substitutions in self._substitutions:
            path = _substitute(path, substitutions)
        return path

    def specs_of(self, type_: str) -> tuple[FileContextRule, ...]:
        """Return the rules that give a type, in the order of the files."""
        return self._by_type.get(type_, ())

    @cached_property
    def _by_type(self) -> dict[str, tuple[FileContextRule, ...]]:
        found: dict[str, list[FileContextRule]] = {}
        types: dict[str, str] = {}  # thousands of rules have some hundred contexts
        for rule in self.rules:
            type_ = types.get(rule.context)
            if type_ is None:
                parts = rule.context.split(":", 3)
                type_ = types[rule.context] = parts[2] if len(parts) >= 3 else ""
            if type_:
                found.setdefault(type_, []).append(rule)
        return {type_: tuple(rules) for type_, rules in found.items()}


def _find(path: Path) -> Path:
    for candidate in (
        path,
        path / NAMES[0],
        path / "files" / NAMES[0],
        path / "contexts" / "files" / NAMES[0],
    ):
        if candidate.is_file():
            return candidate
    raise PolicyError(str(path), "file_contexts or a folder with it", "none")


def _parse_rules(name: str, content: bytes) -> Iterator[FileContextRule]:
    for where, words in _lines(name, content):
        if len(words) not in (2, 3):
            raise PolicyError(where, "REGEX [KIND] CONTEXT", f"{len(words)} words")
        if len(words) == 3 and words[1] not in _KINDS:
            raise PolicyError(where, f"a kind of {' '.join(_KINDS)}", repr(words[1][:40]))
        if len(words[0]) > MAX_SPEC:
            raise PolicyError(where, f"an expression of at most {MAX_SPEC} characters", str(len(words[0])))
        yield FileContextRule(words[0], _KINDS[words[1]] if len(words) == 3 else "", words[-1], where)


def _parse_substitutions(name: str, content: bytes) -> Iterator[Substitution]:
    for where, words in _lines(name, content):
        if len(words) != 2:
            raise PolicyError(where, "ALIAS ORIGINAL", f"{len(words)} words")
        yield Substitution(*words)


def _lines(name: str, content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Yield FILE:LINE and the words of each line that is neither blank nor a comment.

    Raises:
        PolicyError: a compiled file, one above `MAX_BYTES`, a line with bytes that are not ASCII
            or not printable (libselinux refuses them too).
    """
    if content.startswith(_COMPILED_MAGIC):
        raise PolicyError(name, "text", "compiled file contexts (.bin)")
    if len(content) > MAX_BYTES:
        raise PolicyError(name, f"at most {MAX_BYTES} bytes", "a larger file")
    for number, line in enumerate(content.split(b"\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(b"#"):
            continue
        words = stripped.decode("latin-1").split()
        if not (stripped.isascii() and "".join(words).isprintable()):
            raise PolicyError(f"{name}:{number}", "printable ASCII characters", repr(stripped[:80]))
        yield f"{name}:{number}", words


def _literal_part(spec: str) -> tuple[str, bool]:
    """Return how every matching path begins, and whether that is the whole path."""
    match = _LITERAL.match(spec)
    literal = match.group() if match else ""
    whole = len(literal) == len(spec)
    if not whole and _NO_METACHARACTER.fullmatch(spec) and (text := _single_text(spec)):
        return text, True
    if not whole and "|" in spec and _has_outer_choice(spec):
        return f"{stem}/" if (stem := _stem(spec)) else "", False
    if not whole and spec[len(literal)] in _QUANTIFIERS:
        literal = "".join(_CHARACTER.findall(literal)[:-1])
    return (_ESCAPE.sub(r"\1", literal) if "\\" in literal else literal), whole


def _single_text(spec: str) -> str:
    r"""Return the only path that an expression with escapes like ``\x61`` describes, else ""."""
    try:
        pattern = parse_pattern(spec)
    except PatternError:
        return ""
    parts = pattern.parts if isinstance(pattern, Sequence) else (pattern,)
    sets = [part.members for part in parts if isinstance(part, Chars)]
    if len(sets) < len(parts) or any(members & (members - 1) for members in sets):
        return ""
    return "".join(chr(members.bit_length() - 1) for members in sets)


def _has_outer_choice(spec: str) -> bool:
    """Whether a ``|`` may stand outside all brackets; in doubt, yes."""
    depth = 0
    for character in re.sub(r"\\.", "", spec, flags=re.DOTALL):
        if character == "[":
            return True
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth <= 0:
            return True
    return False


def _stem(spec: str) -> str:
    """Return the first folder, which libselinux compares as text before it matches the rest.

    That shows only where a ``|`` stands outside all brackets: ``/usr/a|b`` is ``/usr`` and then
    an expression of two branches.
    """
    match = _STEM.match(spec)
    return match.group() if match else ""


class _Below:
    """``/folder(/.*)?``, as most rules are: a path and all that lies below it."""

    def __init__(self, path: str) -> None:
        self._path, self._start = path, f"{path}/"

    def matches(self, text: str) -> bool:
        """Whether the whole text is described by the expression."""
        return text == self._path or text.startswith(self._start)


def _compile(spec: str) -> Automaton | _Below | str:
    if spec.endswith(_AND_BELOW):
        path, whole = _literal_part(spec.removesuffix(_AND_BELOW))
        if whole:
            return _Below(path)
    stem = _stem(spec)
    first = tuple(Chars(1 << ord(character)) for character in stem)
    try:
        return Automaton(Sequence((*first, parse_pattern(spec[len(stem) :]))))
    except PatternError as error:
        return f"{spec[:80]}: {error}"


def _substitute(path: str, substitutions: tuple[Substitution, ...]) -> str:
    for substitution in reversed(substitutions):
        rest = path.removeprefix(substitution.alias)
        if len(rest) < len(path) and (not rest or rest.startswith("/")):
            return rest or "/" if substitution.original == "/" else substitution.original + rest
    return path
