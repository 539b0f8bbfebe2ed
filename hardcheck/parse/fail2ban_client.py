"""Jails and their actions, as fail2ban-client(1) prints them.

``server stopped``, ``server silent`` or ``server running``; then ``jails NAME...``; then two blocks of
answers, each of which begins with ``= `` in the order in which the fragment asked: for every jail its
status, bantime, findtime, maxretry and actions; for every action its commands::

    = Status for the jail: sshd
    |- Filter
    |  |- Currently failed:	0
    `- Actions
       |- Currently banned:	1
       |- Total banned:	1

    = 600
    = The jail sshd has the following actions:
    nftables-multiport
    = nft add element inet f2b-table <addr_set> \\{ <ip> \\}

Source: fail2ban client/beautifier.py; config/action.d/nftables.conf, iptables.conf.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.fail2ban import BanAction, Fail2banServer, Jail

_KEY = "fail2ban.status"
_PER_JAIL = 5
_ASKED = re.compile(r"get (?P<jail>\S+) action (?P<action>\S+) (?P<what>actionstart|actionban)")
_KINDS = (
    ("nftables", re.compile(r"\bnft\b")),
    ("firewalld", re.compile(r"\bfirewall-cmd\b")),
    ("ipset", re.compile(r"\bipset\b")),
    ("iptables", re.compile(r"\bip6?tables\b|<iptables>")),
    ("ufw", re.compile(r"\bufw\b")),
    ("route", re.compile(r"\bip (?:-\S+ )*route\b|\broute add\b")),
    ("hosts", re.compile(r"hosts\.deny|<file>.*<daemon_list>")),
)
_NFT_TABLE = re.compile(
    r"add (?:table|element|set|chain) (?:\S+ )?(?:ip|ip6|inet|bridge|netdev) (?P<table>[A-Za-z0-9_.-]+)"
)
_IPTABLES_CHAIN = re.compile(
    r"(?:<iptables>|ip6?tables\S*)(?: -w)?(?: -t \S+)? -[IAN] (?P<chain>[A-Za-z0-9_.+-]+)"
)
_MAX_JAILS = 500


def parse_fail2ban(host: HostEvidence) -> Fail2banServer | Absent:
    """The server with its jails in its own order.

    Raises:
        ParseError: answers of another form or number than the fragment asks for.
    """
    evidence = host.get(_KEY)
    text = evidence.text()
    first, _, rest = text.partition("\n")
    if first == "server stopped":
        return Fail2banServer(running=False)
    if first == "server silent":
        return Absent(Reason.NOT_COLLECTED, (_KEY,), rest.strip().split("\n")[0][:200])
    named = re.match(r"jails(?: (?P<names>[^\n]*))?\n?", rest)
    if first != "server running" or named is None:
        raise ParseError(_KEY, "'server running' and 'jails NAME...'", repr(text[:80]))
    jails = (named["names"] or "").split()
    if len(jails) > _MAX_JAILS:
        raise ParseError(_KEY, f"at most {_MAX_JAILS} jails", str(len(jails)))
    if not jails:
        return Fail2banServer(running=True)
    told, _, acted = rest[named.end() :].partition("\nasked actions\n")
    answers = _answers(told)
    if len(answers) < len(jails) * _PER_JAIL:
        raise ParseError(_KEY, f"{len(jails) * _PER_JAIL} answers", str(len(answers)))
    actions = _actions(acted)
    return Fail2banServer(
        running=True,
        jails=tuple(
            _jail(name, answers[at * _PER_JAIL : (at + 1) * _PER_JAIL], actions)
            for at, name in enumerate(jails)
        ),
    )


def _answers(text: str) -> list[str]:
    """What stands behind each ``= ``; what precedes the first is the client's greeting."""
    return [part.strip("\n") for part in re.split(r"^= ", text, flags=re.MULTILINE)[1:]]


def _jail(name: str, answers: list[str], actions: dict[tuple[str, str], BanAction]) -> Jail:
    status, ban_time, find_time, retry, listed = answers
    if not status.startswith(f"Status for the jail: {name}"):
        raise ParseError(_KEY, f"the status of the jail {name}", repr(status[:80]))
    return Jail(
        name=name,
        banned=_count(status, "Currently banned"),
        total_banned=_count(status, "Total banned"),
        ban_time_s=_number(ban_time),
        find_time_s=_number(find_time),
        max_retry=_number(retry),
        actions=_of_jail(name, listed, actions),
    )


def _count(status: str, what: str) -> int:
    match = re.search(rf"{what}:\s*([0-9]{{1,12}})\b", status)
    if match is None:
        raise ParseError(_KEY, f"'{what}: N'", repr(status[:80]))
    return int(match[1])


def _number(text: str) -> int | Absent:
    if re.fullmatch(r"-?[0-9]{1,12}", text.strip()):
        return int(text)
    return Absent(Reason.UNPARSABLE, (_KEY,), repr(text.strip()[:60]))


def _of_jail(
    jail: str, listed: str, actions: dict[tuple[str, str], BanAction]
) -> tuple[BanAction, ...] | Absent:
    heading, _, names = listed.partition("\n")
    if "has the following actions" not in heading:
        if heading.startswith("No actions for jail"):
            return ()
        return Absent(Reason.UNPARSABLE, (_KEY,), repr(listed[:60]))
    found = []
    for name in names.replace(",", " ").split():
        action = actions.get((jail, name))
        if action is None:
            return Absent(Reason.NOT_COLLECTED, (_KEY,), f"no answer for the action {name}"[:200])
        found.append(action)
    return tuple(found)


def _actions(text: str) -> dict[tuple[str, str], BanAction]:
    """The actions by jail and name, from their start and ban commands."""
    asked_text, found, answered = text.partition("answers actions\n")
    asked = [match for match in map(_ASKED.fullmatch, asked_text.split("\n")) if match is not None]
    answers = _answers(answered)
    if not found or len(answers) < len(asked):
        return {}
    commands: dict[tuple[str, str], list[str]] = {}
    for match, answer in zip(asked, answers, strict=False):
        commands.setdefault((match["jail"], match["action"]), []).append(answer)
    return {key: _action(key[1], "\n".join(texts)) for key, texts in commands.items()}


def _action(name: str, commands: str) -> BanAction:
    kind = next((kind for kind, pattern in _KINDS if pattern.search(commands)), "other")
    tables = dict.fromkeys(match["table"] for match in _NFT_TABLE.finditer(commands))
    chains = dict.fromkeys(
        match["chain"] for match in _IPTABLES_CHAIN.finditer(commands) if match["chain"] != "INPUT"
    )
    return BanAction(name, kind, tuple(tables), tuple(chains))
