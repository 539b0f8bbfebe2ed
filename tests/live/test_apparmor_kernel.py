"""The kernel's own answers against ours: real opens, execs, links, sockets, mounts, signals, capabilities.

Profiles of our own (random ones, and copies of shipped ones in enforce mode) are loaded on the AppArmor
host under names of our own and removed at the end; a prober does what a plan says under each of them.
Each question is also asked without a profile: what then fails for other reasons is not counted.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import random
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hardcheck.apparmor import Features, ProfileMode, ProfileSet, features_of_tree, parse_features
from tests.live.apparmor_plan import PREFIX, RANDOM_PROFILES, ROOT, Group, file_groups, random_profile
from tests.live.apparmor_rest import (
    PROGRAMS,
    attachment_groups,
    capability_groups,
    change_groups,
    exec_groups,
    mount_groups,
    peer_groups,
    rest_profiles,
    shipped_groups,
    shipped_profiles,
    socket_groups,
)
from tests.live.apparmor_uses import abiless_profiles, hat_groups, use_groups, use_profiles
from tests.live.lab_hosts import on_host

pytestmark = pytest.mark.live

HOST = "apparmor"
SEED = int(os.environ.get("HARDCHECK_LIVE_SEED", "2024"))
_AT_ONCE = 3_000  # questions in one call of the prober, which may take five minutes on a busy machine
_WORK = "/root/hardcheck-live-work"
_WAITING_PROGRAM = "#include <unistd.h>\nint main(void) { alarm(20); for (;;) pause(); }\n"
_PROGRAM = ("apparmor_prober.py", "apparmor_doings.py")
_PINNED = "/usr/share/apparmor-features/features"
_GATHER = rf"""
tar -C / -cf - etc/apparmor.d {_PINNED[1:]} | base64
echo =
cd /sys/kernel/security/apparmor/features && grep -r '' .
echo =
find /etc /usr/share /usr/lib /var/lib /home /root -xdev -type f -printf '%U %p\n'
"""
_SETUP = f"""
set -e
mkdir -p {ROOT}/m/old {ROOT}/n {ROOT}/cap
chmod 0777 {ROOT}
cd {ROOT}/cap
touch mine given closed theirs
chmod 777 . mine given theirs
chmod 0 closed
chown nobody closed theirs
apparmor_parser -K -r -I /etc/apparmor.d {_WORK}/profiles {_WORK}/abiless
"""
_CLEAN = f"""
printf normal >/sys/module/apparmor/parameters/audit
apparmor_parser -R -I /etc/apparmor.d {_WORK}/profiles {_WORK}/abiless
rm -rf {ROOT} {_WORK}
grep -c {PREFIX} /sys/kernel/security/apparmor/profiles || true
"""


class Lab(msgspec.Struct):
    """What the tests share: the policy as collected from the host with our profiles in it."""

    policy: ProfileSet
    rng: random.Random
    files: list[tuple[str, int]]  # plain files of the host with their owner

    def run(self, groups: list[Group]) -> list[list[object]]:
        """Let the prober do a plan; the results in the plan's order."""
        calls: list[list[Group]] = [[]]
        for group in groups:
            if calls[-1] and sum(len(one.questions) for one in [*calls[-1], group]) > _AT_ONCE:
                calls.append([])
            calls[-1].append(group)
        return [result for call in calls for result in self._call(call)]

    def _call(self, groups: list[Group]) -> list[list[object]]:
        plan = gzip.compress(json.dumps([self._plan(group) for group in groups]).encode())
        results: list[list[object]] = json.loads(
            on_host(HOST, f"cd / && python3 {_WORK}/{_PROGRAM[0]}", stdin=plan)
        )
        return results

    def _plan(self, group: Group) -> dict[str, object]:
        """A group as the prober takes it. In complain mode what is not logged is refused (kernel
        ``aa_check_perms``), so there records are kept."""
        profile = self.policy.profiles.get(group.profile)
        complains = profile is not None and self.policy.mode(profile) is ProfileMode.COMPLAIN
        return {**msgspec.structs.asdict(group), "quiet": not complains}


def _put(files: dict[str, bytes]) -> None:
    """Write files on the host, whole paths."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    on_host(HOST, "tar -C / -xzf -", stdin=packed.getvalue())


def _collect() -> tuple[dict[str, bytes], Features, list[tuple[str, int]]]:
    """The policy folder of the host (path to bytes), what its kernel knows, and files with their owners."""
    packed, features, listing = on_host(HOST, _GATHER).split("=\n")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as archive:
        found = {}
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                found[f"/{member.name}"] = stream.read()
    tree = dict(line[2:].partition(":")[::2] for line in features.splitlines())
    owned = (line.split(" ", 1) for line in listing.splitlines())
    return found, features_of_tree("kernel 6.1", tree), [(path, int(uid)) for uid, path in owned]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    rng = random.Random(SEED)
    collected, kernel, files = _collect()
    texts = [random_profile(rng, number) for number in range(RANDOM_PROFILES)]
    texts += rest_profiles(rng) + shipped_profiles(collected) + use_profiles()
    text = (
        "abi <abi/3.0>,\ninclude <tunables/global>\n@{HC}=ab a[0-9] long-*\n@{TFTP_DIR}=/srv/tftp\n"
        + "\n".join(texts)
    )
    abiless = "\n".join(abiless_profiles())
    collected["/etc/apparmor.d/hardcheck-live"] = text.encode()
    collected["/etc/apparmor.d/hardcheck-live-abiless"] = abiless.encode()
    pinned = parse_features("pinned", collected.pop(_PINNED).decode())
    assert pinned is not None
    policy = ProfileSet.read(collected, kernel=kernel, default_features=pinned, parser_version=(3, 0, 8))
    assert not [fault for fault in policy.faults if fault.file.startswith("hardcheck-live")]
    program = _static_program(tmp_path_factory.mktemp("prober"))
    here = Path(__file__).parent
    try:
        _put(
            {
                **{f"{_WORK}/{name}": (here / name).read_bytes() for name in _PROGRAM},
                f"{_WORK}/profiles": text.encode(),
                f"{_WORK}/abiless": abiless.encode(),
                **{f"{ROOT}/{name}": program for name in PROGRAMS},
            }
        )
        on_host(HOST, _SETUP)
        yield Lab(policy, rng, files)
    finally:
        left = on_host(HOST, _CLEAN)
        assert left.strip() == "0", "profiles of the test stayed loaded"


def _static_program(folder: Path) -> bytes:
    (folder / "waiting.c").write_text(_WAITING_PROGRAM)
    made = folder / "waiting"
    subprocess.run(["gcc", "-static", "-Os", "-s", "-o", made, folder / "waiting.c"], check=True)
    return made.read_bytes()


def _free(groups: list[Group]) -> list[Group]:
    """The same questions without a profile; files of the test's own tree in another folder of it."""
    text = json.dumps([group.questions for group in groups]).replace(f"{ROOT}/", f"{ROOT}/base/")
    own = any(q["kind"] == "file" and not q.get("given") for group in groups for q in group.questions)
    questions = json.loads(text) if own else [group.questions for group in groups]
    return [
        msgspec.structs.replace(group, profile="", target="", questions=asked)
        for group, asked in zip(groups, questions, strict=True)
    ]


