"""The catalogue, the services, what stands in the way, the table, the fleet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.cli.app import app
from hardcheck.cli.knowledge import load_all_profiles, load_setup
from hardcheck.compare.catalogue import CATALOGUE, Catalogue, Entry, Lookup, Source
from hardcheck.compare.comparing import Assumed, compare_host
from hardcheck.compare.conditions import prospect
from hardcheck.compare.criteria import criteria_of, recommend
from hardcheck.compare.fleet import fleet_lines
from hardcheck.compare.model import SIDES, Cover, HostComparison, Prospect, ServiceLine
from hardcheck.compare.objectives import _WOULD, cover_text, mac_controls
from hardcheck.compare.services import service_lines, worst
from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.profile import AuditProfile
from hardcheck.evidence import Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.facts import Absent, Facts
from hardcheck.facts.base import fixed_facts
from hardcheck.facts.host import OsRelease
from hardcheck.facts.mac import Confined, ListeningSubject, Subject
from hardcheck.facts.mounts import Mount
from hardcheck.facts.packages import Package, Packages
from hardcheck.facts.web import Cpanel
from hardcheck.findings import Framework
from hardcheck.parse import PARSERS
from hardcheck.reasons import Reason

SPECS = fact_specs(PARSERS, DERIVED)
DENIED = Absent(Reason.DENIED, ("processes.all",), "permission denied")
NO_PANEL = Absent(Reason.NOT_PRESENT, ("web.cpanel",), "no cPanel")
TABLE = Path(__file__).parents[3] / "tools" / "fedora_executables.tsv"
LOOKUP = Lookup(
    Catalogue(
        (
            Source("policy", "selinux", "1", ("debian",)),
            Source("profiles", "apparmor", "2", ("debian",)),
            Source("project", "apparmor", "3"),
        ),
        (
            Entry("policy", "/usr/sbin/(.*/)?nginx", "httpd_t", "enforced"),
            Entry("policy", "/usr/sbin/nginx-debug", "", ""),
            Entry("policy", "/usr/sbin/.*d", "daemon_t", "unconfined"),
            Entry("profiles", "/{,usr/}sbin/php-fpm*", "php-fpm", "permissive"),
            Entry("profiles", "/usr/sbin/php-fpm8.2", "exact", "enforced"),
            Entry("profiles", "/usr/bin/stub", "stub", "unconfined"),
            Entry("project", "/usr/sbin/nginx", "nginx", "enforced"),
        ),
    )
)


def subject(program: str, unit: str, state: Confined | Absent, name: str = "httpd_t") -> Subject:
    return Subject(1, program.rpartition("/")[2], unit, program, 0, name, name, state, service=True)


def facts_of(**values: object) -> Facts:
    known: dict[str, object] = {
        "host.os": OsRelease("debian", "12"),
        "kernel.config": {"SECURITY_SELINUX": "y", "SECURITY_APPARMOR": "y"},
        "kernel.lsm": ("capability", "apparmor"),
        "packages": Packages("dpkg", {"apparmor": (Package("apparmor", "3"),)}),
        "mounts": (Mount("/", "ext4", "/dev/sda1", ("rw",)),),
        "web.cpanel": NO_PANEL,
    }
    known |= {name.replace("__", "."): value for name, value in values.items()}
    return fixed_facts(SPECS, known)


@pytest.mark.parametrize(
    ("framework", "executable", "expected"),
    [
        ("selinux", "/usr/sbin/nginx", ["httpd_t"]),
        ("selinux", "/usr/sbin/nginx-debug", []),  # a pattern without a domain overrules
        ("selinux", "/opt/nginx", []),
        ("apparmor", "/usr/sbin/php-fpm8.2", ["exact"]),
        ("apparmor", "/usr/sbin/php-fpm7.4", ["php-fpm"]),
        ("apparmor", "/sbin/php-fpm", ["php-fpm"]),
        ("apparmor", "/usr/sbin/nginx", ["nginx"]),
    ],
)
def test_an_executable_finds_its_policy(framework: str, executable: str, expected: list[str]) -> None:
    assert framework in SIDES
    assert [one.subject for one in LOOKUP.shipped(framework, executable)] == expected


def test_the_shipped_catalogue_knows_the_usual_services() -> None:
    lookup = Lookup.read()
    assert {source.framework for source in lookup.sources.values()} == set(SIDES)
    assert all(source.version for source in lookup.sources.values())
    domains = {one.subject for one in lookup.shipped("selinux", "/usr/sbin/sshd")}
    assert domains == {"sshd_t"}
    assert "/usr/sbin/cupsd" in {one.subject for one in lookup.shipped("apparmor", "/usr/sbin/cupsd")}
    assert not lookup.shipped("apparmor", "/usr/sbin/nginx")
    data = json.loads(CATALOGUE.read_bytes())
    assert {entry[0] for entry in data["entries"]} == {source["id"] for source in data["sources"]}


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_no_path_makes_the_catalogue_raise(path: str) -> None:
    for side in SIDES:
        assert isinstance(LOOKUP.shipped(side, f"/{path}"), tuple)


def test_a_service_is_as_covered_as_its_least_covered_process() -> None:
    facts = facts_of(
        mac__subjects=(
            subject("/usr/sbin/nginx", "web.service", "enforced"),
            subject("/usr/bin/odd", "web.service", "unconfined", "initrc_t"),
            subject("/usr/sbin/php-fpm8.2 (deleted)", "fpm.service", DENIED),
        ),
        mac__listeners=(
            ListeningSubject("tcp", "::", 80, False, "nginx", 1, "web.service", "", "httpd_t", "enforced"),
        ),
    )
    lines = service_lines(facts, "debian", LOOKUP)
    assert not isinstance(lines, Absent)
    web, fpm = lines
    assert (web.name, web.network, web.now) == ("web", True, Cover.UNCONFINED)
    assert web.would == {"selinux": Cover.NONE, "apparmor": Cover.NONE}
    assert web.elsewhere["apparmor"] == ("nginx (project 3)",)  # shipped by no distribution
    assert (fpm.network, fpm.now, fpm.would["apparmor"]) == (False, Cover.UNKNOWN, Cover.ENFORCED)
    assert fpm.shipped["apparmor"] == ("exact (profiles 2)",)


def test_the_red_hat_family_has_a_policy_of_which_it_is_not_said_that_it_binds() -> None:
    facts = facts_of(
        mac__subjects=(subject("/usr/sbin/httpd", "httpd.service", "unconfined"),),
        mac__listeners=DENIED,
    )
    lines = service_lines(facts, "rhel", Lookup.read())
    assert not isinstance(lines, Absent)
    (web,) = lines
    assert web.would["selinux"] is Cover.SHIPPED
    assert web.shipped["selinux"][0].startswith("httpd_t (Fedora selinux-policy ")
    text = cover_text(lines, "selinux", network=False)
    assert text == "other services: policy is shipped for 1 of 1, whether it binds was not read for 1"
    odd = facts_of(mac__subjects=(subject("/opt/odd", "odd.service", "unconfined"),), mac__listeners=DENIED)
    for family, cover in (("rhel", Cover.UNKNOWN), ("debian", Cover.NONE)):  # not all of Fedora's was read
        (line,) = service_lines(odd, family, Lookup.read())  # type: ignore[misc] # not Absent, as above
        assert line.would["selinux"] is cover


def test_the_table_of_facts_is_what_the_catalogue_has_of_its_source() -> None:
    rows = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch("[0-9a-f]{12}", commit) for _, commit, *_ in rows)
    found = [one for one in Lookup.read().entries if one.source == "Fedora selinux-policy"]
    assert [[one.pattern, one.subject, one.state] for one in found] == [row[2:] for row in rows]


@pytest.mark.parametrize(
    ("program", "domain"),
    [
        ("/usr/sbin/mariadbd", "mysqld_t"),
        ("/usr/libexec/mysqld", "mysqld_t"),
        ("/usr/bin/nginx", "httpd_t"),
        ("/usr/sbin/agetty", "getty_t"),
        ("/usr/lib/polkit-1/polkitd", "policykit_t"),
        ("/usr/bin/dbus-broker-launch", "system_dbusd_t"),
        ("/usr/sbin/haproxyd", ""),
    ],
)
def test_programs_of_the_red_hat_family_find_their_domain(program: str, domain: str) -> None:
    found = Lookup.read().shipped("selinux", program)
    assert [one.subject for one in found if one.source.families == ("rhel",)] == ([domain] if domain else [])


def test_a_program_that_was_not_seen_is_unknown_and_services_unseen_are_absent() -> None:
    facts = facts_of(mac__subjects=(subject("", "a.service", "enforced"),), mac__listeners=DENIED)
    lines = service_lines(facts, "debian", LOOKUP)
    assert not isinstance(lines, Absent)
    assert lines[0].would == {"selinux": Cover.UNKNOWN, "apparmor": Cover.UNKNOWN}
    assert service_lines(facts_of(mac__subjects=DENIED), "debian", LOOKUP) == DENIED
    assert worst(()) is Cover.UNKNOWN


def line(name: str, selinux: Cover, apparmor: Cover, *, network: bool = True) -> ServiceLine:
    none: dict[str, tuple[str, ...]] = {"selinux": (), "apparmor": ()}
    would = {"selinux": selinux, "apparmor": apparmor}
    return ServiceLine(name, network, (), (), selinux, would, none, none)  # type: ignore[arg-type]


def test_what_stands_in_the_way_is_told_with_its_step() -> None:
    services = (line("nginx", Cover.NONE, Cover.ENFORCED),)
    found = prospect("selinux", facts_of(), services)
    assert found.possible is True
    assert found.steps[0] == "install selinux-policy-default"
    assert any("nginx" in step for step in found.steps)
    assert any("security=selinux" in step for step in found.steps)


@pytest.mark.parametrize(
    ("changed", "possible", "word"),
    [
        ({"kernel__config": {"SECURITY_APPARMOR": "y"}}, False, "CONFIG_SECURITY_SELINUX"),
        ({"kernel__config": DENIED}, None, "CONFIG_SECURITY_SELINUX"),
        ({"packages": DENIED}, None, "selinux-policy-default"),
        ({"web__cpanel": Cpanel("110")}, False, "cPanel"),
        ({"mounts": (Mount("/data", "vfat", "/dev/sdb1", ()),)}, True, "/data (vfat)"),
        ({"host__os": DENIED}, None, "not known to hardcheck"),
    ],
)
def test_conditions_are_met_barred_or_unknown(
    changed: dict[str, object], possible: bool | None, word: str
) -> None:
    found = prospect("selinux", facts_of(**changed), ())
    assert found.possible is possible
    assert any(word in one.text or word in one.source for one in found.conditions if one.met is not True)


def test_apparmor_cannot_be_had_on_the_rhel_family() -> None:
    facts = facts_of(host__os=OsRelease("rhel", "9"), kernel__config={"SECURITY_SELINUX": "y"})
    assert prospect("apparmor", facts, ()).possible is False


def test_a_recommendation_has_reasons_on_both_sides_and_names_what_is_open() -> None:
    services = (line("nginx", Cover.ENFORCED, Cover.NONE),)
    criteria = criteria_of(facts_of(containers=(), web__sites=()), services, "", "")
    found = recommend(Framework.APPARMOR, criteria, (Prospect("selinux", (), ("one step",)),))
    assert found.text.startswith("Stay with AppArmor")  # a lead of less than what is open changes nothing
    assert "5 points are open" in found.text
    assert found.for_it
    assert found.against_it
    assert sum(found.points.values()) == sum(one.weight for one in criteria)


def test_a_clear_lead_is_weighed_and_what_cannot_run_is_not() -> None:
    services = (line("nginx", Cover.ENFORCED, Cover.NONE),)
    criteria = criteria_of(facts_of(containers=(), web__sites=()), services, "selinux", "yes")
    able = recommend(Framework.APPARMOR, criteria, (Prospect("selinux", (), ("one step",)),))
    assert able.text.startswith("Weigh a change to SELinux")
    barred = prospect("selinux", facts_of(kernel__config={"SECURITY_APPARMOR": "y"}), services)
    assert recommend(Framework.APPARMOR, criteria, (barred,)).text.startswith("Stay with AppArmor")
    both = (barred, prospect("apparmor", facts_of(kernel__config={"AUDIT": "y"}), services))
    assert "Neither" in recommend(Framework.NEITHER, criteria, both).text


def test_a_fleet_reads_on_one_line_and_keeps_hosts_that_were_not_seen() -> None:
    hosts = (
        HostComparison(
            "a", ("web",), Framework.SELINUX, "", services=(line("n", Cover.ENFORCED, Cover.NONE),)
        ),
        HostComparison(
            "b", ("web",), Framework.SELINUX, "", services=(line("n", Cover.UNCONFINED, Cover.NONE),)
        ),
        HostComparison("c", ("db",), Framework.UNDECIDED, "", "no route"),
    )
    first = fleet_lines(hosts)[0]
    assert [cell.shown for cell in first.cells] == ["web 1/2 (SELinux)", "db 0/1 (unknown, 1 unknown)"]


def shipped_profile() -> AuditProfile:
    return load_all_profiles(load_setup())["mac"]


def test_every_mac_objective_has_words_for_the_other_framework() -> None:
    assert {control.id for control in mac_controls(shipped_profile())} == set(_WOULD)


def test_a_host_that_was_not_reached_is_said_to_be() -> None:
    host = HostEvidence(
        HostIdentity("far"), "", "", "", "", Privilege.NONE, {}, Failure(Reason.UNREACHABLE, "X", "no route")
    )
    found = compare_host(host, load_setup(), shipped_profile(), LOOKUP, Assumed())
    assert (found.framework, found.unknown) == (Framework.UNDECIDED, "no route")


def test_a_word_that_is_no_host_is_refused() -> None:
    result = CliRunner().invoke(app, ["compare", "--team", "nobody", "x"])
    assert result.exit_code == 2
    assert "--team" in result.output
