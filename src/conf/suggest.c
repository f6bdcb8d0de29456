/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * suggest: edit distance (letters added, dropped, changed, or two neighbours swapped).
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "conf/suggest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 32, BEGINNING = 3, BEGUN_PART = 4 /* what begins another word is more than this part of it */ };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, const char *b) {
    size_t rows[LONGEST + 1][LONGEST + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return LONGEST;
    for (size_t i = 0; i <= a_length; i++)
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            size_t changed = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            rows[i][j] = smaller(changed, smaller(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    return rows[a_length][b_length];
}

struct suggestion suggest_for(const char *word) {
    /* One slip in a word of four letters, two in one of eight, three in a longer one; more is another word. */
    return (struct suggestion){word, NULL, smaller((strlen(word) + 3) / 4, 3) + 1};
}

void suggest_consider(struct suggestion *nearest, const char *candidate) {
    size_t length = strlen(nearest->word);
    bool is_begun = length >= BEGINNING && length * BEGUN_PART > strlen(candidate) &&
                    strncmp(nearest->word, candidate, length) == 0;
    size_t distance = is_begun ? 1 : edit_distance(nearest->word, candidate);
    if (distance >= nearest->distance || distance >= strlen(candidate))
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}
