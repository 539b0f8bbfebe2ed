"""nginx as it runs: ``nginx -T``, every file of its configuration behind a line with its name::

    # configuration file /etc/nginx/sites-enabled/a:
    server {
      listen 80;
      server_name a.example;
      root /srv/www/a.example;
      location ~ \\.php$ { fastcgi_pass unix:/run/php/a.sock; }
    }

A directive ends with ``;`` or holds a block in braces; words may be quoted; a backslash keeps the next
character. An ``include`` was resolved by nginx already: the included file stands in the output by itself,
so a directive of the ``http`` block may come from any file. Source: nginx src/core/ngx_conf_file.c."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts.web import ServerBlock, WebServer

_KEY = "web.nginx"
_FILE = re.compile(r"# configuration file (?P<path>.+):")
_WORD = re.compile(
    r"""[ \t\r\n]+|\#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]"""
    r"""|(?:\\.|\$\{[^}\n]{0,64}\}|[^\s{};"'\\])(?:\\.|\$\{[^}\n]{0,64}\}|[^\s{};\\])*""",
    re.DOTALL,
)
_PASSES = ("fastcgi_pass", "proxy_pass", "uwsgi_pass", "scgi_pass", "grpc_pass")
_MAX_DEPTH = 32
_MAX_SITES = 5000


class _Site(msgspec.Struct):
    place: str
    names: list[str]
    listen: list[str]
    roots: list[str]
    backends: list[str]


def parse_nginx(host: HostEvidence) -> WebServer:
    """nginx with its sites in the order of reading.

    Raises:
        ParseError: no file at all, braces that do not match, or more than 32 blocks in one another.
    """
    evidence = host.get(_KEY)
    if evidence.content.startswith(b"# hardcheck: not running"):
        return WebServer("nginx", running=False)
    sites: list[_Site] = []
    user = "nobody"  # what nginx is built with where no directive says
    for path, first, text in _files(evidence):
        reader = _Reader(path, first, text, sites)
        reader.read()
        user = reader.user or user
    blocks = tuple(
        ServerBlock(
            "nginx",
            tuple(dict.fromkeys(site.names)),
            tuple(dict.fromkeys(site.listen)),
            tuple(dict.fromkeys(site.roots)),
            tuple(dict.fromkeys(site.backends)),
            site.place,
        )
        for site in sites[:_MAX_SITES]
    )
    return WebServer("nginx", running=True, user=user, sites=blocks)


def _files(evidence: Evidence) -> Iterator[tuple[str, int, str]]:
    """Path, number of the first line and text of each file."""
    path, lines = "", list[str]()
    for _, line in evidence.lines():
        match = _FILE.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        if path:
            yield path, 1, "\n".join(lines)
        path, lines = match["path"], []
    if not path:
        raise ParseError(evidence.key, "'# configuration file PATH:'", repr("\n".join(lines)[:80]))
    yield path, 1, "\n".join(lines)


class _Reader:
    """One file: its directives, with the blocks they stand in."""

    def __init__(self, path: str, first: int, text: str, sites: list[_Site]) -> None:
        self._path, self._first, self._text, self._sites = path, first, text, sites
        self.user = ""

    def read(self) -> None:
        """``directive*`` to the end of the file."""
        blocks: list[_Site | None] = []
        words: list[str] = []
        at, line, began = 0, self._first, self._first
        while at < len(self._text):
            match = _WORD.match(self._text, at)
            if match is None:
                raise ParseError(f"{self._path}:{line}", "a directive", repr(self._text[at : at + 40]))
            word, at = match[0], match.end()
            if word == "{":
                blocks.append(self._open(words, began, blocks))
                words = []
            elif word == "}":
                if not blocks:
                    raise ParseError(f"{self._path}:{line}", "a brace to close", "'}' alone")
                blocks.pop()
                words = []
            elif word == ";":
                self._directive(words, blocks)
                words = []
            elif not word[0].isspace() and not word.startswith("#"):
                began = began if words else line
                words.append(_unquoted(word))
            line += word.count("\n")
        if blocks:
            raise ParseError(self._path, "'}'", "the end of the file")

    def _open(self, words: list[str], line: int, blocks: list[_Site | None]) -> _Site | None:
        if len(blocks) >= _MAX_DEPTH:
            raise ParseError(f"{self._path}:{line}", f"at most {_MAX_DEPTH} blocks in one another", "more")
        outer = blocks[-1] if blocks else None
        if words[:1] == ["server"] and len(words) == 1:
            site = _Site(f"{self._path}:{line}", [], [], [], [])
            self._sites.append(site)
            return site
        return outer

    def _directive(self, words: list[str], blocks: list[_Site | None]) -> None:
        if not words:
            return
        name, values = words[0], words[1:]
        site = blocks[-1] if blocks else None
        if name == "user" and values and not blocks:
            self.user = values[0]
        elif site is None or not values:
            return
        elif name == "server_name":
            site.names.extend(value for value in values if value not in ("_", ""))
        elif name == "listen":
            site.listen.append(values[0])
        elif name in ("root", "alias"):
            site.roots.append(values[0])
        elif name in _PASSES:
            site.backends.append(values[0])


def _unquoted(word: str) -> str:
    if word[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL)
    return word
