"""Whether the clock is kept in step, by what the running time services say of themselves.

What a hypervisor does for its guest, and a hardware clock, are not seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.time import TimeState, TimeSync
from hardcheck.facts.units import UnitState

SERVICES = (
    "chrony.service",
    "chronyd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "systemd-timesyncd.service",
)
_DAY = 86400


def time_sync(states: Mapping[str, UnitState], state: TimeState | Absent) -> TimeSync:
    """The running services, each once (a unit may have two names), and whether one of them is in step."""
    running = tuple(
        dict.fromkeys(
            name.removesuffix(".service").replace("chronyd", "chrony")
            for name in SERVICES
            if name in states and states[name].active == "active"
        )
    )
    if not running:
        return TimeSync((), synchronised=False, detail="no time service runs")
    if isinstance(state, Absent):
        return TimeSync(running, state, state.detail)
    if state.chrony_stratum is not None:
        in_step = 0 < state.chrony_stratum < 16 and "Not synchronised" not in state.chrony_leap
        return TimeSync(running, in_step, f"chrony: stratum {state.chrony_stratum}, {state.chrony_leap}")
    if state.ntp_stratum is not None:
        return TimeSync(running, state.ntp_stratum < 16, f"ntp: stratum {state.ntp_stratum}")
    if "systemd-timesyncd" in running:
        last = state.timesyncd_last_s
        if last is None:
            detail = "systemd-timesyncd has not set the clock since boot"
            return TimeSync(running, synchronised=False, detail=detail)
        age = max(0, state.clock_s - last)
        return TimeSync(running, age < _DAY, f"systemd-timesyncd set the clock {age // 60} minutes ago")
    why = f"{running[0]} runs and did not say"
    return TimeSync(running, Absent(Reason.NOT_COLLECTED, ("time.state",), why), why)
