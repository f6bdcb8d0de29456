# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# static/pack: makes a folder of what is passed on: programs, manuals as text, samples, the licences of all that is in the
# programs, and an SPDX list of it. Sourced by contrib/windows/pack and contrib/linux/pack, in the top folder, after
# packages.sh. They have a function "text" that writes its input to "$root/$1" with the system's line ends.
# shellcheck shell=sh disable=SC2154 # "build", set by pack_begin, is read by those, too

# The date of all files: that of the last commit, in a release that of its Debian changelog. A release may have been
# unpacked in somebody's repository, and a tree may belong to another user than the one who builds.
pack_date() {
    if [ -e .git ]; then
        git -c safe.directory="$(pwd)" log -1 --format=%ct
    else
        dpkg-parsechangelog -STimestamp
    fi || die "the date of the source cannot be read"
}

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
    [ -n "${SOURCE_DATE_EPOCH-}" ] || SOURCE_DATE_EPOCH=$(pack_date)
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
        mandoc -T ascii -O width=80 "$manual" >"$root/manual" || die "$manual: mandoc fails"
        sed 's/.\x08//g' "$root/manual" | text "manuals/$(basename "$manual" | sed 's/\.[0-9]$//').txt"
    done
    rm "$root/manual"
}

# pack_samples SCRIPT: as sed changes them by it.
pack_samples() {
    for sample in conf/*.json; do
        sed "$1" "$sample" | text "samples/$(basename "$sample")"
    done
}

pack_licences() {
    text licenses/munnel.txt <LICENSE
    for licence in "$libraries"/licenses/*.txt src/page/vendor/*.LICENSE src/lib/llhttp/*.LICENSE; do
        text "licenses/$(basename "$licence" | sed 's/\.[A-Za-z]*$//').txt" <"$licence"
    done
}

# After all else.
pack_finish() {
    contrib/static/sbom "$system" "$version" "$libraries" "$root" >"$root/munnel.spdx.json"
    empty=$(find "$root" -type f -empty)
    [ -z "$empty" ] || die "empty: $empty"
    chmod -R u=rwX,go=rX "$root" # whatever the umask is
    find "$root" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
}
