"""ssh_config(5), with ``ssh -G`` as the oracle where it is there."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import ConfigError
from hardcheck.transport.ssh_arguments import parse_ssh_arguments
from hardcheck.transport.ssh_config import read_ssh_config
from hardcheck.transport.ssh_lookup import Caller, SshHost, look_up
from tests.corpora import need_tool

CONFIG = """\
# comment
Include conf.d/*.conf
Host web bastion-* !bastion-9
    HostName %h.example.net
    User deploy
    Port=2222
    IdentityFile ~/.ssh/id_deploy
    IdentityFile "%d/.ssh/id with space"
    IdentitiesOnly yes

Host db
  ProxyJump bastion-1,admin@bastion-2:2200
  UserKnownHostsFile ~/.ssh/kh1 /etc/kh2
  StrictHostKeyChecking accept-new

Host via
  ProxyCommand nc -X connect -x proxy:3128 %h %p

Match host web.example.net user deploy
  HostKeyAlias the-web
  ConnectTimeout 7

Match originalhost app* exec "test %h = app1"
  Port 4444

Match localuser nobody-at-all
  Port 1

Match !host app2
  ServerAliveInterval 11

Match final
  HashKnownHosts yes

Host *
    User everybody
    Port 9999
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".ssh"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "config").write_text(CONFIG)
    (folder / "conf.d" / "10.conf").write_text("Host included\n  HostName 192.0.2.10\n  IdentityFile none\n")
    return tmp_path


def one_line(error: ConfigError) -> None:
    assert "\n" not in str(error)


def look(home: Path, alias: str, **overrides: tuple[str, ...]) -> SshHost:
    settings = read_ssh_config(home / ".ssh" / "config", home)
    return look_up(
        alias, settings, overrides, Caller("me", home), {"SSH_AUTH_SOCK": "/agent", "KEYS": "/keys"}
    )


def test_the_first_value_wins_and_identities_add_up(home: Path) -> None:
    web = look(home, "web")
    assert (web.hostname, web.user, web.port) == ("web.example.net", "deploy", 2222)
    assert web.identity_files == (home / ".ssh/id_deploy", home / ".ssh/id with space")
    assert web.identities_given
    assert web.identities_only
    assert (web.host_key_alias, web.connect_timeout_s) == ("the-web", 7)


def test_an_excluded_name_gets_the_defaults(home: Path) -> None:
    host = look(home, "bastion-9")
    assert (host.hostname, host.user, host.port) == ("bastion-9", "everybody", 9999)
    assert host.identity_files[0] == home / ".ssh/id_ed25519"
    assert not host.identities_given
    assert host.agent == "/agent"


def test_jumps_and_known_hosts_files_are_lists(home: Path) -> None:
    host = look(home, "db")
    assert host.proxy_jump == ("bastion-1", "admin@bastion-2:2200")
    assert host.user_known_hosts == (home / ".ssh/kh1", Path("/etc/kh2"))
    assert host.strict == "accept-new"


def test_a_proxy_command_is_expanded_and_stays_one_text(home: Path) -> None:
    assert look(home, "via").proxy_command == "nc -X connect -x proxy:3128 via 9999"


def test_match_lines_are_obeyed(home: Path) -> None:
    assert look(home, "app1").port == 4444
    assert look(home, "app2").port == 9999
    assert look(home, "app2").keepalive_s == 0
    assert look(home, "app1").keepalive_s == 11
    assert look(home, "web").hash_known_hosts


def test_an_included_file_counts(home: Path) -> None:
    host = look(home, "included")
    assert host.hostname == "192.0.2.10"
    assert host.identity_files == ()


def test_options_win_over_files(home: Path) -> None:
    host = look(
        home, "web", port=("22",), user=("root",), identityfile=("${KEYS}/a b",), identityagent=("none",)
    )
    assert (host.port, host.user, host.agent) == (22, "root", "")
    assert host.identity_files[0] == Path("/keys/a b")


@pytest.mark.parametrize("alias", ["web", "bastion-1", "bastion-9", "db", "app1", "app2", "included", "x.y"])
def test_ssh_itself_reads_the_same(home: Path, alias: str) -> None:
    ssh = need_tool("ssh")
    config = home / "flat"
    text = CONFIG.replace("Include conf.d/*.conf", f"Include {home}/.ssh/conf.d/*.conf").replace(
        "~/", f"{home}/"
    )
    config.write_text(text.replace("%d", str(home)))
    done = subprocess.run([ssh, "-G", "-F", str(config), alias], capture_output=True, text=True, check=True)
    theirs: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        theirs.setdefault(key, []).append(value)
    ours = look(home, alias)
    assert ours.hostname == theirs["hostname"][0]
    assert ours.user == theirs["user"][0]
    assert str(ours.port) == theirs["port"][0]
    assert ",".join(ours.proxy_jump) == theirs.get("proxyjump", [""])[0]
    assert int(ours.connect_timeout_s) == int(theirs["connecttimeout"][0].replace("none", "0"))
    assert str(ours.keepalive_s) == theirs["serveraliveinterval"][0]
    assert ours.identities_only is (theirs["identitiesonly"][0] == "yes")
    if ours.identities_given:
        named = [path.replace("none", "") for path in theirs.get("identityfile", [])]
        assert [str(path) for path in ours.identity_files] == [path for path in named if path]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Host x\n  Port\n", "config:2: expected a keyword and its argument"),
        ("Port twelve\n", "config:1: expected a number up to 65535"),
        ("Port 70000\n", "config:1: expected a number"),
        ('User "open\n', "config:1: expected a closing quote"),
        ("Match sometimes\n", "config:1: expected a Match criterion"),
        ("Match host\n", "config:1: expected an argument after 'host'"),
        ("HostName %Z\n", "expected a %-token"),
        ("IdentityFile ${NO_SUCH_VARIABLE}\n", "expected the environment variable NO_SUCH_VARIABLE"),
        ("Include config\n", "nested Include"),
    ],
)
def test_a_fault_is_one_line_with_its_place(home: Path, text: str, fault: str) -> None:
    (home / ".ssh" / "config").write_text(text)
    with pytest.raises(ConfigError) as caught:
        look(home, "web")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_others_may_write_to_is_refused(home: Path) -> None:
    (home / ".ssh" / "config").chmod(0o666)
    with pytest.raises(ConfigError, match="only its owner may write"):
        look(home, "web")


def test_no_file_is_an_empty_configuration(home: Path) -> None:
    (home / ".ssh" / "config").unlink()
    assert look(home, "web").port == 22


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / ".ssh").mkdir()
        (Path(name) / ".ssh" / "config").write_bytes(text.replace("exec", "").encode("utf-8", "replace"))
        try:
            look(Path(name), "web")
        except ConfigError as error:
            one_line(error)


def test_arguments_of_ssh_become_options() -> None:
    text = (
        "-C -o ControlMaster=auto -oUserKnownHostsFile=/a/b -o 'ProxyCommand=ssh -W %h:%p -q gate' "
        '-o StrictHostKeyChecking=no -J j1,j2 -o "User deploy" -Cp 2222 -F /etc/my_config '
        "-o User=late plainword"
    )
    options, config_file = parse_ssh_arguments(text, "inv: web1")
    assert options == {
        "controlmaster": "auto",
        "userknownhostsfile": "/a/b",
        "proxycommand": "ssh -W %h:%p -q gate",
        "stricthostkeychecking": "no",
        "proxyjump": "j1,j2",
        "user": "deploy",
        "port": "2222",
    }
    assert config_file == "/etc/my_config"


@pytest.mark.parametrize("text", ["-o", "-o Port", "-J", "-o 'open", "-o =x"])
def test_arguments_without_their_value_are_a_fault(text: str) -> None:
    with pytest.raises(ConfigError, match="inv: web1"):
        parse_ssh_arguments(text, "inv: web1")


@given(st.text(max_size=100))
def test_any_arguments_are_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_ssh_arguments(text, "x")
