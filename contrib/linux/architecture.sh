# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# linux/architecture: what the architectures are called by others. Sourced by the scripts here, after packages.sh.
# shellcheck shell=sh disable=SC2034 # those use the variables

# architecture amd64|arm64
architecture() {
    case $1 in
    amd64) machine=x86_64 openssl_target=linux-x86_64 protection=-fcf-protection ;;
    arm64) machine=aarch64 openssl_target=linux-aarch64 protection=-mbranch-protection=standard ;;
    *) die "$1: amd64 and arm64 are known" ;;
    esac
    host=$machine-linux-musl
    gnu=$machine-linux-gnu # of the compiler that is used
}
