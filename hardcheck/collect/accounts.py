"""Users, groups and sudo rules. Of a password only its state leaves the host, never the hash."""

from __future__ import annotations

from hardcheck.collect.base import KIB, FileSource, ShellSource, TreeSource

# NAME:STATE:SCHEME:LASTCHANGE:MIN:MAX:WARN:INACTIVE:EXPIRE, see shadow(5) and crypt(5). STATE is `none`
# (logs in without a password), `locked` (no password can match) or `set`.
_SHADOW = """\
[ -r /etc/shadow ] || exit 13
while IFS=: read -r name hash changed least most warn inactive expire rest; do
  state=set
  case $hash in
    '') state=none ;;
    '!'* | '*'*) state=locked ;;
  esac
  while :; do case $hash in '!'* | '*'*) hash=${hash#?} ;; *) break ;; esac; done
  case $hash in
    '') scheme=- ;;
    x) scheme=-; state=locked ;;
    '$y$'*) scheme=yescrypt ;;
    '$gy$'*) scheme=gost-yescrypt ;;
    '$7$'*) scheme=scrypt ;;
    '$2'[abxy]'$'*) scheme=bcrypt ;;
    '$6$'*) scheme=sha512 ;;
    '$5$'*) scheme=sha256 ;;
    '$sha1$'*) scheme=sha1 ;;
    '$md5'*) scheme=sunmd5 ;;
    '$1$'*) scheme=md5 ;;
    '$3$'*) scheme=nt ;;
    '$'*) scheme=unknown ;;
    _???????????????????) scheme=bsdi ;;
    ?????????????) scheme=des ;;
    *) scheme=unknown; [ "$state" = set ] && state=locked ;;
  esac
  printf '%s:%s:%s:%s:%s:%s:%s:%s:%s\\n' "$name" "$state" "$scheme" "$changed" "$least" "$most" "$warn" \\
    "$inactive" "$expire"
done < /etc/shadow
"""

SOURCES = (
    FileSource("accounts.passwd", "/etc/passwd", max_bytes=512 * KIB),
    FileSource("accounts.group", "/etc/group", max_bytes=512 * KIB),
    ShellSource("accounts.passwords", _SHADOW, max_bytes=512 * KIB, root=True),
    TreeSource("accounts.sudoers", ("/etc/sudoers", "/etc/sudoers.d/*"), max_files=100, root=True),
)
