/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * blame: see blame.h.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "conf/blame.h"

#include <stdbool.h>
#include <string.h>

/* Earlier in the text; or at the same place, and longer: "server.pem.key" is not "server.pem". */
static bool is_better(const char *at, const char *file, const char *best_at, const struct blame *best) {
    return !best || at < best_at || (at == best_at && strlen(file) > strlen(best->file));
}

void blame_option(struct error *error, const struct blame *rows, size_t count) {
    const struct blame *best = NULL;
    const char *best_at = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *at = rows[i].file && *rows[i].file ? strstr(error->text, rows[i].file) : NULL;
        if (at && is_better(at, rows[i].file, best_at, best)) {
            best = &rows[i];
            best_at = at;
        }
    }
    if (best)
        error_set(error, "%s: %s", best->option, error->text);
}
