"""Packages that matter, what is waiting to be updated, and whether updates come by themselves.

Nothing is fetched: pending updates are worked out from the metadata that the host has, whose age is
evidence too. The package managers would write caches or logs as root, so they are told not to.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, CommandSource, ShellSource, TreeSource

PACKAGES = (
    "aide",
    "apparmor",
    "apparmor-parser",
    "apparmor-profiles",
    "apparmor-profiles-extra",
    "apparmor-utils",
    "apache2",
    "audispd-plugins",
    "audit",
    "auditd",
    "checkpolicy",
    "chrony",
    "container-selinux",
    "cronie",
    "docker-ce",
    "docker.io",
    "dnf-automatic",
    "fail2ban",
    "fail2ban-firewalld",
    "firewalld",
    "httpd",
    "iptables",
    "iptables-nft-services",
    "iptables-persistent",
    "iptables-services",
    "libapparmor1",
    "libpam-apparmor",
    "libselinux",
    "libselinux1",
    "libselinux-utils",
    "linux-base",
    "mcstrans",
    "moby-engine",
    "needrestart",
    "netfilter-persistent",
    "nftables",
    "nginx",
    "ntp",
    "ntpsec",
    "openssh-server",
    "pam_apparmor",
    "podman",
    "policycoreutils",
    "policycoreutils-python-utils",
    "rsyslog",
    "selinux-basics",
    "selinux-policy",
    "selinux-policy-default",
    "selinux-policy-minimum",
    "selinux-policy-mls",
    "selinux-policy-targeted",
    "selinux-utils",
    "setroubleshoot",
    "setroubleshoot-plugins",
    "setroubleshoot-server",
    "sudo",
    "systemd",
    "systemd-timesyncd",
    "telnetd",
    "rsh-server",
    "ufw",
    "unattended-upgrades",
    "update-notifier-common",
    "zypper",
    "aide-common",
    "audit-audispd-plugins",
    "audit-libs",
    "logrotate",
    "rsyslog-gnutls",
    "rsyslog-openssl",
    "rsyslog-module-gtls",
    "syslog-ng",
    "syslog-ng-core",
    "systemd-journal-remote",
)
"""Packages whose presence or version is asked for; one that is not installed is told as such."""

_DPKG = (
    "dpkg-query",
    "-W",
    "-f=${db:Status-Status} ${binary:Package} ${Version} ${Architecture}\\n",
    *PACKAGES,
    "linux-image-*",
)
_RPM = (
    "rpm",
    "-q",
    "--qf",
    "installed %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH}\\n",
    *PACKAGES,
    "kernel-core",
    "kernel",
    "kernel-default",
)

# As root apt would write its cache files, so it runs as nobody, who may only read them; without
# setpriv(1) it builds its index in memory. What it unpacks while it reads lies in memory too, in files
# without a name. `list` are the release files of the sources, `stamp` the times
# at which something of them was last written.
_APT = """\
echo "clock $(date +%s)"
for file in /var/lib/apt/lists/*Release; do
  if [ -e "$file" ]; then printf 'list %s\\n' "${file##*/}"; fi
done
stat -c 'stamp %Y %n' /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp \\
  /var/lib/apt/lists/*Release 2>/dev/null
echo 'upgrade'
if [ -d /dev/shm ]; then TMPDIR=/dev/shm; export TMPDIR; fi
set -- apt-get -s -qq -o Debug::NoLocking=true -o APT::Get::Show-User-Simulation-Note=false dist-upgrade
if [ -w /var/cache/apt ]; then
  if command -v setpriv > /dev/null 2>&1; then set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
  else set -- "$@" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=; fi
fi
"$@" || exit 1
echo 'end'
"""

_DNF = """\
echo "clock $(date +%s)"
stat -c 'stamp %Y %n' /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml \\
  /var/cache/yum/*/*/*/repomd.xml 2>/dev/null
echo 'updates'
dnf -q -C --setopt=logfilelevel=0 updateinfo list --security && echo 'end'
"""

# libzypp would write its log and its cache, so it runs as nobody with neither; it is not run at all where it
# could not be. `list` are the sources whose metadata is there, `stamp` when it was fetched.
_ZYPPER = """\
echo "clock $(date +%s)"
for folder in /var/cache/zypp/raw/*; do
  if [ -e "$folder/cookie" ]; then
    printf 'list %s\\n' "${folder##*/}"
    stat -c 'stamp %Y %n' "$folder/cookie"
  fi
done
echo 'updates'
if [ -d /dev/shm ]; then TMPDIR=/dev/shm; export TMPDIR; fi
ZYPP_LOGFILE=/dev/null
export ZYPP_LOGFILE
set -- zypper --xmlout --non-interactive --no-refresh list-patches --category security
if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; fi
"$@" && echo 'end'
"""

_APT_CONFIG = ("apt-config", "dump", "APT::Periodic", "Unattended-Upgrade")

# The kernel that runs, those that are installed, and the marks that packages leave.
_REBOOT = """\
read -r release < /proc/sys/kernel/osrelease && printf 'running %s\\n' "$release"
read -r version < /proc/version && printf 'version %s\\n' "$version"
for file in /boot/vmlinuz-* /boot/Image-* /boot/efi/EFI/Linux/*.efi; do
  if [ -e "$file" ]; then printf 'image %s\\n' "${file##*/}"; fi
done
for folder in /lib/modules/*; do
  if [ -e "$folder/modules.dep" ] || [ -e "$folder/vmlinuz" ]; then printf 'modules %s\\n' "${folder##*/}"; fi
done
if [ -r /boot ]; then echo 'boot readable'; fi
for file in /run/reboot-required /var/run/reboot-required; do
  if [ -e "$file" ]; then
    echo 'mark reboot-required'
    if [ -r "$file.pkgs" ]; then
      while read -r name; do printf 'package %s\\n' "$name"; done < "$file.pkgs"
    fi
    break
  fi
done
exit 0
"""

SOURCES = (
    CommandSource("packages.dpkg", _DPKG, max_bytes=256 * KIB, ok=(0, 1)),
    CommandSource("packages.rpm", _RPM, timeout_s=30, max_bytes=256 * KIB, ok=tuple(range(len(_RPM)))),
    ShellSource("reboot.state", _REBOOT, max_bytes=32 * KIB),
    CommandSource("updates.apt_config", _APT_CONFIG, max_bytes=64 * KIB),
    TreeSource(
        "updates.dnf_config",
        ("/etc/dnf/automatic.conf", "/etc/dnf/dnf5-plugins/automatic.conf", "/etc/yum/yum-cron.conf"),
        max_bytes=32 * KIB,
    ),
    ShellSource("updates.apt", _APT, needs=("apt-get", "stat", "date"), timeout_s=60, max_bytes=2 * MIB),
    ShellSource(
        "updates.zypper",
        _ZYPPER,
        needs=("zypper", "stat", "date", "setpriv"),
        timeout_s=60,
        max_bytes=1 * MIB,
    ),
    # YaST's "online update" leaves a file of this name for cron(8).
    TreeSource("updates.suse_cron", ("/etc/cron.*/opensuse.org-online_update",), max_bytes=16 * KIB),
    ShellSource(
        "updates.dnf", _DNF, needs=("dnf", "stat", "date"), timeout_s=60, max_bytes=1 * MIB, root=True
    ),
)
