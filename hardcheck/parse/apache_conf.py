"""Apache: ``apachectl -S`` for what it serves, and the files for the folders behind it.

``state missing`` and ``state stopped`` are the fragment's own. Else::

    VirtualHost configuration:
    *:80                   is a NameVirtualHost
             default server a.example (/etc/apache2/sites-enabled/a.conf:1)
             port 80 namevhost b.example (/etc/apache2/sites-enabled/b.conf:1)
                     alias www.b.example
    *:443                  c.example (/etc/apache2/sites-enabled/c.conf:1)
    ServerRoot: "/etc/apache2"
    Main DocumentRoot: "/var/www/html"
    User: name="www-data" id=33

Of the files, ``<VirtualHost>`` blocks are read for DocumentRoot, the account of a site and what it passes
on to. Source: httpd server/vhost.c ``dump_a_vhost``; https://httpd.apache.org/docs/2.4/vhosts/."""

from __future__ import annotations

import re

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.web import ServerBlock, WebServer
from hardcheck.parse.tree_files import tree_files

_KEY = "web.apache"
_FILES = "web.apache_files"
_ENTRY = re.compile(
    r"\s*(?:(?P<listen>\S+:[0-9*]+)\s+)?(?:port [0-9*]+ namevhost |default server )?"
    r"(?P<name>\S+) \((?P<place>[^()]+:[0-9]+)\)"
)
_HEADING = re.compile(r"(?P<listen>\S+:[0-9*]+)\s+is a NameVirtualHost\s*")
_ALIAS = re.compile(r"\s*(?:wild )?alias (?P<name>\S+)\s*")
_USER = re.compile(r'User: name="(?P<name>[^"]*)".*')
_MAIN = re.compile(r'Main DocumentRoot: "(?P<path>[^"]*)"')
_OPEN = re.compile(r"\s*<VirtualHost\b[^>]*>\s*", re.IGNORECASE)
_CLOSE = re.compile(r"\s*</VirtualHost>\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"(?P<name>[A-Za-z]+)\s+(?P<value>.*)")
_UNIX = re.compile(r"unix:[^|\"'\s]+")
_MAX_SITES = 5000


class _Host(msgspec.Struct):
    docroots: list[str]
    backends: list[str]
    user: str = ""


class _Site(msgspec.Struct):
    place: str
    names: list[str]
    listen: list[str]


def parse_apache(host: HostEvidence) -> WebServer | Absent:
    """Apache with its virtual hosts by place.

    Raises:
        ParseError: the state or the listing of its files has another form.
    """
    evidence = host.get(_KEY)
    first = evidence.text().split("\n", 1)[0]
    if first == "state missing":
        return Absent(Reason.NOT_PRESENT, (_KEY,), "Apache is not installed")
    if first == "state stopped":
        return WebServer("apache", running=False)
    user, main, sites = _status(evidence)
    if not (user or main or sites):
        raise ParseError(evidence.key, "what apachectl -S prints", repr(first[:80]))
    hosts = _virtual_hosts(host)
    if isinstance(hosts, Absent):
        return hosts
    blocks = []
    for site in sites[:_MAX_SITES]:
        known = hosts.get(site.place, _Host([], []))
        blocks.append(
            ServerBlock(
                "apache",
                tuple(dict.fromkeys(site.names)),
                tuple(dict.fromkeys(site.listen)),
                tuple(dict.fromkeys(known.docroots)),
                tuple(dict.fromkeys(known.backends)),
                site.place,
                known.user,
            )
        )
    if not blocks and main:
        blocks.append(ServerBlock("apache", (), (), (main,), (), ""))
    return WebServer("apache", running=True, user=user, sites=tuple(blocks))


def _status(evidence: Evidence) -> tuple[str, str, list[_Site]]:
    """The account, the main folder, and the sites of ``apachectl -S``."""
    user = main = listen = ""
    sites: dict[str, _Site] = {}
    last: _Site | None = None
    for _, line in evidence.lines():
        heading, entry, alias = (
            _HEADING.fullmatch(line),
            _ENTRY.fullmatch(line.rstrip()),
            _ALIAS.fullmatch(line),
        )
        if heading is not None:
            listen = heading["listen"]
        elif entry is not None:
            listen = entry["listen"] or listen
            last = sites.setdefault(entry["place"], _Site(entry["place"], [], []))
            last.names.append(entry["name"])
            last.listen.append(listen)
        elif alias is not None and last is not None:
            last.names.append(alias["name"])
        elif (found := _USER.fullmatch(line)) is not None:
            user = found["name"]
        elif (found := _MAIN.fullmatch(line)) is not None:
            main = found["path"]
    return user, main, list(sites.values())


def _virtual_hosts(host: HostEvidence) -> dict[str, _Host] | Absent:
    """What the files say of each virtual host, by FILE:LINE of its opening line."""
    files = tree_files(host, _FILES)
    if isinstance(files, Absent):
        return files
    hosts: dict[str, _Host] = {}
    for file in files:
        if isinstance(file.content, Absent):
            return file.content
        here: _Host | None = None
        for number, (_, line) in enumerate(file.content.lines(), start=1):
            if _OPEN.fullmatch(line):
                here = hosts.setdefault(f"{file.path}:{number}", _Host([], []))
            elif _CLOSE.fullmatch(line):
                here = None
            elif here is not None:
                _directive(here, line)
    return hosts


def _directive(host: _Host, line: str) -> None:
    match = _DIRECTIVE.fullmatch(line.strip())
    if match is None:
        return
    name, value = match["name"].lower(), match["value"]
    if name in ("documentroot", "virtualdocumentroot"):
        host.docroots.append(value.strip("\"'"))
    elif name in ("suexecusergroup", "assignuserid", "ruidgid", "muid"):
        host.user = value.split()[0].strip("\"'")
    elif name in ("sethandler", "proxypass", "proxypassmatch", "proxyfcgisetenvif"):
        host.backends.extend(match[0] for match in _UNIX.finditer(value))
