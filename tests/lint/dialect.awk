# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# awk -f dialect.awk FILES: prints what is C, but not as it is written here: a pointer compared with NULL instead of !p,
# and braces round the only line that an if, for or while has.
function finding(line, what) {
    print FILENAME ":" line ": " what
}
FNR == 1 {
    inside = 0
    opened = 0
    statement = 0
}
{
    code = $0
    gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
    if (inside && sub(/^.*\*\//, "", code))
        inside = 0
    else if (inside)
        code = ""
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", code)
    if (sub(/\/\*.*/, "", code))
        inside = 1
}
code ~ /[!=]= NULL|NULL [!=]=/ { finding(FNR, "compares with NULL; write p or !p") }

# if (...) { / one line; / } and no else.
{
    if (code ~ /^[ \t]*}[ \t]*$/ && statement && opened == FNR - 2)
        finding(opened, "braces round one line")
    statement = opened == FNR - 1 && code ~ /;[ \t]*$/
    if (code ~ /^[ \t]*(if|for|while) \(.*\) \{[ \t]*$/)
        opened = FNR
}
