"""AppArmor's own words on its state: module parameters, the profiles list, aa-status, the service.

Parameters are one small file each; those for policy administrators cannot be read by others::

    module/apparmor/parameters/enabled:Y
    kernel/security/apparmor/features/caps/mask:chown dac_override ...

``/sys/kernel/security/apparmor/profiles`` is one profile a line, ``NAME (MODE)``. NAME may hold blanks and
brackets and begins with ``:NS://`` in another namespace, so the mode is the last bracketed word::

    /usr/sbin/chronyd (enforce)
    :lxd-web://nginx (worker) (complain)

Source: kernel security/apparmor/lsm.c, apparmorfs.c ``seq_show_profile``; aa-status(8) for exit statuses.
"""

from __future__ import annotations

import re
from typing import cast, get_args

from hardcheck.apparmor import Features, features_of_tree
from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import AaStatus, ApparmorKernel, LoadedProfile, ProfileMode, ServiceState
from hardcheck.parse.base import absent
from hardcheck.parse.fragment_lines import named_values, not_present

_MODES: tuple[str, ...] = get_args(ProfileMode)
KERNEL = "apparmor.kernel"
_PARAMETERS = "module/apparmor/parameters/"
_FEATURES = "kernel/security/apparmor/features/"
_PROFILE = re.compile(r"(?P<name>.+) \((?P<mode>[a-z_-]+)\)", re.DOTALL)


def parse_apparmor_kernel(host: HostEvidence) -> ApparmorKernel | Absent:
    """Whether AppArmor is on; NOT_PRESENT where this kernel has no AppArmor.

    Raises:
        ParseError: ``enabled`` is missing or neither Y nor N.
    """
    evidence = host.get(KERNEL)
    if _no_module(evidence):
        return not_present(evidence, "no /sys/module/apparmor: AppArmor is not built in")
    values = {
        name.removeprefix(_PARAMETERS): value
        for name, value in named_values(evidence).items()
        if name.startswith(_PARAMETERS)
    }
    enabled = values.get("enabled", "")
    if enabled not in ("Y", "N"):
        raise ParseError(f"{evidence.key}:enabled", "Y or N", repr(enabled[:20]))
    return ApparmorKernel(enabled == "Y", values)


def parse_loaded_profiles(host: HostEvidence) -> tuple[LoadedProfile, ...]:
    """The loaded profiles in the kernel's own order; empty if none is loaded.

    Raises:
        ParseError: a line of another form, or a mode that this version does not know.
    """
    evidence = host.get("apparmor.profiles")
    profiles = []
    for where, line in evidence.lines():
        match = _PROFILE.fullmatch(line)
        if match is None or match["mode"] not in _MODES:
            raise ParseError(where, "'NAME (MODE)' with a known mode", repr(line[:80]))
        profiles.append(LoadedProfile(match["name"], cast(ProfileMode, match["mode"])))
    return tuple(profiles)


def parse_aa_status(host: HostEvidence) -> AaStatus | Absent:
    """What aa-status exits with. Its text is not used: the kernel's own files say the same, and
    version 3.0 writes JSON that no reader accepts when processes of two programs are confined.

    Raises:
        ParseError: an exit status that aa-status(8) does not define.
    """
    evidence = host.get("apparmor.status")
    if evidence.reason in (Reason.TOOL_MISSING, Reason.NOT_COLLECTED, Reason.TIMEOUT):
        return absent(evidence)
    status = evidence.exit_status
    if status is None:
        return absent(Evidence(evidence.key, evidence.origin, reason=evidence.reason))
    if status == 0:
        return AaStatus(status, "in force")
    if status == 1:
        return AaStatus(status, "disabled")
    if status == 2:
        return AaStatus(status, "no policy loaded")
    if status == 3:
        return AaStatus(status, "control files missing")
    if status == 4:
        return AaStatus(status, "not permitted")
    raise ParseError(evidence.key, "an exit status from 0 to 4", str(status))


def parse_service(host: HostEvidence) -> ServiceState:
    """The state of apparmor.service.

    Raises:
        ParseError: systemctl did not name the unit's load state.
    """
    evidence = host.get("apparmor.service")
    values = dict(line.partition("=")[::2] for _, line in evidence.lines())
    if not values.get("LoadState"):
        raise ParseError(evidence.key, "LoadState=", repr(evidence.text()[:60]))
    return ServiceState(
        load=values["LoadState"],
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        unit_file=values.get("UnitFileState", ""),
        result=values.get("Result", ""),
    )


def parse_pam_apparmor(host: HostEvidence) -> tuple[str, ...]:
    """The files of PAM whose session stack calls pam_apparmor(8), sorted."""
    lines = (line for _, line in host.get(KERNEL).lines())
    return tuple(sorted({line.partition(":")[0] for line in lines if line.startswith("/etc/pam")}))


def kernel_features(host: HostEvidence) -> Features | None:
    """What this kernel can mediate; None where it was not seen."""
    features = {
        name.removeprefix(_FEATURES): value
        for name, value in named_values(host.get(KERNEL)).items()
        if name.startswith(_FEATURES)
    }
    return features_of_tree("kernel", features) if features else None


def _no_module(evidence: Evidence) -> bool:
    return any(line == "absent" for _, line in evidence.lines())
