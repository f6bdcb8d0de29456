# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# static/dependencies: builds static libraries from what contrib/static/sources fetched. Sourced by contrib/windows and
# contrib/linux, in the top folder, after packages.sh, with `set -eu`. They set "sources" and "cache", the folders; "host",
# which system the libraries are for; "cflags"; "inputs", files that decide about the result; "tools", packages that do;
# "steps", a line each, of a source and the function that builds it; and call dependencies_have.
#
# The folder of the result is CACHE/CHECKSUM: of the sources, of those files, and of the tools. What was built once is not
# built again; the file "sources" in it lists what of. The same input gives the same bytes, wherever it is built: nothing
# is compiled with the path of a folder in it.
# shellcheck shell=sh disable=SC2154 # those variables

prefix=/munnel # as the libraries know it; pkg-config puts the folder in front
static=$(pwd)/contrib/static

# What Munnel has no use for is left out, above all what would look for files: modules, engines, a configuration.
openssl_without="no-shared no-module no-tests no-engine no-legacy no-autoload-config no-comp no-dtls no-srp no-ssl3
    no-gost no-cms no-ct no-ts no-cmp no-camellia no-seed no-idea no-rc2 no-rc4 no-md4 no-mdc2 no-whirlpool no-cast
    no-bf no-sm2 no-sm3 no-sm4 no-aria no-ec2m no-rmd160 no-siphash no-ocb no-blake2"

# All that decides about the result: also what makes configure, what generates OpenSSL's assembler.
described() {
    # shellcheck disable=SC2086 # lists of words
    cat "$sources/chosen" contrib/static/dependencies.sh contrib/static/openssl-no-config.patch $inputs &&
        echo "$host" &&
        dpkg-query -W $tools autoconf automake libtool perl
}

checksum() {
    description=$(described) || die "what the libraries are made of and by cannot be read"
    printf '%s\n' "$description" | sha256sum | cut -c 1-16
}

# step NAME COMMAND: in the folder NAME, with the source of that name, and its own last change as the date. In the
# background and waited for, because the shell goes on after a failure within (...) || die. The .dsc is the one that was
# chosen, and dpkg-source compares the archives with it.
step() {
    say "   $1 $(awk -v name="$1" '$1 == name { print $2 }' "$sources/chosen")" >&2
    dsc=$(awk -v name="$1" '$1 == name { sub(/^[0-9]*:/, "", $2); print $1 "_" $2 ".dsc" }' "$sources/chosen")
    sum=$(awk -v name="$1" '$1 == name { print $3 }' "$sources/chosen")
    (
        rm -rf "$1"
        exec >"$1.log" 2>&1
        echo "$sum  $sources/$dsc" | sha256sum -c
        dpkg-source -x "$sources/$dsc" "$1"
        cd "$1"
        SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -STimestamp)
        export SOURCE_DATE_EPOCH
        set -x
        "$2"
    ) &
    wait $! || { tail -n 20 "$1.log" >&2 && die "$1 cannot be built; all it wrote is in $build/$1.log"; }
}

# licence FILE NAME: what has to be passed on with the programs.
licence() {
    mkdir -p "$installed/licenses"
    cp "$1" "$installed/licenses/$2.txt"
}

# configure_static OPTIONS...: of a source with autotools.
configure_static() {
    autoreconf -fi
    PKG_CONFIG="pkg-config --static" PKG_CONFIG_LIBDIR=$installed/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root.new \
        ./configure --host="$host" --prefix=$prefix --enable-static --disable-shared --disable-dependency-tracking \
        CFLAGS="$cflags" "$@"
}

# configure_openssl TARGET OPTIONS...
configure_openssl() {
    patch -p1 <"$static/openssl-no-config.patch"
    # shellcheck disable=SC2086 # a list of words
    CFLAGS=$cflags ./Configure --cross-compile-prefix="$host-" --prefix="$prefix" --libdir=lib $openssl_without \
        "$@"
}

build_libevent() {
    configure_static --disable-samples --disable-libevent-regress --disable-debug-mode "$@"
    make -s -j "$(packages_cores)"
    make -s install DESTDIR="$root.new"
    # Its parts ask for libevent, which is core and extra once more; TLS has OpenSSL by its folder.
    sed -i "s/^Requires: libevent$/Requires: libevent_extra libevent_core libssl/; s|-[IL]$installed/[a-z]*||g" \
        "$installed/lib/pkgconfig/libevent_openssl.pc"
    [ ! -f "$installed/lib/pkgconfig/libevent_pthreads.pc" ] ||
        sed -i "s/^Requires: libevent$/Requires: libevent_core/" "$installed/lib/pkgconfig/libevent_pthreads.pc"
    licence LICENSE libevent
}

build_jansson() {
    configure_static
    make -s -C src install DESTDIR="$root.new"
    make -s install-pkgconfigDATA DESTDIR="$root.new"
    licence LICENSE jansson
}

# For the tests; not in what is passed on.
build_check() {
    configure_static --disable-subunit "$@"
    make -s -C lib
    make -s -C src install DESTDIR="$root.new"
    make -s install-includeHEADERS install-pcdataDATA DESTDIR="$root.new"
    sed -i 's/-lcheck_pic/-lcheck/' "$installed/lib/pkgconfig/check.pc" # Debian's name for another archive of it
}

# is_clean: nothing of this machine's folders is in a library.
is_clean() {
    found=0
    grep -lF "$cache" "$installed"/lib/*.a "$installed"/lib/pkgconfig/*.pc >&2 || found=$?
    [ $found != 0 ] || die "these have a folder of this machine in them"
    [ $found = 1 ] || die "the libraries cannot be read"
}

build_all() {
    LC_ALL=C TZ=UTC
    export LC_ALL TZ
    rm -rf "$build" "$root.new"
    mkdir -p "$build" "$installed"
    cp "$sources/chosen" "$installed/sources"
    cd "$build"
    say "== building what Munnel needs, in $build" >&2
    echo "$steps" >steps
    while read -r source command; do step "$source" "$command"; done <steps
    is_clean
    cd /
    mv "$root.new" "$root"
    rm -rf "$build"
}

# Prints the folder that the libraries are in.
dependencies_have() {
    root=$cache/$(checksum)
    build=$root.build
    installed=$root.new$prefix
    if [ ! -d "$root" ]; then
        exec 9>"$cache/lock"
        flock 9
        [ -d "$root" ] || build_all # while another run had the lock
    fi
    echo "$root$prefix"
}
