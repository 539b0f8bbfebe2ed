"""How far sites are kept apart: folders by owner and mode, the MAC policy, labels, PHP's own bounds."""

from __future__ import annotations

import pytest

from hardcheck.access.model import Verdict
from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.derive.cpanel_accounts import cpanel_accounts
from hardcheck.derive.php_limits import php_limits
from hardcheck.derive.web_isolation import content_labels, docroots, tenants
from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import Group, User
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.labels import FileLabel, FileLabels
from hardcheck.facts.processes import Process
from hardcheck.facts.web import Cpanel, PhpIni, PhpPool, Site

DENIED = Absent(Reason.DENIED, ("x",))
USERS = (User("a", 1001, 1001, "/", "/bin/sh"), User("b", 1002, 1002, "/", "/bin/sh"))
GROUPS = (Group("a", 1001, ()), Group("b", 1002, ()), Group("web", 33, ("b",)))


def site(name: str, user: str | Absent = "") -> Site:
    pools = (name,) if user else ()
    return Site("nginx", (f"{name}.example",), (f"/srv/www/{name}",), (), pools, user, f"f:{name}")


def folders(**modes: tuple[str, int, int]) -> dict[str, OwnedFile]:
    found = {place: OwnedFile(place, "0755", 0, 0) for place in ("/", "/srv", "/srv/www")}
    for name, (mode, uid, gid) in modes.items():
        found[f"/srv/www/{name}"] = OwnedFile(f"/srv/www/{name}", mode, uid, gid)
    return found


@pytest.mark.parametrize(
    ("mode", "gid", "expected"),
    [
        ("0755", 1001, ("b.example as b",)),
        ("0750", 1001, ()),
        ("2750", 33, ("b.example as b",)),  # b is a member of the web server's group
        ("0711", 1001, ("b.example as b",)),  # known names can be opened without a listing
        ("0701", 33, ()),  # the group's bits count for a member, not those for others
        ("0744", 1001, ()),
    ],
)
def test_a_folder_is_open_to_who_may_enter_it(mode: str, gid: int, expected: tuple[str, ...]) -> None:
    found = docroots(
        (site("a", "a"), site("b", "b")), folders(a=(mode, 1001, gid), b=("0700", 1002, 1002)), USERS, GROUPS
    )
    assert not isinstance(found, Absent)
    assert [each.open_to for each in found] == [expected, ()]


def test_a_folder_above_that_is_shut_shuts_what_was_not_looked_at() -> None:
    shut = folders() | {"/srv/www": OwnedFile("/srv/www", "0700", 0, 0)}
    found = docroots((site("a", "a"), site("b", "b")), shut, USERS, GROUPS)
    assert not isinstance(found, Absent)
    assert found[0].open_to == ()
    unseen = docroots((site("a", "a"), site("b", "b")), folders(), USERS, GROUPS)
    assert not isinstance(unseen, Absent)
    assert isinstance(unseen[0].open_to, Absent)


def test_a_site_whose_account_is_not_known_leaves_the_others_open_questions() -> None:
    found = docroots((site("a", "a"), site("b", DENIED)), folders(a=("0755", 1001, 1001)), USERS, GROUPS)
    assert not isinstance(found, Absent)
    assert found[0].open_to is DENIED
    assert docroots((site("a", "a"),), folders(), DENIED, GROUPS) is DENIED


def process(pool: str, label: str | Absent) -> Process:
    return Process(7, 1, "php-fpm", 33, 33, 33, False, label, "", arguments=(f"php-fpm: pool {pool}", ""))


FILES = FileLabels((FileLabel("/srv/www/b/index.php", "f", "u:r:b_content_t:s0", "644", 0, 0),))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.ALLOWED, ("b.example",)),
        (Verdict.LOGGED, ("b.example",)),
        (Verdict.DENIED, ()),
        (Verdict.UNKNOWN, Reason.NOT_PRESENT),
    ],
)
def test_the_policy_says_whose_files_a_site_reads(verdict: Verdict, expected: object) -> None:
    policy = ScriptedPolicy("apparmor", {"read /srv/www/b/index.php": {"php-fpm//a": verdict}})
    found = tenants((site("a", "a"), site("b", "b")), policy, (process("a", "php-fpm//a (enforce)"),), DENIED)
    reach = found[0]
    assert (reach.reads.reason if isinstance(reach.reads, Absent) else reach.reads) == expected
    assert reach.labels == ("php-fpm//a (enforce)",)


def test_a_site_without_a_process_reads_nobody_knows_what() -> None:
    policy = ScriptedPolicy("selinux")
    reach, _ = tenants((site("a", "a"), site("b", "b")), policy, (), FILES)
    assert isinstance(reach.reads, Absent)
    labelled = ScriptedPolicy("selinux", {"read /srv/www/b/index.php": {"x": Verdict.DENIED}})
    unlabelled, _ = tenants((site("a", "a"), site("b", "b")), labelled, (process("a", "x"),), FileLabels(()))
    assert isinstance(unlabelled.reads, Absent)
    unconfined, _ = tenants((site("a", "a"), site("b", "b")), policy, (process("a", "unconfined"),), FILES)
    assert unconfined.reads == ("b.example",)


