"""Packet filter as it is loaded, and the files that load it at boot.

nft(8) lists the rules of iptables-nft as well. The older ip_tables interface keeps its own tables,
named in /proc/net/ip*_tables_names; only then, or where nft is missing, is iptables-save run, so that
no kernel module is loaded by looking.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, ShellSource, TreeSource

# --terse leaves out the elements of sets (long ban lists); nft before 0.9.5 does not know it.
_NFT = """\
nft -j -t list ruleset 2>/dev/null || nft -j list ruleset
"""

_IPTABLES = """\
nft=no
command -v nft > /dev/null 2>&1 && nft=yes
for module in nf_tables ip_tables ip6_tables; do
  if [ -d "/sys/module/$module" ]; then echo "module $module loaded"; else echo "module $module absent"; fi
done
for four in '' 6; do
  names="/proc/net/ip${four}_tables_names"
  found=no
  if [ -r "$names" ]; then
    while read -r table; do echo "table ip$four $table"; found=yes; done < "$names"
  elif [ -e "$names" ]; then echo "denied ip$four"; continue
  fi
  if [ "$found" = no ] && [ "$nft" = yes ]; then echo "none ip$four"; continue; fi
  tool=
  if [ "$found" = yes ]; then
    command -v "ip${four}tables-legacy-save" > /dev/null 2>&1 && tool="ip${four}tables-legacy-save"
  fi
  if [ -z "$tool" ] && command -v "ip${four}tables-save" > /dev/null 2>&1; then
    tool="ip${four}tables-save"
  fi
  if [ -z "$tool" ]; then echo "missing ip$four"; continue; fi
  echo "save ip$four $tool"
  "$tool" || echo "failed ip$four"
done
exit 0
"""

# Of extensions that iptables-nft loads (conntrack, multiport) nft prints the names alone. The module that
# holds them is there only where they are in use; the tool then reads by the same interface as nft.
_COMPAT = """\
for four in '' 6; do
  if [ ! -d /sys/module/nft_compat ]; then echo "none ip$four"; continue; fi
  tool="ip${four}tables-nft-save"
  if ! command -v "$tool" > /dev/null 2>&1; then echo "missing ip$four"; continue; fi
  echo "save ip$four $tool"
  "$tool" || echo "failed ip$four"
done
exit 0
"""

# Asked only where it runs: the client starts Python and needs the bus.
_FIREWALLD = """\
if [ ! -d /run/firewalld ] && [ ! -e /run/firewalld.pid ] && [ ! -e /var/run/firewalld.pid ]; then
  firewall-cmd --state 2>&1; exit 0
fi
echo "default $(firewall-cmd --get-default-zone)"
firewall-cmd --list-all-zones
"""

SOURCES = (
    ShellSource("firewall.nft", _NFT, needs=("nft",), max_bytes=4 * MIB, root=True),
    ShellSource("firewall.iptables", _IPTABLES, max_bytes=4 * MIB, root=True),
    ShellSource("firewall.compat", _COMPAT, max_bytes=4 * MIB, root=True),
    ShellSource(
        "firewall.firewalld", _FIREWALLD, needs=("firewall-cmd",), max_bytes=256 * KIB, root=True, ok=(0, 252)
    ),
    TreeSource(
        "firewall.files",
        (
            "/etc/ufw/ufw.conf",
            "/etc/default/ufw",
            "/etc/nftables.conf",
            "/etc/nftables/*.nft",
            "/etc/nftables/*.conf",
            "/etc/nftables.d/*.nft",
            "/etc/nftables.d/*.conf",
            "/etc/sysconfig/nftables.conf",
            "/etc/iptables/rules.v4",
            "/etc/iptables/rules.v6",
            "/etc/sysconfig/iptables",
            "/etc/sysconfig/ip6tables",
            "/etc/firewalld/firewalld.conf",
            "/etc/firewalld/zones/*.xml",
        ),
        max_files=80,
        root=True,
    ),
    TreeSource(
        "firewall.ufw",
        ("/etc/ufw/ufw.conf", "/etc/default/ufw", "/etc/ufw/user.rules", "/etc/ufw/user6.rules"),
        max_files=8,
        root=True,
    ),
)
