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

echo "1..4"
if ! command -v systemd-analyze >/dev/null 2>&1; then
    for number in 1 2 3 4; do
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

for unit in munneld munnel-agent; do
    # The programs need not be installed here, but verify wants to see one.
    sed -e 's|@bindir@/[a-z-]*|/bin/true|' -e 's|@sysconfdir@|/etc|' "contrib/systemd/$unit.service.in" >"$folder/$unit.service"
    output=$(systemd-analyze verify --man=no "$folder/$unit.service" 2>&1 | grep -F "$unit.service")
    test -z "$output"
    rule "systemd takes every line of $unit.service" $? "$output"
    output=$(systemd-analyze security --offline=true --no-pager "$folder/$unit.service" 2>&1)
    tenths=$(echo "$output" | sed -n 's/.*exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
    test -n "$tenths" && test "$tenths" -le $most
    rule "$unit.service is exposed by $((${tenths:-100} / 10)).$((${tenths:-100} % 10)), at most 2.0" $? "$output"
done
exit $failed
