#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# fetch.sh: puts the files of llhttp beside this script, from the package that README names. It needs pip and a network.
set -eu

version=9.3.0.0
sum=0d989363e7fb6f270b9d49956e7a3945c26778f8c70a166815264309ac6a8295
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
pip download -q --no-deps --no-binary :all: "llhttp==$version"
echo "$sum  llhttp-$version.tar.gz" | sha256sum -c --quiet
tar xzf "llhttp-$version.tar.gz"
cp "llhttp-$version"/lib/*.[ch] "$here"
