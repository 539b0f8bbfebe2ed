"""Drafts judged against Debian's policies, with a small host around them."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import msgspec
import pytest

from hardcheck.access import Action, Capability, Object, Subject
from hardcheck.access import Path as File
from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.confine.apparmor_text import apparmor_files
from hardcheck.confine.compiling import compile_module
from hardcheck.confine.draft import Choices, Draft, draft
from hardcheck.confine.drafted import with_module, with_profiles
from hardcheck.confine.from_host import spec_text
from hardcheck.confine.judge import Judged
from hardcheck.confine.labels import CommonLabels, HostLabels
from hardcheck.confine.selinux_rules import selinux_rules
from hardcheck.confine.selinux_text import te
from hardcheck.errors import UsageError
from hardcheck.exposure.goals import load_goals
from hardcheck.exposure.host import Host
from hardcheck.facts.web import PhpPool
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.cil import read_extension
from tests.corpora import corpus
from tests.unit.confine.specs import SHOP, SITES, spec
from tests.unit.exposure import hosts
from tests.unit.selinux.policies import debian, debian_labels

GOALS = load_goals()
FPM = "/etc/php/8.2/fpm/pool.d"
POOLS = tuple(
    PhpPool(name, "www-data", "www-data", f"/run/php/{name}.sock", "", "", f"{FPM}/{name}.conf:1")
    for name in "ab"
)


@functools.cache
def debian_host() -> Host:
    return hosts.host(SelinuxPolicy(debian(), debian_labels()), **{"web.php_pools": POOLS})


@functools.cache
def debian_apparmor() -> AppArmorPolicy:
    return AppArmorPolicy(ProfileSet.read(corpus("apparmor-profiles-debian12") / "etc/apparmor.d"))


def drafted(text: str, host: Host | None) -> Draft:
    return draft(spec(text), host, GOALS, Choices())


@functools.cache
def sites() -> Draft:
    return drafted(SITES, debian_host())


def lines(found: Draft, judged: Judged) -> list[str]:
    (judgement,) = found.judgements
    needs = [f"{one.service}: {one.question}" for one in judgement.needs if one.judged is judged]
    return needs + [f"{one.service}: {one.goal}" for one in judgement.goals if one.judged is judged]


def test_a_good_draft_allows_its_needs_and_opens_nothing() -> None:
    (judgement,) = sites().judgements
    assert judgement.side == "selinux"
    assert not [one for one in judgement.needs if one.judged is not Judged.GOOD]
    assert not lines(sites(), Judged.BAD)
    asked = {one.question for one in judgement.needs if one.wanted == "denied"}
    assert {"read /srv/a/", "write /srv/a/", "read /srv/b/", "connect /run/php/a.sock"} <= asked


def test_the_sites_cannot_read_each_other_any_more() -> None:
    (judgement,) = sites().judgements
    matrix = {(one.reader, one.owner): (one.read_before, one.read_after) for one in judgement.tenants}
    assert matrix == {
        ("a.example", "b.example"): ("allowed", "blocked"),
        ("b.example", "a.example"): ("allowed", "blocked"),
    }


def test_a_right_that_opens_an_attack_goal_is_bad() -> None:
    found = drafted(SITES.replace("[/etc/php/8.2/fpm/php.ini,", "[/etc/shadow,", 1), debian_host())
    assert found.judged is Judged.BAD
    assert "site-a: read-password-hashes" in lines(found, Judged.BAD)
    assert "site-b: read-password-hashes" not in lines(found, Judged.BAD)


def test_a_port_that_the_specification_names_is_no_surprise() -> None:
    text = SITES.replace("    served_by:", "    connect: [tcp 25]\n    served_by:", 1)
    found = drafted(text, debian_host())
    (judgement,) = found.judgements
    (mail,) = (one for one in judgement.goals if (one.service, one.goal) == ("site-a", "connect-mail"))
    assert (mail.after, mail.judged) == ("allowed", Judged.GOOD)
    assert mail.because[0] == "the specification asks for it"


def test_a_local_label_of_the_host_is_overruled_locally() -> None:
    contexts = debian_labels().with_rules(
        (
            *debian_labels().rules,
            msgspec.structs.replace(
                debian_labels().rules[0],
                spec="/srv(/.*)?",
                kind="",
                context="system_u:object_r:httpd_sys_content_t:s0",
                where="file_contexts.local:1",
            ),
        )
    )
    policy = SelinuxPolicy(debian(), contexts)
    module = selinux_rules(spec(SITES), HostLabels(policy))
    laid = with_module(policy, module)
    assert [rule.spec for rule in laid.local] == ["/srv/a(/.*)?", "/srv/b(/.*)?"]
    assert laid.contexts.match("/srv/a/x", "file") == "system_u:object_r:site_a_content_t:s0"


def test_categories_tell_services_of_one_domain_apart() -> None:
    text = SITES.replace("name: sites", "name: sites\nseparate_by: categories", 1)
    text = text.replace("    content: [/srv/a/]", "    categories: [1, 2]\n    content: [/srv/a/]")
    text = text.replace("    content: [/srv/b/]", "    categories: [3, 4]\n    content: [/srv/b/]")
    found = drafted(text, debian_host())
    (judgement,) = found.judgements
    assert "typeattributeset mcs_constrained_type" in found.files["selinux/confine_sites.cil"]
    assert not [one for one in judgement.needs if one.judged is not Judged.GOOD]
    assert (
        "SELinuxContext=system_u:system_r:sites_t:s0:c1,c2" in found.files["systemd/php-fpm-site-a.service"]
    )


def test_an_apparmor_host_is_judged_by_its_own_profiles() -> None:
    host = hosts.host(debian_apparmor(), **{"mac.framework": "apparmor", "web.php_pools": POOLS})
    for text in (SITES, SITES.replace("name: sites", "name: sites\nhats: true", 1)):
        (judgement,) = drafted(text, host).judgements
        assert judgement.side == "apparmor"
        assert not [one for one in judgement.needs if one.judged is not Judged.GOOD]


def test_the_master_of_hats_may_start_its_pools_and_a_hat_nothing_of_it() -> None:
    """By the profile's own text, as the kernel would answer: who reads pools' files and changes profile."""
    text = SITES.replace("name: sites", "name: sites\nhats: true", 1)
    ((file, profile),) = apparmor_files(spec(text), "3.0").items()
    assert file == "sites-pools"
    assert not [line for line in profile.splitlines() if "confined.d" in line]  # pools' files stay in place
    asked = with_profiles(debian_apparmor(), {file: profile})

    def may(subject: str, action: Action, object_: Object) -> bool:
        answer = asked.may(Subject(subject), action, object_)
        assert not answer.unknown
        return answer.allowed

    pool, pid = File(f"{FPM}/a.conf"), File("/run/php/php8.2-fpm.pid")
    hat, other = "sites-pools//site-a", "sites-pools//site-b"
    assert may("sites-pools", Action.READ, pool)
    assert may("sites-pools", Action.WRITE, pid)
    assert may("sites-pools", Action.USE, Capability("setuid"))
    assert may("sites-pools", Action.TRANSITION, Subject(hat))
    assert not may("sites-pools", Action.TRANSITION, Subject("unconfined"))
    assert may(hat, Action.READ, File("/srv/a/index.php"))
    assert not may(hat, Action.READ, File("/srv/b/index.php"))
    assert not may(hat, Action.READ, pool)
    assert not may(hat, Action.USE, Capability("setuid"))
    assert not may(hat, Action.TRANSITION, Subject(other))


def test_the_abi_is_the_one_asked_for() -> None:
    assert (
        draft(spec(SHOP), None, GOALS, Choices(abi="4.0")).files["apparmor/shop"].startswith("abi <abi/4.0>,")
    )


def test_without_a_host_everything_is_unknown_and_never_good() -> None:
    found = drafted(SITES, None)
    assert found.judged is Judged.UNKNOWN
    assert all(one.judged is Judged.UNKNOWN for judgement in found.judgements for one in judgement.needs)
    assert "selinux/confine_sites.cil" in found.files
    ports = drafted(SHOP, None)
    assert "selinux/confine_shop.cil" not in ports.files
    assert "the type of tcp 8080 is not known" in ports.notes[0]
    assert "module=''" in ports.files["settings.sh"]


def test_a_type_or_profile_that_is_there_already_is_refused() -> None:
    with pytest.raises(UsageError, match="httpd_t"):
        drafted(SHOP.replace("- name: shop", "- name: httpd"), debian_host())
    host = hosts.host(debian_apparmor(), **{"mac.framework": "apparmor"})
    with pytest.raises(UsageError, match="php-fpm already"):
        drafted(SITES.replace("- name: site-a", "- name: php-fpm"), host)


def test_two_types_for_one_place_are_refused() -> None:
    text = SHOP.replace("runtime: [/run/shop/]", "runtime: [/run/shop.pid]\n    sockets: [/run/shop.sock]")
    text = text.replace("state: [/var/lib/shop/]", "state: [/run/shop.state]")
    with pytest.raises(UsageError, match="two types"):
        drafted(text, debian_host())


def test_every_statement_of_the_module_is_in_the_reference_language_too() -> None:
    module = read_extension(sites().files["selinux/confine_sites.cil"])
    text = sites().files["selinux/confine_sites.te"]
    for one in module.allows:
        rule = f"allow {one.source} {one.target}:{one.class_} {{ {' '.join(one.permissions)} }};"
        assert rule in text
    assert text.count("\nallow ") == len(module.allows)
    assert text.count("\ntype_transition ") == len(module.transitions)
    macros = te(spec(SITES), module, refpolicy=True)
    assert macros.startswith("policy_module(confine_sites, 1.0)")
    assert "files_type(site_a_content_t)" in macros


@pytest.mark.skipif(not shutil.which("checkmodule"), reason="checkmodule is not installed")
@pytest.mark.parametrize("text", [SITES, SHOP])
def test_the_compilers_accept_both_languages(text: str) -> None:
    found = drafted(text, debian_host())
    assert {one.result for one in found.compiled} <= {"accepted", "not installed"}, found.compiled
    module = read_extension(found.files[f"selinux/confine_{spec(text).name}.cil"])
    broken = compile_module("module x 1.0;\nallow a b:c d;\n", "\n", "(nonsense)\n", "x", module)
    assert {one.result for one in broken} <= {"refused", "not installed"}
    assert broken[0].detail


def test_a_draft_from_a_host_is_a_specification_that_is_good_there() -> None:
    host = debian_host()
    text = spec_text(host, "php-fpm")
    first, second = spec(text).services
    assert (first.name, second.name) == ("a", "b")
    assert first.paths("content") == ("/srv/a/",)
    assert first.served_by[0].domain == "httpd_t"
    assert not lines(drafted(text, host), Judged.BAD)
    with pytest.raises(UsageError, match="it has: nginx"):
        spec_text(host, "no-such")


def test_hostile_words_of_a_host_stay_words() -> None:
    evil = "a.example\n    executes: [/bin/sh]"
    processes = tuple(
        msgspec.structs.replace(one, arguments=(f"php-fpm: pool {evil}",)) if one.pid == 21 else one
        for one in hosts.PROCESSES
    )
    pools = (msgspec.structs.replace(POOLS[0], name=evil), POOLS[1])
    site = msgspec.structs.replace(hosts.SITES[0], pools=(evil,), docroots=("/srv/a\nx", '/srv/"; x'))
    facts = {"processes.all": processes, "web.php_pools": pools, "web.sites": (site, hosts.SITES[1])}
    found = spec(spec_text(hosts.host(debian_host().policy, **facts), "php-fpm"))
    assert [one.name for one in found.services] == ["b"]
    assert not any(one.executes for one in found.services)


def test_common_labels_answer_without_a_host() -> None:
    labels = CommonLabels()
    assert labels.of("/etc/shop.conf") == "etc_t"
    assert labels.of("/nowhere/x") == ""
    assert labels.of_port("tcp", 443) == "http_port_t"


def test_the_profile_of_a_service_holds_it_to_its_files() -> None:
    from hardcheck.confine.drafted import with_profiles

    policy = with_profiles(debian_apparmor(), {"shop": drafted(SHOP, None).files["apparmor/shop"]})
    may = [
        (Action.WRITE, "/srv/shop/uploads/x", True),
        (Action.WRITE, "/srv/shop/index.html", False),
        (Action.READ, "/etc/pki/tls/private/x.key", False),
        (Action.READ, "/etc/shadow", False),
        (Action.EXECUTE, "/usr/bin/convert", True),
        (Action.EXECUTE, "/bin/sh", False),
    ]
    for action, path, allowed in may:
        assert policy.may(Subject("shop"), action, File(path, owner=True)).allowed is allowed, path


def test_file_names_stay_below_the_folder() -> None:
    for text in (SITES, SHOP):
        assert all(
            not Path(name).is_absolute() and ".." not in Path(name).parts
            for name in drafted(text, None).files
        )
