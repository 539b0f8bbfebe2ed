"""What the SSH configuration says about one host: ssh_config(5) applied, tokens expanded."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hardcheck.errors import ConfigError
from hardcheck.transport.ssh_config import Block, Criterion, Setting, pattern_list_fits

_TOKEN = re.compile(r"%(.)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.DOTALL)
_EXEC_TIMEOUT_S = 10
_LISTS = frozenset({"identityfile"})
DEFAULT_IDENTITIES = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
DEFAULT_USER_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
DEFAULT_GLOBAL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


class Caller(msgspec.Struct, frozen=True):
    """Who runs us: what ``~``, %d, %u and %l stand for."""

    user: str
    home: Path


class SshHost(msgspec.Struct, frozen=True):
    """One host as the configuration has it; paths absolute.

    ``identities_given``: identity files were named, none of the default ones is tried.
    ``agent`` is the socket of the agent, "" for none. ``strict`` is the word of
    StrictHostKeyChecking, "" when not set.
    """

    hostname: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    identities_given: bool
    identities_only: bool
    agent: str
    proxy_jump: tuple[str, ...]
    proxy_command: str
    host_key_alias: str
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    hash_known_hosts: bool
    strict: str
    connect_timeout_s: float
    keepalive_s: int


def look_up(
    alias: str,
    settings: Iterable[Setting],
    overrides: Mapping[str, tuple[str, ...]],
    caller: Caller,
    environ: Mapping[str, str],
) -> SshHost:
    """Apply the settings to one host, ``overrides`` (words by key) first as ``-o`` options are.

    Raises:
        ConfigError: a value that is none (a port that is no number, an unknown %-token).
    """
    values = _collect(alias, tuple(settings), overrides, caller)
    return _host(alias, values, caller, environ)


def _collect(
    alias: str, settings: tuple[Setting, ...], overrides: Mapping[str, tuple[str, ...]], caller: Caller
) -> dict[str, list[Setting]]:
    """The settings that count, by key: the first of each, all of those that add up."""
    values: dict[str, list[Setting]] = {}
    for key, words in overrides.items():
        values[key] = [Setting(Block(), key, words, " ".join(words), f"option {key}")]
    for final in (False, True):
        decided: dict[int, bool] = {}
        if final:  # ssh(1) goes through the files again with the name that came of the first time
            values.setdefault("hostname", [Setting(Block(), "hostname", (alias,), alias, alias)])
        for setting in settings:
            if final and not any(criterion.kind == "final" for criterion in setting.block.criteria):
                continue
            fits = decided.get(id(setting.block))
            if fits is None:
                fits = all(_holds(c, alias, values, caller, final) for c in setting.block.criteria)
                decided[id(setting.block)] = fits
            if not fits:
                continue
            if setting.key not in values:
                values[setting.key] = [setting]
            elif setting.key in _LISTS:
                values[setting.key].append(setting)
    return values


def _holds(
    criterion: Criterion, alias: str, values: Mapping[str, list[Setting]], caller: Caller, final: bool
) -> bool:
    hostname = _first(values, "hostname", alias).replace("%h", alias)
    user = _first(values, "user", caller.user)
    match criterion.kind:
        case "all":
            holds = True
        case "final":
            holds = final
        case "originalhost":
            holds = pattern_list_fits(criterion.patterns, alias)
        case "host":
            holds = pattern_list_fits(criterion.patterns, hostname)
        case "user":
            holds = pattern_list_fits(criterion.patterns, user)
        case "localuser":
            holds = pattern_list_fits(criterion.patterns, caller.user)
        case "exec":
            tokens = _tokens(alias, hostname, _first(values, "port", "22"), user, caller)
            holds = _command_succeeds(_expand(criterion.patterns, tokens, {}, "Match exec"))
        case _:
            return False  # a criterion that is not covered fits nothing, negated or not
    return holds is not criterion.negated


def _command_succeeds(command: str) -> bool:
    """Run the command of the user's own ``Match exec`` as ssh(1) does."""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=_EXEC_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _host(
    alias: str, values: Mapping[str, list[Setting]], caller: Caller, environ: Mapping[str, str]
) -> SshHost:
    user = _first(values, "user", caller.user)
    port = _number(values, "port", 22, 65535)
    where = values["hostname"][0].where if "hostname" in values else alias
    hostname = _expand(_first(values, "hostname", alias), {"h": alias, "%": "%"}, {}, where)
    tokens = _tokens(alias, hostname, str(port), user, caller)

    def paths(key: str, default: tuple[str, ...]) -> tuple[Path, ...]:
        words = [(word, setting.where) for setting in values.get(key, ()) for word in setting.words]
        return tuple(
            _path(_expand(word, tokens, environ, where), caller.home)
            for word, where in words or [(word, key) for word in default]
            if word.lower() != "none"
        )

    jump = _first(values, "proxyjump", "")
    command = values["proxycommand"][0].raw if "proxycommand" in values else ""
    command = "" if command.lower() == "none" else _expand(command, tokens, {}, "ProxyCommand")
    return SshHost(
        hostname=hostname,
        port=port,
        user=user,
        identity_files=paths("identityfile", DEFAULT_IDENTITIES),
        identities_given="identityfile" in values,
        identities_only=_yes(values, "identitiesonly"),
        agent=_agent(values, tokens, caller, environ),
        proxy_jump=() if jump.lower() in ("", "none") else tuple(jump.split(",")),
        proxy_command=command,
        host_key_alias=_first(values, "hostkeyalias", ""),
        user_known_hosts=paths("userknownhostsfile", DEFAULT_USER_KNOWN_HOSTS),
        global_known_hosts=paths("globalknownhostsfile", DEFAULT_GLOBAL_KNOWN_HOSTS),
        hash_known_hosts=_yes(values, "hashknownhosts"),
        strict=_first(values, "stricthostkeychecking", "").lower(),
        connect_timeout_s=float(_number(values, "connecttimeout", 0, 86400)),
        keepalive_s=_number(values, "serveraliveinterval", 0, 86400),
    )


