from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.collect.redact import Redactor, redact
from hardcheck.evidence import Evidence

S = "hunter2-S3cret"  # stands for the secret
TELLING = [
    # assignments
    f"DB_PASSWORD={S}",
    f"password = {S}",
    f"password: {S}",
    f'"password": "{S}",',
    f"'db_passwd' => '{S}',",
    f"define('DB_PASSWORD', '{S}');",
    f'define( "AUTH_KEY", "{S} with blanks" );',
    f"env[DB_PASSWORD] = {S}",
    f"php_admin_value[mysqli.default_pw] = {S}",
    f'"Env": ["PATH=/bin", "API_TOKEN={S}", "A=b"]',
    f"Environment=SECRET_KEY={S} LANG=C",
    f"AWS_SECRET_ACCESS_KEY={S}",
    f"aws_secret_access_key = {S}",
    f"ldap_default_authtok = {S}",
    f"client_secret: {S}",
    f"MYSQL_PWD={S}",
    f"api-key: {S}",
    f"PrivateKey = {S}",
    f"PresharedKey = {S}",
    f"psk={S}",
    f"net.ipv4.tcp_fastopen_key = {S}",
    f"passphrase={S}",
    f"smtp_pass = {S}",
    f"storage.AccountKey={S}",
    f"SetCredential=foo:{S}",
    f"host=db user=app password={S} dbname=x",
    f"<password>{S}</password>",
    f'<add key="x"/><clientSecret type="a">{S}</clientSecret>',
    f"X-Auth-Token: {S}",
    # command lines
    f"mysqld --password={S} --port 1",
    f"tool --db-password {S} --verbose",
    f"tool\0--password\0{S}\0-v",
    f"tool --api-key '{S}' x",
    f"tool -token {S}",
    f"redis-server --requirepass {S}",
    f"mysql -uroot -p{S} db",
    f"/usr/bin/mysqldump -h x -u root -p{S} --all",
    f"sshpass -p {S} ssh root@x",
    f"curl -s -u admin:{S} https://x",
    f"curl --user admin:{S} https://x",
    f"redis-cli -h x -a {S} ping",
    f"ldapsearch -x -D cn=admin -w {S} -b dc=x",
    f"smbclient //x/y -U joe%{S}",
    f"htpasswd -cb /etc/x joe {S}",
    f"snmpget -v3 -A {S} host",
    f"snmpwalk -v2c -c {S} host",
    f"openssl rsa -passin pass:{S} -in k",
    # URLs and headers
    f"postgres://app:{S}@db/x",
    f"http_proxy=http://joe:{S}@proxy:3128/",
    f"amqp://:{S}@mq",
    f"Authorization: Basic {S}=",
    f'proxy_set_header Authorization "Bearer {S}";',
    f"Bearer {S}{S}",
    # directives
    f"requirepass {S}",
    f"masterauth {S}",
    f"bindpw {S}",
    f"  auth_pass {S}",
    f"rocommunity {S} 10.0.0.0/8",
    f"rwcommunity {S}",
    f"com2sec local localhost {S}",
    f'createUser joe SHA "{S}" AES',
    f"fastcgi_param DB_PASS {S};",
    f"SetEnv APP_SECRET {S}",
    f'key "x" {{ algorithm hmac-sha256; secret "{S}"; }};',
    f': PSK "{S}"',
    f"user alice on >{S} ~* +@all",
    f"password root {S}",
]
FORMS = [
    "joe:$6$rounds=5000$saltsalt$" + "a" * 86 + ":19000:0:99999:7:::",
    "joe:!$y$j9T$abcdefgh$" + "a" * 43 + ":19000:0:99999:7:::",
    "joe:abJnggxhB/yWI:19000:0:99999:7:::",
    "userPassword: {SSHA}" + "a" * 32,
    "password_pbkdf2 root grub.pbkdf2.sha512.10000." + "A" * 128 + "." + "B" * 128,
    "x $2y$10$" + "a" * 53,
    "x $argon2id$v=19$m=65536,t=3,p=4$" + "a" * 22 + "$" + "b" * 43,
    "joe:$apr1$abcdefgh$" + "a" * 22 + "\nann:abJnggxhB/yWI",
    "key AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1" * 18,
    "github_pat_" + "a1" * 20,
    "glpat-" + "a1" * 10,
    "xoxb-1234567890-abcdef",
    "sk_live_" + "a1" * 12,
    "AIza" + "a1b2C" * 7,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghij",
    "npm_" + "a1" * 18,
    "hvs." + "a1" * 12,
    "AGE-SECRET-KEY-1" + "QPZRY9X8" * 7,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + "a" * 60 + "\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz" + "a" * 60,
    '"key": "-----BEGIN PRIVATE KEY-----\\nMIIEow\\n-----END PRIVATE KEY-----\\n"',
]
HARMLESS = [
    "passwd:         files systemd",
    "shadow: files",
    "passwordauthentication yes",
    "PermitEmptyPasswords no",
    "hostkeyalgorithms sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "password\trequisite\t\t\tpam_pwquality.so retry=3",
    "password\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt",
    "PASS_MAX_DAYS\t99999",
    "auditor ALL=(ALL) NOPASSWD: ALL",
    "%ops ALL=(root) PASSWD: /usr/bin/apt",
    "Defaults passwd_tries=3, passwd_timeout=0",
    'type=AVC msg=audit(1.2:3): avc:  denied  { read } for  pid=1 comm="passwd" name="shadow" dev="sda1" '
    "scontext=system_u:system_r:passwd_t:s0 tcontext=system_u:object_r:shadow_t:s0 tclass=file permissive=0",
    'type=USER_AUTH msg=audit(1.2:3): pid=1 uid=0 msg=\'op=PAM:authentication grantors=? acct="root" '
    'exe="/usr/bin/su" hostname=? addr=? terminal=ssh res=failed\'',
    "-w /etc/security/opasswd -p wa -k identity",
    "-a always,exit -F path=/usr/bin/passwd -F perm=x -k privileged",
    "/etc/passwd[-\\+]?\t--\tsystem_u:object_r:passwd_file_t:s0",
    "/usr/bin/passwd (enforce)",
    "PWD=/root OLDPWD=/tmp",
    "passwd 1:4.13+dfsg1-1+deb12u1",
    "passwd:amd64 1:4.13",
    "libsecret-1-0:amd64 0.20.5-3",
    "LoadCredential=tls:/etc/tls/key",
    "server_tokens off;",
    "proxy_pass http://127.0.0.1:8080;",
    "auth_basic_user_file /etc/nginx/htpasswd;",
    "net.ipv4.tcp_syncookies = 1",
    "kernel.keys.maxkeys = 200",
    "Wants=systemd-ask-password-wall.path",
    "systemd-ask-password-console.path loaded active waiting",
    "root:x:0:0:root:/root:/bin/bash",
    "daemon:*:19000:0:99999:7:::",
    "DB_PASSWORD=$DB_PASSWORD",
    "password = yes",
    'Failed password for root from 192.0.2.1 port 22 ssh2',
    "https://example.org:8443/path@x",
    "ssh_keysign --> off",
    "ssh-keygen -t ed25519",
    "1f8b" * 16 + "  /etc/file",
    "max_log_file_action = keep_logs",
]  # fmt: skip


