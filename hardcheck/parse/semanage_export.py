"""``semanage export``: the commands that would make another host the same, one a line, shell-quoted::

    boolean -m -1 httpd_can_network_connect
    fcontext -a -f a -t httpd_sys_content_t -r 's0' '/srv/www(/.*)?'
    fcontext -a -e /var/www /srv/www
    port -a -t http_port_t -r 's0' -p tcp 8081
    login -a -s staff_u -r 's0-s0:c0.c1023' alice
    permissive -a crond_t
    module -d amtu

Lines ``RECORD -D`` delete all local records before the rest. Source: seobject.py ``customized``.
"""

from __future__ import annotations

import shlex

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence
from hardcheck.facts.selinux import LocalBoolean, LocalFcontext, LocalLogin, LocalPolicy, LocalPort

_WITH_VALUE = frozenset({"-t", "-r", "-f", "-e", "-s", "-p", "-L", "-R", "-M", "-P", "-x", "-N"})
_RECORDS = frozenset(
    {"boolean", "fcontext", "port", "login", "user", "interface", "node", "permissive", "module"}
    | {"ibpkey", "ibendport", "dontaudit"}
)


def parse_semanage_export(evidence: Evidence) -> LocalPolicy:
    """The local changes.

    Raises:
        ParseError: a line that is no command of the known form, or no line at all (an export has
            at least its ``-D`` lines).
    """
    booleans, fcontexts, ports, logins = [], [], [], []
    permissive, disabled, others = [], [], []
    seen = False
    for where, line in evidence.lines():
        words = _words(where, line)
        if not words:
            continue
        seen = True
        record, options, names = words[0], *_options(words[1:])
        if "-D" in options:
            continue
        name = names[-1] if names else ""
        if record == "boolean" and {"-0", "-1", "--on", "--off"} & options.keys():
            booleans.append(LocalBoolean(name, "-1" in options or "--on" in options))
        elif record == "fcontext" and "-e" in options:
            fcontexts.append(LocalFcontext(name, "", equal_to=options["-e"]))
        elif record == "fcontext":
            fcontexts.append(LocalFcontext(name, options.get("-t", ""), options.get("-f", "a")))
        elif record == "port":
            ports.append(LocalPort(options.get("-p", ""), name, options.get("-t", "")))
        elif record == "login":
            logins.append(LocalLogin(name, options.get("-s", ""), options.get("-r", "")))
        elif record == "permissive":
            permissive.append(name)
        elif record == "module" and "-d" in options:
            disabled.append(name)
        else:
            others.append(line)
    if not seen:
        raise ParseError(evidence.key, "the commands of semanage export", "nothing")
    return LocalPolicy(
        "semanage export",
        tuple(booleans),
        tuple(fcontexts),
        tuple(ports),
        tuple(logins),
        tuple(permissive),
        tuple(disabled),
        tuple(others),
    )


def _words(where: str, line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ParseError(where, "shell words", str(error)) from error
    if words and words[0] not in _RECORDS:
        raise ParseError(where, "a semanage record", repr(words[0][:40]))
    return words


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and what is left."""
    options: dict[str, str] = {}
    names = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in _WITH_VALUE and position + 1 < len(words):
            position += 1
            options[word] = words[position]
        elif word.startswith("-") and len(word) > 1:
            options[word] = ""
        else:
            names.append(word)
        position += 1
    return options, names
