"""The shapes by which secrets are known in command lines, configuration, logs and tool output.

Each shape has literal words that must be in a line (lower case) before its pattern is tried there, so
that text without secrets costs one search for each word. The last group of a pattern that took
part in a match is the secret; the rest of the line stays as evidence. Patterns take time in proportion
to the line: what repeats is bounded or cannot overlap with what follows.

Not covered: secrets without a name or a known form, such as a bare word in a script.
"""

from __future__ import annotations

import re

import msgspec


class Shape(msgspec.Struct, frozen=True):
    """One kind of secret: words of which one must be in the line, and the pattern."""

    words: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _shape(words: str, *pattern: bytes) -> Shape:
    flags = re.IGNORECASE | re.MULTILINE
    return Shape(tuple(word.encode("ascii") for word in words.split()), re.compile(b"".join(pattern), flags))


# A value in quotes (the quotes stay), or a word.
_QUOTED = rb"""(?:"((?:[^"\\\n]|\\[^\n]){1,1024}+)|'([^'\n]{1,1024}+)"""
_VALUE = _QUOTED + rb"""|([^\s\0"'][^\s\0"'&<>]{0,1023}+))"""
_WORD = rb"""["']?([^\s\0"';]{1,1024}+)"""
_GAP = rb"[\s\0]{1,8}"
_FIELD = rb"[^\s\0]{1,256}+" + _GAP
_LATER = rb"[\s\0](?:[^\n]{0,400}?[\s\0])?"  # further words of the same command line

_NAMES = (
    rb"pass(?:wor)?d|passwd|passphrase|requirepass|masterauth|secret|authtok|token|(?<!load)(?<!import)credentials?"
    rb"|(?:secret[_-]?access|secret|api|app|access|auth|encryption|signing|account|private|preshared)[_-]?key"
    rb"|default_pw|bindpw|rootpw|\bpw|\bpsk|wep-key[0-9]|tcp_fastopen_key"
    rb"|(?:db|sql|smtp|mail|ftp|user|admin|root|auth|ldap|redis|pg|http|proxy)_?pass"
)
_NAME = rb"(?:" + _NAMES + rb")"
_NAME_WORDS = "pass secret token key auth cred pw psk"
# After passwd: the services of nsswitch.conf(5), the version of a package.
_NO_VALUE = rb"(?!(?:files|compat|sss|systemd|db|nis|ldap|winbind)(?:\s|$))(?![0-9]+:[0-9])"

_NAMED = (
    # NAME=value, NAME: value, env[NAME] = value, "name": "value", define('NAME', 'value')
    _shape(
        _NAME_WORDS,
        rb"(?!(?-i:PASSWD):)",  # a tag of sudoers(5)
        _NAME,
        rb"""(?:[_-]?(?:[0-9]{1,3}|hash|value|string|b64|base64))?["'\]]{0,2}[ \t]{0,16}""",
        rb"""(?:={1,2}>?|:=|(?<=["']):|:(?=[ \t])|(?<=["']),)[ \t]{0,16}""",
        _NO_VALUE,
        _VALUE,
    ),
    _shape("pw", rb"""(?:\b|_)pwd["'\]]{0,2}[ \t]{0,16}=[ \t]{0,16}(?!["']?/)""", _VALUE),
    # --password value, --db-password value; an option that follows is not its value
    _shape(
        _NAME_WORDS,
        rb"""(?:^|(?<=[\s\0"'`(=;|]))--?(?:[a-z0-9]{1,24}[-_]){0,4}(?:pass|pwd|auth|""",
        _NAMES,
        rb")(?:=|",
        _GAP,
        rb")(?!-)",
        _VALUE,
    ),
    _shape("://", rb"""\b[a-z][a-z0-9+.-]{1,30}://[^\s\0/@:"'<>]{0,256}:([^\s\0/@"'<>]{1,1024}+)@"""),
    _shape(
        "auth",
        rb"""\b(?:authorization|proxy-authorization|auth)["']?[ \t]{0,8}[:=]?[ \t]{0,8}["']?""",
        rb"(?:basic|bearer|token|digest|negotiate)[ \t]{1,8}([A-Za-z0-9+/=._~-]{4,4096}+)",
    ),
    _shape("bearer", rb"\bbearer[ \t]{1,8}([A-Za-z0-9+/=._~-]{16,4096}+)"),
    _shape(
        "pass secret token",
        rb"<[\w:.-]{0,64}?(?:password|passwd|secret|token)(?:\s[^<>\n]{0,256})?>([^<\n]{1,1024}+)<",
    ),
)

