# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# packages: installs what Munnel's build and tests need, by the package manager that the machine has. Sourced by
# quickstart and check, after `set -eu`, in the top folder.
#
# Tried on Debian 12 and 13. dnf, pacman and apk are written from those distributions' package lists and untested.

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

packages_manager=none
for packages_try in apt-get:apt dnf:dnf pacman:pacman apk:apk; do
    if command -v "${packages_try%:*}" >/dev/null 2>&1; then
        packages_manager=${packages_try#*:}
        break
    fi
done

# packages_apt_compiler DEBIAN GNU: that of the machine, or one for another architecture.
packages_apt_compiler() {
    if [ "$(dpkg --print-architecture)" = "$1" ]; then
        echo gcc linux-libc-dev
    else
        echo "gcc-$2-linux-gnu linux-libc-dev-$1-cross"
    fi
}

# packages_list build|tests|page|fuzz|deb|deb-test|rpm|windows|windows-test|linux|linux-amd64|linux-arm64|linux-test:
# the names, in this machine's own words.
packages_list() {
    case $packages_manager-$1 in
    apt-build) echo gcc libc6-dev make autoconf automake pkg-config libevent-dev libssl-dev libjansson-dev \
        libncurses-dev curl python3 ;;
    apt-tests) echo check fail2ban sshpass nginx-light libnginx-mod-stream openssh-server openssh-client openssl iperf3 netcat-openbsd \
        socat mandoc clang-format cppcheck iproute2 procps sslscan systemd xz-utils zsh fish prometheus logrotate tmux \
        haproxy pgbouncer postgresql-client \
        python3-venv musl-tools squid tinyproxy dante-server \
        bind9-dnsutils dnsmasq-base iputils-ping wireguard-tools \
        "$(apt-cache show wireguard-go >/dev/null 2>&1 && echo wireguard-go)" ;;
    apt-deb) echo build-essential debhelper lintian libevent-dev libssl-dev libjansson-dev libncurses-dev pkg-config \
        check \
        "$(apt-cache show systemd-dev >/dev/null 2>&1 && echo systemd-dev || echo systemd)" ;;
    apt-deb-test) echo procps curl python3 ;;
    apt-rpm) echo rpm check xz-utils ;;
    # The programs for Windows are tried by wine.
    apt-windows-test) echo wine wine64 ;;
    # Programs for Windows; libtool, because Debian's sources of the libraries come without what it makes.
    apt-windows) echo gcc-mingw-w64-x86-64-posix make autoconf automake libtool pkg-config dpkg-dev perl patch \
        faketime mandoc msitools wixl zip ;;
    # Static programs for Linux. ncurses needs a program that reads its descriptions of terminals.
    apt-linux) echo gcc libc6-dev make autoconf automake libtool pkg-config dpkg-dev perl patch mandoc ncurses-bin \
        ncurses-base ;;
    apt-linux-amd64) packages_apt_compiler amd64 x86-64 ;;
    apt-linux-arm64) packages_apt_compiler arm64 aarch64 ;;
    # Those of another architecture are tried by qemu.
    apt-linux-test) echo qemu-user-static ;;
    # The page's tests: a browser, and Node with npm, which comes with other packages of Node than Debian's.
    apt-page) echo chromium nodejs "$(command -v npm >/dev/null 2>&1 || echo npm)" ;;
    apt-fuzz) echo clang libclang-rt-dev ;;
    dnf-build) echo gcc make autoconf automake pkgconf-pkg-config libevent-devel openssl-devel jansson-devel \
        ncurses-devel curl python3 diffutils ;;
    dnf-tests) echo check-devel nginx openssh-server openssh-clients openssl iperf3 nmap-ncat socat mandoc \
        clang-tools-extra cppcheck iproute procps-ng sslscan systemd libasan libubsan libtsan xz tmux ;;
    dnf-page) echo chromium nodejs npm ;;
    dnf-fuzz) echo clang compiler-rt ;;
    pacman-build) echo gcc make autoconf automake pkgconf libevent openssl jansson ncurses curl python diffutils ;;
    pacman-tests) echo check nginx openssh iperf3 openbsd-netcat socat mandoc clang cppcheck iproute2 procps-ng \
        sslscan xz tmux ;;
    pacman-page) echo chromium nodejs npm ;;
    pacman-fuzz) echo clang compiler-rt ;;
    apk-build) echo gcc musl-dev linux-headers make autoconf automake pkgconf libevent-dev openssl-dev jansson-dev \
        ncurses-dev curl python3 ;;
    apk-tests) echo check-dev nginx openssh openssl iperf3 netcat-openbsd socat mandoc clang-extra-tools cppcheck \
        iproute2 procps-ng sslscan xz tmux ;;
    apk-page) echo chromium nodejs npm ;;
    apk-fuzz) echo clang compiler-rt ;;
    esac
}

packages_has() {
    case $packages_manager in
    apt) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
    dnf) rpm -q --whatprovides "$1" >/dev/null 2>&1 ;;
    pacman) pacman -Q "$1" >/dev/null 2>&1 ;;
    apk) apk info -e "$1" >/dev/null 2>&1 ;;
    esac
}

packages_as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "run this as root, or install sudo: $*"
    fi
}

# packages_install build tests ...: installs what of these lists is missing; asks nothing.
packages_install() {
    if [ $packages_manager = none ]; then
        say "No apt, dnf, pacman or apk here, so nothing can be installed for you. Needed: a C11 compiler, make," \
            "autoconf, automake, pkg-config, libevent 2.1.12, OpenSSL 3.0, jansson 2.13, curl and python3; for munnel top" \
            "ncurses; for the tests also Check, nginx, OpenSSH, iperf3, netcat, socat, mandoc, clang-format 14, cppcheck," \
            "ss, ps, sslscan and tmux."
        say "Going on in the hope that they are there."
        return 0
    fi
    [ $packages_manager = apt ] || say "Note: nobody has tried this with $packages_manager yet; tell us how it went."
    packages_missing=
    for packages_kind in "$@"; do
        for packages_name in $(packages_list "$packages_kind"); do
            packages_has "$packages_name" || packages_missing="$packages_missing $packages_name"
        done
    done
    [ -n "$packages_missing" ] || return 0
    say "Installing:$packages_missing"
    # shellcheck disable=SC2086 # a list of words
    case $packages_manager in
    apt)
        packages_as_root apt-get update -qq
        packages_as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends $packages_missing
        ;;
    dnf) packages_as_root dnf install -y $packages_missing ;;
    pacman) packages_as_root pacman -Sy --needed --noconfirm $packages_missing ;;
    apk) packages_as_root apk add $packages_missing ;;
    esac </dev/null
}

# MUNNEL_JOBS spares a machine that does other work.
packages_cores() {
    if [ -n "${MUNNEL_JOBS-}" ]; then
        echo "$MUNNEL_JOBS"
        return 0
    fi
    nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

# packages_build FOLDER CONFIGURE-OPTIONS...: bootstraps if needed, configures FOLDER (out of tree) and builds there.
packages_build() {
    packages_folder=$1
    shift
    packages_top=$(pwd)
    if [ ! -x configure ] || [ configure.ac -nt configure ]; then
        ./bootstrap || return 1
    fi
    mkdir -p "$packages_folder"
    if [ ! -f "$packages_folder/Makefile" ] || [ configure -nt "$packages_folder/config.status" ]; then
        (cd "$packages_folder" && "$packages_top/configure" "$@") || return 1
    fi
    make -C "$packages_folder" -j "$(packages_cores)"
}
