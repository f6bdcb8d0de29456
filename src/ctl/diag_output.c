/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_output: see diag_output.h.
 */
#include "config.h"

#include "ctl/diag_output.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRAM_MS = 10000 };

void diag_add_output(struct diag_archive *archive, const char *name, char *const *argv, const struct program_user *user,
                     enum diag_failure failure) {
    struct error error = {{0}};
    size_t length = 0;
    int code = 0;
    char *bytes = program_output(argv, user, PROGRAM_MS, &length, &code, &error);
    bool is_part = bytes && length > 0 && (code == 0 || failure == DIAG_FAILURE_TELLS);

    if (bytes)
        diag_redact(bytes, length);
    if (bytes && length == 0)
        error_set(&error, "%s has printed nothing, exit status %d", argv[0], code);
    else if (bytes && !is_part)
        error_set(&error, "%.*s", (int)strcspn(bytes, "\n"), bytes);
    diag_archive_add(archive, name, is_part ? bytes : NULL, length, &error);
    free(bytes);
}
