"""The web stack: servers, their sites and the pools that run them."""

from __future__ import annotations

from collections.abc import Mapping

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
    ``php_admin_value`` settings by name. ``open_basedir`` is empty when the pool does not set it;
    ``temporary_path`` is its ``sys_temp_dir``, else its ``upload_tmp_dir`` or the TMPDIR that it sets."""

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
    temporary_path: str = ""


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


class PhpIni(msgspec.Struct, frozen=True):
    """The settings of one PHP, by the folder of its php.ini; ``places`` are FILE:LINE."""

    folder: str
    settings: Mapping[str, str]
    places: Mapping[str, str]


class PhpLimits(msgspec.Struct, frozen=True):
    """A pool with the settings of its own and of its php.ini together.

    ``programs`` are the functions left to it that start programs; ``sessions`` and ``temporary`` the
    folders that it keeps sessions and temporary files in, ``sessions_shared`` and ``temporary_shared`` the
    other pools that use the same. ``place`` is FILE:LINE of the pool.
    """

    pool: str
    place: str
    programs: tuple[str, ...]
    sessions: str
    sessions_shared: tuple[str, ...]
    temporary: str
    temporary_shared: tuple[str, ...]


class DocrootAccess(msgspec.Struct, frozen=True):
    """The folder of a site, and which other sites' accounts may enter it by owners and modes. Absent where a
    folder on the way to it, or an account, is not known."""

    path: str
    site: str
    open_to: tuple[str, ...] | Absent

    @property
    def shown(self) -> str:
        """``/srv/www/a (a.example) may be entered by b.example as b``."""
        by = (
            f"not known ({self.open_to.reason})"
            if isinstance(self.open_to, Absent)
            else ", ".join(self.open_to)
        )
        return f"{self.path} ({self.site}) may be entered by {by or 'nobody else'}"


class TenantReach(msgspec.Struct, frozen=True):
    """A site that runs code, the labels of its processes, and the sites whose files the MAC policy lets them
    read, as far as that was answered: where nothing surely is, an open question makes it Absent."""

    site: str
    labels: tuple[str, ...]
    reads: tuple[str, ...] | Absent

    @property
    def shown(self) -> str:
        """``a.example in httpd_t reads b.example``."""
        what = f"not known ({self.reads.reason})" if isinstance(self.reads, Absent) else ", ".join(self.reads)
        return (
            f"{self.site} in {', '.join(self.labels) or 'an unknown label'} reads {what or 'no other site'}"
        )


class ContentLabels(msgspec.Struct, frozen=True):
    """The SELinux types of a site's files. ``foreign`` are files whose type is none of web content,
    ``writable_code`` programs, and the folder itself, with a type that the web server may write. Absent where
    no file of it was looked at."""

    site: str
    docroot: str
    foreign: tuple[str, ...] | Absent
    writable_code: tuple[str, ...] | Absent

    @property
    def shown(self) -> str:
        """``a.example (/srv/www/a): PATH: TYPE``."""
        if isinstance(self.foreign, Absent) or isinstance(self.writable_code, Absent):
            return f"{self.site} ({self.docroot}): labels not known"
        wrong = ", ".join((*self.foreign, *self.writable_code))
        return f"{self.site} ({self.docroot}): {wrong or 'as it should be'}"


class CpanelAccount(msgspec.Struct, frozen=True):
    """An account that owns domains of cPanel. ``jailed``: its shell is a jail or none, or CageFS is there;
    ``pool``: PHP runs its code in a pool of its own."""

    name: str
    shell: str
    jailed: bool
    pool: bool

    @property
    def shown(self) -> str:
        """``alice (shell /bin/bash, PHP not in a pool of its own)``."""
        pool = "in a pool of its own" if self.pool else "not in a pool of its own"
        return f"{self.name} (shell {self.shell}, PHP {pool})"
