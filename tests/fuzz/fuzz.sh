#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# fuzz: builds the targets of fuzz.h with clang, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer in ./fuzz, and
# runs each for SECONDS from its seeds and from what earlier runs found (fuzz/corpus). What ends a target is kept in
# fuzz/crashes and named at the end; the exit code is then 1. A crash that is mended becomes a seed and a unit test.
#
#   make fuzz FUZZ_SECONDS=60 FUZZ_TARGETS="frame open"
#
# Needs clang and libFuzzer: contrib/packages.sh has their names under "fuzz".
set -eu
source=${top_srcdir:?"make fuzz" gives the path of the source}
: "${LIBRARIES:?"make fuzz" gives the libraries to link with}"
seconds=$1
shift
targets=$*
: "${targets:=$(sed -n 's/^    TARGET(\([a-z_]*\)).*/\1/p' "$source/tests/fuzz/fuzz.h")}"
command -v clang >/dev/null || {
    echo "make fuzz: clang is not installed; Debian: apt-get install clang libclang-rt-dev" >&2
    exit 2
}
mkdir -p fuzz/crashes fuzz/corpus
cd fuzz
flags="-g -O1 -fno-omit-frame-pointer"
[ -f Makefile ] || "$source/configure" -q --enable-asan --enable-ubsan --disable-hardening CC=clang \
    CFLAGS="$flags -fsanitize=fuzzer-no-link"
# shellcheck disable=SC2086 # a list of words
make -s -j "${MUNNEL_JOBS:-$(nproc)}" $LIBRARIES
failed=
for target in $targets; do
    # shellcheck disable=SC2086 # lists of words
    clang $flags -std=gnu11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -DFUZZ_TARGET="fuzz_$target" \
        -I. -I"$source/src" -I"$source/tests/fuzz" "$source"/tests/fuzz/libfuzzer.c "$source"/tests/fuzz/fuzz*.c "$source/tests/fuzz/file_posix.c" \
        $LIBRARIES ${SYSTEM_LIBS-} -o "fuzz_$target"
    mkdir -p "corpus/$target"
    if ./"fuzz_$target" -max_total_time="$seconds" -close_fd_mask=1 -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="crashes/$target-" "corpus/$target" "$source/tests/fuzz/seeds/$target" >"$target.log" 2>&1; then
        echo "$target: $(tail -n 1 "$target.log")"
    else
        failed="$failed $target"
        echo "$target: FAILED; the end of $(pwd)/$target.log:"
        grep -aE 'does not hold|ERROR|SUMMARY|Test unit|runtime error' "$target.log" || tail -n 20 "$target.log"
    fi
done
if [ -n "$failed" ]; then
    echo "make fuzz: FAILED:$failed. What ended them:"
    ls "$(pwd)"/crashes/*
    exit 1
fi
