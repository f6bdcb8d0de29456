#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# install: what "make install" puts below DESTDIR belongs together: the units start programs that are there, with no name
# left to fill in, and "make uninstall" leaves no file. One TAP line each.
number=0
failed=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

# rule WORDS COMMAND...
rule() {
    words=$1
    shift
    number=$((number + 1))
    if "$@" >"$folder/out" 2>&1; then
        echo "ok $number - $words"
    else
        failed=1
        echo "not ok $number - $words"
        sed 's/^/#   /' "$folder/out"
    fi
}

# variable NAME: its value in the Makefile, in full.
variable() {
    printf 'include Makefile\nmunnel-print:\n\t@echo "$(%s)"\n' "$1" | make -s -C "$top_builddir" -f - munnel-print
}

in_root() { # COMMAND...: in the folder that is installed to
    (cd "$folder/root" && "$@")
}

users_are_there() {
    for program in munneld munnel-agent; do
        in_root test -s "./$units/../../sysusers.d/$program.conf" || return 1
        in_root test -s "./$units/../../tmpfiles.d/$program.conf" || return 1
    done
}

is_filled_in() { ! in_root grep -rn '@[a-z]*@' "./$units" "./$units/../../sysusers.d" "./$units/../../tmpfiles.d"; }

programs_are_there() {
    in_root sed -n 's|^ExecStart=\([^ ]*\) .*|.\1|p' "./$units/munneld.service" "./$units/munnel-agent.service" \
        "./$units/munnel-agent@.service" >"$folder/programs"
    [ "$(wc -l <"$folder/programs")" = 3 ] || return 1
    while read -r program; do
        in_root test -x "$program" || { echo "$program is not there" && return 1; }
    done <"$folder/programs"
}

instances_are_apart() {
    in_root grep -q 'munnel-agent/%i\.json$' "./$units/munnel-agent@.service" &&
        in_root grep -qx 'StateDirectory=munnel-agent/%i' "./$units/munnel-agent@.service" &&
        ! in_root grep -q '%i' "./$units/munnel-agent.service"
}

no_file_is_left() {
    make -s -C "$top_builddir" uninstall DESTDIR="$folder/root" && find "$folder/root" ! -type d >"$folder/left" &&
        cat "$folder/left" && [ ! -s "$folder/left" ]
}

rule "make install works below DESTDIR" make -s -C "$top_builddir" install DESTDIR="$folder/root"
for program in munneld munnel-agent munnel; do
    rule "$program is installed" in_root test -x ".$(variable bindir)/$program"
    rule "so is its completion for bash" in_root test -s ".$(variable bashcompletiondir)/$program"
    rule "and for fish" in_root test -s ".$(variable fishcompletiondir)/$program.fish"
done
units=$(variable systemdsystemunitdir)
if [ -n "$units" ]; then
    rule "the units start programs that are installed" programs_are_there
    rule "users and folders are installed beside them" users_are_there
    rule "no name is left to fill in" is_filled_in
    rule "agents of one machine have files of their own" instances_are_apart
fi
rule "make uninstall leaves no file" no_file_is_left
echo "1..$number"
exit $failed
