# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# awk -f budget.awk FILES: prints "over ..." for what is beyond the limit and "long ..." for what is beyond the habit.
# Counts on clang-format: a function begins in column one and its closing brace stands there too.
function judge(what, lines, habit, limit) {
    if (lines > limit)
        print "over " what ": " lines " lines, the limit is " limit
    else if (lines > habit)
        print "long " what ": " lines " lines, the habit is " habit
}
function end_of_file() {
    if (file != "")
        judge(file, total, file ~ /\.h$/ ? 120 : 400, file ~ /\.h$/ ? 200 : 800)
}
FNR == 1 {
    end_of_file()
    file = FILENAME
    total = 0
    inside = 0
    start = 0
}
{ total = FNR }
!inside && /^[A-Za-z_]/ {
    start = 0
    if (/\(/ && !/;[ \t]*(\/\*.*)?$/ && !/= *\{?$/ && !/^(typedef|enum|struct [a-z_]+ \{)/) {
        start = FNR
        name = $0
        if (!sub(/^START_TEST\(/, "", name))
            sub(/\(.*/, "", name)
        sub(/\).*/, "", name)
        sub(/.*[ *]/, "", name)
    }
}
!inside && start && (/^\{/ || /\) *\{$/) { inside = 1 }
inside && /^\}/ {
    judge(FILENAME ":" start " " name "()", FNR - start + 1, 40, 80)
    inside = 0
    start = 0
}
END { end_of_file() }
