"""Reports to render: four hosts as a site has them, a small scope, a fleet."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import msgspec

from hardcheck.findings import (
    FORMAT_VERSION,
    ControlResult,
    Coverage,
    EvidenceRef,
    Finding,
    Framework,
    HostResult,
    Origin,
    ProfileResult,
    Report,
    RuleInfo,
    Score,
    Severity,
    Status,
)
from hardcheck.reasons import Reason
from tests.unit.render.fixture_answers import answered
from tests.unit.render.fixture_denials import REFUSED, UNREADABLE
from tests.unit.render.fixture_rules import rules

WEB, SHOP, DB, GONE = "web1.example", "shop2.example", "db3.example", "old4.example"

_OBSERVED = {
    "mac-enforcing-now-and-after-boot": {
        WEB: "enforcing now, permissive after the next boot (/etc/selinux/config:7 SELINUX=permissive)",
        SHOP: "enforcing now and after the next boot",
        DB: "no MAC framework is active",
    },
    "mac-no-permissive-subjects": {
        WEB: "crond_t is permissive",
        SHOP: "2 of 38 profiles are in complain mode",
    },
    "mac-listeners-confined": {WEB: "legacy-api (pid 812, tcp 8080) runs in unconfined_service_t"},
    "kernel.randomize_va_space": {},
}

_ITEMS = {
    ("mac-no-permissive-subjects", WEB): ("crond_t (processes: crond 633)",),
    ("mac-no-permissive-subjects", SHOP): (
        "php-fpm (complain; 3 processes)",
        "/usr/sbin/sssd (complain; none)",
    ),
    ("mac-listeners-confined", WEB): ("python3 -m http.server 8080 (pid 812, tcp 0.0.0.0:8080)",),
    ("mac-listeners-confined", SHOP): (
        "nginx (pid 701, tcp 0.0.0.0:80)",
        "python3 (pid 812, tcp 0.0.0.0:8080)",
    ),
    ("mac-labels-and-attachments", WEB): (
        "/srv/www/a.example/moved.html: admin_home_t, the policy says httpd_sys_content_t",
    ),
}

_FAILS = {
    WEB: {"mac-enforcing-now-and-after-boot", "mac-no-permissive-subjects", "mac-listeners-confined",
          "mac-web-cannot-connect-out", "mac-labels-and-attachments", "sysctl-kernel-randomize-va-space",
          "sysctl-net-ipv4-conf-all-accept-source-route", "sysctl-net-ipv4-conf-default-accept-redirects",
          "updates-security-none-pending", "services-sandboxed", "mac-services-confined"},
    SHOP: {"mac-no-permissive-subjects", "mac-listeners-confined", "mac-policy-matches-disk",
           "mac-no-disabled-policy", "sysctl-kernel-randomize-va-space", "fail2ban-bans",
           "sysctl-net-ipv4-conf-all-accept-source-route", "firewall-default-deny", "auditd-mac-rules"},
    DB: {"mac-enforcing-now-and-after-boot", "mac-active-lsm", "mac-policy-loaded", "mac-listeners-confined",
         "mac-services-confined", "firewall-default-deny", "auditd-running", "auditd-mac-rules",
         "sshd-no-root-password", "sysctl-kernel-kptr-restrict", "updates-automatic", "time-synchronised"},
}  # fmt: skip

_UNKNOWN = {
    WEB: {"updates-metadata-fresh": (Reason.NOT_PRESENT, "no timestamp in /var/cache/dnf")},
    SHOP: {
        "mac-policy-changes-audited": (Reason.DENIED, "auditctl: must be root"),
        "auditd-immutable": (Reason.DENIED, "auditctl: must be root"),
        "sshd-crypto": (Reason.TIMEOUT, "sshd -T did not answer within 10 s"),
        "containers-confined": (Reason.TOOL_MISSING, "neither podman nor docker is installed"),
    },
    DB: {"sysctl-kernel-yama-ptrace-scope": (Reason.NOT_PRESENT, "/proc/sys/kernel/yama/ptrace_scope")},
}

_FRAMEWORKS = {
    WEB: Framework.SELINUX,
    SHOP: Framework.APPARMOR,
    DB: Framework.NEITHER,
    GONE: Framework.UNDECIDED,
}

_EVIDENCE = (
    "kernel.cmdline|/proc/cmdline", "kernel.lsm|/sys/kernel/security/lsm", "os.release|/etc/os-release",
    "selinux.config|/etc/selinux/config", "selinux.enforce|/sys/fs/selinux/enforce",
    "selinux.policy|/sys/fs/selinux/policy", "selinux.sestatus|sestatus -v", "selinux.booleans|getsebool -a",
    "selinux.semanage|semanage export", "apparmor.enabled|/sys/module/apparmor/parameters/enabled",
    "apparmor.profiles|/sys/kernel/security/apparmor/profiles", "apparmor.tree|tar /etc/apparmor.d",
    "processes.labels|ps -eo pid,label,args", "sockets.listening|ss -Hltunp", "sysctl.values|sysctl -a",
    "sysctl.files|/usr/lib/sysctl.d/*.conf /etc/sysctl.d/*.conf", "firewall.nft|nft -j list ruleset",
    "fail2ban.status|fail2ban-client status", "audit.rules|auditctl -l", "audit.status|auditctl -s",
    "sshd.config|sshd -T", "packages.installed|dpkg-query -W", "updates.pending|apt-get -s upgrade",
    "systemd.units|systemctl show '*.service'", "containers.podman|podman inspect",
    "time.chrony|chronyc tracking",
)  # fmt: skip


def realistic_report() -> Report:
    """Four hosts: SELinux, AppArmor, neither, one not reached; sixty rules, two profiles."""
    return _report(rules(), (WEB, SHOP, DB, GONE))


def small_report() -> Report:
    """Two hosts and four rules, for the gold files."""
    wanted = ("mac-enforcing-now-and-after-boot", "mac-no-permissive-subjects", "mac-policy-changes-audited",
              "sysctl-kernel-randomize-va-space")  # fmt: skip
    return _report(tuple(rule for rule in rules() if rule.id in wanted), (WEB, SHOP, GONE))


def with_evidence(report: Report, items: int) -> Report:
    """The report with as many more items of evidence on each host as a true host has."""
    more = tuple(
        EvidenceRef(f"apparmor.file.{n}", f"/etc/apparmor.d/abstractions/file-{n}", _digest(str(n)), 700 + n)
        for n in range(items)
    )
    hosts = [msgspec.structs.replace(host, evidence=(*host.evidence, *more)) for host in report.hosts]
    return msgspec.structs.replace(report, hosts=tuple(hosts))


def fleet_report(hosts: int, base: Report | None = None) -> Report:
    """Many hosts, each like one of those that were reached in ``base`` (the realistic report)."""
    base = base or realistic_report()
    shapes = {host.name: host for host in base.hosts if host.reached}
    names = list(shapes)
    fleet, findings, twin = [], [], {}
    for number in range(hosts):
        like = names[number % len(names)]
        name = f"node{number:03d}.{like}"
        twin[name] = like
        fleet.append(msgspec.structs.replace(shapes[like], name=name))
        findings += [msgspec.structs.replace(item, host=name) for item in base.findings if item.host == like]
    profiles = tuple(
        msgspec.structs.replace(
            profile,
            controls=tuple(
                msgspec.structs.replace(
                    control,
                    hosts={name: control.hosts[like] for name, like in twin.items() if like in control.hosts},
                    standings={},
                    literal_hosts={},
                )
                for control in profile.controls
            ),
        )
        for profile in base.profiles
    )
    return msgspec.structs.replace(base, hosts=tuple(fleet), findings=tuple(findings), profiles=profiles)


def _report(known: tuple[RuleInfo, ...], names: tuple[str, ...]) -> Report:
    findings = tuple(finding for name in names if name != GONE for finding in _findings(known, name))
    report = Report(
        format_version=FORMAT_VERSION,
        tool_version="0.1.0",
        rules_sha256=_digest("rules"),
        generated_at="2026-11-20T14:05:09Z",
        title="Mandatory access control and hardening audit",
        score=_score(known, findings, unreached=len([name for name in names if name == GONE])),
        hosts=tuple(_host(known, name, findings) for name in names),
        rules=known,
        profiles=(_mac_profile(known, findings, names), _pci_profile(known, findings, names)),
        findings=findings,
        probe_sha256=(_digest("probe"),),
    )
    return answered(report, WEB, SHOP)


def _findings(known: tuple[RuleInfo, ...], host: str) -> list[Finding]:
    order = list(Severity)
    findings = [_finding(rule, host) for rule in known]
    severity = {rule.id: order.index(rule.severity) for rule in known}
    return sorted(findings, key=lambda finding: (severity[finding.rule], finding.rule))


def _finding(rule: RuleInfo, host: str) -> Finding:
    status, reason, detail = Status.PASS, None, ""
    if rule.id in _FAILS[host]:
        status = Status.FAIL
    elif rule.id in _UNKNOWN[host]:
        status = Status.UNKNOWN
        reason, detail = _UNKNOWN[host][rule.id]
    elif host == DB and rule.topic.startswith("mac."):
        status = Status.NOT_APPLICABLE
    elif rule.id == "mac-local-changes-known":
        status = Status.MANUAL
    elif rule.id == "mac-tools-present" and host == WEB:
        status, detail = Status.ERROR, "KeyError in fact selinux.tools"
    mac = Framework.ANY not in rule.sides
    expected = "every subject enforced" if mac else rule.remedies[0].verify[0] + " = the value of the rule"
    observed = _OBSERVED.get(rule.id, {}).get(
        host, "as expected" if status is Status.PASS else "1 (set in no file)"
    )
    if status in (Status.UNKNOWN, Status.ERROR):
        observed = ""
    keys = [line.split("|")[0] for line in _EVIDENCE]
    start = zlib.crc32(rule.id.encode()) % (len(keys) - 2)
    own = ()
    if status is Status.FAIL and mac and host != DB:
        own = tuple(item for item in rule.remedies if item.framework is _FRAMEWORKS[host])
    letter = rule.id == "mac-no-permissive-subjects" and host == SHOP
    return Finding(
        rule=rule.id,
        host=host,
        status=status,
        framework=_FRAMEWORKS[host] if mac else Framework.ANY,
        expected=expected,
        observed=observed,
        items=_ITEMS.get((rule.id, host), ()),
        reason=reason,
        detail=detail,
        literal=Status.PASS if letter else None,
        literal_note="CIS asks for enforce or complain mode; complain mode denies nothing" if letter else "",
        evidence=tuple(_evidence(host)[start : start + 2]),
        remedies=own,
    )


def _evidence(host: str) -> list[EvidenceRef]:
    items = []
    for line in _EVIDENCE:
        key, origin = line.split("|")
        reason = Reason.DENIED if host == SHOP and origin.startswith("auditctl") else None
        if host != WEB and key.startswith("selinux."):
            reason = Reason.NOT_PRESENT
        size = 0 if reason else 40 + zlib.crc32(key.encode()) % 90_000
        items.append(EvidenceRef(key, origin, _digest("" if reason else host + key), size, reason))
    return items


def _host(known: tuple[RuleInfo, ...], name: str, findings: tuple[Finding, ...]) -> HostResult:
    own = tuple(finding for finding in findings if finding.host == name)
    verdicts = {
        WEB: "SELinux: enforcing now, permissive after the next boot",
        SHOP: "AppArmor: enabled, 36 of 38 profiles enforced",
        DB: "no MAC framework is active",
        GONE: "not seen",
    }
    if name == GONE:
        return HostResult(
            name=name, reached=False, framework=Framework.UNDECIDED, verdict=verdicts[name],
            score=_score(known, (), unreached=1), address="192.0.2.44", groups=("legacy",), transport="ssh",
            started_at="2026-11-20T14:04:40Z", finished_at="2026-11-20T14:04:50Z",
            failure_reason=Reason.UNREACHABLE, failure="no answer from 192.0.2.44 port 22 within 10 s",
        )  # fmt: skip
    return HostResult(
        name=name,
        reached=True,
        framework=_FRAMEWORKS[name],
        verdict=verdicts[name],
        score=_score(known, own),
        address={WEB: "192.0.2.11", SHOP: "192.0.2.12", DB: "192.0.2.13"}[name],
        groups=("web", "cardholder") if name != DB else ("db",),
        variables={"site": "fra1"},
        privilege="root through sudo -n" if name != SHOP else "user auditor, no sudo",
        transport="ssh",
        started_at="2026-11-20T14:04:40Z",
        finished_at="2026-11-20T14:04:43Z",
        cure="auditor ALL=(root) NOPASSWD: sha256:" + _digest("probe") + " /usr/local/libexec/hardcheck-probe"
        if name == SHOP
        else "",
        summary=(
            ("Distribution", "Rocky Linux 9.5" if name == WEB else "Debian GNU/Linux 12 (bookworm)"),
            ("Kernel", "6.1.0-28-cloud-amd64"),
            ("Active LSMs", "lockdown, capability, yama, " + _FRAMEWORKS[name].value),
            ("Services listening", "sshd, nginx, php-fpm8.2, legacy-api"),
        ),
        evidence=tuple(_evidence(name)),
        bundle_sha256=_digest("bundle" + name),
        denials={WEB: REFUSED, SHOP: UNREADABLE}.get(name),
    )


def _score(known: tuple[RuleInfo, ...], findings: tuple[Finding, ...], unreached: int = 0) -> Score:
    weight = {rule.id: rule.severity.weight for rule in known}
    total = dict.fromkeys(Status, 0)
    counts = dict.fromkeys(Status, 0)
    for finding in findings:
        total[finding.status] += weight[finding.rule]
        counts[finding.status] += 1
    missing = unreached * sum(weight.values())
    counts[Status.UNKNOWN] += unreached * len(known)
    judged = total[Status.PASS] + total[Status.FAIL]
    applicable = judged + total[Status.UNKNOWN] + total[Status.ERROR] + missing
    return Score(total[Status.PASS], judged, applicable, counts)


def _control(
    known: tuple[RuleInfo, ...],
    findings: tuple[Finding, ...],
    names: tuple[str, ...],
    identifier: str,
    title: str,
    rules_: tuple[str, ...],
    coverage: Coverage,
    origin: Origin,
    **more: Any,
) -> ControlResult:
    order = (Status.FAIL, Status.ERROR, Status.UNKNOWN, Status.PASS, Status.MANUAL, Status.NOT_APPLICABLE)
    have = {rule.id for rule in known}
    chosen = tuple(rule for rule in rules_ if rule in have)
    hosts = {}
    for name in names:
        seen = {finding.status for finding in findings if finding.host == name and finding.rule in chosen}
        worst = next((status for status in order if status in seen), Status.MANUAL)
        hosts[name] = Status.UNKNOWN if name == GONE and chosen else worst
    worst = next((status for status in order if status in hosts.values()), Status.MANUAL)
    return ControlResult(
        id=identifier, title=title, status=worst, coverage=coverage if chosen else Coverage.MANUAL,
        origin=origin if chosen else None, rules=chosen, hosts=hosts, **more,
    )  # fmt: skip


def _mac_profile(
    known: tuple[RuleInfo, ...], findings: tuple[Finding, ...], names: tuple[str, ...]
) -> ProfileResult:
    controls = []
    for topic in dict.fromkeys(rule.topic for rule in known if rule.topic.startswith("mac.")):
        chosen = tuple(rule.id for rule in known if rule.topic == topic)
        controls.append(
            _control(known, findings, names, topic, f"Rules of the topic {topic}", chosen,
                     Coverage.AUTOMATED, Origin.HARDCHECK)
        )  # fmt: skip
    return _profile(known, findings, "mac", "Mandatory access control", "1", "hardcheck", controls, "")


_PCI = """
1||Network security controls|
1.2|1|Network security controls configured and kept up|
1.2.5|1.2|Allowed services, ports and protocols listed and justified|
1.2.6|1.2|Insecure services in use carry added protection|mac-listeners-confined services-sandboxed
1.3|1|Traffic of the cardholder data environment limited|
1.3.1|1.3|Only needed traffic comes in|firewall-default-deny firewall-persistent
1.4.3|1|Forged source addresses detected and blocked|sysctl-net-ipv4-conf-all-rp-filter
2||Secure configuration|
2.2|2|Components configured and run securely|
2.2.1|2.2|Hardening standards exist and are applied|mac-enforcing-now-and-after-boot mac-policy-loaded
2.2.6|2.2|Security parameters set against misuse|mac-boot-line sysctl-net-ipv4-conf-all-accept-source-route
5||Malicious software|
5.2|5|Malware prevented, or detected and dealt with|mac-listeners-confined
6.3.3|6|Security patches installed in time|updates-security-none-pending updates-automatic
7||Access by need to know|
7.2.5|7|System accounts given least privilege|mac-no-permissive-subjects mac-services-confined
7.3.3|7|Access control set to deny by default|mac-enforcing-now-and-after-boot mac-no-permissive-subjects
8.2.1|8|Users have unique ids|
10.2.1|10|Audit logs on and active|auditd-running mac-denials-recorded
10.3.4|10|Changes of audit logs detected|auditd-immutable
10.6.1|10|Clocks synchronised|time-synchronised
11.5|11|Intrusions and unexpected changes detected|fail2ban-bans
"""


def _pci_profile(
    known: tuple[RuleInfo, ...], findings: tuple[Finding, ...], names: tuple[str, ...]
) -> ProfileResult:
    controls = []
    for line in _PCI.strip().splitlines():
        identifier, parent, title, chosen = line.split("|")
        partial = ("mac-no-permissive-subjects",) if identifier == "7.3.3" else ()
        coverage = Coverage.AUTOMATED if identifier in ("10.6.1", "6.3.3") else Coverage.PARTIAL
        origin = (Origin.UPSTREAM, Origin.PUBLISHER, Origin.HARDCHECK)[len(chosen) % 3]
        kind = {} if chosen or identifier in ("1.2.5", "8.2.1") else {"kind": "heading"}
        note = "Unconfined subjects stay outside the policy." if identifier == "7.3.3" else ""
        controls.append(
            _control(known, findings, names, identifier, title, tuple(chosen.split()), coverage, origin,
                     parent=parent, partial=partial, note=note, attributes=kind)
        )  # fmt: skip
    note = "The standard names no MAC framework: checks are evidence for its requirements."
    return _profile(
        known, findings, "pci-dss-4.0.1", "PCI DSS", "4.0.1", "PCI Security Standards Council", controls, note
    )


def _profile(
    known: tuple[RuleInfo, ...],
    findings: tuple[Finding, ...],
    identifier: str,
    title: str,
    version: str,
    publisher: str,
    controls: list[ControlResult],
    note: str,
) -> ProfileResult:
    chosen = tuple(dict.fromkeys(rule for control in controls for rule in control.rules))
    own = tuple(finding for finding in findings if finding.rule in chosen)
    counted = [control for control in controls if control.attributes.get("kind") != "heading"]
    counts = {status: sum(1 for control in counted if control.status is status) for status in Status}
    return ProfileResult(
        id=identifier, title=title, version=version, publisher=publisher, note=note, controls=tuple(controls),
        rules=chosen, score=_score(known, own), counts=counts,
    )  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