@pytest.mark.parametrize("line", TELLING)
def test_a_named_secret_is_taken_out_and_its_name_stays(line: str) -> None:
    content, count = redact(f"before 1\n{line}\nafter 2\n".encode())
    text = content.decode()
    assert S not in text, text
    assert count >= 1
    assert text.startswith("before 1\n")
    assert text.endswith("\nafter 2\n")
    assert "[redacted]" in text
    assert text.split("\n")[1].startswith(line[:2])


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_known_by_its_form_alone(text: str) -> None:
    content, count = redact(text.encode())
    assert count >= 1
    assert b"[redacted]" in content
    for run in re.findall("[./A-Za-z0-9]{13,}", text):
        assert run.encode() not in content


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_secret_stays_as_it_is(line: str) -> None:
    assert redact(f"x\n{line}\ny\n".encode()) == (f"x\n{line}\ny\n".encode(), 0)


def test_json_stays_json() -> None:
    content, _ = redact(b'{"password": "a\\"b", "Env": ["TOKEN=q y", "B=1"], "n": 1}')
    assert content == b'{"password": "[redacted]", "Env": ["TOKEN=[redacted] y", "B=1"], "n": 1}'


def test_command_lines_that_the_audit_system_wrote_in_hexadecimal_are_read_too() -> None:
    title = b"mysql\0-uroot\0-phunter2".hex().upper()
    content, count = redact(f"type=PROCTITLE msg=audit(1.2:3): proctitle={title}\n".encode())
    assert count == 1
    assert b"hunter2".hex().upper().encode() not in content
    shown = bytes.fromhex(content.split(b"proctitle=")[1].strip().decode())
    assert shown == b"mysql -uroot -p[redacted]"


