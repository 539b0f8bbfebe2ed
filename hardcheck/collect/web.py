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

# Of the settings of PHP those that part one site from another, as FILE:LINE:TEXT behind the files looked at.
_PHP_INI = """\
set --
for file in /etc/php/*/fpm/php.ini /etc/php/*/fpm/conf.d/*.ini /etc/php.ini /etc/php.d/*.ini \
  /etc/php*/fpm/php.ini /etc/php*/conf.d/*.ini /etc/opt/remi/php*/php.ini /etc/opt/remi/php*/php.d/*.ini \
  /opt/cpanel/ea-php*/root/etc/php.ini /opt/cpanel/ea-php*/root/etc/php.d/*.ini /opt/plesk/php/*/etc/php.ini
do
  if [ ! -f "$file" ]; then continue; fi
  if [ ! -r "$file" ]; then printf 'denied %s\n' "$file"; continue; fi
  printf 'file %s\n' "$file"
  set -- "$@" "$file"
done
if [ $# -gt 0 ]; then
  grep -HnE '^[[:blank:]]*(disable_functions|session[.]save_path|upload_tmp_dir|sys_temp_dir)' "$@"
fi
echo end
"""

# Owners and modes of the folders that sites are usually kept in, and of those of PHP's sessions.
_FOLDERS = """\
for place in / /srv /var /var/www /var/lib /var/lib/php /home /home/* /home/*/public_html /home/*/www \
  /home/*/htdocs /home/*/domains /home/*/domains/* /home/*/domains/*/public_html /usr /usr/share \
  /usr/share/nginx /usr/share/nginx/html /opt /opt/*/htdocs /tmp /var/tmp
do
  if [ -d "$place" ] && [ ! -L "$place" ]; then printf '%s\\0' "$place"; fi
done | xargs -0 stat -c 'folder %a %u %g %n' --
find /srv /var/www /var/lib/php -xdev -mindepth 1 -maxdepth 3 -type d ! -path '*[[:cntrl:]]*' \
  -printf 'folder %m %U %G %p\n' 2>/dev/null | head -n 3000
echo end
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
    ShellSource("web.php_ini", _PHP_INI, needs=("grep",), max_bytes=256 * KIB, root=True),
    ShellSource(
        "web.folders", _FOLDERS, needs=("find", "head", "stat", "xargs"), max_bytes=512 * KIB, root=True
    ),
    ShellSource("web.cpanel", _CPANEL, max_bytes=512 * KIB, root=True),
)
