# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# static/build: compiles Munnel with static libraries. Sourced by contrib/windows/build and contrib/linux/build, in the top
# folder, after packages.sh.
# shellcheck shell=sh

# static_build LIBRARIES FOLDER CONFIGURE-OPTIONS...: in FOLDER/build; with other libraries or options everything is made
# anew.
static_build() {
    static_libraries=$1
    static_folder=$2
    shift 2
    mkdir -p "$static_folder"
    static_options=$(printf '%s\n' "$static_libraries" "$@")
    [ "$(cat "$static_folder/configured" 2>/dev/null)" = "$static_options" ] || rm -rf "$static_folder/build"
    printf '%s\n' "$static_options" >"$static_folder/configured"
    say "== building in $static_folder/build"
    # Where ccache is asked to make paths relative, they would depend on the folder, and stand in what is built.
    CCACHE_BASEDIR='' PKG_CONFIG_LIBDIR=$static_libraries/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=${static_libraries%/munnel} \
        packages_build "$static_folder/build" -q CFLAGS="-O2 -ffile-prefix-map=$(pwd)/=" "$@" \
        >"$static_folder/build.log" 2>&1 || {
        tail -n 40 "$static_folder/build.log" >&2
        die "the build failed; all it wrote is in $static_folder/build.log"
    }
}