_DIRECTIVES = (
    _shape(
        "pass auth pw community",
        rb"(?:^|[;{\s])(?:requirepass|masterauth|bindpw|rootpw|r[ow][uw]?community6?|auth_pass)[ \t]{1,32}",
        _WORD,
    ),
    _shape("com2sec", rb"^\s{0,64}com2sec6?", _GAP, rb"(?:-Cn", _GAP, _FIELD, rb")?", _FIELD, _FIELD, _WORD),
    _shape(
        "createuser",
        rb"\bcreateuser",
        _GAP,
        rb"(?:-e",
        _GAP,
        _FIELD,
        rb")?",
        _FIELD,
        _FIELD,
        rb"(.{1,1024}+)",
    ),
    _shape(
        _NAME_WORDS,
        rb"\b(?:fastcgi_param|uwsgi_param|scgi_param|SetEnv)[ \t]{1,32}[A-Za-z0-9_]{0,64}?",
        _NAME,
        rb"[A-Za-z0-9_]{0,32}[ \t]{1,32}",
        _WORD,
    ),
    _shape(
        "secret psk eap auth", rb"""(?:\bsecret|:[ \t]{1,8}(?:psk|eap|xauth))[ \t]{1,16}"([^"\n]{1,1024}+)"""
    ),
    # Redis: user NAME on >password #hash
    _shape("user ", rb"^\s{0,64}user[ \t]{1,16}\S{1,256}+[ \t][^\n]{0,400}?(?<=[ \t])[>#<!](\S{4,1024}+)"),
    # GRUB: password USER PLAIN; in pam.d(5) the second word is a control
    _shape(
        "pass",
        rb"^[ \t]{0,64}password[ \t]{1,16}(?!required|requisite|sufficient|optional|include|substack|\[)",
        rb"[^\s:=]{1,64}[ \t]{1,16}(\S{1,1024}+)[ \t]{0,16}$",
    ),
    _shape("cred", rb"\bSetCredential(?:Encrypted)?=[^\s:=]{1,256}:([^\n]{1,4096}+)"),
)

_PROGRAMS = (
    _shape("mysql mariadb", rb"\b(?:mysql|mariadb)[a-z-]{0,24}", _LATER, rb"-p([^\s\0]{1,256}+)"),
    _shape("pass", rb"\bsshpass", _GAP, rb"-p[\s\0]{0,8}", _WORD),
    _shape(
        "curl wget",
        rb"\b(?:curl|wget)",
        _LATER,
        rb"""(?:-u|-U|--user|--proxy-user)[\s\0=]{0,8}["']?[^\s\0:"']{1,256}:([^\s\0"']{1,1024}+)""",
    ),
    _shape("redis-", rb"\bredis-[a-z]{1,12}", _LATER, rb"-a", _GAP, _WORD),
    _shape("ldap", rb"\bldap[a-z]{3,16}", _LATER, rb"-w", _GAP, _WORD),
    _shape("smb", rb"\bsmb[a-z]{1,16}", _LATER, rb"-U[\s\0]{0,8}[^\s\0%]{1,256}%", _WORD),
    _shape("pass", rb"\bhtpasswd", _GAP, rb"-[a-z]{0,8}b[a-z]{0,8}", _GAP, _FIELD, _FIELD, _WORD),
    _shape("snmp", rb"\bsnmp[a-z]{2,16}", _LATER, rb"(?-i:-[cAX])[\s\0]{0,8}", _WORD),
    _shape("pass", rb"[\s\0]-pass(?:in|out)?", _GAP, rb"pass:([^\s\0]{1,1024}+)"),
)

