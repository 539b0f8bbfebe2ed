"""Single rules of the formats that samples do not show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.evidence import Evidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import FilterMatch, FilterRule
from hardcheck.facts.sysctl import SysctlFiles
from hardcheck.parse import audit_rules, mountinfo, proc_net, sshd_effective, sudoers, sysctl_conf
from hardcheck.parse.base import run_parser
from hardcheck.parse.iptables_save import read_iptables_save
from hardcheck.parse.nft_json import read_nft_json
from hardcheck.parse.nft_text import read_nft_text
from hardcheck.parse.nginx_conf import parse_nginx
from hardcheck.parse.php_pools import parse_php_pools
from hardcheck.parse.sysctl_values import parse_sysctl_values
from hardcheck.parse.system import SYSTEM_PARSERS
from hardcheck.parse.tree_files import tree_files
from tests.corpora import corpus
from tests.unit.parse.system_hosts import host, tree

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}


def text(content: str) -> Evidence:
    return Evidence("k", "", content.encode())


# --- sysctl


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/conf/eth0.100/forwarding", "net.ipv4.conf.eth0/100.forwarding"),
        ("net.ipv4.conf.eth0/100.forwarding", "net.ipv4.conf.eth0/100.forwarding"),
    ],
)
def test_the_first_separator_of_a_key_says_which_it_is(written: str, key: str) -> None:
    assert sysctl_conf.dotted(written) == key


@given(st.lists(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), min_size=2, max_size=6))
def test_a_key_with_slashes_is_the_key_with_dots(parts: list[str]) -> None:
    assert sysctl_conf.dotted("/".join(parts)) == ".".join(parts) == sysctl_conf.dotted(".".join(parts))


def test_comments_blank_lines_and_a_leading_dash_are_read_as_sysctl_d_says() -> None:
    content = "# no\n ; no\n\n kernel.sysrq=0\n-kernel.panic = 1\n-net.ipv4.conf.all.rp_filter\nnonsense\n"
    file = sysctl_conf.parse_sysctl_conf(text(content), "/etc/sysctl.d/1.conf")
    assert not isinstance(file.settings, Absent)
    assert [(s.key, s.value, s.line, s.optional) for s in file.settings] == [
        ("kernel.sysrq", "0", 4, False),
        ("kernel.panic", "1", 5, True),
        ("net.ipv4.conf.all.rp_filter", None, 6, True),
    ]
    assert file.faults == ("/etc/sysctl.d/1.conf:7",)


def test_a_key_that_was_asked_for_and_gave_no_value_is_an_absence_and_stays() -> None:
    content = (
        "boot systemd\nversion Linux\ndenied a/b\nabsent a/c\nasked a/d\nasked a/e\na/e:1\nconfig none\n"
    )
    reading = parse_sysctl_values(host({"sysctl.values": content}))
    why = {key: v.reason if isinstance(v, Absent) else v for key, v in reading.values.items()}
    assert why == {
        "a.b": Reason.DENIED,
        "a.c": Reason.NOT_PRESENT,
        "a.d": Reason.NOT_COLLECTED,
        "a.e": "1",
    }


def test_a_value_nobody_asked_for_is_refused() -> None:
    evidence = host({"sysctl.values": "boot systemd\nasked a/b\na/b:1\nkernel/x:1\n"})
    assert run_parser(FACTS["sysctl.reading"], evidence).reason is Reason.UNPARSABLE


# --- trees


def test_a_link_inside_of_a_tree_has_the_content_it_leads_to() -> None:
    files = tree_files(
        host(
            tree(
                "sysctl.files", {"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf", "/etc/sysctl.conf": "x"}
            )
        ),
        "sysctl.files",
    )
    assert not isinstance(files, Absent)
    by_path = {file.path: file.content for file in files}
    linked = by_path["/etc/sysctl.d/99-sysctl.conf"]
    assert isinstance(linked, Evidence)
    assert linked.content == b"x"


def test_a_link_to_dev_null_is_an_empty_file_and_one_out_of_the_tree_is_unknown() -> None:
    files = tree_files(
        host(tree("t", {"/a": "-> /dev/null", "/b": "-> /elsewhere", "/c": "-> /d", "/d": "-> /c"})), "t"
    )
    assert not isinstance(files, Absent)
    contents = {file.path: file.content for file in files}
    assert isinstance(contents["/a"], Evidence)
    assert contents["/a"].content == b""
    for path, reason in (("/b", Reason.NOT_COLLECTED), ("/c", Reason.UNPARSABLE)):
        content = contents[path]
        assert isinstance(content, Absent)
        assert content.reason is reason


def test_ufw_sets_values_only_while_it_is_enabled() -> None:
    files: dict[str, str | bytes | Reason] = {
        "/etc/ufw/sysctl.conf": "net/ipv4/conf/all/accept_redirects=0\n",
        "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
    }
    on = sysctl_conf.parse_sysctl_files(host(tree("sysctl.files", files)))
    assert isinstance(on, SysctlFiles)
    assert on.ufw is not None
    assert on.files == ()
    files["/etc/ufw/ufw.conf"] = "ENABLED=no\n"
    off = sysctl_conf.parse_sysctl_files(host(tree("sysctl.files", files)))
    assert isinstance(off, SysctlFiles)
    assert off.ufw is None


# --- sockets


SOCKET = (
    "table tcp\n/proc/net/tcp:   0: 0100007F:0016 00000000:0000 STATE"
    " 00000000:00000000 00:00000000 00000000     0        0 7 1\n"
)


def test_addresses_are_in_the_byte_order_of_the_host() -> None:
    line = SOCKET.replace("STATE", "0A")
    little = proc_net.parse_sockets(host({"network.sockets": line}))
    uname = "Linux h 6.1 #1 s390x GNU/Linux\n"
    big = proc_net.parse_sockets(host({"network.sockets": line, "kernel.uname": uname}))
    assert little.listeners[0].address == "127.0.0.1"
    assert little.listeners[0].scope == "loopback"
    assert big.listeners[0].address == "1.0.0.127"


def test_a_connection_in_state_07_is_no_listener_of_tcp() -> None:
    line = SOCKET.replace("STATE", "07")
    assert proc_net.parse_sockets(host({"network.sockets": line})).listeners == ()


def test_a_table_that_could_not_be_read_is_told() -> None:
    assert proc_net.parse_sockets(host({"network.sockets": "denied tcp\ntable udp\n"})).unread == ("tcp",)


# --- packet filter


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("drop", FilterRule(True, "drop")),
        ("counter packets 0 bytes 0 drop", FilterRule(True, "drop")),
        (
            'log prefix "x: " level info counter reject with icmpx admin-prohibited',
            FilterRule(True, "reject"),
        ),
        ("tcp dport { 22, 80 } accept", FilterRule(False, "accept")),
        ("jump site", FilterRule(True, "jump", "site", ("site",))),
        ("ip saddr @blocked drop", FilterRule(False, "drop", "", ("blocked",))),
        ("ct state vmap { established : accept }", FilterRule(False)),
    ],
)
def test_a_rule_of_nft_text_is_known_to_hold_for_all_or_not(rule: str, expected: FilterRule) -> None:
    chain = f"chain i {{\n  type filter hook input priority 0;\n  {rule}\n }}"
    file = read_nft_text(text(f"table inet f {{\n {chain}\n}}\n"))
    ((made,),) = [table.chains for table in file.ruleset.tables]
    assert (made.hook, made.policy) == ("input", "accept")
    assert made.rules == (expected,)


def test_commands_of_nft_text_build_the_same_as_blocks() -> None:
    commands = (
        "add table ip f\nadd chain ip f i { type filter hook input priority 0; policy drop; }\n"
        "add rule ip f i tcp dport 22 accept\n"
    )
    ((chain,),) = [table.chains for table in read_nft_text(text(commands)).ruleset.tables]
    assert (chain.name, chain.hook, chain.policy, len(chain.rules)) == ("i", "input", "drop", 1)


def test_flush_ruleset_forgets_what_stood_above() -> None:
    rules = "table ip a { chain i { type filter hook input priority 0; policy drop; } }\nflush ruleset\n"
    file = read_nft_text(text(rules))
    assert file.ruleset.tables == ()
    assert file.flushes


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-A INPUT -j DROP", FilterRule(True, "drop")),
        ("[0:0] -A INPUT -j REJECT --reject-with icmp-host-prohibited", FilterRule(True, "reject")),
        ('-A INPUT -m comment --comment "all; of it" -j ACCEPT', FilterRule(True, "accept")),
        ("-A INPUT -i lo -j ACCEPT", FilterRule(False, "accept", matches=(FilterMatch("iif", ("lo",)),))),
        ("-A INPUT -j site", FilterRule(True, "jump", "site", ("site",))),
        ("-A INPUT -g site", FilterRule(True, "goto", "site", ("site",))),
        ("-A INPUT -j LOG --log-prefix x", FilterRule(True)),
    ],
)
def test_a_rule_of_iptables_is_known_to_hold_for_all_or_not(line: str, expected: FilterRule) -> None:
    lines = ["*filter", ":INPUT ACCEPT [0:0]", line, "COMMIT"]
    ruleset = read_iptables_save(((f"k:{n}", each) for n, each in enumerate(lines)), "ip")
    assert ruleset.tables[0].chains[0].rules == (expected,)


JSON = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_an_expression_that_is_not_known_is_a_condition(body: object) -> None:
    expressions = [{"new thing": body}, {"drop": None}]
    document = {
        "nftables": [
            {"table": {"family": "ip", "name": "f"}},
            {"chain": {"family": "ip", "table": "f", "name": "i", "hook": "input", "policy": "accept"}},
            {"rule": {"family": "ip", "table": "f", "chain": "i", "expr": expressions}},
        ]
    }
    ruleset = read_nft_json(text(json.dumps(document)))
    assert not ruleset.tables[0].chains[0].rules[0].always


# --- audit, sshd, sudo


@pytest.mark.parametrize(
    ("rule", "path", "recursive", "permissions"),
    [
        ("-w /etc/selinux/ -p wa -k MAC-policy", "/etc/selinux", True, "wa"),
        ("-a always,exit -F dir=/etc/selinux/ -F perm=wa", "/etc/selinux", True, "wa"),
        ("-a exit,always -F path=/etc/shadow -F perm=r", "/etc/shadow", False, "r"),
        ("-w /etc/apparmor.d", "/etc/apparmor.d", True, "rwxa"),
    ],
)
def test_a_watch_is_read_in_every_form(rule: str, path: str, recursive: bool, permissions: str) -> None:
    read = audit_rules.read_rule("k:1", rule, "")
    assert (read.path, read.recursive, read.permissions) == (path, recursive, permissions)


def test_files_of_rules_d_stand_in_the_order_of_augenrules() -> None:
    names = ("10-base.rules", "9-first.rules", "99-finalize.rules")
    files = {f"/etc/audit/rules.d/{name}": f"-w /{name} -p wa\n" for name in names}
    found = audit_rules.parse_audit_files(host(tree("audit.rules_files", dict(files))))
    assert not isinstance(found, Absent)
    assert [Path(part.path).name for part in found.parts] == [
        "9-first.rules",
        "10-base.rules",
        "99-finalize.rules",
    ]


def test_a_match_block_in_an_included_file_ends_with_it() -> None:
    files = {
        "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin YES\n",
        "/etc/ssh/sshd_config.d/a.conf": "Match User x\nPermitRootLogin YES\n",
    }
    found = sshd_effective.parse_match_blocks(host(tree("sshd.files", dict(files))))
    assert not isinstance(found, Absent)
    assert [(each.criteria, each.keyword, each.value) for each in found] == [
        ("User x", "permitrootlogin", "yes")
    ]


@pytest.mark.parametrize("name", ["sshd.matches", "accounts.sudoers"])
def test_files_that_include_each_other_come_to_an_end(name: str) -> None:
    if name == "sshd.matches":
        files = {f"/etc/ssh/sshd_config.d/{n}.conf": "Include sshd_config.d/*.conf\n" for n in range(40)}
        files["/etc/ssh/sshd_config"] = "Include sshd_config.d/*.conf\n"
        value = sshd_effective.parse_match_blocks(host(tree("sshd.files", dict(files))))
        assert isinstance(value, Absent)
    else:
        files = {f"/etc/sudoers.d/{n}": "@includedir /etc/sudoers.d\n" for n in range(40)}
        files["/etc/sudoers"] = "@includedir /etc/sudoers.d\n"
        found = sudoers.parse_sudoers(host(tree("accounts.sudoers", dict(files))))
        assert not isinstance(found, Absent)
        assert found.unread


def test_a_mount_point_with_blanks_is_unescaped() -> None:
    line = r"36 35 98:0 /a\040b /mnt/with\040blank rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
    (mount,) = mountinfo.parse_mountinfo(host({"mounts.mountinfo": line + "\n"}))
    assert (mount.point, mount.root, mount.options) == ("/mnt/with blank", "/a b", ("rw", "noatime"))


# --- web


def test_nginx_words_may_be_quoted_and_hold_braces_and_comments() -> None:
    content = """# configuration file /etc/nginx/nginx.conf:
