"""Orders to container engines over TCP, and published ports that pass the host's own filter by."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.derive.container_network import engine_apis, exposed_ports
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.containers import Container, ContainerMount, DockerConfig, Engine, EngineFile
from hardcheck.facts.firewall import LegacyTables, Ruleset
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process
from hardcheck.parse.base import run_parser
from hardcheck.parse.iptables_save import read_iptables_save
from hardcheck.parse.nft_json import read_nft_json
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import DATA, host

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}
NONE = LegacyTables(Ruleset(()), Ruleset(()), nf_tables_loaded=True)
DENIED = Absent(Reason.DENIED, ("x",))
PLAIN = DockerConfig()
VERIFIED = DockerConfig(("tcp://192.0.2.5:2376",), tls_verify=True)


def dockerd(*arguments: str, name: str = "dockerd") -> Process:
    return Process(7, 1, name, 0, 0, 0, False, "", "", arguments=(name, *arguments))


def listener(port: int, pids: tuple[int, ...] | Absent = (7,), address: str = "0.0.0.0") -> Listener:
    return Listener("tcp", address, port, 0, 1, pids)


@pytest.mark.parametrize(
    ("process", "config", "port", "expected"),
    [
        (dockerd("-H", "tcp://0.0.0.0:2375"), PLAIN, 2375, [False]),
        (dockerd("-H", "tcp://0.0.0.0:4243"), PLAIN, 4243, [False]),
        (dockerd("-H", "tcp://0.0.0.0:2376", "--tlsverify"), PLAIN, 2376, [True]),
        (dockerd("-H", "tcp://0.0.0.0:2376", "--tlsverify=false"), VERIFIED, 2376, [False]),
        (dockerd("-H", "fd://"), VERIFIED, 2376, [True]),
        (dockerd("-H", "fd://"), DENIED, 2376, [Reason.DENIED]),
        (dockerd("-H", "tcp://0.0.0.0:2376", "--label=" + "x" * 250), PLAIN, 2376, [Reason.TRUNCATED]),
        (dockerd("-H", "fd://"), PLAIN, 2377, []),
        (dockerd("-H", "fd://"), PLAIN, 50000, []),
        (dockerd("system", "service", "tcp:0.0.0.0:8080", name="podman"), PLAIN, 8080, [False]),
        (dockerd("run", name="nginx"), PLAIN, 80, []),
    ],
)
def test_an_engine_that_takes_orders_over_tcp(
    process: Process, config: DockerConfig | Absent, port: int, expected: list[object]
) -> None:
    found = engine_apis((listener(port),), (process,), config)
    assert not isinstance(found, Absent)
    assert [each.tls.reason if isinstance(each.tls, Absent) else each.tls for each in found] == expected


def test_a_socket_whose_holder_is_not_seen_may_be_an_engines() -> None:
    assert engine_apis((listener(80, DENIED),), (), PLAIN) is DENIED
    assert isinstance(engine_apis((listener(80),), (), PLAIN), Absent)
    assert engine_apis((listener(80, ()),), (), PLAIN) == ()  # the kernel's own


def web() -> Container:
    sample = (DATA / "containers.engines" / "docker.in").read_bytes()
    engines = run_parser(FACTS["containers.engines"], docker(sample))
    assert isinstance(engines[0], Engine)
    return engines[0].containers[0]


def docker(content: bytes) -> HostEvidence:
    return host({"containers.docker": content, "containers.podman": Reason.TOOL_MISSING})


def forward(*rules: str, policy: str = "DROP") -> LegacyTables:
    engine = ("-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER", "-A DOCKER -p tcp --dport 80 -j ACCEPT")
    lines = [
        "*filter",
        f":FORWARD {policy} [0:0]",
        ":DOCKER - [0:0]",
        ":DOCKER-USER - [0:0]",
        *engine,
        *rules,
    ]
    tables = read_iptables_save([("f:1", line) for line in (*lines, "COMMIT")], "ip")
    return LegacyTables(tables, Ruleset(()), nf_tables_loaded=True)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), False),
        (("-A DOCKER-USER -j RETURN",), False),
        (("-A DOCKER-USER ! -s 192.0.2.0/24 -i eth0 -j DROP",), True),
        (("-A DOCKER-USER ! -s 192.0.2.0/24 -j DROP",), True),
        (("-A DOCKER-USER -p tcp --dport 443 -j DROP",), False),
    ],
)
def test_a_published_port_is_bound_by_the_chain_that_is_left_to_the_host(
    rules: tuple[str, ...], expected: bool
) -> None:
    found = exposed_ports((web(),), Ruleset(()), NONE, forward(*rules))
    assert not isinstance(found, Absent)
    assert [each.filtered for each in found if each.address == "0.0.0.0"] == [expected]


def test_firewalld_lets_what_was_translated_pass() -> None:
    sample = (DATA / "firewall.nftables" / "rhel9-firewalld.in").read_bytes()
    rules = read_nft_json(host({"firewall.nft": sample}).get("firewall.nft"))
    found = exposed_ports((web(),), rules, NONE, NONE)
    assert not isinstance(found, Absent)
    assert [each.filtered for each in found] == [True, True]  # this table refuses all that is forwarded
    lines = [
        "*filter",
        ":FORWARD ACCEPT [0:0]",
        "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT",
        "-A FORWARD -j DROP",
    ]
    tables = read_iptables_save([("f:1", line) for line in (*lines, "COMMIT")], "ip")
    passed = exposed_ports((web(),), Ruleset(()), NONE, LegacyTables(tables, Ruleset(()), True))
    assert not isinstance(passed, Absent)
    assert passed[0].filtered is False


def test_what_could_not_be_seen_is_not_a_way_past() -> None:
    found = exposed_ports((web(),), DENIED, NONE, NONE)
    assert not isinstance(found, Absent)
    assert found[0].filtered is DENIED
    unasked = msgspec.structs.replace(web(), published=DENIED)
    assert exposed_ports((unasked,), Ruleset(()), NONE, NONE) is DENIED


def test_ports_on_loopback_are_not_exposed() -> None:
    sample = (DATA / "containers.engines" / "docker.in").read_bytes()
    local = sample.replace(b'"HostIp":"0.0.0.0"', b'"HostIp":"127.0.0.1"').replace(
        b'"HostIp":"::"', b'"HostIp":"::1"'
    )
    engines = run_parser(FACTS["containers.engines"], docker(local))
    assert exposed_ports(engines[0].containers, Ruleset(()), NONE, NONE) == ()


@pytest.mark.parametrize(
    "ports", [b'"ports":7', b'"ports":{"80/tcp":[{"HostIp":"","HostPort":"x"}]}', b'"ports":{"x":[{}]}']
)
def test_ports_of_another_form_are_not_none(ports: bytes) -> None:
    sample = (DATA / "containers.engines" / "docker.in").read_bytes()
    start, end = (
        sample.index(b'"ports"'),
        sample.index(b"}}\n{") if b"}}\n{" in sample else sample.index(b"}}\n"),
    )
    engines = run_parser(FACTS["containers.engines"], docker(sample[:start] + ports + sample[end + 1 :]))
    assert isinstance(engines[0].containers[0].published, Absent)


def test_the_labels_of_mounts_come_from_the_host() -> None:
    sample = (DATA / "containers.engines" / "docker.in").read_bytes()
    labelled = sample + b"label system_u:object_r:httpd_sys_content_t:s0 /srv/www\n"
    engines = run_parser(FACTS["containers.engines"], docker(labelled))
    assert engines[0].containers[0].foreign_mounts == ("/srv/www: system_u:object_r:httpd_sys_content_t:s0",)
    assert isinstance(web().foreign_mounts, Absent)


def test_a_label_is_for_containers_by_its_type() -> None:
    good = ContainerMount("/srv", "/srv", True, "system_u:object_r:container_file_t:s0:c1,c2")
    assert good.for_containers is True
    assert ContainerMount("/srv", "/srv", True, "?").for_containers is False


@pytest.mark.parametrize(
    ("kind", "mode", "uid", "gid", "expected"),
    [
        ("config", "0644", 0, 0, True),
        ("config", "0664", 0, 0, True),
        ("config", "0664", 0, 999, False),
        ("config", "0644", 1000, 0, False),
        ("socket", "0660", 0, 999, True),
        ("socket", "0666", 0, 0, False),
        ("socket", "0660", 1000, 0, False),
    ],
)
def test_who_may_change_what_rules_an_engine(
    kind: str, mode: str, uid: int, gid: int, expected: bool
) -> None:
    assert EngineFile(kind, "/x", mode, uid, gid).guarded is expected  # type: ignore[arg-type]
