#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# windows: the scenarios of test_windows.c, where somebody has named the programs for Windows: then nothing that they
# need may be missing. Prints its TAP lines.
if [ -z "${MUNNEL_WINDOWS_BIN-}" ]; then
    echo "1..0 # SKIP \$MUNNEL_WINDOWS_BIN names no folder with the programs for Windows (contrib/windows/README.md)"
    exit 0
fi
MUNNEL_SLOW=${MUNNEL_SLOW-2} # wineserver does all waiting for all programs
export MUNNEL_SLOW
exec "$top_builddir/tests/scenario/test_windows"
