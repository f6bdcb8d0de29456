#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# lint: holds the source to the rules of the house (HACKING.md), one TAP line per rule.
#
#   tests/lint/lint.sh [RULE...]      RULE: the name of a function check_RULE below; without one: all
#
# Looks at the tree $top_srcdir (else the one it lies in) and, with $top_builddir (make check), at its compiled libraries.
# A tool that is missing skips its rule, with a line; with MUNNEL_LINT_STRICT=1 (contrib/check, CI) it is a failure.
# test_lint.sh shows of each rule that it can fail: a new rule is a check_ function, a line at the end, and a violation
# in that file.
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
cd "${top_srcdir:-$here/../..}" || exit 1
chosen=" $* "
# What src/lib/llhttp has is as its authors publish it.
vendored='src/lib/llhttp/*'
sources=$(find src tests -name '*.[ch]' ! -path "$vendored" | sort)
documents=$(find . -name '*.md' ! -path './build*' ! -path './.*' | sed 's|^\./||' | sort)
lib_folders="lib_base lib_os lib_log lib_net lib_event lib_tls lib_http lib_metrics"
folders="$lib_folders proto conf relay admin page server agent ctl"
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

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# have TOOL WORDS: whether the tool is there; if not, counts the rule as skipped or failed.
have() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "${MUNNEL_LINT_STRICT:-0}" = 1 ]; then
        rule "$2" "$1 is missing, and MUNNEL_LINT_STRICT=1 wants it"
    else
        skip "$2" "$1 is missing"
    fi
    return 1
}

# is_chosen RULE
is_chosen() {
    case $chosen in "  " | *" $1 "*) return 0 ;; esac
    return 1
}

# judge RULE WORDS [TOOL]: runs check_RULE if it is wanted and its tool is there.
judge() {
    is_chosen "$1" || return 0
    [ -z "${3-}" ] || have "$3" "$1: $2" || return 0
    rule "$1: $2" "$(check_"$1")"
}

# judge_built RULE WORDS TOOL: the same for a rule that looks at compiled libraries; without them it does not run.
judge_built() {
    [ -z "${top_builddir-}" ] || [ ! -f "$top_builddir/libmunnel_lib_base.a" ] || judge "$@"
}

