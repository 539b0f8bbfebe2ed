"""The one command line that starts the probe on a host and becomes root where the account may.

The line is ``sh -c 'OUTER' hardcheck 'INNER' WORD MODE DIGEST ARGUMENT...`` with the script on standard
input. It holds no quote inside quotes, no ``!``, no backslash and no newline, so sh, bash, dash, zsh, fish,
csh and tcsh as login shells read it alike. OUTER tries in order: already root; the installed probe, when
its bytes are those of our script; sudo; and then goes on without root. INNER runs beside the probe and
says so.

Both talk on standard error in lines that begin with WORD, a random word of this run::

    WORD root | sudo | installed | none      the probe starts now, in this way
    WORD denied WHAT                         this way was tried and refused
    WORD exit STATUS                         the probe ended by itself

In mode ``password`` sudo's standard input is a feeder that passes on what we send line by line: the
password when sudo asked for it, then ``WORD go`` (all the rest is the script) or ``WORD stop`` (no more
passwords: sudo reads an end of file and gives up after the one wrong password). The password is only
ever in shell variables and the printf builtin of the account itself, never in an argument list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from hardcheck.errors import UsageError

INSTALLED_PROBE = "/usr/local/libexec/hardcheck-probe"
_SAFE = re.compile(r"[A-Za-z0-9_.,:/=@%+-]+")
_MAX_LINE = 120 * 1024  # below MAX_ARG_STRLEN (128 KiB), the kernel's limit for one argument

INNER = 'echo "$0 $1" >&2; shift; sh -s -- "$@"; echo "$0 exit $?" >&2'

OUTER = " ".join(
    line.strip()
    for line in f"""
    i=$1; w=$2; m=$3; d=$4; shift 4; p={INSTALLED_PROBE};
    PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL;
    if [ "$(id -u)" = 0 ]; then exec sh -c "$i" "$w" root "$@"; fi;
    case $m in
    none) ;;
    *) command -v sudo >/dev/null 2>&1 || m=missing ;;
    esac;
    case $m in
    sudo|password)
    if [ -x $p ] && [ "$(sha256sum $p 2>/dev/null | cut -c1-64)" = "$d" ]; then
    echo "$w installed" >&2; sudo -n $p "$@" </dev/null; r=$?;
    case $r in
    1) echo "$w denied installed" >&2 ;;
    *) echo "$w exit $r" >&2; exit 0 ;;
    esac;
    fi ;;
    esac;
    case $m in
    sudo) sudo -n sh -c "$i" "$w" sudo "$@"; r=$? ;;
    password)
    if [ "$(command -v printf)" = printf ]; then
    while IFS= read -r l; do
    case $l in
    "$w go") exec cat ;;
    "$w stop") break ;;
    *) printf %s "$l"; echo ;;
    esac;
    done | sudo -S -p "[$w password]" sh -c "$i" "$w" sudo "$@"; r=$?;
    else echo "no printf builtin to hand the password on" >&2; r=1;
    fi ;;
    *) r=1 ;;
    esac;
    case $r in
    1) echo "$w denied $m" >&2 ;;
    *) exit $r ;;
    esac;
    exec sh -c "$i" "$w" none "$@"
    """.splitlines()
    if line.strip()
)


class Mode(StrEnum):
    """Which means may be used to become root."""

    NONE = "none"
    SUDO = "sudo"  # sudo -n
    PASSWORD = "password"  # noqa: S105 - the name of a mode


def bootstrap_argv(word: str, mode: Mode, digest: str, arguments: Sequence[str]) -> list[str]:
    """The argument list to run on the host; ``digest`` is the script's sha256, ``word`` is random.

    Raises:
        UsageError: an argument with characters that some login shell would not leave alone, or
            more arguments than one command line holds.
    """
    for argument in arguments:
        if not _SAFE.fullmatch(argument):
            raise UsageError(f"a probe argument may not hold {argument!r}")
    argv = ["sh", "-c", OUTER, "hardcheck", INNER, word, mode.value, digest, *arguments]
    if sum(len(part) + 3 for part in argv) > _MAX_LINE:
        raise UsageError(f"the probe's arguments are longer than {_MAX_LINE} bytes")
    return argv


def bootstrap_line(argv: Sequence[str]) -> str:
    """The same as one line for a login shell."""
    return " ".join(part if _SAFE.fullmatch(part) else f"'{part}'" for part in argv)