def test_typed_input_in_audit_records_is_taken_out_whole() -> None:
    line = b'type=TTY msg=audit(1.2:3): tty pid=1 uid=0 major=136 minor=0 comm="bash" data=68756E746572320D\n'
    assert redact(line) == (line.replace(b"68756E746572320D", b"[redacted]"), 1)


@pytest.mark.parametrize(
    "magic", [b"\x8c\xff\x7c\xf9", b"\x8f\xff\x7c\xf9", b"\x1f\x8b", b"BZh9", b"\x7fELF"]
)
def test_binary_formats_are_not_touched(magic: bytes) -> None:
    content = magic + b"\nfoo_pass=bar12345\0\xff\npassword=hunter2\n"
    assert redact(content) == (content, 0)


def test_each_secret_counts_once() -> None:
    item = Evidence("key", "x", b"password=aa token=bb\nhttp://u:cc@h/ password=dd", b"--password ee")
    found = Redactor().redacted(item)
    assert found.redactions == 5


def test_an_item_without_secrets_is_the_same_item_each_time() -> None:
    item = Evidence("key", "x", b"nothing to see here\n")
    redactor = Redactor(max_known=1)
    assert redactor.redacted(item) is item
    assert redactor.redacted(item) is item
    assert redactor.redacted(Evidence("k", "x", b"nothing there either\n")).redactions == 0
    assert redactor.redacted(Evidence("k", "x", b"password=hunter2")).redactions == 1


_texts = st.lists(
    st.sampled_from(TELLING + FORMS + HARMLESS).map(str.encode) | st.binary(max_size=40), max_size=6
)


@given(_texts.map(b"\n".join))
@settings(max_examples=200, deadline=None)
def test_what_was_redacted_once_has_nothing_left_to_redact(content: bytes) -> None:
    once, _ = redact(content)
    assert redact(once) == (once, 0)


@pytest.mark.parametrize(
    "piece",
    [
        *(b"mysql ", b"password=", b"--a-", b"user x ", b"://", b"eyJ", b"<password ", b"$1$", b"secret_"),
        *(b'"password": "', b"curl -u ", b"-----BEGIN PRIVATE KEY-----", b"proctitle=41", b"a:"),
        *(b"createuser a ", b"x" * 50 + b":" * 8, b"\\\\"),
    ],
)
def test_time_grows_with_the_bytes_and_no_faster(piece: bytes) -> None:
    def seconds(size: int) -> float:
        text = b"password user " + piece * (size // len(piece))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    small, large = seconds(40_000), seconds(320_000)
    assert large < max(small, 0.02) * 32  # 8 times the bytes; a square would be 64 times
