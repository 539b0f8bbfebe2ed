# Planted on the apparmor host after common.sh (run as root on it).
set -e
# one profile disabled, php-fpm left in complain mode (as Debian ships it), nginx and legacy-api without a profile
ln -sf /etc/apparmor.d/lsb_release /etc/apparmor.d/disable/lsb_release; apparmor_parser -R /etc/apparmor.d/lsb_release || true
# an enforced profile of our own, and denials that the kernel logs for real
cat > /etc/apparmor.d/reader <<'PROFILE'
abi <abi/3.0>,
include <tunables/global>
profile reader /usr/local/bin/reader {
  include <abstractions/base>
  /usr/local/bin/reader mr,
  /usr/bin/cat mrix,
  /srv/www/a.example/** r,
  deny /srv/www/b.example/** rw,
}
PROFILE
cp /usr/bin/cat /usr/local/bin/reader
apparmor_parser -r /etc/apparmor.d/reader
for f in /srv/www/a.example/secret /srv/www/b.example/secret /etc/shadow /etc/hostname; do /usr/local/bin/reader $f > /dev/null 2>&1 || true; done
curl -s -o /dev/null -H 'Host: a.example' 'http://127.0.0.1/read.php?f=/etc/hostname' || true
# loaded, but changed on disk since
sed -i 's#/srv/www/a.example/\*\* r,#/srv/www/** r,#' /etc/apparmor.d/reader
