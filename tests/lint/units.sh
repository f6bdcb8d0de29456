#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# units: the units for systemd mean what they say (systemd-analyze verify) and leave a process little to do harm with
# (systemd-analyze security, which needs no running systemd). One TAP line each. 10 is no protection at all; what is
# left of the server's 2 is that it may use the network and listen on ports below 1024.
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 1
LC_ALL=C
export LC_ALL
most=20 # tenths

echo "1..7"
if ! command -v systemd-analyze >/dev/null 2>&1; then
    for number in 1 2 3 4 5 6 7; do
        echo "ok $number # SKIP systemd-analyze is not installed"
    done
    exit 0
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0
failed=0

# rule WORDS STATUS OUTPUT
rule() {
    number=$((number + 1))
    if [ "$2" = 0 ]; then
        echo "ok $number - $1"
    else
        failed=1
        echo "not ok $number - $1"
        echo "$3" | sed 's/^/#   /'
    fi
}

# judge UNIT TEMPLATE SED-SCRIPT: the programs need not be installed here, but verify wants to see one.
judge() {
    sed -e 's|@bindir@/[a-z-]*|/bin/true|; s|@sysconfdir@|/etc|g' -e "$3" "contrib/systemd/$2.service.in" >"$folder/$1.service"
    output=$(systemd-analyze verify --man=no "$folder/$1.service" 2>&1 | grep -F "$1.service")
    test -z "$output"
    rule "systemd takes every line of $1.service" $? "$output"
    output=$(systemd-analyze security --offline=true --no-pager "$folder/$1.service" 2>&1)
    tenths=$(echo "$output" | sed -n 's/.*exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
    test -n "$tenths" && test "$tenths" -le $most
    rule "$1.service is exposed by $((${tenths:-100} / 10)).$((${tenths:-100} % 10)), at most 2.0" $? "$output"
}

judge munneld munneld ''
judge munnel-agent munnel-agent 's|@unit@|munnel-agent|g; s|@file@|munnel-agent|g; s|@folder@||g; s|@of@||g'
judge munnel-agent@one munnel-agent 's|@unit@|munnel-agent@one|g; s|@file@|%i|g; s|@folder@|/%i|g; s|@of@| %i|g'

cp contrib/systemd/munneld.socket "$folder"
output=$(systemd-analyze verify --man=no "$folder/munneld.socket" 2>&1 | grep -F "munneld.socket")
test -z "$output"
rule "systemd takes every line of munneld.socket" $? "$output"
exit $failed
