# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# nm -A LIBRARIES | awk -f circles.awk circles -: prints each circle of files of one library that is not in the list
# `circles`, and each line of the list that is no circle (any more). A file uses another if it has an undefined symbol
# that the other defines; files that reach each other so are a circle. A line of the list: FOLDER FILE FILE... # reason
FILENAME == ARGV[1] {
    if (/^#/ || NF == 0)
        next
    reason = index($0, "#") ? substr($0, index($0, "#") + 1) : ""
    sub(/ *#.*/, "")
    if (reason !~ /[a-z]/)
        print "tests/lint/circles:" FNR ": no reason"
    allowed[$0] = FNR
    next
}

# build/libmunnel_relay.a:link.o:0000000000000000 T link_close, or "... U symbol" without an address; between them a blank.
NF >= 2 {
    split($1, parts, ":")
    library = parts[1]
    sub(/.*libmunnel_/, "", library)
    sub(/\.a$/, "", library)
    file = library " " parts[2]
    sub(/\.o$/, ".c", file)
    files[file] = library
    kind = $(NF - 1)
    if (kind == "U")
        uses[file, $NF] = 1
    else if (kind ~ /^[A-Z]$/)
        owner[library, $NF] = file
}
function collect(    pair, parts, library) {
    for (pair in uses) {
        split(pair, parts, SUBSEP)
        library = files[parts[1]]
        if ((library, parts[2]) in owner && owner[library, parts[2]] != parts[1])
            reaches[parts[1], owner[library, parts[2]]] = 1
    }
}

# Warshall: who reaches whom over others.
function close_over(    by, from, to) {
    for (by in files)
        for (from in files)
            if ((from, by) in reaches)
                for (to in files)
                    if ((by, to) in reaches)
                        reaches[from, to] = 1
}
function circle_of(first,    count, file, i, j, line, members, name, parts) {
    for (file in files)
        if ((first, file) in reaches && (file, first) in reaches) {
            split(file, parts, " ")
            members[++count] = parts[2]
            done[file] = 1
        }
    for (i = 2; i <= count; i++) {
        name = members[i]
        for (j = i - 1; j > 0 && members[j] > name; j--)
            members[j + 1] = members[j]
        members[j + 1] = name
    }
    line = files[first]
    for (i = 1; i <= count; i++)
        line = line " " members[i]
    return line
}
END {
    collect()
    close_over()
    for (file in files)
        if ((file, file) in reaches && !(file in done))
            found[circle_of(file)] = 1
    for (line in found)
        if (!(line in allowed))
            print "a circle of files, not in tests/lint/circles: " line
    for (line in allowed)
        if (!(line in found))
            print "tests/lint/circles:" allowed[line] ": no circle any more (take the line out, or shorten it): " line
}
