"""selinuxfs, /sys/fs/selinux: small files with a number, and one file a boolean with ``NOW PENDING``::

    enforce:1
    initial_contexts/kernel:system_u:system_r:kernel_t:s0
    booleans/httpd_can_network_connect:1 1

Source: kernel security/selinux/selinuxfs.c. ``deny_unknown`` and ``reject_unknown`` are what the policy asks
for permissions and classes it does not define. Before a policy is loaded the initial context of the
kernel is the bare word ``kernel``.
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.selinux import Boolean, SelinuxKernel
from hardcheck.parse.fragment_lines import is_absent, named_values, not_present

_BIT = {"0": False, "1": True}
_INITIAL = "initial_contexts/kernel"


def parse_selinux_kernel(host: HostEvidence) -> SelinuxKernel | Absent:
    """The state that the kernel holds; NOT_PRESENT where selinuxfs is not there.

    Raises:
        ParseError: a file is missing from the answer or is no number.
    """
    evidence = host.get("selinux.kernel")
    if is_absent(evidence):
        return not_present(evidence, "no /sys/fs/selinux/enforce: SELinux is off or not built in")
    values = named_values(evidence)
    place = evidence.key

    def bit(name: str) -> bool:
        value = values.get(name, "nothing")
        if value not in _BIT:
            raise ParseError(f"{place}:{name}", "0 or 1", repr(value))
        return _BIT[value]

    version = values.get("policyvers", "")
    if not version.isascii() or not version.isdecimal() or len(version) > 4:
        raise ParseError(f"{place}:policyvers", "a number", repr(version))
    if not values.get(_INITIAL):
        raise ParseError(f"{place}:{_INITIAL}", "a context", "nothing")
    checked = values.get("checkreqprot", "")
    return SelinuxKernel(
        enforcing=bit("enforce"),
        policy_loaded=values[_INITIAL] != "kernel",
        mls=bit("mls"),
        policy_version=int(version),
        deny_unknown=bit("deny_unknown"),
        reject_unknown=bit("reject_unknown"),
        checkreqprot=_BIT[checked]
        if checked in _BIT
        else Absent(Reason.NOT_PRESENT, (place,), "this kernel has no checkreqprot"),
    )


def parse_booleans(host: HostEvidence) -> dict[str, Boolean] | Absent:
    """The booleans of the loaded policy by name, empty where it has none.

    Raises:
        ParseError: a file of another form.
    """
    evidence = host.get("selinux.kernel")
    if is_absent(evidence):
        return not_present(evidence, "no /sys/fs/selinux/enforce: SELinux is off or not built in")
    booleans = {}
    for where, line in evidence.lines():
        if not line.startswith("booleans/"):
            continue
        name, _, value = line.removeprefix("booleans/").partition(":")
        parts = value.rstrip("\x00").split(" ")
        if not name or len(parts) != 2 or parts[0] not in _BIT or parts[1] not in _BIT:
            raise ParseError(where, "booleans/NAME:NOW PENDING with 0 or 1", repr(line[:80]))
        booleans[name] = Boolean(_BIT[parts[0]], _BIT[parts[1]])
    return booleans
