#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# test_lint: each rule of lint.sh can fail. Makes a small tree that keeps every rule, and then for each violation a
# copy that has that one, in which just the rule that is meant may fail. One TAP line each.
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
LC_ALL=C
export LC_ALL
unset MUNNEL_LINT_STRICT
only= # the rules that are run; all
number=0
failed=0

# file PATH: its text from standard input, with the two lines that every source begins with.
file() {
    mkdir -p "$(dirname "$1")"
    {
        printf '/* SPDX-License-Identifier: MIT */\n/* SPDX-FileCopyrightText: 2026 The Munnel authors */\n'
        cat
    } >"$1"
}

# function NAME: a source file of that name with one function; its body from standard input.
function_of() {
    {
        printf '/* %s: tried by a test. */\n#include "config.h"\n\nint %s(int n) {\n' "$1" "$1"
        cat
        printf '}\n'
    } | file "src/lib/$1.c"
    echo "lib += src/lib/$1.c" >>src/lib/local.mk
    echo "src/lib/$1.c tests/scenario/test_all.c runs the program" >>tests/lint/tested_elsewhere
}

# compile: the libraries that the rules on objects look at.
compile() {
    for source in src/lib/*.c; do
        ${CC:-cc} -c -Isrc -Ibuild "$source" -o "build/$(basename "$source" .c).o" || exit 1
    done
    rm -f build/libmunnel_lib_base.a
    ar rc build/libmunnel_lib_base.a build/*.o
}

clean_tree() {
    mkdir -p src/lib tests/unit tests/scenario tests/fuzz tests/model tests/lint man conf contrib build
    cp "$here/../../.clang-format" .
    spdx='# SPDX-License-Identifier: MIT'
    echo "$spdx" | tee src/lib/local.mk tests/unit/local.mk tests/lint/circles tests/lint/citations tests/lint/tested_elsewhere >/dev/null
    printf 'src/lib lib/\ntests/unit/lib lib/\ntests/scenario\n' >tests/lint/may_include
    printf '.Dd $Mdocdate: November 1 2026 $\n.Dt GOOD 1\n.Os\n.Sh NAME\n.Nm good\n.Nd keeps the rules\n' >man/good.1
    echo "$spdx: good.1" | sed 's|good|man/good|' >man/local.mk
    printf '# Hacking\n\n## Trust\n\nSee `src/lib/good.c`, good() and the section *Trust*.\n' >HACKING.md
    echo '/* test_all: runs the program. */' | file tests/scenario/test_all.c
    touch build/config.h
    echo '    return n;' | function_of good
    compile
}

# lint_with CHANGE: what lint prints for a copy of the clean tree after CHANGE, a function below.
lint_with() {
    rm -rf "$folder/tree"
    cp -R "$folder/clean" "$folder/tree"
    (cd "$folder/tree" && "$1") && top_srcdir=$folder/tree top_builddir=$folder/tree/build sh "$here/lint.sh" $only 2>&1
}

# fails RULE CHANGE WORDS: after CHANGE the RULE fails and no other. If its tool is missing, that cannot be tried.
fails() {
    number=$((number + 1))
    output=$(lint_with "$2")
    rules=$(echo "$output" | sed -n 's/^not ok [0-9]* - \([a-z]*\):.*/\1/p')
    if [ "$rules" = "$1" ]; then
        echo "ok $number - $1: $3"
    elif [ -z "$rules" ] && echo "$output" | grep -q "^ok [0-9]* - $1:.*# SKIP"; then
        echo "ok $number - $1: $3 # SKIP lint skips that rule here"
    else
        failed=1
        echo "not ok $number - $1: $3"
        echo "# expected to fail: $1. Failed:" $rules
        echo "$output" | sed 's/^/#   /'
    fi
}

# passes CHANGE WORDS: no rule fails.
passes() {
    number=$((number + 1))
    output=$(lint_with "$1")
    if echo "$output" | grep -q '^not ok' || ! echo "$output" | grep -q '^1\.\.'; then
        failed=1
        echo "not ok $number - $2"
        echo "$output" | sed 's/^/#   /'
    else
        echo "ok $number - $2"
    fi
}

mkdir "$folder/clean"
(cd "$folder/clean" && clean_tree) || exit 1

passes true "a tree that keeps every rule"

