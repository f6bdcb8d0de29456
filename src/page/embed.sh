#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# embed.sh FOLDER FILE...: prints a C source with these files below FOLDER, plain and by gzip, as page.h declares them. All
# scripts are one file, page.js, and all styles page.css, so that a load is quick where each request takes its time. It
# needs POSIX tools and, for the compressed ones, gzip: a build needs neither Node nor anything that bundles. The same
# files give the same source.
#
# Of our own scripts and styles comments and indentation stay behind: they are a fifth, and the source has them.
#
# A page of more than 220,000 bytes is an error: it is to be there at once, through ssh, too.
set -eu

cd "$1"
shift
most=220000
scripts=
styles=
rest=
for file; do
    case $file in
    *.js) scripts="$scripts $file" ;;
    *.css) styles="$styles $file" ;;
    *) rest="$rest ${file##*/}" ;;
    esac
done
names="$rest page.css page.js"

type_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *) echo "embed.sh: $1: unknown kind of file" >&2 && exit 1 ;;
    esac
}

# A comment begins and ends with its lines. A space in front of a colon has a meaning.
style() {
    sed -e 's/^[[:space:]]*//' -e '/^\/\*.*\*\/$/d' -e '/^\/\*/,/\*\/$/d' -e '/^$/d' \
        -e 's/ *\([{}]\) */\1/g' -e 's/\([:;,]\) /\1/g' "$@"
}

content() {
    case $1 in
    page.js) awk -f src/page/join.awk $scripts ;;
    page.css) style $styles ;;
    *) cat "src/page/$1" ;;
    esac
}

# array NAME: of the bytes of standard input.
array() {
    echo "static const uint8_t $1[] = {"
    od -An -v -tu1 | sed 's/ *\([0-9][0-9]*\)/\1,/g'
    echo '};'
}

content page.js >/dev/null # a fault of it ends this; in a pipe it would not
size=$(for name in $names; do content "$name"; done | wc -c)
if [ "$size" -gt $most ]; then
    echo "embed.sh: the page has $((size)) bytes, of $most at most" >&2
    exit 1
fi
echo '/* Made by src/page/embed.sh. */'
echo '#include "config.h"'
echo
echo '#include "page/page.h"'
number=0
for name in $names; do
    content "$name" | array "bytes_$number"
    if command -v gzip >/dev/null 2>&1; then
        content "$name" | gzip -9nc | array "gzip_$number"
    fi
    number=$((number + 1))
done
echo 'const struct http_asset page_assets[] = {'
number=0
for name in $names; do
    path=/$name
    [ "$name" = index.html ] && path=/
    tag=$(content "$name" | cksum | tr ' ' -)
    echo "    {\"$path\", \"$(type_of "$name")\", \"$tag\", bytes_$number, sizeof bytes_$number,"
    if command -v gzip >/dev/null 2>&1; then
        echo "     gzip_$number, sizeof gzip_$number},"
    else
        echo "     NULL, 0},"
    fi
    number=$((number + 1))
done
echo '};'
echo 'const size_t page_asset_count = sizeof page_assets / sizeof page_assets[0];'
