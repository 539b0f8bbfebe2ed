"""Web servers and the pools behind them: which site is served from where, and as whom.

nginx -T is run only while nginx runs: it opens the logs and the pid file as a start would, and these
are then there already.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, ShellSource, TreeSource

_NGINX = """\
if [ ! -s /run/nginx.pid ] && [ ! -s /var/run/nginx.pid ] && [ ! -s /usr/local/nginx/logs/nginx.pid ]; then
  echo '# hardcheck: not running'; exit 0
fi
nginx -T -q
"""

# The name of the program differs; its own wrapper sets the variables that the configuration needs.
_APACHE = """\
for pid in /run/apache2/apache2.pid /run/httpd/httpd.pid /var/run/httpd.pid \\
  /usr/local/apache/logs/httpd.pid; do
  if [ -s "$pid" ]; then
    for tool in apache2ctl apachectl httpd; do
      if command -v "$tool" > /dev/null 2>&1; then "$tool" -S 2>&1; exit; fi
    done
  fi
done
for tool in apache2ctl apachectl httpd; do
  if command -v "$tool" > /dev/null 2>&1; then echo 'state stopped'; exit 0; fi
done
echo 'state missing'
"""

_CPANEL = """\
if [ ! -d /usr/local/cpanel ]; then echo 'cpanel absent'; exit 0; fi
if [ -r /usr/local/cpanel/version ]; then
  IFS= read -r version < /usr/local/cpanel/version; printf 'cpanel %s\\n' "$version"
else echo 'cpanel unknown'; fi
if [ -r /etc/userdomains ]; then head -n 5000 /etc/userdomains | sed 's/^/domain /'; fi
if [ -d /etc/cagefs ] || [ -d /usr/share/cagefs ]; then echo 'cagefs present'; fi
"""

SOURCES = (
    ShellSource("web.nginx", _NGINX, needs=("nginx",), max_bytes=4 * MIB, root=True),
    ShellSource("web.apache", _APACHE, max_bytes=512 * KIB, root=True),
    TreeSource(
        "web.apache_files",
        (
            "/etc/apache2/apache2.conf",
            "/etc/apache2/envvars",
            "/etc/apache2/sites-enabled/*",
            "/etc/apache2/sites-available/*",
            "/etc/apache2/vhosts.d/*.conf",
            "/etc/httpd/conf/httpd.conf",
            "/etc/httpd/conf.d/*.conf",
        ),
        max_files=400,
        max_bytes=128 * KIB,
    ),
    TreeSource(
        "web.php_pools",
        (
            "/etc/php/*/fpm/*.d/*.conf",
            "/etc/php-fpm*.d/*.conf",
            "/etc/php*/fpm/php-fpm.d/*.conf",
            "/opt/cpanel/ea-php*/root/etc/php-fpm.d/*.conf",
            "/etc/opt/remi/php*/php-fpm.d/*.conf",
            "/opt/plesk/php/*/etc/php-fpm.d/*.conf",
        ),
        max_files=400,
        max_bytes=64 * KIB,
    ),
    ShellSource("web.cpanel", _CPANEL, max_bytes=512 * KIB, root=True),
)