no_licence() { echo 'int lonely;' >src/lib/good.h && echo src/lib/good.h >>src/lib/local.mk; }
no_job() { printf '#define GOOD 1\n' | file src/lib/good.h && echo src/lib/good.h >>src/lib/local.mk; }
fails headers no_licence "a source without a licence"
fails headers no_job "a source that does not say its job"

script() { echo 'true' >contrib/run.sh; }
fails scripts script "a script without a licence"

forgotten() { echo '    return n;' | function_of other && sed -i.old /other/d src/lib/local.mk && rm src/lib/*.old; }
manual() { cp man/good.1 man/other.1; }
fails listed forgotten "a source that is in no local.mk"
fails listed manual "a manual that is in no local.mk"

listed_as_tested() { echo "src/lib/good.c $1" >tests/lint/tested_elsewhere; }
test_of() {
    printf '/* test_%s: %s. */\n#include "config.h"\n' "$1" "$2" | file "tests/unit/lib/test_$1.c"
    echo "tests += tests/unit/lib/test_$1.c" >>tests/unit/local.mk
}
no_test() { sed -i.old /good/d tests/lint/tested_elsewhere && rm tests/lint/*.old; }
no_reason() { listed_as_tested tests/scenario/test_all.c; }
gone_test() { listed_as_tested 'tests/scenario/test_gone.c runs the program'; }
gone_source() { echo 'src/lib/gone.c tests/scenario/test_all.c runs the program' >>tests/lint/tested_elsewhere; }
needless_line() { test_of good 'tests good()'; }
other_test() { test_of other "$1" && listed_as_tested 'tests/unit/lib/test_other.c calls it'; }
test_of_something_else() { other_test 'tests nothing'; }
test_by_function() { other_test 'calls good(1)'; }
test_by_name() { other_test 'sees good.c at work'; }
own_test() { no_test && needless_line; }
test_for_every_system() { echo '    return n;' | function_of good_linux && test_of good '' && : >tests/lint/tested_elsewhere; }
fails mirrored no_test "a source that has no test"
fails mirrored no_reason "a source that is tested elsewhere without a reason"
fails mirrored gone_test "a test elsewhere that does not exist"
fails mirrored gone_source "a line for a source that does not exist"
fails mirrored needless_line "a line for a source that has a test of its name"
fails mirrored test_of_something_else "a unit test that mentions nothing of the source"
passes test_by_function "a unit test that names a function of the source"
passes test_by_name "a unit test that names the source"
passes own_test "a source with a test of its name"
passes test_for_every_system "one test for the files of all systems"

include_of() { sed -i.old "s|^#include \"config.h\"|$1|" src/lib/good.c && rm src/lib/good.c.old; }
up() { include_of '#include "config.h"\n\n#include "server/server.h"'; }
private() { include_of '#include "config.h"\n\n#include "relay/link/link_priv.h"'; }
no_config() { include_of '#include "lib/good.h"'; }
fails includes up "a folder that includes a higher one"
fails includes private "a private header of another folder"
fails includes no_config "a source that does not begin with config.h"

lines() { awk -v count="$1" 'BEGIN { for (i = 0; i < count; i++) print "    n++;"; print "    return n;" }'; }
long_function() { lines 100 | function_of other; }
long_header() { (echo '/* good: long. */' && awk 'BEGIN { for (i = 0; i < 200; i++) print "int good_" i "(int n);" }') |
    file src/lib/good.h && echo src/lib/good.h >>src/lib/local.mk; }
fails budget long_function "a function of a hundred lines"
fails budget long_header "a header of two hundred lines"

banned=
only=banned # cppcheck knows some of them as well
for call in 'strcpy(a, b)' 'strncpy(a, b, n)' 'strcat(a, b)' 'strncat(a, b, 2)' 'sprintf(a, b)' 'vsprintf(a, b, n)' 'gets(a)' \
    'strtok(a, b)' 'atoi(a)' 'atol(a)' 'atof(a)' 'alloca(8)' 'rand()' 'localtime(a)' 'gmtime(a)' 'inet_ntoa(a)'; do
    banned=$call
    call() { echo "    return (int)$banned;" | function_of other; }
    fails banned call "a call of ${call%%(*}"
