"""The permissions of file rules: letters, bits and exec modes.

The bits are those of the compiled policy (AppArmor ``immunix.h``), so that masks can be compared
with what a kernel reports. ``w`` carries ``a`` with it, as in the compiled policy.
"""

from __future__ import annotations

import msgspec

EXEC, WRITE, READ, APPEND, LINK, LOCK, MMAP = 1, 2, 4, 8, 16, 32, 64
ALL_FILE = EXEC | WRITE | READ | APPEND | LINK | LOCK | MMAP
_LETTERS = (("r", READ), ("w", WRITE), ("a", APPEND), ("l", LINK), ("k", LOCK), ("m", MMAP))
LETTER_BITS = {"r": READ, "w": WRITE | APPEND, "a": APPEND, "l": LINK, "k": LOCK, "m": MMAP}


class ExecMode(msgspec.Struct, frozen=True):
    """How a program may be executed (apparmor.d(5), "Execute permission").

    ``kind`` is ``i`` (same profile), ``p`` (a profile of the namespace), ``c`` (a child of this
    profile), ``u`` (unconfined) or empty (a bare ``x``, which only a deny rule may have);
    ``fallback`` is what happens when p or c finds no profile: ``i``, ``u`` or empty (refused);
    ``scrub`` says that the environment is cleaned (the capital letter); ``target`` is the named
    profile of ``->``, or empty.
    """

    kind: str
    fallback: str = ""
    scrub: bool = False
    target: str = ""

    def __str__(self) -> str:
        letters = (self.kind + self.fallback + "x") if self.kind else "x"
        if self.scrub:
            letters = letters[0].upper() + letters[1:]
        return f"{letters} -> {self.target}" if self.target else letters


class FilePermissions(msgspec.Struct, frozen=True):
    """What the permission word of a file rule says: bits, and the exec mode where EXEC is set."""

    bits: int
    exec_mode: ExecMode | None = None


def letters_of(bits: int) -> str:
    """Return ``rwk`` for the bits, in the order r w a l k m; ``a`` only where ``w`` is not."""
    shown = "".join(letter for letter, bit in _LETTERS if bits & bit)
    return shown.replace("wa", "w")


def parse_permissions(word: str) -> FilePermissions | str:
    """Read a permission word such as ``rPix``; a string is what is wrong with it.

    Capital letters other than those of exec modes are old spelling and mean the small ones.
    """
    bits, mode, position = 0, None, 0
    while position < len(word):
        letter = word[position]
        if letter in "pPcCuUiI":
            length, found = _exec_mode(word, position)
            bare = bits & EXEC and mode is None and found.kind != "i"
            if bare or (mode is not None and mode != found):
                letters = word[position : position + length]
                return f"exec mode '{letters}' conflicts with '{mode or 'x'}' before it"
            mode = found
            bits |= EXEC
            position += length
            continue
        position += 1
        small = letter.lower()
        if small == "x":
            bits |= EXEC
            continue
        if small == "w" and bits & APPEND and not bits & WRITE:
            return "'a' and 'w' exclude each other"
        if small == "a" and bits & WRITE:
            return "'a' and 'w' exclude each other"
        bits |= LETTER_BITS[small]
    if bits & EXEC and mode is None:
        mode = ExecMode("")
    return FilePermissions(bits, mode)


def _exec_mode(word: str, position: int) -> tuple[int, ExecMode]:
    """Return the length and meaning of the exec mode that begins at ``position``."""
    first, second = word[position], word[position + 1].lower()
    if second == "x":
        return 2, ExecMode(first.lower(), scrub=first in "PCU")
    return 3, ExecMode(first.lower(), fallback=second, scrub=first in "PC")
