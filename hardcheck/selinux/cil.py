"""CIL text as a tree, and the statements of it that can be laid over a decoded policy (`extend`).

::

    (type site_t)
    (typeattributeset domain (site_t))
    (allow site_t etc_t (file (getattr open read)))

Covered are the statements that a plain module needs: types, attributes, roles, allow rules, type transitions
with and without names, permissive types and file contexts. Everything else is refused by name, so that
nothing is passed over in silence.
Source: SELinux CIL reference guide.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from hardcheck.errors import PolicyError
from hardcheck.selinux.module_store import words_of

Tree = str | list["Tree"]
MAX_NESTING = 40
MAX_BYTES = 4 << 20

_KINDS = {
    "any": "",
    "file": "file",
    "dir": "dir",
    "symlink": "lnk_file",
    "socket": "sock_file",
    "pipe": "fifo_file",
    "char": "chr_file",
    "block": "blk_file",
}


class Allow(Struct, frozen=True):
    """``allow``; target ``self`` is kept as written."""

    source: str
    target: str
    class_: str
    permissions: tuple[str, ...]


class TypeTransition(Struct, frozen=True):
    """``typetransition``; ``name`` is empty where the rule holds for every name."""

    source: str
    target: str
    class_: str
    new: str
    name: str = ""


class FileContext(Struct, frozen=True):
    """``filecon``: an expression, a kind as in `file_contexts` ("" for any), and a whole context."""

    spec: str
    kind: str
    context: str


class Extension(Struct, frozen=True):
    """All that a module says. ``attributes`` and ``roles`` are pairs of (attribute or role, type)."""

    types: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    allows: tuple[Allow, ...] = ()
    transitions: tuple[TypeTransition, ...] = ()
    permissive: tuple[str, ...] = ()
    file_contexts: tuple[FileContext, ...] = ()


def read_extension(text: str) -> Extension:
    """Return what a module of CIL says.

    Raises:
        PolicyError: brackets that do not match, or a statement that is not covered, with its line.
    """
    found: dict[str, list[object]] = {field: [] for field in Extension.__struct_fields__}
    for line, statement in _trees(text):
        if not isinstance(statement, list) or not statement or not isinstance(statement[0], str):
            raise _fault(line, "a statement in brackets", str(statement)[:80])
        read = _STATEMENTS.get(statement[0])
        if read is None:
            raise _fault(line, f"one of {', '.join(_STATEMENTS)}", statement[0][:80])
        field, values = read(line, statement[1:])
        found[field] += values
    return Extension(**{field: tuple(values) for field, values in found.items()})  # type: ignore[arg-type]


def _fault(line: int, expected: str, found: str) -> PolicyError:
    return PolicyError(f"module:{line}", expected, found)


def _trees(text: str) -> list[tuple[int, Tree]]:
    if len(text) > MAX_BYTES:
        raise PolicyError("module", f"at most {MAX_BYTES} characters", "more")
    stack: list[list[Tree]] = [[]]
    lines: list[int] = []
    first = 0
    for line, word in words_of(text):
        if word == "(":
            if len(stack) == 1:
                first = line
            if len(stack) > MAX_NESTING:
                raise _fault(line, f"at most {MAX_NESTING} nested brackets", "more")
            stack.append([])
        elif word == ")":
            if len(stack) == 1:
                raise _fault(line, "an open bracket before ')'", "none")
            closed = stack.pop()
            stack[-1].append(closed)
            if len(stack) == 1:
                lines.append(first)
        elif len(stack) == 1:
            raise _fault(line, "a statement in brackets", word[:80])
        else:
            stack[-1].append(word)
    if len(stack) > 1:
        raise _fault(first, "')'", "the end of the module")
    return list(zip(lines, stack[0], strict=True))


def _words(line: int, parts: list[Tree], *counts: int) -> list[str]:
    words = [part for part in parts if isinstance(part, str)]
    if len(words) < len(parts) or len(words) not in counts:
        raise _fault(line, f"{' or '.join(map(str, counts))} names", f"{len(parts)} parts")
    return words


def _list(line: int, part: Tree) -> list[str]:
    if isinstance(part, str):
        return [part]
    words = [word for word in part if isinstance(word, str)]
    if len(words) < len(part) or {"and", "or", "not", "xor", "all"} & set(words):
        raise _fault(line, "a plain list of names", str(part)[:80])
    return words


def _type(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    return "types", list(_words(line, parts, 1))


def _attribute_set(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    if len(parts) != 2 or not isinstance(parts[0], str):
        raise _fault(line, "an attribute and its types", f"{len(parts)} parts")
    return "attributes", [(parts[0], type_) for type_ in _list(line, parts[1])]


def _role_type(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    role, type_ = _words(line, parts, 2)
    return "roles", [(role, type_)]


def _allow(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    if len(parts) != 3 or not isinstance(parts[2], list) or len(parts[2]) != 2:
        raise _fault(line, "SOURCE TARGET (CLASS (PERMISSIONS))", f"{len(parts)} parts")
    source, target, class_ = _words(line, [*parts[:2], parts[2][0]], 3)
    return "allows", [Allow(source, target, class_, tuple(_list(line, parts[2][1])))]


def _transition(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    words = _words(line, parts, 4, 5)
    name = words[3].strip('"') if len(words) == 5 else ""
    return "transitions", [TypeTransition(words[0], words[1], words[2], words[-1], name)]


def _permissive(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    return "permissive", list(_words(line, parts, 1))


def _file_context(line: int, parts: list[Tree]) -> tuple[str, list[object]]:
    """``(filecon "PATH" KIND (USER ROLE TYPE ((LEVEL) (LEVEL))))`` with levels of one sensitivity."""
    if len(parts) != 3 or not isinstance(parts[2], list) or len(parts[2]) != 4:
        raise _fault(line, "PATH KIND (USER ROLE TYPE RANGE)", f"{len(parts)} parts")
    path, kind = _words(line, parts[:2], 2)
    names = _words(line, parts[2][:3], 3)
    if kind not in _KINDS:
        raise _fault(line, f"one of {', '.join(_KINDS)}", kind[:40])
    range_ = parts[2][3]
    if not isinstance(range_, list) or len(range_) != 2 or range_[0] != range_[1]:
        raise _fault(line, "a range of one level", str(range_)[:80])
    return "file_contexts", [
        FileContext(path.strip('"'), _KINDS[kind], ":".join((*names, _level(line, range_[0]))))
    ]


def _level(line: int, part: Tree) -> str:
    if not isinstance(part, list) or not 1 <= len(part) <= 2 or not isinstance(part[0], str):
        raise _fault(line, "(SENSITIVITY) or (SENSITIVITY (CATEGORIES))", str(part)[:80])
    return part[0] if len(part) == 1 else f"{part[0]}:{','.join(_list(line, part[1]))}"


_STATEMENTS: dict[str, Callable[[int, list[Tree]], tuple[str, list[object]]]] = {
    "type": _type,
    "typeattributeset": _attribute_set,
    "roletype": _role_type,
    "allow": _allow,
    "typetransition": _transition,
    "typepermissive": _permissive,
    "filecon": _file_context,
}
