"""The waivers and attestations of the realistic report, and what they and the letter make of it."""

from __future__ import annotations

import msgspec

from hardcheck.findings import (
    Attestation,
    AttestationResult,
    Attested,
    ControlResult,
    Coverage,
    Overlays,
    ProfileResult,
    Report,
    Score,
    Standing,
    Status,
    Term,
    Waiver,
    WaiverResult,
    plain_standing,
)

WAIVED = "sysctl-kernel-randomize-va-space"
LETTER = "mac-no-permissive-subjects"
_WHO = {"owner": "jane@acme.example", "approver": "ciso@acme.example"}
_NOW = {"start": "2026-01-15", "expires": "2026-12-31"}

OVERLAYS = Overlays(
    "2026-11-20",
    (
        WaiverResult(
            Waiver(id="W-14", rule=WAIVED, hosts=("web1*",), ticket="SEC-881", reason="A debugger runs here.",
                   **_WHO, **_NOW),
            Term.ACTIVE,
            1,
        ),
        WaiverResult(
            Waiver(id="W-2", rule=LETTER, groups=("web",), tags=("site=fra1",), items=("passenger_t",),
                   ticket="SEC-12", reason="Until the migration.", start="2025-01-01",
                   expires="2025-06-30", **_WHO),
            Term.EXPIRED,
            0,
        ),
    ),
    (
        AttestationResult(
            Attestation(id="A-7", profile="pci-dss-4.0.1", control="1.2.5", says=Attested.MET, hosts=("*",),
                        ticket="GRC-3", reason="The list of services was reviewed.", **_WHO, **_NOW),
            Term.ACTIVE,
            3,
        ),
    ),
)  # fmt: skip


def answered(report: Report, web: str, shop: str) -> Report:
    """The report with `OVERLAYS`, and the verdicts by the letter on the controls of `LETTER`."""
    names = [host.name for host in report.hosts]
    waived = [each for each in report.findings if each.rule == WAIVED and each.host == web]
    weight = {rule.id: rule.severity.weight for rule in report.rules}
    less = sum(weight[each.rule] for each in waived if each.status is Status.FAIL)
    findings = tuple(
        msgspec.structs.replace(each, waiver="W-14") if each in waived else each for each in report.findings
    )
    hosts = tuple(
        msgspec.structs.replace(host, waived_score=_less(host.score, less)) if host.name == web else host
        for host in report.hosts
    )
    return msgspec.structs.replace(
        report,
        findings=findings,
        hosts=hosts,
        waived_score=_less(report.score, less),
        overlays=OVERLAYS,
        profiles=tuple(_profile(profile, names, shop) for profile in report.profiles),
    )


def _less(score: Score, weight: int) -> Score:
    return Score(score.passed, score.judged - weight, score.applicable - weight, score.counts)


def _profile(profile: ProfileResult, names: list[str], shop: str) -> ProfileResult:
    controls = tuple(_control(control, profile.id, names, shop) for control in profile.controls)
    counted = [each.standing for each in controls if each.attributes.get("kind") != "heading"]
    return msgspec.structs.replace(
        profile, controls=controls, standings={standing: counted.count(standing) for standing in Standing}
    )


def _control(control: ControlResult, profile: str, names: list[str], shop: str) -> ControlResult:
    if (profile, control.id) == ("pci-dss-4.0.1", "1.2.5"):
        return msgspec.structs.replace(
            control,
            standing=Standing.MET,
            standings=dict.fromkeys(names, Standing.MET),
            attestations=("A-7",),
        )
    plain = {plain_standing(status, control.coverage) for status in control.hosts.values()}
    standing = next((each for each in Standing if each in plain), Standing.AWAITED)
    apart = LETTER in control.rules and control.hosts.get(shop) is Status.FAIL
    return msgspec.structs.replace(
        control,
        standing=standing if control.coverage is not Coverage.MANUAL else Standing.AWAITED,
        literal=control.status if apart else None,
        literal_hosts={shop: Status.PASS} if apart else {},
    )
