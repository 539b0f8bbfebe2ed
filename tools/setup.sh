#!/bin/sh
# Make .venv from the lock, and the native libraries WeasyPrint needs. Run by make; safe to repeat.
#   tools/setup.sh [PYTHON]      default: the newest of python3.14 ... python3.11, python3
#   tools/setup.sh --test-tools  the programs that some tests compare with; without them those tests are skipped
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

# install DEBIAN-PACKAGES -- FEDORA-PACKAGES: as root where allowed, otherwise print the exact line.
install_system() {
    debian='' fedora='' into=debian
    for word; do
        case $word in
            --) into=fedora ;;
            *) if [ "$into" = debian ]; then debian="$debian $word"; else fedora="$fedora $word"; fi ;;
        esac
    done
    if command -v apt-get >/dev/null 2>&1; then
        line="apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends$debian"
        prepare='apt-get -o DPkg::Lock::Timeout=300 update -qq'
    elif command -v dnf >/dev/null 2>&1; then
        line="dnf install -y --setopt=install_weak_deps=False$fedora"
        prepare=true
    else
        say "install these with your package manager, then run make again:$fedora"
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        say "$line"
        # shellcheck disable=SC2086 # the words are ours, split on purpose
        $prepare && DEBIAN_FRONTEND=noninteractive $line >/dev/null
    elif sudo -n true 2>/dev/null; then
        say "sudo $line"
        # shellcheck disable=SC2086
        sudo -n $prepare && sudo -n env DEBIAN_FRONTEND=noninteractive $line >/dev/null
    else
        say "needs system packages; run this, then make again:"
        say "    sudo $line"
        return 1
    fi
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ "${1:-}" = --test-tools ]; then
    debian='' fedora=''
    for pair in visudo:sudo zsh:zsh ksh:ksh busybox:busybox tcsh:tcsh fish:fish; do
        command -v "${pair%:*}" >/dev/null 2>&1 || { debian="$debian ${pair#*:}"; fedora="$fedora ${pair#*:}"; }
    done
    if [ ! -d /usr/share/selinux/default/include ] && [ ! -d /usr/share/selinux/devel/include ]; then
        debian="$debian selinux-policy-dev"
        fedora="$fedora selinux-policy-devel"
    fi
    # shellcheck disable=SC2086 # the words are ours, split on purpose
    [ -z "$debian" ] || install_system $debian -- $fedora || say "tests that need$debian are skipped"
    exit 0
fi

python=${1:-}
if [ -z "$python" ]; then
    for candidate in python3.13 python3.12 python3.11 python3 python3.14; do
        if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ] || ! new_enough "$python"; then
    say "needs Python 3.11 or later, found: $(python3 --version 2>&1 || echo none)"
    exit 1
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    "$python" -c 'import ensurepip' 2>/dev/null || install_system python3-venv -- python3-pip
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

stamp=.venv/hardcheck.lock
if ! cmp -s requirements.lock "$stamp"; then
    say "installing what requirements.lock names, by hash"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
    cp requirements.lock "$stamp"
fi

if ! .venv/bin/python -c 'import weasyprint' 2>/dev/null; then
    install_system libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
        -- pango harfbuzz dejavu-sans-fonts dejavu-sans-mono-fonts
    .venv/bin/python -c 'import weasyprint' 2>/dev/null || {
        say "WeasyPrint still does not load:"
        .venv/bin/python -c 'import weasyprint' 2>&1 | tail -n 1 >&2
        exit 1
    }
fi
if ! fc-list 2>/dev/null | grep -q . && ! ls /usr/share/fonts/*/* >/dev/null 2>&1; then
    install_system fonts-dejavu-core -- dejavu-sans-fonts dejavu-sans-mono-fonts
fi

# Compilers that tests hold our readers against; without root or the packages, those tests are skipped.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    for tool in checkmodule semodule_package secilc apparmor_parser; do
        command -v "$tool" >/dev/null 2>&1 && continue
        install_system checkpolicy semodule-utils secilc apparmor -- checkpolicy policycoreutils secilc ||
            say "going on without $tool: the tests that need it are skipped"
        break
    done
fi
