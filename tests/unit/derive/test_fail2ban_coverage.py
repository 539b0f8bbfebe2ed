"""Which services that the network reaches a jail watches."""

from __future__ import annotations

import pytest

from hardcheck.derive.fail2ban_coverage import coverage
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.fail2ban import Fail2banServer, Jail
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process

FILTERS = ("apache-auth", "dovecot", "nginx-botsearch", "nginx-http-auth", "postfix", "sshd", "vsftpd")


def process(pid: int, name: str) -> Process:
    return Process(pid, 1, name, 0, 0, 0, False, "", "")


def listener(pid: int, port: int, address: str = "0.0.0.0") -> Listener:
    return Listener("tcp", address, port, 0, pid, (pid,))


def watched(jails: tuple[str, ...], *services: tuple[str, int]) -> dict[str, object]:
    server = Fail2banServer(True, tuple(Jail(name, 0, 0, 600, 600, 5, ()) for name in jails))
    processes = tuple(process(number, name) for number, (name, _) in enumerate(services, start=1))
    listeners = tuple(listener(number, port) for number, (_, port) in enumerate(services, start=1))
    found = coverage(server, FILTERS, listeners, processes)
    assert not isinstance(found, Absent)
    return {
        each.service: each.jails.reason if isinstance(each.jails, Absent) else each.jails for each in found
    }


@pytest.mark.parametrize(
    ("jails", "service", "expected"),
    [
        (("sshd",), ("sshd", 22), {"sshd": ("sshd",)}),
        (("sshd-ddos",), ("sshd", 22), {"sshd": ("sshd-ddos",)}),
        (("ssh-iptables",), ("sshd", 22), {"sshd": ("ssh-iptables",)}),
        (("sshd",), ("systemd", 22), {"sshd": ("sshd",)}),  # started by its socket
        (("sshd",), ("nginx", 443), {"nginx": ()}),
        (("nginx-http-auth", "recidive"), ("nginx", 443), {"nginx": ("nginx-http-auth",)}),
        (("apache-noscript",), ("httpd", 80), {"httpd": ("apache-noscript",)}),
        (("postfix-sasl",), ("master", 25), {"postfix": ("postfix-sasl",)}),
        (("sasl",), ("master", 25), {"postfix": ("sasl",)}),
        (("recidive",), ("dovecot", 993), {"dovecot": ()}),
        (("mail-logins",), ("dovecot", 993), {"dovecot": Reason.NOT_COLLECTED}),
        (("dovecot", "mail-logins"), ("dovecot", 993), {"dovecot": ("dovecot",)}),
        ((), ("node_exporter", 9100), {}),
        ((), ("exim4", 25), {}),  # no filter for it on this host
    ],
)
def test_a_service_is_watched_by_the_jails_that_are_named_after_it(
    jails: tuple[str, ...], service: tuple[str, int], expected: dict[str, object]
) -> None:
    assert watched(jails, service) == expected


def test_what_listens_on_loopback_is_not_asked() -> None:
    server = Fail2banServer(True)
    found = coverage(server, FILTERS, (listener(1, 25, "127.0.0.1"),), (process(1, "master"),))
    assert found == ()


def test_a_socket_whose_holder_is_not_seen_may_be_anything() -> None:
    denied = Absent(Reason.DENIED, ("network.socket_owners",))
    unseen = Listener("tcp", "0.0.0.0", 25, 0, 1, denied)
    assert coverage(Fail2banServer(True), FILTERS, (unseen,), ()) is denied
