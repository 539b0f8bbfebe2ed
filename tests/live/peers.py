"""OpenSCAP and Lynis on a lab host, without installing anything there.

The packages are taken apart on this machine: programs and the libraries that the lab's image lacks go to
/opt/peers of the host, run from there and are removed again, so neither the package database nor a snapshot
changes. The content is that of Debian 13 (it has Debian 12's rules, which Debian 12's own package does not).
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.live import lab
from tests.live.scap_content import PREFIX, trim
from tests.proof import lynis
from tests.proof.compare import Asked

CONTENTS = {"debian12": "ssg-debian", "ubuntu2404": "ssg-debderived", "rhel9": "ssg-nondebian"}
_PLACE = "/opt/peers"
_LIBRARIES = (
    *("libexslt", "liblua5.3", "libopendbx", "libopenscap", "libpcre", "libpopt", "librpm", "librpmio"),
    *("libxmlsec1-openssl", "libxmlsec1", "libxslt", "libyaml-0"),
)
_TOOLS = (
    re.compile(r"usr/bin/oscap|usr/sbin/lynis|usr/share/openscap/cpe/.*"),
    re.compile(r"usr/share/lynis/.*|etc/lynis/default\.prf"),
    re.compile(rf"(usr/)?lib/(x86_64-linux-gnu/)?({'|'.join(map(re.escape, _LIBRARIES))})\.so\.[0-9.]+"),
)
_CONTENT = (re.compile(rf"usr/share/xml/scap/ssg/content/ssg-({'|'.join(CONTENTS)})-ds\.xml"),)
_ATTEMPTS, _STUCK_S = 4, 360
_GROUPS = "kernel kernel_hardening firewalls mac_frameworks"


def pack(lines: Iterable[Asked]) -> Path:
    """The archive for a host; what is taken from packages is kept in the lab's folder."""
    base = lab.LAB / "peers"
    tools, content = base / "tools", base / "content"
    _extract(("openscap-scanner", "lynis"), "bookworm", _TOOLS, tools)
    _extract(tuple(CONTENTS.values()), "trixie", _CONTENT, content)
    archive = base / "peers.tgz"
    with tarfile.open(archive, "w:gz", compresslevel=3) as tar:
        for file in sorted(tools.rglob("*")):
            name = file.relative_to(tools).as_posix()
            if ".so." in name:
                tar.add(file, f"lib/{file.name}", recursive=False)
            elif name == "etc/lynis/default.prf":
                tar.add(_sysctl_profile(file, base / "default.prf"), "lynis/default.prf")
            elif name.startswith("usr/share/lynis/") and file.is_file():
                tar.add(file, f"lynis/{name.removeprefix('usr/share/lynis/')}")
            elif file.is_file():
                tar.add(file, f"lynis/{file.name}" if file.name == "lynis" else f"share/{file.name}")
        for source in CONTENTS:
            stream = content / f"usr/share/xml/scap/ssg/content/ssg-{source}-ds.xml"
            if source != "debian12":
                whole, stream = stream, base / f"{source}.xml"
                trim(whole, {line.test for line in lines if line.source == source}, stream)
            tar.add(stream, f"share/{source}.xml")
    return archive


def _extract(packages: Sequence[str], suite: str, wanted: Sequence[re.Pattern[str]], folder: Path) -> None:
    """Files of Debian packages of a suite, with what the packages depend on, without installing them."""
    if folder.is_dir():
        return
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(packages)}", suite, "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bootstrap:
        assert bootstrap.stdout is not None
        with tarfile.open(fileobj=bootstrap.stdout, mode="r|") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if any(pattern.fullmatch(name) for pattern in wanted):
                    tar.extract(member, part, filter="tar")
    if bootstrap.returncode:
        raise AssertionError(f"mmdebstrap {suite}: {bootstrap.returncode}")
    part.rename(folder)


def _sysctl_profile(profile: Path, out: Path) -> Path:
    """Lynis' profile with its sysctl keys alone: it starts some processes for each line."""
    lines = [line for line in profile.read_text().splitlines() if line.startswith("config-data=sysctl;")]
    out.write_text("\n".join((*lines, "skip-plugins=yes", "skip-upgrade-test=yes")) + "\n")
    return out


def ask(host: str, archive: Path, lines: Sequence[Asked]) -> dict[tuple[str, str], str]:
    """Run both tools on a lab host; result by source and test."""
    with archive.open("rb") as stream:
        _run(host, f"rm -rf {_PLACE} && mkdir -p {_PLACE} && tar -C {_PLACE} -mxzf - --no-same-owner", stream)
    try:
        found: dict[tuple[str, str], str] = {}
        for source in CONTENTS:
            rules = [line.test for line in lines if line.source == source]
            found |= {(source, test): result for test, result in _openscap(host, source, rules).items()}
        return found | {("lynis", test): result for test, result in _lynis(host).items()}
    finally:
        _run(host, f"rm -rf {_PLACE}")


def _openscap(host: str, source: str, rules: Sequence[str]) -> dict[str, str]:
    """Results of all rules.

    oscap 1.3.7 may stop for ever with its threads waiting for one another: then it is ended and asked for
    what is missing.
    """
    found: dict[str, str] = {}
    for _ in range(_ATTEMPTS):
        left = [rule for rule in dict.fromkeys(rules) if rule not in found]
        if not left:
            return found
        options = " ".join(f"--rule {PREFIX}{rule}" for rule in left)
        told = _run(
            host,
            f"cd {_PLACE} && LD_LIBRARY_PATH={_PLACE}/lib OSCAP_CPE_PATH={_PLACE}/share "
            f"timeout -k 5 {_STUCK_S} share/oscap xccdf eval --skip-valid --skip-signature-validation "
            f"--progress {options} share/{source}.xml; [ $? -ne 1 ]",  # 2: some rule failed
        )
        lines = (line.removeprefix(PREFIX) for line in told.splitlines() if line.startswith(PREFIX))
        found |= dict(line.rsplit(":", 1) for line in lines if ":" in line)
    missing = set(rules) - set(found)
    assert not missing, f"{host} {source}: no result for {sorted(missing)[:5]}"
    return found


def _lynis(host: str) -> dict[str, str]:
    log = _run(
        host,
        f"cd {_PLACE}/lynis && mkdir -p plugins && chmod -R go-w . && sh ./lynis audit system --no-colors "
        f'--quick --plugindir ./plugins --tests-from-group "{_GROUPS}" --profile ./default.prf '
        "--logfile ../lynis.log --report-file ../lynis.dat > /dev/null 2>&1; cat ../lynis.log",
    )
    found = lynis.results(log)
    assert "MACF-6290" in found, f"{host}: Lynis did not come to its MAC tests: {log[-300:]}"
    return found


def _run(host: str, command: str, stdin: object = subprocess.DEVNULL) -> str:
    done = subprocess.run(
        lab.ssh_command(host, command),
        stdin=stdin,
        capture_output=True,
        timeout=3600,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise AssertionError(f"{host}: {command[:60]}: {done.stderr.decode(errors='replace')[-500:]}")
    return str(done.stdout.decode(errors="replace"))
