"""The command that carries the probe through Ansible's ``raw`` module, and its answer.

``raw`` has no standard input, may run on a terminal, mixes streams there, and hands back text. So the script
goes in as one word in the notation of ``printf %b``; both streams come back encoded, one after the other::

    WORD begin ENCODING BECOME     gz64, b64 or hex, as the host has gzip, base64 or only od; yes or no
    (standard output)
    WORD middle
    (standard error)
    WORD end

Like `hardcheck.transport.bootstrap` the line holds no quote in quotes, no ``!`` and no newline, and also
no ``{{``, ``{%`` or ``{#``, which Ansible would take for a template.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Sequence

import msgspec

from hardcheck.errors import UsageError
from hardcheck.transport.bootstrap import bootstrap_line

_MAX_LINE = 120 * 1024  # see bootstrap
_ESCAPED = {character: rf"\0{ord(character):03o}" for character in "\\'!{"} | {"\n": r"\n"}

WRAPPER = " ".join(
    line.strip()
    for line in """
    s=$1; w=$2; n=$3; shift 3; PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; e=hex;
    if command -v base64 >/dev/null 2>&1; then e=b64;
    if command -v gzip >/dev/null 2>&1; then e=gz64; fi; fi;
    enc() { case $e in gz64) gzip -c | base64 ;; b64) base64 ;; *) od -An -v -tx1 ;; esac; };
    exec 3>&1; echo; echo "$w begin $e ${HARDCHECK_BECOME:-no}";
    r=$( { printf %b "$s" | "$@" 2>&4 | head -c "$n" | enc >&3; } 4>&1 | head -c "$n" | enc );
    echo "$w middle"; echo "$r"; echo "$w end"
    """.splitlines()
    if line.strip()
)


class Answer(msgspec.Struct, frozen=True):
    """Both streams as the host gave them; ``whole`` is False when the answer was cut or damaged.
    ``become`` tells that Ansible's become was in force."""

    stdout: bytes = b""
    stderr: bytes = b""
    whole: bool = False
    become: bool = False


def wrapped_line(script: bytes, word: str, max_bytes: int, argv: Sequence[str]) -> str:
    """The one line to run: ``argv`` fed with ``script``, each stream cut after ``max_bytes``.

    Raises:
        UsageError: the script is not ASCII text, or the line is longer than one argument may be.
    """
    try:
        text = script.decode("ascii")
    except UnicodeDecodeError:
        raise UsageError("a probe for the ansible transport has to be ASCII") from None
    escaped = re.sub(r"[\\'!{\n]", lambda match: _ESCAPED[match[0]], text)
    line = bootstrap_line(["sh", "-c", WRAPPER, "hardcheck", escaped, word, str(max_bytes), *argv])
    if len(line) > _MAX_LINE:
        raise UsageError(f"the probe is longer than the {_MAX_LINE} bytes that the ansible transport carries")
    return line


def read_answer(output: str, word: str, max_bytes: int) -> Answer:
    """Take the streams out of what ``raw`` gave back, whatever stands before and after."""
    lines = output.replace("\r", "").split("\n")
    begin = next((n for n, line in enumerate(lines) if line.startswith(f"{word} begin ")), None)
    if begin is None:
        return Answer()
    _, _, encoding, become, *_ = [*lines[begin].split(" "), "", ""]
    middle = _find(lines, f"{word} middle", begin)
    end = _find(lines, f"{word} end", middle)
    stdout, whole_out = _decode(lines[begin + 1 : middle], encoding, max_bytes)
    stderr, whole_err = _decode(lines[middle + 1 : end], encoding, max_bytes)
    return Answer(stdout, stderr, whole_out and whole_err and end < len(lines), become == "yes")


def _find(lines: list[str], wanted: str, start: int) -> int:
    """The place of a line after ``start``; the end when it is not there."""
    return next((n for n in range(start + 1, len(lines)) if lines[n] == wanted), len(lines))


def _decode(lines: list[str], encoding: str, max_bytes: int) -> tuple[bytes, bool]:
    """Decode as much as there is, at most ``max_bytes``; False when that is not all."""
    text = "".join(lines)
    try:
        if encoding == "hex":
            data = bytes.fromhex(text)
            return data[:max_bytes], len(data) <= max_bytes
        data = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except (ValueError, binascii.Error):
        return b"", False
    whole = len(text) % 4 == 0
    if encoding != "gz64":
        return data[:max_bytes], whole and len(data) <= max_bytes
    inflate = zlib.decompressobj(wbits=31)  # 31: gzip's header, at the greatest window
    try:
        content = inflate.decompress(data, max_bytes)
    except zlib.error:
        return b"", False
    return content, whole and inflate.eof
