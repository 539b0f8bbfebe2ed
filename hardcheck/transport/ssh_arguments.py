"""The arguments of ssh(1) that inventories carry (``ansible_ssh_common_args``), as ``-o`` options."""

from __future__ import annotations

import shlex

from hardcheck.errors import ConfigError

# Flags of ssh(1) that take an argument; the others stand alone.
_TAKE_ARGUMENT = frozenset("BbcDEeFIiJLlmOopQRSWw")
_AS_OPTION = {"J": "proxyjump", "p": "port", "l": "user", "i": "identityfile"}


def parse_ssh_arguments(text: str, where: str) -> tuple[dict[str, str], str]:
    """Return the options (keyword in lower case, the first of each) and the file that ``-F`` names, or "".

    ``-J``, ``-p``, ``-l`` and ``-i`` become the options they stand for. What only OpenSSH can do
    (multiplexing, forwarding, ciphers) is passed over: it does not change which host is reached.

    Raises:
        ConfigError: a quote that is not closed, an option without its value.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(where, "arguments of ssh(1)", str(error)) from None
    options: dict[str, str] = {}
    config_file = ""
    while words:
        word = words.pop(0)
        if len(word) < 2 or word[0] != "-" or word == "--":
            continue
        flag, argument = _flag(word, words, where)
        if flag == "o":
            key, value = _option(argument, where)
            options.setdefault(key, value)
        elif flag == "F":
            config_file = config_file or argument
        elif flag in _AS_OPTION:
            options.setdefault(_AS_OPTION[flag], argument)
    return options, config_file


def _flag(word: str, rest: list[str], where: str) -> tuple[str, str]:
    """The first flag of a word that takes an argument, with it: ``-oX``, ``-o X``, ``-Cp22``."""
    for place, letter in enumerate(word[1:], start=1):
        if letter not in _TAKE_ARGUMENT:
            continue
        if place + 1 < len(word):
            return letter, word[place + 1 :]
        if not rest:
            raise ConfigError(where, f"an argument after ssh's -{letter}")
        return letter, rest.pop(0)
    return "", ""


def _option(argument: str, where: str) -> tuple[str, str]:
    key, equals, value = argument.strip().partition("=")
    if not equals:
        key, _, value = argument.strip().partition(" ")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if not key or not value:
        raise ConfigError(where, "KEYWORD=VALUE after ssh's -o", repr(argument[:60]))
    return key.strip().lower(), value
