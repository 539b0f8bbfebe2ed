"""Pools of php-fpm: ini files, php-fpm.conf(5). A section is a pool, ``[global]`` apart::

    [a.example]
    user = www-data
    listen = /run/php/a.sock
    php_admin_value[open_basedir] = /srv/www/a.example:/tmp

``$pool`` stands for the pool's name. Settings before the first section belong to none.
"""

from __future__ import annotations

import re

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.web import PhpPool
from hardcheck.parse.tree_files import tree_files

_SECTION = re.compile(r"\[(?P<name>[^\]]{1,200})\]\s*(?:;.*)?")
_SETTING = re.compile(r"(?P<name>[A-Za-z_.]+(?:\[[^\]]*\])?)\s*=\s*(?P<value>.*)")
_MAX_POOLS = 5000


def parse_php_pools(host: HostEvidence) -> tuple[PhpPool, ...] | Absent:
    """Every pool, by file and order; empty where no file is there.

    Absent when the folder or a file of it could not be read.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, "web.php_pools")
    if isinstance(files, Absent):
        return files
    pools: list[PhpPool] = []
    for file in files:
        if isinstance(file.content, Absent):
            return file.content
        pools.extend(_read(file.content, file.path))
    return tuple(pools[:_MAX_POOLS])


def _read(evidence: Evidence, path: str) -> list[PhpPool]:
    pools = []
    name, line_of_name = "", 0
    settings: dict[str, str] = {}
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        text = line.strip()
        section = _SECTION.fullmatch(text)
        if section is not None:
            if name:
                pools.append(_pool(name, settings, f"{path}:{line_of_name}"))
            name, line_of_name, settings = section["name"].strip(), number, {}
            name = "" if name == "global" else name
            continue
        setting = _SETTING.fullmatch(text)
        if setting is not None and not text.startswith(";"):
            settings[setting["name"]] = _value(setting["value"])
    if name:
        pools.append(_pool(name, settings, f"{path}:{line_of_name}"))
    return pools


def _value(text: str) -> str:
    """A value without its quotes or the comment behind it."""
    text = text.strip()
    if text[:1] in "\"'" and text[:1]:
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    return re.split(r"\s;", text, maxsplit=1)[0].strip()


def _pool(name: str, settings: dict[str, str], place: str) -> PhpPool:
    def get(key: str) -> str:
        return settings.get(key, "").replace("$pool", name)

    def php(key: str) -> str:
        return get(f"php_admin_value[{key}]") or get(f"php_value[{key}]")

    return PhpPool(
        name=name,
        user=get("user"),
        group=get("group"),
        listen=get("listen"),
        listen_owner=get("listen.owner"),
        listen_mode=get("listen.mode"),
        place=place,
        open_basedir=php("open_basedir"),
        disable_functions=php("disable_functions"),
        session_path=php("session.save_path"),
        chroot=get("chroot"),
        apparmor_hat=get("apparmor_hat"),
        temporary_path=php("sys_temp_dir") or php("upload_tmp_dir") or get("env[TMPDIR]"),
    )
