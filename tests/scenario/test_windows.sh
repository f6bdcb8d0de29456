#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# windows: runs the scenario programs for Windows on the programs in $MUNNEL_WINDOWS_BIN, one after the other, because
# they share wine's folder, and prints their TAP lines as one list. Without that variable it is one skipped test; with it
# a test fails if wine or a program is missing, so that CI cannot pass without having run them.
if [ -z "${MUNNEL_WINDOWS_BIN-}" ]; then
    echo "1..0 # SKIP \$MUNNEL_WINDOWS_BIN names no folder with the programs for Windows (contrib/windows/README.md)"
    exit 0
fi
MUNNEL_SLOW=${MUNNEL_SLOW-2} # wineserver does all waiting for all programs
export MUNNEL_SLOW
for program in test_windows test_windows_console test_windows_service; do
    "$top_builddir/tests/scenario/$program"
    code=$?
    [ $code -le 1 ] || echo "Bail out! $program: exit code $code" # 1: of tests that failed
done | awk '
    /^1\.\.[0-9]+/ { plan += substr($1, 4); next }
    /^(not )?ok [0-9]+/ { sub(/ok [0-9]+/, "ok " ++count) }
    /^not ok|^Bail out!/ { failed = 1 }
    { print; fflush() }
    END { print "1.." plan + 0; exit failed }'
