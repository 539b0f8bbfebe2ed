"""SELinux labels of a bounded set of paths, to be compared with what file_contexts says of them.

The paths are those whose label protects something: identities, keys, policy, logs, start-up files,
entry points of network services, and the content that web servers hand out. GNU find prints
the label with ``%Z``; a line is ``LABEL<TAB>KIND<TAB>MODE<TAB>UID<TAB>GID<TAB>PATH``. Of a name with
control bytes only that it is there is said, so that a file name cannot write a line.
Before a policy is loaded the kernel's initial context is a bare word without colons, and
files have no labels that mean anything.
"""

from hardcheck.collect.base import MIB, ShellSource, Source

_CRITICAL = """
/etc/passwd /etc/shadow /etc/gshadow /etc/group /etc/sudoers /etc/sudoers.d/*
/etc/ssh/sshd_config /etc/ssh/ssh_host_*_key /etc/selinux/config /etc/audit/auditd.conf /etc/audit/audit.rules
/etc/crontab /etc/cron.d /etc/cron.d/* /var/spool/cron /var/spool/cron/*
/etc/systemd/system /etc/systemd/system/*.service /etc/ssl/private /etc/ssl/private/* /etc/pki/tls/private
/etc/pki/tls/private/* /etc/letsencrypt/live /etc/letsencrypt/archive
/root /root/.ssh /root/.ssh/authorized_keys /home /home/* /home/*/.ssh /home/*/.ssh/authorized_keys
/boot /boot/vmlinuz-* /var/log /var/log/audit /var/log/audit/audit.log /var/log/secure /var/log/auth.log
/run/faillock /var/log/faillock /var/lib/faillock
/etc/nginx /etc/nginx/nginx.conf /etc/httpd /etc/httpd/conf/httpd.conf /etc/apache2 /etc/apache2/apache2.conf
/etc/php /etc/php-fpm.d /etc/my.cnf /var/lib/mysql /var/lib/pgsql /var/lib/postgresql
/usr/sbin/sshd /usr/sbin/nginx /usr/sbin/httpd /usr/sbin/apache2 /usr/sbin/php-fpm* /usr/sbin/mysqld
/usr/sbin/mariadbd /usr/sbin/named /usr/sbin/postfix /usr/sbin/dovecot /usr/sbin/cron /usr/sbin/crond
/usr/sbin/auditd /usr/bin/sudo /usr/bin/su /usr/bin/passwd /usr/lib/systemd/systemd /tmp /var/tmp /srv
""".replace("\n", " ").strip()

_CONTENT = "/srv/* /var/www /usr/share/nginx/html /home/*/public_html /opt/*/htdocs"

_PRINT = r"\( -path '*[[:cntrl:]]*' -printf 'unprintable\n' \) -o -printf '%Z\t%y\t%m\t%U\t%G\t%p\n'"

# The file that each process runs (its label decides the domain a service starts in), as "LABEL<TAB>PID/exe";
# device files with the label of unknown devices; the critical paths; the content.
_FILES = rf"""
if ! grep -qs : /sys/fs/selinux/initial_contexts/kernel; then echo absent; exit 0; fi
cd /proc || exit 2
find -L [0-9]*/exe -maxdepth 0 -printf '%Z\t%p\n' 2>/dev/null
find /dev -xdev \( -type b -o -type c \) \
    \( -context '*:device_t' -o -context '*:device_t:*' -o -context '*:unlabeled_t*' \) \
    \( {_PRINT} \) 2>/dev/null
echo devices-seen
find {_CRITICAL} -maxdepth 0 {_PRINT} 2>/dev/null
find {_CONTENT} -xdev -maxdepth 4 {_PRINT} 2>/dev/null | head -n 4000
exit 0
"""

SOURCES: tuple[Source, ...] = (
    ShellSource(
        "labels.files", _FILES, needs=("find", "grep", "head"), timeout_s=60, max_bytes=2 * MIB, root=True
    ),
)
