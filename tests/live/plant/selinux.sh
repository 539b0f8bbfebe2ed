# Planted on the selinux host after common.sh (run as root on it).
set -e
setsebool -P httpd_can_network_connect on
semanage permissive -a crond_t
semanage fcontext -a -t httpd_sys_content_t '/srv/www(/.*)?'
restorecon -R /srv/www
# a file that was moved, not copied, keeps the label of where it came from
echo moved > /root/moved.html; mv /root/moved.html /srv/www/a.example/moved.html; chmod 644 /srv/www/a.example/moved.html
# enforcing now, permissive after the next boot
sed -i 's/^SELINUX=enforcing/SELINUX=permissive/' /etc/selinux/config
# denials that the kernel logs for real
for f in /srv/www/a.example/moved.html /proc/1/environ; do curl -s -o /dev/null -H 'Host: a.example' "http://127.0.0.1/read.php?f=$f"; done
