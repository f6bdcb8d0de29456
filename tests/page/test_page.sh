#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# test_page.sh [WORD...]: runs test_page.mjs, or another file of this folder (MUNNEL_PAGE_RUN), where Chromium and Node are.
# What it needs of npm comes by package-lock.json into the build folder, once; without network that is a skip.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top_builddir=${top_builddir:-$(pwd)}
export top_builddir

skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)}
export CHROMIUM
[ -n "$CHROMIUM" ] || skip "chromium is missing"
command -v node >/dev/null 2>&1 || skip "node is missing"

if [ -z "${MUNNEL_PAGE_MODULES-}" ]; then
    modules=$top_builddir/page-modules
    if ! cmp -s "$here/package-lock.json" "$modules/installed"; then
        command -v npm >/dev/null 2>&1 || skip "npm is missing"
        mkdir -p "$modules"
        cp "$here/package.json" "$here/package-lock.json" "$modules/"
        chmod u+w "$modules/package.json" "$modules/package-lock.json"
        (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund >npm.out 2>&1) || skip "npm cannot get playwright-core"
        cp "$here/package-lock.json" "$modules/installed"
    fi
    MUNNEL_PAGE_MODULES=$modules/node_modules
    export MUNNEL_PAGE_MODULES
fi

# A browser that hangs must not hang the tests.
exec timeout -k 10 "${MUNNEL_PAGE_SECONDS:-900}" node "$here/${MUNNEL_PAGE_RUN:-test_page.mjs}" "$@"