def _answers(lab: Lab, groups: list[Group]) -> tuple[list[list[object]], list[list[object]]]:
    """What the kernel says without the profiles (each question once), and under them."""
    kinds: dict[tuple[str, bool, bool], Group] = {}
    places: dict[str, tuple[int, int]] = {}
    plain = _free(groups)
    for group in plain:
        key = (group.how, group.drop, group.mounts)
        once = kinds.setdefault(key, msgspec.structs.replace(group, questions=[], expected=[]))
        number = list(kinds).index(key)
        for question in group.questions:
            text = json.dumps([number, question])
            if text not in places:
                places[text] = (number, len(once.questions))
                once.questions.append(question)
    results = lab.run([*kinds.values(), *groups])
    free = []
    for group in plain:
        number = list(kinds).index((group.how, group.drop, group.mounts))
        spots = [places[json.dumps([number, question])] for question in group.questions]
        free.append([results[at][index] for at, index in spots])
    return free, results[len(kinds) :]


def _compare(
    lab: Lab, groups: list[Group], *, least: int, name: str, denials: bool = True, every: bool = False
) -> None:
    """Ask with and without the profiles; every answer that can be counted has to be the expected one.

    What fails without a profile is not counted, but for ``every``: what only a confined task can do.
    """
    free, confined = _answers(lab, groups)
    counted, allowed, wrong = 0, 0, []
    for group, without, within in zip(groups, free, confined, strict=True):
        assert isinstance(within, list), within
        for question, expected, base, real in zip(
            group.questions, group.expected, without, within, strict=True
        ):
            base_ok, real_ok = (
                one == "ok" or (isinstance(one, list) and one[0] == "ok") for one in (base, real)
            )
            if not base_ok and not every:
                continue
            counted += 1
            allowed += real_ok
            got: object = real[1] if isinstance(real, list) and real_ok else real_ok
            if got != expected:
                wrong.append(f"{group.profile} {group.target} {question}: expected {expected}, kernel {real}")
    print(f"{name}: {counted} questions, {allowed} allowed, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert counted >= least
    assert 0 < allowed < counted + (not denials)


def test_the_kernel_decides_random_file_questions_as_we_do(lab: Lab) -> None:
    names = [f"{PREFIX}{number}" for number in range(RANDOM_PROFILES)]
    _compare(lab, list(file_groups(lab.policy, lab.rng, names, 140)), least=5000, name="random files")


def test_the_kernel_decides_real_files_under_shipped_profiles_as_we_do(lab: Lab) -> None:
    _compare(lab, list(shipped_groups(lab.policy, lab.rng, lab.files)), least=2000, name="shipped profiles")


def test_programs_run_under_the_labels_we_say(lab: Lab) -> None:
    _compare(lab, list(exec_groups(lab.policy)), least=150, name="execs")


def test_profiles_attach_to_programs_as_we_say(lab: Lab) -> None:
    _compare(lab, list(attachment_groups(lab.policy)), least=15, name="attachments", denials=False)


def test_sockets_are_made_as_we_say(lab: Lab) -> None:
    _compare(lab, list(socket_groups(lab.policy)), least=100, name="sockets")


def test_capabilities_are_used_as_we_say(lab: Lab) -> None:
    _compare(lab, list(capability_groups(lab.policy)), least=100, name="capabilities")


def test_signals_and_traces_pass_between_profiles_as_we_say(lab: Lab) -> None:
    _compare(lab, list(peer_groups(lab.policy)), least=150, name="signals and ptrace")


def test_mounts_are_made_as_we_say(lab: Lab) -> None:
    _compare(lab, list(mount_groups(lab.policy)), least=60, name="mounts")


def test_profiles_are_changed_as_we_say(lab: Lab) -> None:
    _compare(lab, list(change_groups(lab.policy)), least=20, name="changes of profile")


def test_sockets_queues_buses_and_namespaces_are_used_as_we_say(lab: Lab) -> None:
    _compare(lab, list(use_groups(lab.policy)), least=150, name="uses")


def test_hats_are_changed_to_as_we_say(lab: Lab) -> None:
    _compare(lab, list(hat_groups(lab.policy)), least=12, name="hats", every=True)
