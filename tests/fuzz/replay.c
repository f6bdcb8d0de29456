/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * replay: gives each target its seeds, and some bytes that are none; one TAP line per target. No fuzzer is needed.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_MAX = 1 << 20 };

typedef void (*target)(const uint8_t *bytes, size_t length);

static const struct {
    const char *name;
    target run;
} targets[] = {
#define REPLAY_ROW(name) {#name, fuzz_##name},
    FUZZ_TARGETS(REPLAY_ROW)
#undef REPLAY_ROW
};

static void give(target run, const void *bytes, size_t length) {
    uint8_t *copy = malloc(length + (length == 0)); /* of exactly that size, for the sanitizer */
    FUZZ_REQUIRE(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    run(copy, length);
    free(copy);
}

/* The whole seed, and all of it that a cut connection leaves. */
static void replay_seed(target run, const char *path) {
    static uint8_t bytes[SEED_MAX];
    FILE *seed = fopen(path, "rb");
    if (!seed) {
        perror(path);
        exit(1);
    }
    size_t length = fread(bytes, 1, sizeof bytes, seed);
    fclose(seed);
    fprintf(stderr, "%s\n", path);
    give(run, bytes, length);
    for (size_t cut = 0; cut < length && cut < 300; cut++)
        give(run, bytes, cut);
}

static int replay(target run, const char *name) {
    const char *top = getenv("top_srcdir");
    char folder[4096], path[8192];
    int count = 0;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/seeds/%s", top ? top : ".", name);
    DIR *seeds = opendir(folder);
    for (const struct dirent *one = NULL; seeds && (one = readdir(seeds));) {
        if (one->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        replay_seed(run, path);
        count++;
    }
    if (seeds)
        closedir(seeds);
    return count;
}

int main(void) {
    int failed = 0, number = 0;
    fuzz_begin();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int count = replay(targets[i].run, targets[i].name);
        failed += !count;
        printf("%sok %d - %s: %d seeds\n", count ? "" : "not ", ++number, targets[i].name, count);
    }
    printf("1..%d\n", number);
    return failed > 0;
}
