# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# join.awk: prints ES modules as one script, so that a browser asks for one file and not for a chain of them. Each module
# becomes a function, called at once, whose result is what it exports; one that is imported has to come before. Comments
# at the end of a line or on lines of their own stay behind, indentation, and spaces around operators that no text has.
# What is no module (*.iife.js) is printed as it is.
#
# It knows the forms that the page has, each on a line: import { a, b as c } from './x.js'; export in front of const,
# function, async function, class; and export{a as b}; at the end, as published libraries have it.

function fail(what) {
    print "join.awk: " FILENAME ": " what >"/dev/stderr"
    has_failed = 1
    exit 1
}

# "src/page/parts.js" to "$parts"
function name_of(file) {
    sub(/.*\//, "", file)
    sub(/\.js$/, "", file)
    gsub(/-/, "_", file)
    return "$" file
}

function end_module() {
    if (module)
        print "return {" exported "};\n})();"
    module = exported = ""
}

function import_from(line,    from) {
    from = line
    sub(/^.* from '\.\//, "", from)
    sub(/';$/, "", from)
    if (!(name_of(from) in is_there))
        fail(from " has to be listed before it")
    sub(/^import/, "const", line)
    sub(/ from .*/, "=" name_of(from) ";", line)
    gsub(/ as /, ":", line)
    gsub(/, /, ",", line)
    print line
}

function export_list(list,    pairs, names, count, i) {
    count = split(list, pairs, ",")
    for (i = 1; i <= count; i++)
        exported = exported (split(pairs[i], names, " as ") == 2 ? names[2] ":" names[1] : names[1]) ","
}

BEGIN { print "'use strict';" }

FNR == 1 {
    end_module()
    is_script = FILENAME ~ /\.iife\.js$/
    if (!is_script) {
        module = name_of(FILENAME)
        is_there[module] = 1
        print "const " module " = (() => {"
    }
}

is_script { print; next }

{ sub(/^[ \t]+/, "") }

/^\/\*/ { is_comment = 1 }
is_comment { is_comment = $0 !~ /\*\/$/; next }
/^$/ { next }
FILENAME !~ /vendor/ {
    gsub(/ => /, "=>")
    gsub(/ = /, "=")
    gsub(/ === /, "===")
    gsub(/ !== /, "!==")
    gsub(/ && /, "\\&\\&")
    gsub(/ \|\| /, "||")
    gsub(/ \? /, "?")
    gsub(/ : /, ":")
    gsub(/\) \{$/, "){")
}
/ \/\* [^'`]* \*\/[,;]?$/ { sub(/ \/\* .* \*\//, "") }

/^import / { import_from($0); next }

/^export (const|function|async function|class) / {
    sub(/^export /, "")
    declared = $0
    sub(/^(const|function|async function|class) /, "", declared)
    sub(/[^A-Za-z0-9_].*/, "", declared)
    exported = exported declared ","
}

match($0, /export\{[^}]*\};?$/) {
    export_list(substr($0, RSTART + 7, index(substr($0, RSTART), "}") - 8))
    $0 = substr($0, 1, RSTART - 1)
}

/^export/ { fail("an export of a form that is not known: " $0) }

{ print }

END {
    if (!has_failed)
        end_module()
}
