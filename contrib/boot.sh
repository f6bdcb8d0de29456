# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# boot: makes a Debian in a folder, installs Munnel's packages there, and boots it in a container of systemd-nspawn with no
# network but its own loopback. Sourced by systemd/try and openrc/try, after `set -eu`; needs root. Nothing of the host is
# touched. $boot_root is the container's root.

boot_die() {
    printf '%s: %s\n' "$0" "$*" >&2
    exit 2
}

# boot_in_root COMMAND...
boot_in_root() {
    chroot "$boot_root" env DEBIAN_FRONTEND=noninteractive "$@" >>"$boot_folder/packages.log" 2>&1 </dev/null
}

# boot_make RELEASE FOLDER PACKAGE...: a root that was made half is made again. The packages come second: debootstrap would
# put an init beside what it replaces.
boot_make() {
    boot_release=$1
    mkdir -p "$2"
    boot_folder=$(cd "$2" && pwd)
    boot_root=$boot_folder/root
    shift 2
    [ "$(id -u)" = 0 ] || boot_die "only root can make and boot a container"
    for boot_program in debootstrap systemd-nspawn; do
        command -v $boot_program >/dev/null || boot_die "$boot_program is not installed"
    done
    [ ! -e "$boot_root/made" ] || return 0
    rm -rf "$boot_root"
    debootstrap --variant=minbase "$boot_release" "$boot_root" >"$boot_folder/debootstrap.log" 2>&1 ||
        boot_die "debootstrap failed; see $boot_folder/debootstrap.log"
    boot_in_root apt-get install -y --no-install-recommends "$@" ||
        boot_die "not all could be installed; see $boot_folder/packages.log"
    touch "$boot_root/made"
}

# boot_install PACKAGES: the folder in which contrib/deb left them. Each run begins with nothing of Munnel there.
boot_install() {
    boot_in_root dpkg --purge munnel-server munnel-agent munnel
    rm -rf "$boot_root/etc/munnel" "$boot_root/var/lib/munnel" "$boot_root/packages"
    mkdir "$boot_root/packages"
    cp "$1"/munnel_*.deb "$1"/munnel-agent_*.deb "$1"/munnel-server_*.deb "$boot_root/packages"
    boot_in_root sh -c 'apt-get install -y --no-install-recommends /packages/*.deb' ||
        boot_die "the packages could not be installed; see $boot_folder/packages.log"
}

# boot_try SECONDS: what runs in the container writes TAP to /try.out, which is printed, and ends it.
boot_try() {
    rm -f "$boot_root/try.out"
    echo try >"$boot_root/etc/hostname"
    echo "127.0.0.1 localhost try" >"$boot_root/etc/hosts"
    timeout "$1" systemd-nspawn --quiet --directory="$boot_root" --private-network --register=no --keep-unit \
        --link-journal=no --console=pipe --boot >"$boot_folder/boot.log" 2>&1 </dev/null || true
    [ -s "$boot_root/try.out" ] || boot_die "it did not boot; see $boot_folder/boot.log"
    cat "$boot_root/try.out"
    grep -q '^1\.\.' "$boot_root/try.out" && ! grep -q '^not ok' "$boot_root/try.out"
}
