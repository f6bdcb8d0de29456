#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# embed.sh FOLDER FILE...: prints a C source with these files below FOLDER, plain and by gzip, as page.h declares them. It
# needs POSIX tools and, for the compressed ones, gzip: a build needs neither Node nor anything that bundles. The same
# files give the same source.
#
# Of our own scripts and styles comments and indentation stay behind: they are a fifth, and the source has them.
#
# A page of more than 200,000 bytes is an error: it is to be there at once, through ssh, too.
set -eu

folder=$1
shift
most=200000

type_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *) echo "embed.sh: $1: unknown kind of file" >&2 && exit 1 ;;
    esac
}

# A comment begins and ends with its lines; no string has a line that begins like one.
content() {
    case $1 in
    */vendor/*) cat "$folder/$1" ;;
    *.js | *.css)
        sed -e 's/^[[:space:]]*//' -e '/^\/\*.*\*\/$/d' -e '/^\/\*/,/\*\/$/d' -e '/^$/d' "$folder/$1"
        ;;
    *) cat "$folder/$1" ;;
    esac
}

# array NAME: of the bytes of standard input.
array() {
    echo "static const uint8_t $1[] = {"
    od -An -v -tu1 | sed 's/ *\([0-9][0-9]*\)/\1,/g'
    echo '};'
}

size=$(for file; do content "$file"; done | wc -c)
if [ "$size" -gt $most ]; then
    echo "embed.sh: the page has $((size)) bytes, of $most at most" >&2
    exit 1
fi
echo '/* Made by src/page/embed.sh. */'
echo '#include "config.h"'
echo
echo '#include "page/page.h"'
number=0
for file; do
    content "$file" | array "bytes_$number"
    if command -v gzip >/dev/null 2>&1; then
        content "$file" | gzip -9nc | array "gzip_$number"
    fi
    number=$((number + 1))
done
echo 'const struct http_asset page_assets[] = {'
number=0
for file; do
    name=/${file##*/}
    [ "$name" = /index.html ] && name=/
    tag=$(content "$file" | cksum | tr ' ' -)
    echo "    {\"$name\", \"$(type_of "$file")\", \"$tag\", bytes_$number, sizeof bytes_$number,"
    if command -v gzip >/dev/null 2>&1; then
        echo "     gzip_$number, sizeof gzip_$number},"
    else
        echo "     NULL, 0},"
    fi
    number=$((number + 1))
done
echo '};'
echo 'const size_t page_asset_count = sizeof page_assets / sizeof page_assets[0];'
