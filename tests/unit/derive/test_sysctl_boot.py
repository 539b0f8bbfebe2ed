"""What a kernel setting is after boot: order of sysctl.d(5), globs, links, procps, ufw, the kernel's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.derive.sysctl_boot import sysctl_values
from hardcheck.derive.sysctl_defaults import kernel_default
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.host import CommandLine
from hardcheck.facts.sysctl import SysctlFiles, SysctlReading, SysctlValue
from hardcheck.parse.sysctl_conf import parse_sysctl_files
from tests.unit.parse.system_hosts import host, tree

RP = "net.ipv4.conf.all.rp_filter"
DEFAULT_RP = "net.ipv4.conf.default.rp_filter"
NO_FILES = Absent(Reason.DENIED, ("sysctl.files",))


def files(content: dict[str, str | bytes | Reason]) -> SysctlFiles:
    found = parse_sysctl_files(host(tree("sysctl.files", content)))
    assert isinstance(found, SysctlFiles)
    return found


def value(
    content: dict[str, str | bytes | Reason],
    key: str = RP,
    *,
    systemd: bool = True,
    words: tuple[str, ...] = (),
    options: dict[str, str] | None = None,
    version: str = "",
) -> SysctlValue:
    reading = SysctlReading({key: "0"}, systemd, version)
    return sysctl_values(reading, files(content), options or {}, CommandLine(words))[key]


def test_of_two_files_with_one_name_the_one_in_etc_wins() -> None:
    found = value({"/etc/sysctl.d/50-a.conf": f"{RP} = 1\n", "/usr/lib/sysctl.d/50-a.conf": f"{RP} = 2\n"})
    assert (found.after_boot, found.set_by) == ("1", "/etc/sysctl.d/50-a.conf:1")


def test_names_are_sorted_over_all_folders_and_the_last_line_wins() -> None:
    found = value({"/etc/sysctl.d/10-a.conf": f"{RP} = 1\n", "/usr/lib/sysctl.d/99-z.conf": f"\n{RP}=2\n"})
    assert (found.after_boot, found.set_by) == ("2", "/usr/lib/sysctl.d/99-z.conf:2")


def test_a_link_to_dev_null_masks_the_file_of_its_name() -> None:
    found = value({"/etc/sysctl.d/50-a.conf": "-> /dev/null", "/usr/lib/sysctl.d/50-a.conf": f"{RP} = 2\n"})
    assert (found.after_boot, found.set_by) == ("0", "kernel default")


def test_systemd_reads_sysctl_conf_only_through_a_link() -> None:
    alone: dict[str, str | bytes | Reason] = {"/etc/sysctl.conf": f"{RP} = 1\n"}
    found = value(alone)
    assert (found.after_boot, found.procps) == ("0", "1 (/etc/sysctl.conf:1)")
    linked = value({**alone, "/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf"})
    assert (linked.after_boot, linked.procps) == ("1", "")


def test_without_systemd_procps_reads_sysctl_conf_last_and_run_before_etc() -> None:
    content: dict[str, str | bytes | Reason] = {
        "/run/sysctl.d/50-a.conf": f"{RP} = 2\n",
        "/etc/sysctl.d/50-a.conf": f"{RP} = 1\n",
    }
    assert value(content, systemd=False).after_boot == "2"
    assert value(content).after_boot == "1"
    assert value(content).procps == "2 (/run/sysctl.d/50-a.conf:1)"
    conf: dict[str, str | bytes | Reason] = {**content, "/etc/sysctl.conf": f"{RP} = 0\n"}
    assert value(conf, systemd=False).set_by == "/etc/sysctl.conf:1"


def test_a_glob_covers_what_is_not_named_outright_wherever_it_stands() -> None:
    shipped = f"{DEFAULT_RP} = 2\nnet.ipv4.conf.*.rp_filter = 2\n-{RP}\n"
    content: dict[str, str | bytes | Reason] = {"/usr/lib/sysctl.d/50-default.conf": shipped}
    assert value(content).set_by == "kernel default"  # taken out of the glob
    assert value(content, DEFAULT_RP).set_by == "/usr/lib/sysctl.d/50-default.conf:1"
    site: dict[str, str | bytes | Reason] = {**content, "/etc/sysctl.d/10-site.conf": f"{RP} = 1\n"}
    assert value(site).after_boot == "0"  # the later -KEY takes the earlier value away
    late: dict[str, str | bytes | Reason] = {**content, "/etc/sysctl.d/60-site.conf": f"{RP} = 1\n"}
    assert value(late).set_by == "/etc/sysctl.d/60-site.conf:1"


def test_a_star_does_not_reach_over_a_dot() -> None:
    content: dict[str, str | bytes | Reason] = {"/etc/sysctl.d/1.conf": "net.ipv4.*.rp_filter = 1\n"}
    assert value(content).set_by == "kernel default"


def test_ip_forward_and_the_forwarding_of_all_interfaces_are_one_setting() -> None:
    content: dict[str, str | bytes | Reason] = {"/etc/sysctl.d/1.conf": "net.ipv4.ip_forward = 1\n"}
    for key in ("net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding"):
        found = value(content, key)
        assert (found.after_boot, found.set_by) == ("1", "/etc/sysctl.d/1.conf:1")


def test_a_file_that_could_not_be_read_hides_what_no_later_file_sets() -> None:
    content: dict[str, str | bytes | Reason] = {
        "/etc/sysctl.d/10-a.conf": f"{RP} = 1\n",
        "/etc/sysctl.d/50-b.conf": Reason.DENIED,
        "/etc/sysctl.d/90-c.conf": f"{DEFAULT_RP} = 1\n",
    }
    hidden = value(content).after_boot
    assert isinstance(hidden, Absent)
    assert hidden.reason is Reason.DENIED
    assert value(content, DEFAULT_RP).after_boot == "1"


def test_ufw_comes_after_all_files_while_it_is_enabled() -> None:
    key = "net.ipv4.conf.all.accept_redirects"
    content: dict[str, str | bytes | Reason] = {
        "/etc/sysctl.d/99-z.conf": f"{key} = 1\n",
        "/etc/ufw/sysctl.conf": "net/ipv4/conf/all/accept_redirects=0\n",
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
    }
    assert value(content, key).set_by == "/etc/ufw/sysctl.conf:1"
    content["/etc/ufw/ufw.conf"] = "ENABLED=no\n"
    assert value(content, key).set_by == "/etc/sysctl.d/99-z.conf:1"


def test_the_kernels_command_line_comes_before_its_default_and_after_the_files() -> None:
    words = (f"sysctl.{RP}=1",)
    assert value({}, words=words).set_by == "kernel command line"
    assert value({"/etc/sysctl.d/1.conf": f"{RP} = 2\n"}, words=words).after_boot == "2"
    key = "kernel.randomize_va_space"
    assert value({}, key, words=("norandmaps",), options={"COMPAT_BRK": "n"}).after_boot == "0"


def test_a_start_value_that_is_not_known_is_an_absence_and_no_guess() -> None:
    found = value({}, "kernel.randomize_va_space")
    assert isinstance(found.after_boot, Absent)
    assert isinstance(found.set_by, Absent)
    assert value({}, "kernel.randomize_va_space", options={"COMPAT_BRK": "n"}).after_boot == "2"


@pytest.mark.parametrize(
    ("key", "options", "version", "expected"),
    [
        ("kernel.dmesg_restrict", {"SECURITY_DMESG_RESTRICT": "y"}, "", "1"),
        ("kernel.unprivileged_bpf_disabled", {"BPF_UNPRIV_DEFAULT_OFF": "y"}, "", "2"),
        ("kernel.sysrq", {"MAGIC_SYSRQ_DEFAULT_ENABLE": "0x01b6"}, "", "438"),
        ("kernel.sysrq", {"MAGIC_SYSRQ_DEFAULT_ENABLE": "x"}, "", None),
        ("kernel.perf_event_paranoid", {}, "#1 SMP Debian 6.1.192-2 (2026-11-16)", "3"),
        ("kernel.perf_event_paranoid", {"COMPAT_BRK": "n"}, "", "2"),
        ("kernel.perf_event_paranoid", {"SECURITY_PERF_EVENTS_RESTRICT": "y"}, "", None),
        ("kernel.yama.ptrace_scope", {}, "#1 SMP", None),
        ("net.ipv4.conf.default.accept_source_route", {}, "", "1"),
        ("user.max_user_namespaces", {}, "", None),
    ],
)
def test_start_values_are_those_of_the_build(
    key: str, options: dict[str, str], version: str, expected: str | None
) -> None:
    assert kernel_default(key, options, version) == expected


def test_files_that_could_not_be_listed_leave_the_value_now_and_nothing_after() -> None:
    reading = SysctlReading({RP: "1"}, systemd=True, version="")
    found = sysctl_values(reading, NO_FILES, {}, CommandLine(()))[RP]
    assert (found.now, found.after_boot) == ("1", NO_FILES)


NAMES = st.sampled_from(["10-a", "50-b", "90-c"])
FOLDERS = st.sampled_from(["/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d"])


@given(st.dictionaries(st.tuples(FOLDERS, NAMES), st.sampled_from("012"), max_size=6))
def test_boot_takes_the_last_name_and_of_that_the_first_folder(settings: dict[tuple[str, str], str]) -> None:
    content: dict[str, str | bytes | Reason] = {
        f"{folder}/{name}.conf": f"{RP} = {number}\n" for (folder, name), number in settings.items()
    }
    found = value(content)
    if not settings:
        assert found.set_by == "kernel default"
        return
    last = max(name for _, name in settings)
    first = min(
        folder for folder, name in settings if name == last
    )  # etc, run, usr: also the alphabet's order
    assert (found.after_boot, found.set_by) == (settings[first, last], f"{first}/{last}.conf:1")
