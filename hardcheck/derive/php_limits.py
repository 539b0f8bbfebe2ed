"""What each pool of php-fpm may do, by its own file and the php.ini behind it.

A pool's ``disable_functions`` adds to php.ini's; its other values replace those. Where neither names a
folder, all pools of one PHP have the one that it was built with.
"""

from __future__ import annotations

import posixpath
import re

from hardcheck.facts import Absent, Reason
from hardcheck.facts.web import PhpIni, PhpLimits, PhpPool

PROGRAMS = ("exec", "passthru", "pcntl_exec", "popen", "proc_open", "shell_exec", "system")
"""Functions of PHP that start programs: its manual, Program execution Functions, and PCNTL."""

_POOLS = (
    (re.compile(r"(/etc/php/[^/]+/fpm)/[^/]+\.d"), r"\1"),
    (re.compile(r"(/etc)/php-fpm[^/]*\.d"), r"\1"),
    (re.compile(r"(/etc/php[^/]*/fpm)/php-fpm\.d"), r"\1"),
    (re.compile(r"(/opt/cpanel/[^/]+/root/etc)/php-fpm\.d"), r"\1"),
    (re.compile(r"(/etc/opt/remi/[^/]+)/php-fpm\.d"), r"\1"),
    (re.compile(r"(/opt/plesk/php/[^/]+/etc)/php-fpm\.d"), r"\1"),
)
_TEMPORARY = "/tmp"  # noqa: S108 - named, not used
_BUILT_IN = "PHP's default"


def php_limits(pools: tuple[PhpPool, ...], inis: tuple[PhpIni, ...]) -> tuple[PhpLimits, ...] | Absent:
    """Every pool with what it comes to. Absent where the php.ini of one was not found."""
    by_folder = {ini.folder: ini for ini in inis}
    found = []
    for pool in pools:
        ini = by_folder.get(_folder(pool))
        if ini is None:
            what = f"no php.ini was found for the pool {pool.name}"
            return Absent(Reason.NOT_COLLECTED, ("web.php_ini",), what[:200])
        found.append(_limits(pool, ini))
    return tuple(_with_shares(each, found) for each in found)


def _folder(pool: PhpPool) -> str:
    folder = posixpath.dirname(pool.place.rpartition(":")[0])
    for pattern, place in _POOLS:
        match = pattern.fullmatch(folder)
        if match is not None:
            return match.expand(place)
    return folder


def _limits(pool: PhpPool, ini: PhpIni) -> PhpLimits:
    off = _words(pool.disable_functions) | _words(ini.settings.get("disable_functions", ""))
    temporary = (
        pool.temporary_path
        or ini.settings.get("sys_temp_dir")
        or ini.settings.get("upload_tmp_dir")
        or _TEMPORARY
    )
    sessions = pool.session_path or ini.settings.get("session.save_path", "")
    return PhpLimits(
        pool=pool.name,
        place=pool.place,
        programs=tuple(name for name in PROGRAMS if name not in off),
        sessions=_rooted(pool, sessions.rpartition(";")[2] or _BUILT_IN),
        sessions_shared=(),
        temporary=_rooted(pool, temporary),
        temporary_shared=(),
    )


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",")}


def _rooted(pool: PhpPool, path: str) -> str:
    """Below the folder that the pool is locked into."""
    return posixpath.normpath(f"{pool.chroot}/{path}" if pool.chroot and path.startswith("/") else path)


def _with_shares(mine: PhpLimits, pools: list[PhpLimits]) -> PhpLimits:
    others = [each for each in pools if each is not mine]
    return PhpLimits(
        pool=mine.pool,
        place=mine.place,
        programs=mine.programs,
        sessions=mine.sessions,
        sessions_shared=tuple(each.pool for each in others if each.sessions == mine.sessions),
        temporary=mine.temporary,
        temporary_shared=tuple(each.pool for each in others if each.temporary == mine.temporary),
    )
