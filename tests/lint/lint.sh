#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# lint: holds the source to the rules of the house (HACKING.md), one TAP line per rule.
#
# With $top_builddir (make check) it looks at the compiled libraries too.
# A tool that is missing skips its rule, and says so; with MUNNEL_LINT_STRICT=1 (contrib/check, CI) it is a failure.
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 1
LC_ALL=C
export LC_ALL
sources=$(find src tests -name '*.[ch]' | sort)
number=0
failed=0

# rule WORDS FINDINGS: passes when there are no findings.
rule() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        failed=$((failed + 1))
        echo "not ok $number - $1"
        echo "$2" | sed 's/^/#   /'
    fi
}

# have TOOL WORDS: whether the tool is there; if not, counts the rule as skipped or failed.
have() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "${MUNNEL_LINT_STRICT:-0}" = 1 ]; then
        rule "$2" "$1 is missing, and MUNNEL_LINT_STRICT=1 wants it"
    else
        number=$((number + 1))
        echo "ok $number - $2 # SKIP $1 is missing"
    fi
    return 1
}

check_headers() {
    for file in $sources; do
        awk 'NR == 1 && $0 != "/* SPDX-License-Identifier: MIT */" { bad = 1 }
             NR == 2 && $0 !~ /^\/\* SPDX-FileCopyrightText: 2026 The Munnel authors \*\/$/ { bad = 1 }
             NR == 3 && /^\/\* [A-Za-z].*\*\/$/ { exit }
             NR == 3 && $0 != "/*" { bad = 1 }
             NR == 4 && $0 !~ /^ \* [A-Za-z]/ { bad = 1 }
             NR == 4 { exit }
             END { if (bad || NR < 3) print FILENAME ": two SPDX lines, then a comment with its job in one sentence" }' "$file"
    done
}

check_scripts() {
    for file in bootstrap configure.ac Makefile.am .ci/run contrib/* $(find src tests man conf contrib -name '*.mk' -o -name '*.sh' -o -name '*.py' -o -name '*.awk'); do
        [ -f "$file" ] && ! head -5 "$file" | grep -q 'SPDX-License-Identifier: MIT' && echo "$file: no SPDX line"
    done
}

check_listed() {
    for file in $(find src tests/unit -name '*.[ch]') $(find man -name '*.[1-8]'); do
        grep -qsF "$file" "$(dirname "$file")/local.mk" tests/unit/local.mk ||
            echo "$file: not in a local.mk, so neither built nor in the release"
    done
}

# What every version of C has and nobody should use.
check_banned() {
    grep -nwE '(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|rand) *\(' $sources
    grep -nE '^[[:space:]]*goto[[:space:]]' $sources | awk -F: '{ n[$1]++ } END { for (f in n) if (n[f] > 1) print f ": " n[f] " gotos" }'
}

# What only one system has lives in a file per system.
check_portable() {
    grep -nE '\b(accept4|eventfd|epoll_[a-z0-9]+|signalfd|timerfd_[a-z]+) *\(|sys/(epoll|eventfd|signalfd|timerfd)\.h|"/proc/' \
        $(find src -name '*.[ch]' ! -name '*_linux.c' ! -name '*_posix.c' ! -name '*_windows.c') /dev/null
}

# Mutable variables that outlive a function, by the compiled objects. Allowed: what OpenSSL wants to be made once.
check_globals() {
    objdump -t "$top_builddir"/libmunnel_[!us]*.a "$top_builddir"/libmunnel_server.a | awk '
        /file format/ { file = $1 }
        / O \.(data|bss|data\.rel|data\.rel\.local|tdata|tbss)\t/ && $NF !~ /^[a-z_]*(_once|_index|method)$/ {
            print file " " $NF
        }'
}

# No program is started by what serves, whoever asks for it: by the compiled objects, too.
check_exec() {
    for library in lib proto conf relay server agent; do
        nm -u "$top_builddir/libmunnel_$library.a" 2>/dev/null |
            awk -v library=$library '$2 ~ /^(fork|vfork|system|popen|wordexp|f?exec[lv][a-z]*|posix_spawnp?)(@.*)?$/ {
                print "libmunnel_" library ".a calls " $2 }'
    done
}

check_format() {
    for file in $sources; do
        "$clang_format" --style=file "$file" | cmp -s - "$file" || echo "$file: $clang_format -i would change it"
    done
}

check_manuals() {
    for file in $(find man -name '*.[1-8]'); do
        mandoc -T lint "$file" 2>&1 | grep -v 'referenced manual not found'
    done
}

rule "every source file says its licence and its job first" "$(check_headers)"
rule "every script says its licence" "$(check_scripts)"
rule "every file is listed in the build" "$(check_listed)"
rule "folders include only what tests/lint/may_include allows" "$(awk -f tests/lint/includes.awk tests/lint/may_include $sources)"
budget=$(awk -f tests/lint/budget.awk $sources)
rule "functions, files and headers stay below their limits" "$(echo "$budget" | grep '^over')"
echo "$budget" | grep '^long' | sed 's/^long/# longer than the habit:/'
rule "no banned function, no goto ladder" "$(check_banned)"
rule "what only one system has is in a file per system" "$(check_portable)"
words="no mutable global"
if [ -n "${top_builddir-}" ] && [ -f "$top_builddir/libmunnel_lib.a" ] &&
    ! grep -q 'fsanitize=' "$top_builddir/config.status" && have objdump "$words"; then
    rule "$words" "$(check_globals)"
fi
words="what serves starts no program"
if [ -n "${top_builddir-}" ] && [ -f "$top_builddir/libmunnel_lib.a" ] && have nm "$words"; then
    rule "$words" "$(check_exec)"
fi

# The layout is that of clang-format 14 (Debian 12); other versions differ in details.
clang_format=clang-format-14
command -v $clang_format >/dev/null 2>&1 || clang_format=clang-format
words="the source is formatted by .clang-format"
if have $clang_format "$words"; then
    if $clang_format --version | grep -q 'version 14\.'; then
        rule "$words" "$(check_format)"
    else
        number=$((number + 1))
        echo "ok $number - $words # SKIP needs version 14, this is another"
    fi
fi
words="cppcheck finds nothing"
if have cppcheck "$words"; then
    rule "$words" "$(cppcheck -q -j 2 --std=c11 --enable=warning,portability,performance --inline-suppr \
        --suppress=missingInclude --suppress=normalCheckLevelMaxBranches -Isrc \
        -DHAVE_CONFIG_H --include=tests/lint/cppcheck.h src 2>&1)"
fi
words="mandoc finds nothing in the manuals"
have mandoc "$words" && rule "$words" "$(check_manuals)"

echo "1..$number"
[ "$failed" = 0 ]
