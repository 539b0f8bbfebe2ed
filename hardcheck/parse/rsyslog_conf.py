"""rsyslog's configuration, in the old form and in RainerScript: rsyslog.conf(5)::

    module(load="imudp")
    input(type="imudp" port="514")
    $FileCreateMode 0640
    auth,authpriv.*                 /var/log/auth.log
    *.* @@logs.example.org:6514
    *.* action(type="omfwd" target="logs.example.org" port="6514" protocol="tcp"
               StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name")
    include(file="/etc/rsyslog.d/*.conf")

Old directives that begin with ``$`` hold for the actions below them. Conditions (``if ... then``) and rule
sets are passed over: an action inside of one counts, with an empty selector. Templates, queues and lookups
are not read.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent, Reason
from hardcheck.facts.logs import RsyslogConfig, RsyslogFile, RsyslogForward, RsyslogInput
from hardcheck.parse.rainer_script import Statement, statements
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY = "logs.rsyslog"
_MAIN = "/etc/rsyslog.conf"
_FOLDERS = ("/etc/rsyslog.d", "/run/rsyslog")
_MAX_DEPTH = 10
_MAX_FILES = 300
_DRIVERS = frozenset({"gtls", "ossl", "mbedtls"})
_CHECKED = frozenset({"x509/name", "x509/fingerprint", "x509/certvalid", "name", "fingerprint", "certvalid"})
_STARTS = {
    "udpserverrun": "imudp",
    "inputtcpserverrun": "imtcp",
    "inputptcpserverrun": "imptcp",
    "inputrelpserverrun": "imrelp",
}
_DEFAULT_MODE = "0644"


def parse_rsyslog(host: HostEvidence) -> RsyslogConfig | Absent:
    """What rsyslog.conf and the files that it includes do; Absent where there is no rsyslog.conf, and where
    a part was not read: it may hold anything.

    Raises:
        ParseError: a text or a bracket that is never closed, or a loop of includes.
    """
    found = tree_files(host, _KEY)
    if isinstance(found, Absent):
        return found
    files = {file.path: file for file in found}
    main = files.get(_MAIN)
    if main is None:
        return Absent(Reason.NOT_PRESENT, (_KEY,), f"there is no {_MAIN}")
    if isinstance(main.content, Absent):
        return main.content
    reader = _Reader(files)
    reader.read(main.content, _MAIN, 0)
    if reader.unread:
        why = f"{reader.unread[0]} is included and was not read"
        return Absent(Reason.NOT_COLLECTED, (_KEY,), why[:300])
    return reader.config()


class _Reader:
    """The configuration while its files are read."""

    def __init__(self, files: Mapping[str, TreeFile]) -> None:
        self._files = files
        self._count = 0
        self._old: dict[str, str] = {}  # directives in force, names in small letters without $
        self._modules: list[str] = []
        self._inputs: list[RsyslogInput] = []
        self._forwards: list[RsyslogForward] = []
        self._written: list[RsyslogFile] = []
        self.unread: list[str] = []
        self._mode, self._mode_place = _DEFAULT_MODE, ""

    def config(self) -> RsyslogConfig:
        return RsyslogConfig(
            modules=tuple(dict.fromkeys(self._modules)),
            inputs=tuple(self._inputs),
            forwards=tuple(self._forwards),
            files=tuple(self._written),
            mode=self._mode,
            mode_place=self._mode_place,
        )

    def read(self, evidence: Evidence, path: str, depth: int) -> None:
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_FILES:
            raise ParseError(path, "fewer includes", "a loop")
        for statement in statements(evidence, path):
            if statement.name:
                self._object(statement, depth)
            elif statement.text.startswith("$"):
                self._directive(statement, depth)
            else:
                self._selector(statement)

    def _object(self, statement: Statement, depth: int) -> None:
        values = statement.values
        kind = values.get("type", "")
        if statement.name == "module":
            self._module(values)
            if values.get("filecreatemode") and values.get("load", "").endswith("omfile"):
                self._set_mode(values["filecreatemode"], statement.place)
        elif statement.name == "input" and kind:
            self._inputs.append(RsyslogInput(kind, statement.place, values.get("file", "")))
        elif statement.name == "global":
            self._old.update(
                {name: value for name, value in values.items() if name.startswith("defaultnetstream")}
            )
        elif statement.name == "include" and values.get("file"):
            self._include(values["file"], depth)
        elif statement.name == "action":
            self._action(kind, values, statement)

    def _module(self, values: Mapping[str, str]) -> None:
        name = values.get("load", "").rpartition("/")[2].removesuffix(".so")
        if name:
            self._modules.append(name)
        if name in ("imjournal", "imuxsock"):
            self._inputs.append(RsyslogInput(name, ""))

    def _directive(self, statement: Statement, depth: int) -> None:
        name, _, value = statement.text[1:].partition(" ")
        name, value = name.lower(), value.strip().strip('"')
        if name == "modload":
            self._module({"load": value})
        elif name == "includeconfig":
            self._include(value, depth)
        elif name in _STARTS:
            self._inputs.append(RsyslogInput(_STARTS[name], statement.place))
        elif name == "inputfilename":
            self._inputs.append(RsyslogInput("imfile", statement.place, value))
        elif name == "filecreatemode":
            self._set_mode(value, statement.place)
        else:
            self._old[name] = value

    def _set_mode(self, value: str, place: str) -> None:
        if value.isdecimal() and len(value) <= 5 and all(digit < "8" for digit in value):
            self._mode, self._mode_place = f"{int(value, 8):04o}", place

    def _include(self, pattern: str, depth: int) -> None:
        if pattern.endswith("/"):
            pattern += "*"
        if pattern.startswith("/var/run/"):
            pattern = pattern.removeprefix("/var")
        names = sorted(path for path in self._files if fnmatch.fnmatchcase(path, pattern))
        names = [path for path in names if "/." not in path and path.count("/") == pattern.count("/")]
        if not names and posixpath.dirname(pattern) not in _FOLDERS:
            self.unread.append(pattern[:200])
        for path in names:
            content = self._files[path].content
            if isinstance(content, Absent):
                self.unread.append(path)
            else:
                self.read(content, path, depth + 1)

    def _selector(self, statement: Statement) -> None:
        """``SELECTOR TARGET`` of the old form; what is neither is passed over (conditions, ``& stop``)."""
        selector, _, target = statement.text.partition(" ")
        target = target.strip()
        if not ("." in selector or selector == "&") or not target:
            return
        if target.startswith("@"):
            plain = target.lstrip("@")
            name = (plain.partition(")")[2] if plain.startswith("(") else plain).split(";")[0].strip()
            self._forward(selector, name, "tcp" if target.startswith("@@") else "udp", {}, statement.place)
        elif target.startswith(("/", "-/", "?")):
            path = target.lstrip("-").split(";")[0].strip()
            self._written.append(RsyslogFile(path, selector, self._mode, statement.place))

    def _action(self, kind: str, values: Mapping[str, str], statement: Statement) -> None:
        selector = statement.text
        if kind in ("omfwd", "omrelp") and values.get("target"):
            protocol = "relp" if kind == "omrelp" else values.get("protocol", "udp").lower()
            self._forward(selector, values["target"], protocol, values, statement.place)
        elif kind == "omfile" and (values.get("file") or values.get("dynafile")):
            mode = values.get("filecreatemode", self._mode)
            path = values.get("file") or "?" + values["dynafile"]
            self._written.append(RsyslogFile(path, selector, mode, statement.place))

    def _forward(
        self, selector: str, target: str, protocol: str, values: Mapping[str, str], place: str
    ) -> None:
        if protocol == "relp":
            encrypted = values.get("tls", "off").lower() == "on"
            checked = values.get("tls.authmode", "").lower() in _CHECKED
        else:
            driver = values.get("streamdriver", self._old.get("defaultnetstreamdriver", "ptcp")).lower()
            mode = values.get("streamdrivermode", self._old.get("actionsendstreamdrivermode", "0"))
            own = values.get("streamdriverauthmode", self._old.get("actionsendstreamdriverauthmode", "anon"))
            encrypted = protocol == "tcp" and driver in _DRIVERS and mode == "1"
            checked = own.lower() in _CHECKED
        self._forwards.append(
            RsyslogForward(target, protocol, encrypted, encrypted and checked, selector, place)
        )
