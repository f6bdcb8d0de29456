# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# awk -f citations.awk PATHS LIST FILES FILES: prints what comments and the documents name and what is not there (any more):
# a file, a function or another symbol, FILE:FUNCTION, a section of HACKING.md. PATHS has the path of every file of the tree, one a line.
# LIST has the words that are not of this source, each with whose it is: WORD # WHOSE. FILES are C sources and documents
# (.md), twice: first the words of the code are learnt, then the comments are looked at.
#
# A symbol is what has an underscore in it or "()" after it. It is there if the code has that word, or a file that name; in
# the comment of a table ROW stands for the columns of what the table ROWS lists.
function stem_of(path) {
    sub(/.*\//, "", path)
    sub(/\.[a-z0-9]+$/, "", path)
    return path
}
function path_exists(path) {
    return path in paths || (path ".c") in paths || (path ".h") in paths || (path ".in") in paths
}
function finding(what) {
    if (!((FILENAME, what) in seen))
        print FILENAME ":" FNR ": " what
    seen[FILENAME, what] = 1
}

# split_line(): the line's comment into `comment`, the rest into `code`. In a document all is comment.
function split_line(    rest, at) {
    code = ""
    comment = ""
    if (FILENAME ~ /\.md$/) {
        comment = $0
        return
    }
    rest = $0
    while (rest != "") {
        at = inside ? index(rest, "*/") : match(rest, /\/\*/)
        if (inside) {
            comment = comment " " (at ? substr(rest, 1, at - 1) : rest)
            rest = at ? substr(rest, at + 2) : ""
            inside = !at
        } else {
            code = code " " (at ? substr(rest, 1, at - 1) : rest)
            rest = at ? substr(rest, at + 2) : ""
            inside = at > 0
        }
    }
}
# A function is defined where its name and "(" stand on a line that begins in column one and does not end with ";" (as
# clang-format lays them out); it is learnt for each end of the file's path: a/b.c:f and b.c:f.
function learn_function(    name, path) {
    if (FILENAME !~ /\.[ch]$/ || $0 !~ /^[A-Za-z]/ || /;[ \t]*$/ || !match($0, /[a-z_][A-Za-z0-9_]*\(/))
        return
    name = substr($0, RSTART, RLENGTH - 1)
    path = FILENAME
    do
        defined[path ":" name] = 1
    while (sub(/^[^\/]*\//, "", path))
}
function learn(    count, i, parts) {
    if (FILENAME ~ /HACKING\.md$/ && /^##* /) {
        heading = $0
        sub(/^#* */, "", heading)
        headings[heading] = 1
    }
    split_line()
    learn_function()
    count = split(code, parts, /[^A-Za-z0-9_]+/)
    for (i = 1; i <= count; i++)
        words[parts[i]] = 1
}

# A path from the top of the tree. FOLDER, FILE and * stand for any.
function check_paths(text,    path) {
    while (match(text, /(^|[^A-Za-z0-9_.\/<-])(src|tests|contrib|docs|conf|man)\/[A-Za-z0-9_.\/*-]+/)) {
        path = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        sub(/^[^a-z]*/, "", path)
        sub(/[.\/-]+$/, "", path)
        if (path !~ /[A-Z*]/ && !path_exists(path))
            finding(path " does not exist")
    }
}
function check_files(text,    name) {
    while (match(text, /(^|[^A-Za-z0-9_.\/<>-])[a-z][a-z0-9_]*\.[ch]($|[^A-Za-z0-9_])/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        gsub(/^[^a-z]+|[^a-z]+$/, "", name)
        if (!(name in names) && !is_known(name))
            finding(name " does not exist")
    }
}
function is_known(name,    one) {
    if (name in listed)
        cited[name] = 1
    one = name
    sub(/s$/, "", one)
    return name in listed || name in words || one in words || (name "S") in words
}
function check_symbols(text,    name, before) {
    while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(text, RSTART, RLENGTH)
        before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
        text = substr(text, RSTART + RLENGTH)
        if (before ~ /[.\/<*-]/ || text ~ /^(\.[a-z]|\/|\*)/)
            continue
        if ((name ~ /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+$/ || text ~ /^\(\)/) && !is_known(name))
            finding(name " does not exist")
    }
}
function check_functions(text,    name) {
    while (match(text, /[A-Za-z0-9_.\/-]+\.[ch]:[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (!(name in defined))
            finding(name " is not defined there")
    }
}
function check_sections(text,    name) {
    while (match(text, /([Ss]ection \*[^*]+\*|HACKING(\.md)?, ("[^"]+"|\*[^*]+\*))/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        sub(/^[^"*]*["*]/, "", name)
        sub(/["*]$/, "", name)
        if (!(name in headings))
            finding("HACKING.md has no section \"" name "\"")
    }
}
FILENAME == ARGV[1] {
    sub(/^\.\//, "")
    paths[$0] = 1
    words[stem_of($0)] = 1
    folder = $0
    while (sub(/\/[^\/]*$/, "", folder))
        paths[folder] = 1
    sub(/.*\//, "")
    names[$0] = 1
    next
}
FILENAME == ARGV[2] {
    if (/^#/ || NF == 0)
        next
    listed[$1] = FNR
    if ($2 != "#" || NF < 3)
        print FILENAME ":" FNR ": whose is it? WORD # WHOSE"
    next
}
FNR == 1 {
    inside = 0
    again = (FILENAME in read)
    read[FILENAME] = 1
}
!again { learn() }
again {
    split_line()
    if (comment != "") {
        check_paths(comment)
        check_files(comment)
        check_symbols(comment)
        check_functions(comment)
        check_sections(comment)
    }
}
END {
    for (name in listed)
        if (!(name in cited) || name in words)
            print ARGV[2] ":" listed[name] ": " name (name in words ? " is in the source" : " is not named any more") ": take the line out"
}