# libraries FOLDERS: of those that are built.
libraries() {
    for folder in "$@"; do
        [ ! -f "$top_builddir/libmunnel_$folder.a" ] || echo "$top_builddir/libmunnel_$folder.a"
    done
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

# Every file of the page is in the build and asks for nothing elsewhere; nothing is inline, so that the policy that it is
# served with can forbid that. Its size is checked by what embeds it, src/page/embed.sh.
check_page() {
    for file in $(find src/page -type f \( -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.svg' \) 2>/dev/null); do
        grep -qF "$file" src/page/local.mk || echo "$file: not in src/page/local.mk"
        case $file in
        */vendor/*) grep -q "^$(basename "$file") " src/page/vendor/README || echo "$file: not in src/page/vendor/README"; continue ;;
        esac
        head -3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || [ "${file%.svg}" != "$file" ] || echo "$file: no SPDX line"
        [ "$(wc -l <"$file")" -le 400 ] || echo "$file: more than 400 lines"
        grep -nE 'https?:|//[a-z0-9-]+\.|@import|url\(' "$file" | grep -v 'http://www\.w3\.org/2000/svg' | sed "s|^|$file:|"
        grep -nE '<style|<script[^>]*>[^<]|[[:space:]]style=|[[:space:]]on[a-z]+="|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function' "$file" | sed "s|^|$file:|"
    done
}

check_scripts() {
    for file in bootstrap configure.ac Makefile.am .ci/run debian/rules debian/tests/[!c]* \
        $(find contrib -type f ! -name '*.svg' ! -name '*.png' ! -name '*.ico' ! -name '*.json') $(find src tests man conf -name '*.mk' -o -name '*.sh' -o -name '*.py' -o -name '*.awk'); do
        [ -f "$file" ] && ! head -5 "$file" | grep -q 'SPDX-License-Identifier: MIT' && echo "$file: no SPDX line"
    done
}

# fragments FILE: the local.mk of each folder that it lies in.
fragments() {
    folder=$(dirname "$1")
    while [ "$folder" != . ]; do
        echo "$folder/local.mk"
        folder=$(dirname "$folder")
    done
}

check_listed() {
    for file in $(find src tests/unit tests/fuzz tests/model -name '*.[ch]') $(find man -name '*.[1-8]'); do
        grep -qsF "$file" $(fragments "$file") ||
            echo "$file: not in a local.mk, so neither built nor in the release"
    done
}

# module_of SOURCE: its path below src, without .c and without the system that it is for.
module_of() {
    echo "$1" | sed -E 's|^src/||; s/\.c$//; s/_(posix|linux|portable|glibc|windows)$//'
}

# mentions TEST SOURCE: TEST includes SOURCE's header, or names SOURCE or a function of it.
mentions() {
    functions=$(sed -nE '/^(static|typedef)/!s/^[a-z].*[ *]([a-z0-9_]+)\(.*/\1/p' "$2" | tr '\n' '|')
    grep -qE "\"$(module_of "$2")\.h\"|\b($functions$(basename "$2" .c)\.c)\b" "$1"
}

# src/FOLDER/FILE.c is tested by tests/unit/FOLDER/test_FILE.c or by what tests/lint/tested_elsewhere names.
check_mirrored() {
    list=tests/lint/tested_elsewhere
    for source in $(find src -name '*.c' ! -path "$vendored" | sort); do
        module=$(module_of "$source")
        test=tests/unit/$(dirname "$module")/test_$(basename "$module").c
        if ! grep -q "^$source[[:space:]]" $list; then
            [ -f "$test" ] || echo "$source: neither $test nor a line in $list"
        elif [ -f "$test" ]; then
            echo "$list: $source has a test of its name, the line is not needed"
        fi
    done
    grep -v '^#' $list | while read -r source test reason; do
        if [ ! -f "$source" ] || [ ! -f "$test" ] || [ -z "$reason" ]; then
            echo "$list: $source $test: two files that exist, and a reason"
        else
            case $test in tests/unit/*) mentions "$test" "$source" || echo "$list: $test does not mention $source" ;; esac
        fi
    done
}

check_includes() {
    awk -f "$here/includes.awk" tests/lint/may_include $sources
}

check_budget() {
    awk -f "$here/budget.awk" $sources | sed -n 's/^over //p'
}

# Functions of the C library that are banned: what writes without a limit or fills a static buffer, and what
# reads a number without telling that there was none.
check_banned() {
    grep -nE '\b(strn?cpy|stpcpy|strn?cat|v?sprintf|gets|strtok|ato[ifl]|atoll|alloca|s?rand|(local|gm|c|asc)time|inet_ntoa|gethostbyname|tmpnam|mktemp) *\(' $sources /dev/null
    grep -nE '#include <sys/queue\.h>' $sources /dev/null | sed 's|$|: musl and Windows lack it, see lib/base/queue.h|'
    grep -nE '\bstrerror(_r)? *\(|\bEDQUOT\b' $(find src -name '*.[ch]' ! -path "$vendored" ! -path 'src/lib/base/error_*') /dev/null | sed 's|$|: lib/base/error.h has what knows each system|'
    grep -nE '\b(strndup|open_memstream|fmemopen|stpcpy|asprintf) *\(' $(find src -name '*.[ch]' ! -path "$vendored") /dev/null | sed 's|$|: Windows lacks it, see lib/base/text_buffer.h, strbuf.h|'
    grep -nE '\b(aligned_alloc|posix_memalign|wcwidth|mbrtowc|nl_langinfo|realpath) *\([^)]' $(find src -name '*.[ch]' ! -path "$vendored" ! -name '*_posix.c') /dev/null | sed 's|$|: see aligned.h, character_width.h, file.h|'
    grep -nE '\bgethostname *\(' $(find src -name '*.[ch]' ! -path "$vendored" ! -path 'src/lib/os/host_name_*') /dev/null | sed 's|$|: see lib/os/host_name.h|'
    grep -n 'suseconds_t' $sources /dev/null | sed 's|$|: Windows lacks it, see clock_timeval()|'
    grep -nE '\(format\(' $(find src -name '*.[ch]' ! -path "$vendored" ! -path src/lib/base/format.h) /dev/null | sed 's|$|: PRINTF_LIKE of lib/base/format.h|'
    grep -nE '^[[:space:]]*goto[[:space:]]' $sources /dev/null | awk -F: '{ n[$1]++ } END { for (f in n) if (n[f] > 1) print f ": " n[f] " gotos" }'
}

# Calls that only one system has are in a file per system.
check_portable() {
    grep -nE '\b(accept4|eventfd|epoll_[a-z0-9]+|signalfd|timerfd_[a-z]+) *\(|sys/(epoll|eventfd|signalfd|timerfd)\.h|"/proc/' \
        $(find src -name '*.[ch]' ! -path "$vendored" ! -name '*_linux.c' ! -name '*_posix.c' ! -name '*_windows.c') /dev/null
}

# What a comment or a document names is there.
check_citations() {
    paths=$(mktemp) || return
    find . -type f ! -path './build*' ! -path './.git/*' >"$paths"
    awk -f "$here/citations.awk" "$paths" tests/lint/citations $sources $documents $sources $documents
    rm -f "$paths"
}

# The operations of each program's administration, by its table and by its contract: METHOD PATH.
operations_of_table() {
    cat src/admin/shared.h "$1" | tr -s '\n ' '  ' | grep -oE '(GET|PUT|POST|DELETE)[(, ]+"/[^"]*"' |
        sed -E 's/^([A-Z]+)[(, ]+"(.*)"/\1 \2/' | sort
}
operations_of_contract() {
    awk '/^paths:/ { inside = 1 } /^components:/ { inside = 0 }
        inside && /^  \// { path = $1; sub(/:$/, "", path) }
        inside && /^    (get|put|post|delete):/ { method = $1; sub(/:$/, "", method); print toupper(method), path }' "$1" | sort
}
check_operations() {
    lists=$(mktemp -d) || return
    for pair in openapi.yaml:src/server/admin/admin.c openapi-agent.yaml:src/agent/admin/agent_admin.c; do
        document=docs/${pair%%:*}
        table=${pair#*:}
        [ -f "$document" ] || continue
        operations_of_table "$table" >"$lists/table"
        operations_of_contract "$document" >"$lists/contract"
        comm -23 "$lists/table" "$lists/contract" | sed "s|^|$document: lacks |"
        comm -13 "$lists/table" "$lists/contract" | sed "s|^|$table: lacks |"
    done
    rm -rf "$lists"
}

# C that compiles, but is not written as the rest of the source.
check_dialect() {
    awk -f "$here/dialect.awk" $sources
}

# Mutable variables that outlive a function, by the compiled objects. Allowed: what is initialised once for OpenSSL.
check_globals() {
    objdump -t $(libraries $folders) | awk '
        /file format/ { file = $1 }
        / O \.(data|bss|data\.rel|data\.rel\.local|tdata|tbss)\t/ && $NF !~ /^[a-z_]*(_once|_index|method)$/ {
            print file " " $NF
        }'
}

# What serves starts no program: by the compiled objects, too.
check_exec() {
    nm -A -u $(libraries $lib_folders proto conf relay page server agent) | sed 's/.*libmunnel_/libmunnel_/' | awk '
        $NF ~ /^(fork|vfork|system|popen|wordexp|f?exec[lv][a-z]*|posix_spawnp?)(@.*)?$/ { print $1 " calls " $NF }'
}

# Calls go down: the files of a folder do not use each other in circles, by the compiled objects.
check_circles() {
    nm -A $(libraries $folders) | awk -f "$here/circles.awk" tests/lint/circles -
}

check_format() {
    for file in $sources; do
        "$clang_format" --style=file "$file" | cmp -s - "$file" || echo "$file: $clang_format -i would change it"
    done
}

check_cppcheck() {
    cppcheck -q -j 2 --std=c11 --enable=warning,portability,performance --inline-suppr -i src/lib/llhttp \
        --suppress=missingInclude --suppress=normalCheckLevelMaxBranches -Isrc \
        -DHAVE_CONFIG_H --include="$here/cppcheck.h" src 2>&1
}

check_manuals() {
    for file in $(find man -name '*.[1-8]'); do
        mandoc -T lint "$file" 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db'
    done
}

judge headers "every source file states its licence and its job first"
judge scripts "every script states its licence"
judge listed "every file is listed in the build"
judge mirrored "every source has a unit test of its name, or a line in tests/lint/tested_elsewhere"
judge includes "folders include only what tests/lint/may_include allows"
judge budget "functions, files and headers stay below their limits"
judge banned "no banned function, no goto ladder"
judge portable "what only one system has is in a file per system"
judge citations "what comments and documents name exists"
judge dialect "one dialect of C"
judge operations "what the administration serves is what docs/openapi*.yaml describe"
if [ "$chosen" = "  " ]; then
    awk -f "$here/budget.awk" $sources | sed -n 's/^long/# longer than the habit:/p'
fi
grep -qs 'fsanitize=' "${top_builddir-}/config.status" ||
    judge_built globals "no mutable global" objdump
judge_built exec "what serves starts no program" nm
judge_built circles "files of a folder use each other in no circle but those in tests/lint/circles" nm

# The layout is that of clang-format 14 (Debian 12); other versions differ in details.
clang_format=clang-format-14
command -v $clang_format >/dev/null 2>&1 || clang_format=clang-format
words="the source is formatted by .clang-format"
if is_chosen format && command -v $clang_format >/dev/null 2>&1 && ! $clang_format --version | grep -q 'version 14\.'; then
    skip "format: $words" "needs version 14, this is another"
else
    judge format "$words" $clang_format
fi
judge cppcheck "cppcheck finds nothing" cppcheck
judge page "the page asks for nothing elsewhere and has nothing inline"
judge manuals "mandoc finds nothing in the manuals" mandoc

echo "1..$number"
[ "$failed" = 0 ]
