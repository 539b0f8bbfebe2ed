"""Dangers, the first part: secrets that open this host or others (`danger_list` has all parts)."""

from __future__ import annotations

from hardcheck.triage.danger_model import FILES, WRITE, Danger, PathClause, SelinuxClause

SECRETS: tuple[Danger, ...] = (
    Danger(
        "password-hashes",
        "Password hashes",
        "Whoever reads the hashes tries passwords offline; only login programs, each with a rule of its own, "
        "need them.",
        (SelinuxClause(("shadow_t", "shadow_history_t"), FILES),),
        paths=(
            PathClause(
                ("/etc/{,g}shadow*", "/etc/security/opasswd*", "/var/backups/{,g}shadow*", "/etc/tcb/**")
            ),
        ),
    ),
    Danger(
        "ssh-keys",
        "SSH keys and what lets keys in",
        "A host key poses as the host, a user's key logs in elsewhere, authorized_keys logs in here.",
        (SelinuxClause(("sshd_key_t", "ssh_home_t", "ssh_agent_tmp_t"), FILES),),
        paths=(
            PathClause(
                (
                    "/etc/ssh/ssh_host_*_key",
                    "/{root,home/*}/.ssh/{,**}",
                    "/etc/ssh/authorized_keys/{,**}",
                    "/var/lib/*/.ssh/{,**}",
                )
            ),
            PathClause(("/etc/ssh/{,**}",), WRITE),
        ),
    ),
    Danger(
        "tls-keys",
        "Private keys of TLS",
        "With the key a copy of the site is taken for the site. A server that ends TLS with this very key "
        "gets a rule written by a person who knows that.",
        (SelinuxClause(("tls_privkey_t", "pki_*_key_t", "ipsec_key_file_t"), FILES),),
        paths=(
            PathClause(
                (
                    "/etc/ssl/private/{,**}",
                    "/etc/pki/tls/private/{,**}",
                    "/etc/pki/CA/private/{,**}",
                    "/etc/letsencrypt/{live,archive,keys}/**/privkey*.pem",
                    "/etc/letsencrypt/{keys,accounts}/{,**}",
                    "/etc/nginx/ssl/**.key",
                    "/etc/ipsec.d/private/{,**}",
                    "/etc/wireguard/**",
                )
            ),
        ),
    ),
    Danger(
        "stored-secrets",
        "Other stored secrets",
        "Tickets, tokens and saved passwords open other systems than this one.",
        (SelinuxClause(("krb5_keytab_t", "*_keytab_t", "gpg_secret_t", "gnome_keyring_*"), FILES),),
        paths=(
            PathClause(
                (
                    "/etc/krb5.keytab",
                    "/tmp/krb5cc_*",  # noqa: S108 - a pattern
                    "/{root,home/*}/.{gnupg,aws,kube,docker,azure,config/gcloud,password-store}/{,**}",
                    "/{root,home/*}/.{my.cnf,pgpass,netrc,git-credentials,bash_history,mysql_history}",
                    "/etc/mysql/debian.cnf",
                    "/etc/{openvpn,ppp}/**{secrets,.key}",
                )
            ),
        ),
    ),
)