_HASH = rb"[./A-Za-z0-9$=,+-]"
_HASHES = (
    # crypt(5), with its relatives in the same form
    _shape(
        "$",
        rb"(\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|apr1|argon2id?|argon2d|scrypt|pbkdf2[a-z0-9-]{0,16})[$,]",
        _HASH,
        rb"{16,1024}+)",
    ),
    _shape(
        "}",
        rb"(\{(?:s?sha(?:224|256|384|512)?|s?md5|crypt|argon2|pbkdf2[a-z0-9-]{0,16})\}",
        _HASH,
        rb"{8,1024}+)",
    ),
    _shape("grub.", rb"(grub\.pbkdf2\.sha512\.[0-9]{1,9}\.[0-9a-f.]{16,4096}+)"),
    # shadow(5) with the 13 letters of the old crypt form
    _shape("::", rb"^[a-z_][\w.$-]{0,63}+:!{0,2}([./0-9A-Za-z]{13}):(?:[0-9]{0,9}:){6}"),
)

_TOKENS = (
    _shape("akia asia", rb"\b((?-i:A(?:KIA|SIA)[0-9A-Z]{16}))\b"),
    _shape("ghp_ gho_ ghu_ ghs_ ghr_", rb"\b(gh[pousr]_[A-Za-z0-9]{36,255}+)"),
    _shape("github_pat_", rb"\b(github_pat_[A-Za-z0-9_]{22,255}+)"),
    _shape("glpat- gldt- glrt-", rb"\b(gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,255}+)"),
    _shape("xox xapp-", rb"\b((?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,255}+)"),
    _shape("_live_ _test_", rb"\b([spr]k_(?:live|test)_[A-Za-z0-9]{10,255}+)"),
    _shape("aiza", rb"\b((?-i:AIza)[A-Za-z0-9_-]{35})"),
    _shape("eyj", rb"\b((?-i:eyJ)[\w-]{8,4096}+\.(?-i:eyJ)[\w-]{8,8192}+(?:\.[\w-]{0,2048}+)?)"),
    _shape("npm_", rb"\b(npm_[A-Za-z0-9]{36})"),
    _shape("dop_v1_", rb"\b(dop_v1_[0-9a-f]{64})"),
    _shape("hvs.", rb"\b(hvs\.[\w-]{20,255}+)"),
    _shape("pypi-", rb"\b(pypi-[\w-]{50,255}+)"),
    _shape("sg.", rb"\b((?-i:SG)\.[\w-]{16,64}+\.[\w-]{16,64}+)"),
    _shape("sk-", rb"\b(sk-(?:[A-Za-z0-9]{32,255}+|(?:proj|ant|svcacct)-[\w-]{20,255}+))"),
    _shape("ya29.", rb"\b(ya29\.[\w-]{20,1024}+)"),
    _shape("secret", rb"(AGE-SECRET-KEY-1[A-Z0-9]{20,128}+)"),
)

LINE_SHAPES: tuple[Shape, ...] = _NAMED + _DIRECTIVES + _PROGRAMS + _HASHES + _TOKENS
WORDS: tuple[bytes, ...] = tuple(sorted({word for shape in LINE_SHAPES for word in shape.words}))

# Values that are settings, references or masks, and so no secrets, or already taken out.
HARMLESS = re.compile(
    rb"(?:yes|no|true|false|none|null|nil|on|off|[01]|x|[*!]+|required|requisite|sufficient|optional|include"
    rb"|prompt|ask|enabled?|disabled?|never|always|default|prohibit-password|without-password|\[redacted\]"
    rb"|\(null\)|\[\]|\{\}|\$\{?[a-z_]\w*\}?|\$\([^)]*\)|%[a-z]|%\(\w+\)s|\{\{[^}]*\}\}|<[\w -]*>"
    rb")?[,;.)\]}]*",
    re.IGNORECASE,
)

PRIVATE_KEY_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PRIVATE_KEY_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

# A whole file of NAME:HASH lines, as htpasswd(1) writes it; the 13 letters are the old crypt form.
HTPASSWD_LINE = re.compile(rb"[^:\s]{1,256}:([./0-9A-Za-z]{13}|\$[^:\s]{8,256}|\{\w{1,16}\}[^:\s]{8,256})")

# Fields of audit records that hold a command line in hexadecimal, and terminal input as it was typed.
AUDIT_HEX = re.compile(rb"\b(?:proctitle|cmd)=([0-9A-F]{8,32768})(?![0-9A-Za-z])")
AUDIT_TYPED = re.compile(rb"type=(?:USER_)?TTY [^\n]{0,512}?\bdata=\"?([0-9A-F]{2,32768}|[^\"\n]{1,8192})")
