"""The web stack: servers, their sites and the pools that run them."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent


class ServerBlock(msgspec.Struct, frozen=True):
    """One site as its server has it: an nginx ``server`` or an Apache ``VirtualHost``.

    ``listen`` are addresses and ports as written; ``docroots`` the folders it serves; ``backends`` what it
    passes requests to (``unix:/run/php/a.sock``, ``127.0.0.1:9000``); ``user`` is empty where the server's
    own account answers. ``place`` is FILE:LINE.
    """

    server: str
    names: tuple[str, ...]
    listen: tuple[str, ...]
    docroots: tuple[str, ...]
    backends: tuple[str, ...]
    place: str
    user: str = ""


class WebServer(msgspec.Struct, frozen=True):
    """nginx or Apache. ``user`` is the account of its workers; one that is not ``running`` has no sites."""

    name: str
    running: bool
    user: str = ""
    sites: tuple[ServerBlock, ...] = ()


class PhpPool(msgspec.Struct, frozen=True):
    """One pool of php-fpm. ``listen`` is a path or an address; ``values`` are its ``php_value`` and
    ``php_admin_value`` settings by name. ``open_basedir`` is empty when the pool does not set it."""

    name: str
    user: str
    group: str
    listen: str
    listen_owner: str
    listen_mode: str
    place: str
    open_basedir: str = ""
    disable_functions: str = ""
    session_path: str = ""
    chroot: str = ""
    apparmor_hat: str = ""


class Site(msgspec.Struct, frozen=True):
    """A site with the pool behind it. ``user`` is the account that runs its code, Absent where it passes
    requests to something that is not known here; empty where it runs none."""

    server: str
    names: tuple[str, ...]
    docroots: tuple[str, ...]
    backends: tuple[str, ...]
    pools: tuple[str, ...]
    user: str | Absent
    place: str

    @property
    def shown(self) -> str:
        """The site's first name, and who runs it."""
        name = self.names[0] if self.names else "(default)"
        user = "?" if isinstance(self.user, Absent) else self.user
        return f"{name} as {user or 'nobody'}"


class SharedUser(msgspec.Struct, frozen=True):
    """An account that runs the code of several sites: each can read and change what the others can."""

    user: str
    sites: tuple[str, ...]
    pools: tuple[str, ...]

    @property
    def shown(self) -> str:
        """``www-data runs a.example, b.example``."""
        return f"{self.user} runs {', '.join(self.sites)}"


class Cpanel(msgspec.Struct, frozen=True):
    """cPanel: its version, the domains with their users, and whether CageFS is there."""

    version: str
    domains: tuple[tuple[str, str], ...] = ()
    cagefs: bool = False