done
bsd_queue() { echo '#include <sys/queue.h>' >>src/lib/good.c; }
fails banned bsd_queue "a header that not every system has"
own_format() { echo 'int other(const char *text, ...) __attribute__((format(printf, 1, 2)));' >>src/lib/good.c; }
fails banned own_format "a format that is checked by the rules of one system"
errors() { echo '    return *strerror(n);' | function_of other; }
fails banned errors "words for errors that not every system has"
duplicate() { echo '    return strndup("", n) == 0;' | function_of other; }
fails banned duplicate "a function that not every C library has"
width() { echo '    return wcwidth((wchar_t)n);' | function_of other; }
fails banned width "a function of POSIX that Windows lacks"
host() { echo '    char name[9]; return gethostname(name, 8) + n;' | function_of other; }
fails banned host "a call that not every system has"
microseconds() { echo '    return (suseconds_t)n;' | function_of other; }
fails banned microseconds "a type that not every system has"
only=
snprintf_is_allowed() { echo '    return snprintf(a, sizeof a, b);' | function_of other; }
passes snprintf_is_allowed "snprintf is no sprintf"
ladder() {
    printf '    if (n)\n        goto out;\n    if (n > 1)\n        goto out;\nout:\n    return n;\n' | function_of other
}
fails banned ladder "a ladder of gotos"

page_file() {
    mkdir -p src/page/vendor && printf "# SPDX-License-Identifier: MIT\npage_files = src/page/%s\n" "$1" >src/page/local.mk
    { echo '/* SPDX-License-Identifier: MIT */' && echo "$2"; } >"src/page/$1"
}
page_inline() { page_file index.html '<p style="color: red">'; }
page_handler() { page_file index.html '<p onclick="good()">'; }
page_html() { page_file good.js 'element.innerHTML = text;'; }
page_elsewhere() { page_file good.js "fetch('https://example.org/')"; }
page_forgotten() { page_file good.js "good();" && sed -i.old /good/d src/page/local.mk && rm src/page/*.old; }
page_vendored() { page_file vendor/good.js 'good();' && : >src/page/vendor/README; }
page_good() { page_file good.js 'good();'; }
fails page page_inline "a page with a style inline"
fails page page_handler "a page with a handler inline"
fails page page_html "a script that makes HTML of text"
fails page page_elsewhere "a script that names another host"
fails page page_forgotten "a script that is not in the build"
fails page page_vendored "a vendored file without a line on where it is from"
passes page_good "a script like that"

epoll() { echo '    return epoll_create1(n);' | function_of other; }
proc() { echo '    return open("/proc/self/stat", n);' | function_of other; }
linux_file() { echo '    return epoll_create1(n);' | function_of other_linux; }
fails portable epoll "a Linux call in a plain file"
fails portable proc "a path below /proc in a plain file"
passes linux_file "a Linux call in a file for Linux"

table() { # OPERATION
    printf '/* admin: operations, all. */\n#include "config.h"\n\nstatic const int routes[] = {%s};\n' "$1" | file src/agent/admin/agent_admin.c
    printf '/* shared: none. */\n' | file src/admin/shared.h
    printf 'lib += src/agent/admin/agent_admin.c src/admin/shared.h\n' >>src/lib/local.mk
    printf 'src/agent/admin/agent_admin.c tests/scenario/test_all.c asks it\n' >>tests/lint/tested_elsewhere
    printf 'src/agent/admin\nsrc/admin\n' >>tests/lint/may_include
    mkdir -p docs
    printf 'paths:\n  /v1/log:\n    get: {}\n    put:\n      x: y\ncomponents:\n  /v1/x:\n    get:\n' >docs/openapi-agent.yaml
}
as_described() { table 'OPERATION_GET("/v1/log", 1), {HTTP_METHOD_PUT, "/v1/log"}'; }
undescribed() { table 'OPERATION_GET("/v1/log", 1), OPERATION_PUT("/v1/log"), OPERATION_POST("/v1/drain")'; }
unserved() { table 'OPERATION_GET("/v1/log", 1)'; }
only=operations
passes as_described "operations as they are described"
fails operations undescribed "an operation that is not described"
fails operations unserved "a described operation that there is not"
only=

