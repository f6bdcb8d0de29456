# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# static/pack: makes a folder of what is passed on: programs, manuals as text, samples, the licences of all that is in the
# programs, and an SPDX list of it. Sourced by contrib/windows/pack and contrib/linux/pack, in the top folder, after
# packages.sh. They have a function "text" that writes its input to "$root/$1" with the system's line ends.
# shellcheck shell=sh disable=SC2154 # "build", set by pack_begin, is read by those, too

# pack_begin SYSTEM BUILD LIBRARIES FOLDER: the folder is FOLDER/munnel-VERSION-SYSTEM.
pack_begin() {
    system=$1
    build=$2
    libraries=$3
    mkdir -p "$4"
    folder=$(cd "$4" && pwd)
    version=$(sed -n 's/^VERSION = //p' "$build/Makefile")
    name=munnel-$version-$system
    root=$folder/$name
    LC_ALL=C TZ=UTC
    # The date of all files: that of the last commit, in a release that of its Debian changelog.
    : "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -STimestamp)}"
    export LC_ALL TZ SOURCE_DATE_EPOCH
    rm -rf "$root"
    mkdir -p "$root/manuals" "$root/samples" "$root/licenses"
}

# pack_programs STRIP SUFFIX
pack_programs() {
    for program in munneld munnel-agent munnel; do
        "$1" -o "$root/$program$2" "$build/$program$2"
        for private in "$(pwd)/" "${libraries%/*}"; do
            ! grep -qF "$private" "$root/$program$2" || die "$program$2 has a folder of this machine in it"
        done
    done
}

# mandoc prints bold as a character over itself.
pack_manuals() {
    for manual in man/*.[0-9]; do
        mandoc -T ascii -O width=80 "$manual" | sed 's/.\x08//g' | text "manuals/$(basename "$manual" | sed 's/\.[0-9]$//').txt"
    done
}

# pack_samples SCRIPT: as sed changes them by it.
pack_samples() {
    for sample in conf/*.json; do
        sed "$1" "$sample" | text "samples/$(basename "$sample")"
    done
}

pack_licences() {
    text licenses/munnel.txt <LICENSE
    for licence in "$libraries"/licenses/*.txt src/page/vendor/*.LICENSE; do
        text "licenses/$(basename "$licence" | sed 's/\.[A-Za-z]*$//').txt" <"$licence"
    done
}

# After all else.
pack_finish() {
    contrib/static/sbom "$system" "$version" "$libraries" "$root" >"$root/munnel.spdx.json"
    find "$root" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
}
