"""The standards that ``profiles/`` are built of: where each is in the control data, and which of its
controls a profile holds.

The control data have one catalogue a standard; one catalogue may give several profiles (the levels
of a benchmark, the baselines of SP 800-53). The ids are those of the catalogue, never others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import msgspec

from hardcheck.findings import Origin

Entry = Mapping[str, Any]
Rows = Collection[Mapping[str, str]]
Chooser = Callable[[Entry, Rows], bool]


class Standard(msgspec.Struct, frozen=True):
    """How one profile is read from the control data.

    ``column`` of the mappings has the ids of its controls, ``prefix`` marks them among the
    ``partial_evidence``, ``values`` among the ``standard_values`` (empty: the data have none).
    ``whole`` are the controls that ask nothing which a host cannot show (ALL: those that the catalogue
    does not call manual); every other one asks for people, papers or the network beside, so that rules
    are only part of its evidence. ``headings`` says which entries only group others. ``origin`` is
    whose the links are: upstream's tables, or hardcheck's. ``chosen`` picks a level of the catalogue.
    """

    id: str
    catalogue: str
    column: str
    prefix: str
    title: str = ""
    values: str = ""
    whole: frozenset[str] | Literal["all"] = frozenset()
    attributes: tuple[str, ...] = ()
    headings: Literal["top", "pci", "none"] = "top"
    origin: Origin = Origin.HARDCHECK
    chosen: Chooser | None = None


def _level(*names: str) -> Chooser:
    return lambda entry, rows: bool(set(names) & set(entry.get("levels", ())))


def _moderate(entry: Entry, rows: Rows) -> bool:
    """The moderate baseline of SP 800-53B, and the families that head it."""
    return "parent" not in entry or "moderate" in entry.get("baselines", ())


def _tenants(entry: Entry, rows: Rows) -> bool:
    """Appendix A1, and the requirements of which the same checks are evidence: least services, least
    access."""
    name = entry["id"]
    if name == "A1" or name.startswith("A1."):
        return True
    shared = {
        control
        for row in rows
        if "A1." in row["pci_dss_4_0_1"]
        for control in row["pci_dss_4_0_1"].split(";")
    }
    return any(control == name or control.startswith(f"{name}.") for control in shared)


_L1 = _level("l1_server")
_L2 = _level("l1_server", "l2_server")
_ANSSI = ("minimal", "intermediary", "enhanced", "high")


def _cis(name: str, catalogue: str, column: str, values: str = "", chosen: Chooser = _L2) -> Standard:
    level = {"l1": ", Level 1 Server", "l2": ", Level 2 Server"}.get(name.rsplit("-", 1)[-1], ", Server")
    return Standard(
        name,
        catalogue,
        column,
        "cis",
        title=level,
        values=values,
        whole="all",
        attributes=("levels", "assessment"),
        headings="none",
        origin=Origin.UPSTREAM,
        chosen=chosen,
    )


def _stig(name: str, column: str, values: str = "") -> Standard:
    kept = ("vuln", "rule", "severity", "srg", "ccis")
    return Standard(
        name, name, column, "stig", "", values, "all", kept, headings="none", origin=Origin.UPSTREAM
    )


def _anssi(level: str) -> Standard:
    return Standard(
        f"anssi-bp-028-{level}",
        "anssi-bp-028",
        "anssi_bp028_2_0",
        "anssi",
        title=f", level {level}",
        values="anssi",
        attributes=("levels",),
        headings="none",
        origin=Origin.UPSTREAM,
        chosen=_level(*_ANSSI[: _ANSSI.index(level) + 1]),
    )


_PCI = ("pci-dss-4.0.1", "pci_dss_4_0_1", "pci")

STANDARDS = (
    Standard("pci-dss-4.0.1", *_PCI, values="pci", whole=frozenset({"10.6.1"}), headings="pci"),
    Standard(
        "pci-dss-multitenant",
        *_PCI,
        title=", multi-tenant service providers",
        values="pci",
        headings="pci",
        chosen=_tenants,
    ),
    Standard("hipaa-security", "hipaa-security-rule", "hipaa", "hipaa", attributes=("kind", "required")),
    Standard(
        "nist-800-53-moderate",
        "nist-800-53r5",
        "nist_800_53r5",
        "nist",
        title=", moderate baseline",
        attributes=("baselines",),
        chosen=_moderate,
    ),
    Standard("nist-800-171r2", "nist-800-171r2", "nist_800_171r2", "171", attributes=("sp800_53",)),
    Standard(
        "cis-controls-8.1",
        "cis-controls-8.1",
        "cis_controls_8_1",
        "cis-controls",
        attributes=("implementation_groups", "function"),
    ),
    _cis("cis-rhel9-l1", "cis-rhel9", "cis_rhel9_2_0_0", "cis_rhel9", _L1),
    _cis("cis-rhel9-l2", "cis-rhel9", "cis_rhel9_2_0_0", "cis_rhel9"),
    _cis("cis-rhel10", "cis-rhel10", "cis_rhel10_1_0_1"),
    _cis("cis-ubuntu2404-l1", "cis-ubuntu2404", "cis_ubuntu2404_1_0_0", "cis_ubuntu2404", _L1),
    _cis("cis-ubuntu2404-l2", "cis-ubuntu2404", "cis_ubuntu2404_1_0_0", "cis_ubuntu2404"),
    msgspec.structs.replace(
        _cis("cis-ubuntu2404-2.0.0", "cis-ubuntu2404-2.0.0", "cis_ubuntu2404_2_0_0", "cis_ubuntu2404"),
        title=" (ids to be confirmed)",
        attributes=("version_1_0_0", "assessment"),
        chosen=None,
    ),
    _cis("cis-debian12-l1", "cis-debian12", "cis_debian12_1_1_0", "cis_debian12", _L1),
    _cis("cis-debian12-l2", "cis-debian12", "cis_debian12_1_1_0", "cis_debian12"),
    _cis("cis-debian13", "cis-debian13", "cis_debian13_1_0_0"),
    _cis("cis-sle15", "cis-sle15", "cis_sle15_1_1_1"),
    _stig("stig-rhel9", "stig_rhel9_v2r9", "stig_rhel9"),
    _stig("stig-rhel10", "stig_rhel10_v1r2"),
    _stig("stig-ubuntu2404", "stig_ubuntu2404_v1r5", "stig_ubuntu2404"),
    _stig("stig-ubuntu2204", "stig_ubuntu2204_v2r8"),
    _stig("stig-sle15", "stig_sle15_v2r7"),
    *(_anssi(level) for level in _ANSSI),
    Standard("iso-27001-2022", "iso-27001-2022", "iso_27001_2022", "iso"),
    Standard("soc2", "soc2", "soc2_tsc_2017", "soc2"),
)