def label(path: str, type_: str, kind: str = "f") -> FileLabel:
    return FileLabel(path, kind, f"system_u:object_r:{type_}:s0", "644", 0, 0)


def test_types_of_content_and_of_code() -> None:
    files = FileLabels(
        (
            label("/srv/www/a", "httpd_sys_rw_content_t", "d"),
            label("/srv/www/a/index.php", "httpd_sys_rw_content_t"),
            label("/srv/www/a/photo.jpg", "httpd_sys_rw_content_t"),
            label("/srv/www/a/notes.txt", "var_t"),
            label("/srv/www/a/run.cgi", "httpd_unconfined_script_exec_t"),
            label("/srv/www/a/.htaccess", "httpd_sys_htaccess_t"),
            label("/srv/www/ab", "var_t"),
        )
    )
    found = content_labels((site("a", "a"),), files)
    assert found[0].writable_code == (
        "/srv/www/a: httpd_sys_rw_content_t",
        "/srv/www/a/index.php: httpd_sys_rw_content_t",
    )
    assert found[0].foreign == (
        "/srv/www/a/notes.txt: var_t",
        "/srv/www/a/run.cgi: httpd_unconfined_script_exec_t",
    )
    assert isinstance(content_labels((site("c", "c"),), files)[0].foreign, Absent)


def pool(name: str, place: str = "/etc/php/8.2/fpm/pool.d/x.conf:1", **settings: str) -> PhpPool:
    return PhpPool(name, name, name, "", "", "", place, **settings)


INI = PhpIni("/etc/php/8.2/fpm", {"disable_functions": "exec,system"}, {})


def test_what_a_pool_disables_is_added_to_php_ini() -> None:
    found = php_limits((pool("a", disable_functions="Passthru, shell_exec"), pool("b")), (INI,))
    assert not isinstance(found, Absent)
    assert found[0].programs == ("pcntl_exec", "popen", "proc_open")
    assert "passthru" in found[1].programs


def test_folders_for_sessions_and_temporary_files_are_shared_unless_named_apart() -> None:
    apart = (
        pool("a", session_path="2;/var/lib/php/a", temporary_path="/srv/tmp/a"),
        pool("b", session_path="/var/lib/php/b/", temporary_path="/tmp", chroot="/srv/jail"),
        pool("c"),
        pool("d"),
    )
    found = php_limits(apart, (INI,))
    assert not isinstance(found, Absent)
    assert [(each.sessions, each.sessions_shared) for each in found] == [
        ("/var/lib/php/a", ()),
        ("/srv/jail/var/lib/php/b", ()),
        ("PHP's default", ("d",)),
        ("PHP's default", ("c",)),
    ]
    assert [each.temporary_shared for each in found] == [(), (), ("d",), ("c",)]


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        ("/etc/php/8.2/fpm/pool.d/x.conf:1", "/etc/php/8.2/fpm"),
        ("/etc/php-fpm.d/www.conf:1", "/etc"),
        ("/etc/php8/fpm/php-fpm.d/www.conf:1", "/etc/php8/fpm"),
        ("/opt/cpanel/ea-php82/root/etc/php-fpm.d/a.conf:1", "/opt/cpanel/ea-php82/root/etc"),
    ],
)
def test_a_pool_goes_with_the_php_ini_of_its_distribution(place: str, folder: str) -> None:
    assert not isinstance(php_limits((pool("a", place),), (PhpIni(folder, {}, {}),)), Absent)
    assert isinstance(php_limits((pool("a", place),), (PhpIni("/elsewhere", {}, {}),)), Absent)


def test_accounts_of_cpanel_are_kept_in_by_their_shell_or_by_cagefs() -> None:
    domains = (("a.example", "a"), ("b.example", "b"), ("*", "nobody"))
    users = (User("a", 1, 1, "/", "/bin/bash"), User("b", 2, 2, "/", "/usr/local/cpanel/bin/jailshell"))
    found = cpanel_accounts(Cpanel("11.118", domains), users, (pool("a"),))
    assert not isinstance(found, Absent)
    assert [(each.name, each.jailed, each.pool) for each in found] == [("a", False, True), ("b", True, False)]
    caged = cpanel_accounts(Cpanel("11.118", domains, cagefs=True), users, ())
    assert not isinstance(caged, Absent)
    assert all(each.jailed for each in caged)


def test_a_site_without_code_has_nothing_to_keep_from_others() -> None:
    policy = ScriptedPolicy("selinux")
    sites = (site("a", "a"), site("b"))
    assert [each.site for each in tenants(sites, policy, (process("a", "x"),), FILES)] == ["a.example"]
    found = docroots(sites, folders(a=("0750", 1001, 1001)), USERS, GROUPS)
    assert not isinstance(found, Absent)
    assert [each.site for each in found] == ["a.example"]
