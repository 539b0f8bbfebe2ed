"""What firmware and processor say of themselves, as the probe's fragments print it.

``boot.firmware``: ``firmware efi`` or ``firmware other``, then the bytes of variables as decimal numbers,
four of attributes before the value::

    firmware efi
    value SecureBoot  6 0 0 0 1
    absent MokSBStateRT

``kernel.protections``: ``machine x86_64``, ``nx yes``, ``vsyscall none`` or the mode of the page, ``reports
yes`` and one line a file of /sys/devices/system/cpu/vulnerabilities::

    cpu meltdown:Mitigation: PTI

Source: UEFI specification, "Globally Defined Variables"; shim MokVars.txt; kernel
Documentation/ABI/testing/sysfs-devices-system-cpu.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.boot import Firmware, Protections

_FIRMWARE = "boot.firmware"
_PROTECTIONS = "kernel.protections"
_VALUE = re.compile(r"value (?P<name>[A-Za-z]+) +(?:[0-9]{1,3} ){4}(?P<byte>[0-9]{1,3}) ?")
_WHY = {"absent": Reason.NOT_PRESENT, "denied": Reason.DENIED}


def parse_firmware(host: HostEvidence) -> Firmware:
    """How the host was started.

    Raises:
        ParseError: a line of another form.
    """
    evidence = host.get(_FIRMWARE)
    first, *lines = [line for _, line in evidence.lines()] or [""]
    if first == "firmware other":
        none = Absent(Reason.NOT_PRESENT, (_FIRMWARE,), "the host was not started by UEFI")
        return Firmware(uefi=False, secure_boot=False, setup_mode=none, shim_validates=none)
    if first != "firmware efi":
        raise ParseError(_FIRMWARE, "'firmware efi' or 'firmware other'", repr(first[:40]))
    unseen = Absent(Reason.NOT_COLLECTED, (_FIRMWARE,), "the variables of the firmware were not shown")
    if lines == ["variables none"]:
        return Firmware(uefi=True, secure_boot=unseen, setup_mode=unseen, shim_validates=unseen)
    values: dict[str, bool | Absent] = {}
    for line in lines:
        match = _VALUE.fullmatch(line)
        word, _, name = line.partition(" ")
        if match is not None:
            values[match["name"]] = match["byte"] == "1"
        elif word in _WHY:
            values[name] = Absent(_WHY[word], (_FIRMWARE,), f"the variable {name} was not read"[:100])
        else:
            raise ParseError(_FIRMWARE, "'value NAME BYTES', 'absent NAME' or 'denied NAME'", repr(line[:60]))
    secure = values.get("SecureBoot", unseen)
    if isinstance(secure, Absent) and secure.reason is Reason.NOT_PRESENT:
        secure = False  # firmware that does not know it does not do it
    ignored = values.get("MokSBStateRT", unseen)
    if isinstance(ignored, Absent):
        validates: bool | Absent = True if ignored.reason is Reason.NOT_PRESENT else ignored
    else:
        validates = not ignored
    return Firmware(True, secure, values.get("SetupMode", unseen), validates)


def parse_protections(host: HostEvidence) -> Protections:
    """What the running kernel says of its processor.

    Raises:
        ParseError: a line of another form, or one that is missing.
    """
    evidence = host.get(_PROTECTIONS)
    told: dict[str, str] = {}
    reports: dict[str, str] = {}
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word == "cpu":
            name, colon, text = rest.partition(":")
            if not colon:
                raise ParseError(where, "'cpu NAME:TEXT'", repr(line[:80]))
            reports.setdefault(name, text)
        elif word in ("machine", "nx", "vsyscall", "reports"):
            told.setdefault(word, rest)
        else:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    if told.keys() != {"machine", "nx", "vsyscall", "reports"}:
        raise ParseError(_PROTECTIONS, "machine, nx, vsyscall and reports", ", ".join(sorted(told)) or "none")
    none = Absent(
        Reason.NOT_PRESENT, (_PROTECTIONS,), "this kernel does not report on faults of the processor"
    )
    return Protections(
        machine=told["machine"],
        no_execute={"yes": True, "no": False}.get(told["nx"]),
        vsyscall="" if told["vsyscall"] == "none" else told["vsyscall"],
        reports=reports if told["reports"] == "yes" else none,
    )
