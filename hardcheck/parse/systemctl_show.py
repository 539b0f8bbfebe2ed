"""Properties of systemd units: ``systemctl show``, one ``NAME=VALUE`` a line, a blank line between units::

    Id=nginx.service
    LoadState=loaded
    ActiveState=active
    UnitFileState=enabled

An older systemd leaves out properties that it does not know. A set of capabilities has them all where the
unit takes none away; ``SystemCallFilter=~`` and ``RestrictAddressFamilies=~`` stand for no filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts.units import Sandbox, UnitState

_MAX_VALUE = 2000


def _units(evidence: Evidence) -> Iterator[tuple[str, dict[str, str]]]:
    """Place and properties of each unit."""
    here, properties = "", dict[str, str]()
    for where, line in evidence.lines():
        if not line:
            if properties:
                yield here, properties
            properties = {}
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.isalnum():
            raise ParseError(where, "'NAME=VALUE'", repr(line[:80]))
        here = here if properties else where
        properties[name] = value[:_MAX_VALUE]
    if properties:
        yield here, properties


def parse_unit_states(host: HostEvidence) -> Mapping[str, UnitState]:
    """Unit name to state, for the units asked for.

    Raises:
        ParseError: a line of another form, or a unit without Id.
    """
    evidence = host.get("units.states")
    states = {}
    for where, unit in _units(evidence):
        name = unit.get("Id", "")
        if not name:
            raise ParseError(where, "a unit with Id", "none")
        states[name] = UnitState(
            name=name,
            load=unit.get("LoadState", ""),
            active=unit.get("ActiveState", ""),
            sub=unit.get("SubState", ""),
            enabled=unit.get("UnitFileState", ""),
            result=unit.get("Result", ""),
        )
    if not states:
        raise ParseError(evidence.key, "at least one unit", "none")
    return states


def parse_sandboxes(host: HostEvidence) -> tuple[Sandbox, ...]:
    """Every running service, by name.

    Raises:
        ParseError: a line of another form, or a unit without Id.
    """
    services = []
    for where, unit in _units(host.get("units.running")):
        if not unit.get("Id"):
            raise ParseError(where, "a unit with Id", "none")
        services.append(_sandbox(where, unit))
    return tuple(sorted(services, key=lambda service: service.unit))


def _sandbox(where: str, unit: Mapping[str, str]) -> Sandbox:
    def on(name: str) -> bool:
        return unit.get(name, "no") == "yes"

    pid = unit.get("MainPID", "0")
    if not pid.isdecimal() or len(pid) > 10:
        raise ParseError(where, "MainPID, a process number", repr(pid[:40]))
    return Sandbox(
        unit=unit["Id"],
        main_pid=int(pid),
        user=unit.get("User", ""),
        dynamic_user=on("DynamicUser"),
        no_new_privileges=on("NoNewPrivileges"),
        protect_system=unit.get("ProtectSystem", "no"),
        protect_home=unit.get("ProtectHome", "no"),
        private_tmp=on("PrivateTmp"),
        private_devices=on("PrivateDevices"),
        private_network=on("PrivateNetwork"),
        private_users=on("PrivateUsers"),
        protect_kernel_tunables=on("ProtectKernelTunables"),
        protect_kernel_modules=on("ProtectKernelModules"),
        protect_kernel_logs=on("ProtectKernelLogs"),
        protect_control_groups=unit.get("ProtectControlGroups", "no") not in ("no", ""),
        protect_clock=on("ProtectClock"),
        protect_proc=unit.get("ProtectProc", "default"),
        restrict_namespaces=unit.get("RestrictNamespaces", "no"),
        restrict_suid_sgid=on("RestrictSUIDSGID"),
        restrict_address_families=unit.get("RestrictAddressFamilies", "~"),
        lock_personality=on("LockPersonality"),
        memory_deny_write_execute=on("MemoryDenyWriteExecute"),
        system_call_filter=unit.get("SystemCallFilter", "~"),
        capability_bounding=tuple(unit.get("CapabilityBoundingSet", "").split()),
        ambient_capabilities=tuple(unit.get("AmbientCapabilities", "").split()),
        apparmor_profile=unit.get("AppArmorProfile", ""),
        selinux_context=unit.get("SELinuxContext", ""),
    )
