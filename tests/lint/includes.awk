# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# awk -f includes.awk may_include FILES: prints every "include" that the table does not allow. A file of the same folder
# as the test itself ("fake_plane.h") is allowed; a _priv.h belongs to its own folder, and to that folder's tests.
function folder_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}

# Of a plane with folders of its own: the plane; of src/lib, where each folder is one: the folder.
function plane_of(folder,    parts) {
    split(folder, parts, "/")
    return parts[1] "/" parts[2] (parts[2] == "lib" ? "/" parts[3] : "")
}
FILENAME == ARGV[1] {
    if ($0 !~ /^#/ && NF > 0) {
        allowed[$1] = ""
        for (i = 2; i <= NF; i++)
            allowed[$1] = allowed[$1] " " $i
    }
    next
}
FNR == 1 {
    folder = folder_of(FILENAME)
    count = split(allowed[folder], names, " ")
    includes = 0
    if (!(folder in allowed))
        print FILENAME ": its folder is not in tests/lint/may_include"
}
/^[ \t]*#[ \t]*include/ && ++includes == 1 && FILENAME ~ /^(src|tests\/unit).*\.c$/ && $0 !~ /"config\.h"/ {
    print FILENAME ":" FNR ": a .c file includes \"config.h\" before everything else"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, parts, "\"")
    name = parts[2]
    ok = name == "config.h" || (folder ~ /^tests/ && index(name, "/") == 0)
    for (i = 1; i <= count && !ok; i++)
        ok = index(name, names[i]) == 1
    plane = folder
    sub(/^tests\/unit/, "src", plane)
    if (name ~ /_priv\.h$/ && plane_of("src/" folder_of(name)) != plane_of(plane))
        ok = 0
    if (!ok)
        print FILENAME ":" FNR ": " folder " may not include \"" name "\""
}
