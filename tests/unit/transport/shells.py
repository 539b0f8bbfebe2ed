"""A make-believe sudo and id, so that every way of becoming root is tried as any user."""

from __future__ import annotations

from pathlib import Path

SUDO = """#!/bin/sh
# sudo -n COMMAND... or sudo -S -p PROMPT COMMAND..., as FAKE_SUDO says:
# allow, refuse, password, tty, installed (only the installed probe), silent
echo "$*" >>"$FAKE_LOG"
prompt= ; ask=
while :; do
  case $1 in
    -n) shift ;;
    -S) ask=1; shift ;;
    -p) prompt=$2; shift 2 ;;
    *) break ;;
  esac
done
export FAKE_UID=0
case $FAKE_SUDO in
  allow) exec "$@" ;;
  tty) echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1 ;;
  refuse) echo "sudo: mallory is not in the sudoers file" >&2; exit 1 ;;
  installed) [ "$1" = "$FAKE_PROBE" ] && exec "$@"
    echo "sudo: a password is required" >&2; exit 1 ;;
  silent) read -r line; exit 1 ;;
esac
[ -n "$ask" ] || { echo "sudo: a password is required" >&2; exit 1; }
for attempt in 1 2 3; do
  printf %s "$prompt" >&2
  read -r line || { echo >&2; echo "sudo: no password was provided" >&2; exit 1; }
  echo "attempt $attempt" >>"$FAKE_LOG"
  [ "$line" = "$FAKE_PASSWORD" ] && exec "$@"
  echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
"""

ID = """#!/bin/sh
[ "$1" = -u ] && echo "${FAKE_UID:-1000}"
"""


def make_believe(folder: Path, sudo: str, password: str = "right horse") -> dict[str, str]:
    """Put the programs into a folder; return the variables to run under."""
    folder.mkdir(exist_ok=True)
    for name, text in (("sudo", SUDO), ("id", ID)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    log = folder / "log"
    log.touch()
    return {
        "PATH": f"{folder}:/usr/bin:/bin",
        "FAKE_SUDO": sudo,
        "FAKE_PASSWORD": password,
        "FAKE_LOG": str(log),
        "FAKE_UID": "1000",
    }
