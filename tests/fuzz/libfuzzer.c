/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * libfuzzer: what libFuzzer calls, for the one target that FUZZ_TARGET names. Compiled by fuzz.sh.
 */
#include "config.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    FUZZ_TARGET(bytes, length);
    return 0;
}