http {
  server { # a comment; with marks {
    server_name 'a.example' "b example" ~^(?<x>www\\.)c\\.example$;
    listen 80; listen [::]:80;
    location ~ "\\.(php|html){1,2}$" { set $x "${y};"; fastcgi_pass unix:/run/a.sock; root /srv/a; }
  }
}
"""
    (site,) = parse_nginx(host({"web.nginx": content})).sites
    assert site.names == ("a.example", "b example", "~^(?<x>www\\.)c\\.example$")
    assert site.listen == ("80", "[::]:80")
    assert (site.docroots, site.backends) == (("/srv/a",), ("unix:/run/a.sock",))
    assert site.place == "/etc/nginx/nginx.conf:2"


def test_a_pool_names_itself_and_keeps_quoted_values() -> None:
    content = (
        '[global]\npid = /run/x\n[site]\nuser = $pool\nlisten = "/run/php/$pool.sock" ; here\n'
        "php_admin_value[open_basedir] = /srv/$pool\n"
    )
    pools = parse_php_pools(host(tree("web.php_pools", {"/etc/php-fpm.d/site.conf": content})))
    assert not isinstance(pools, Absent)
    ((name, user, listen, basedir),) = [(p.name, p.user, p.listen, p.open_basedir) for p in pools]
    assert (name, user, listen, basedir) == ("site", "site", "/run/php/site.sock", "/srv/site")


# --- outputs of other distributions


def outputs() -> Path:
    return corpus("insights-outputs") / "parsers"


@pytest.mark.parametrize(
    ("fact", "key", "file", "check"),
    [
        ("mounts", "mounts.mountinfo", "test_mount/MOUNTINFO_DATA.txt", lambda v: v[0].point and len(v) > 5),
        ("mounts", "mounts.mountinfo", "test_mount/MOUNTINFO_DOC.txt", lambda v: len(v) > 2),
        (
            "audit.config",
            "audit.config",
            "test_auditd_conf/AUDITD_CONF_1.txt",
            lambda v: v.settings["num_logs"] == "5",
        ),
        (
            "audit.status",
            "audit.status",
            "test_auditctl/NORMAL_AUDS_RHEL6.txt",
            lambda v: (v.pid, v.failure) == (1483, 1),
        ),
        (
            "audit.status",
            "audit.status",
            "test_auditctl/NORMAL_AUDS_RHEL7.txt",
            lambda v: v.loginuid_immutable is True,
        ),
        (
            "audit.loaded",
            "audit.loaded",
            "test_auditctl/AUDIT_RULES_OUTPUT2.txt",
            lambda v: v[0].path == "/etc/selinux" and len(v) == 9,
        ),
    ],
)
def test_outputs_of_other_distributions_are_read(
    fact: str, key: str, file: str, check: Callable[[Any], bool]
) -> None:
    value = run_parser(FACTS[fact], host({key: (outputs() / file).read_bytes()}))
    assert not isinstance(value, Absent), value
    assert check(value)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("audit.status", "test_auditctl/BAD_INPUT_MIX.txt"),
        ("audit.config", "test_auditd_conf/AUDITD_CONF_2.txt"),  # auditd does not start with it either
        ("mounts", "test_mount/MOUNTINFO_ERR_DATA.txt"),
    ],
)
def test_broken_outputs_are_unparsable(name: str, file: str) -> None:
    value = run_parser(FACTS[name], host({FACTS[name].keys[0]: (outputs() / file).read_bytes()}))
    assert isinstance(value, Absent)
    assert value.reason is Reason.UNPARSABLE


def test_sysctl_files_of_other_distributions_are_read() -> None:
    folder: Mapping[str, int] = {"SYSCTL_CONF_TEST1": 1, "SYSCTL_CONF_TEST3": 1, "SYSCTL_CONF_TEST4": 0}
    for name, least in folder.items():
        content = (outputs().parent / f"combiners/test_sysctl_conf/{name}.txt").read_text()
        file = sysctl_conf.parse_sysctl_conf(text(content), "/etc/sysctl.conf")
        assert not isinstance(file.settings, Absent)
        assert len(file.settings) >= least