def _tokens(alias: str, hostname: str, port: str, user: str, caller: Caller) -> dict[str, str]:
    """The %-tokens of ssh_config(5) that make sense before a connection stands."""
    name = socket.gethostname()
    return {
        "%": "%", "h": hostname, "n": alias, "p": port, "r": user, "u": caller.user,
        "d": str(caller.home), "l": name, "L": name.partition(".")[0], "i": str(os.getuid()),
    }  # fmt: skip


def _expand(text: str, tokens: Mapping[str, str], environ: Mapping[str, str], where: str) -> str:
    def value(match: re.Match[str]) -> str:
        token, variable = match[1], match[2]
        if variable is not None:
            if not environ:
                return match[0]  # this keyword takes no variables
            if variable not in environ:
                raise ConfigError(where, f"the environment variable {variable}")
            return environ[variable]
        if token not in tokens:
            raise ConfigError(where, "a %-token that hardcheck knows", f"'%{token}'")
        return tokens[token]

    return _TOKEN.sub(value, text)


def _path(text: str, home: Path) -> Path:
    if text.startswith("~/"):
        return home / text[2:]
    return Path(text) if text.startswith("/") else Path.cwd() / text


def _agent(
    values: Mapping[str, list[Setting]], tokens: Mapping[str, str], caller: Caller, environ: Mapping[str, str]
) -> str:
    chosen = _first(values, "identityagent", "SSH_AUTH_SOCK")
    if chosen == "none":
        return ""
    if chosen == "SSH_AUTH_SOCK":
        return environ.get("SSH_AUTH_SOCK", "")
    if chosen.startswith("$") and not chosen.startswith("${"):
        return environ.get(chosen[1:], "")
    return str(_path(_expand(chosen, tokens, environ, "IdentityAgent"), caller.home))


def _first(values: Mapping[str, list[Setting]], key: str, default: str) -> str:
    return values[key][0].words[0] if values.get(key) and values[key][0].words else default


def _yes(values: Mapping[str, list[Setting]], key: str) -> bool:
    return _first(values, key, "no").lower() in ("yes", "true")


def _number(values: Mapping[str, list[Setting]], key: str, default: int, most: int) -> int:
    word = _first(values, key, "")
    if not word or word.lower() == "none":
        return default
    if not word.isascii() or not word.isdigit() or int(word) > most:
        raise ConfigError(values[key][0].where, f"a number up to {most} for {key}", repr(word))
    return int(word)