comment() { printf '    return n; /* %s */\n' "$1" | function_of other; }
no_file() { comment 'see src/lib/gone.c'; }
no_name() { comment 'see gone.h'; }
no_function() { comment 'gone() did it'; }
no_symbol() { comment 'gone_away did it'; }
no_section() { echo 'See the section *Peace*.' >README.md; }
document() { echo 'See `src/gone.c`.' >README.md; }
elsewhere() { echo 'See `src/lib/good.c:gone_away` and `good.c:good`.' >README.md; }
called_there() { echo '    return good(n);' | function_of other && echo 'See `src/lib/other.c:good`.' >README.md; }
defined_there() { echo 'See `src/lib/good.c:good` and `good.c:good`.' >README.md; }
stale_word() { echo 'SSL_gone # OpenSSL' >>tests/lint/citations; }
anonymous_word() { comment 'SSL_is_there does' && echo 'SSL_is_there' >>tests/lint/citations; }
listed_word() { comment 'SSL_is_there does' && echo 'SSL_is_there # OpenSSL' >>tests/lint/citations; }
all_there() { comment 'see src/lib/good.c, good.c, good(), other, SSL_*_up, HACKING, "Trust"'; }
fails citations no_file "a comment that names a path that does not exist"
fails citations no_name "a comment that names a file that does not exist"
fails citations no_function "a comment that names a function that does not exist"
fails citations no_symbol "a comment that names a symbol that does not exist"
fails citations no_section "a document that names a section that does not exist"
fails citations document "a document that names a file that does not exist"
fails citations elsewhere "a document that names a function that its file has not"
fails citations called_there "a document that names a function where it is only called"
passes defined_there "a document that names a function and its file"
fails citations stale_word "a word on the list that is not named any more"
fails citations anonymous_word "a word on the list without an owner"
passes listed_word "a word on the list"
passes all_there "a comment that names what exists"

null() { echo '    return &n == NULL;' | function_of other; }
braces() { printf '    if (n) {\n        n++;\n    }\n    return n;\n' | function_of other; }
braces_of_two() {
    printf '    if (n) {\n        n++;\n    } else {\n        n += 2;\n        n++;\n    }\n    return n;\n' | function_of other
}
in_words() { printf '    return n; /* == NULL */\n' | function_of other; }
fails dialect null "a comparison with NULL"
fails dialect braces "braces round one line"
passes braces_of_two "braces round an else's two"
passes in_words "NULL in a comment"

compiled() { sed -i.old "s|^int |$1\n&|" src/lib/other.c && rm src/lib/other.c.old && compile; }
global() { echo '    return n + count++;' | function_of other && compiled 'static int count;\n'; }
constant() { echo '    return n + count;' | function_of other && compiled 'static const int count = 3;\n'; }
once() { echo '    return n + made_once++;' | function_of other && compiled 'static int made_once;\n'; }
fails globals global "a variable that outlives its function"
passes constant "a constant"
passes once "what OpenSSL wants to be made once"

starts() { echo '    return n + system("true");' | function_of other && compiled 'int system(const char *command);\n'; }
fails exec starts "a call of system"

calls() { echo "    return n + $2(n);" | function_of "$1" && sed -i.old "s|^int |int $2(int n);\n&|" "src/lib/$1.c" && rm "src/lib/$1.c.old"; }
circle() { calls one two && calls two three && calls three one && compile; }
known_circle() { circle && echo 'lib_base one.c three.c two.c # until three calls back' >>tests/lint/circles; }
smaller_circle() { calls one two && calls two one && compile && echo 'lib_base one.c three.c two.c # old' >>tests/lint/circles; }
circle_without_reason() { circle && echo 'lib_base one.c three.c two.c' >>tests/lint/circles; }
gone_circle() { echo 'lib_base one.c two.c # old' >>tests/lint/circles; }
line_of_calls() { calls one two && calls two three && calls three good && compile; }
fails circles circle "three files in a circle"
fails circles circle_without_reason "a known circle without a reason"
fails circles smaller_circle "a known circle that has become smaller"
fails circles gone_circle "a known circle that is gone"
passes known_circle "a known circle"
passes line_of_calls "calls that go down"

layout() { echo '  return n;' | function_of other; }
fails format layout "a source with another layout"

bug() { printf '    int *none = 0;\n    *none = n;\n    return n;\n' | function_of other; }
fails cppcheck bug "a write through a null pointer"

bad_manual() { printf '.Sh\n.Xx\n' >>man/good.1; }
fails manuals bad_manual "a manual with a mistake"

echo "1..$number"
exit $failed
