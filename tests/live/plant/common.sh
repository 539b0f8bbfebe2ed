# Planted on every host (run as root on it): two web tenants, a service without a policy, sysctl drift.
set -e
# Two PHP sites on one nginx, each with a pool of its own, as a shared web host has them.
for site in a b; do
cat > /etc/php/8.2/fpm/pool.d/$site.conf <<POOL
[$site.example]
user = www-data
group = www-data
listen = /run/php/$site.sock
listen.owner = www-data
pm = static
pm.max_children = 1
POOL
cat > /etc/nginx/sites-enabled/$site <<NGINX
server {
  listen 80;
  server_name $site.example;
  root /srv/www/$site.example;
  location ~ \.php$ { include fastcgi_params; fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name; fastcgi_pass unix:/run/php/$site.sock; }
}
NGINX
done
# a script with a path traversal: what a compromised site can make its pool read
cat > /srv/www/a.example/read.php <<'PHP'
<?php $t = @file_get_contents($_GET['f']); echo $t === false ? "denied\n" : $t;
PHP
cat > /etc/systemd/system/legacy-api.service <<'UNIT'
[Unit]
Description=A network service that nobody wrote a policy for
[Service]
ExecStart=/usr/bin/python3 -m http.server 8080 --directory /srv/www/a.example
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now legacy-api
systemctl restart php8.2-fpm nginx
printf 'net.ipv4.conf.all.accept_source_route = 1\nnet.ipv4.conf.default.accept_redirects = 1\n' > /etc/sysctl.d/90-site.conf
sysctl -q -p /etc/sysctl.d/90-site.conf
sysctl -q -w kernel.randomize_va_space=1      # at run time only: gone after a reboot
