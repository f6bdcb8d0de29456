/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz: see fuzz.h.
 */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/munnel-fuzz-XXXXXX";
static int file = -1;

void fuzz_fail(const char *where, int line, const char *condition) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", where, line, condition);
    abort();
}

char *fuzz_text(const uint8_t *bytes, size_t length) {
    char *text = malloc(length + 1);
    FUZZ_REQUIRE(text);
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

static void remove_file(void) {
    unlink(path);
}

const char *fuzz_file(const uint8_t *bytes, size_t length) {
    if (file < 0) {
        file = mkstemp(path);
        FUZZ_REQUIRE(file >= 0 && atexit(remove_file) == 0);
    }
    FUZZ_REQUIRE(ftruncate(file, 0) == 0);
    FUZZ_REQUIRE(pwrite(file, bytes, length, 0) == (ssize_t)length);
    return path;
}
