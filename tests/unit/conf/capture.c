/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * capture: lays files in the test's own folder under descriptors 1 and 2 for a while.
 * Runs on: one test at a time. Owns: the texts.
 */
#include "config.h"

#include "capture.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[] = {"stdout.txt", "stderr.txt"};

void capture_begin(struct capture *capture) {
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(unit_path(names[i]), "wb"); /* not open(2): lines end as they are written */
        ck_assert_ptr_nonnull(file);
        capture->saved[i] = dup(1 + i);
        ck_assert(capture->saved[i] >= 0 && dup2(fileno(file), 1 + i) >= 0);
        fclose(file);
    }
}

void capture_end(struct capture *capture) {
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(capture->saved[i], 1 + i);
        close(capture->saved[i]);
        capture->text[i] = unit_read(unit_path(names[i]), NULL);
    }
}

void capture_done(struct capture *capture) {
    for (int i = 0; i < 2; i++) {
        free(capture->text[i]);
        capture->text[i] = NULL; /* where tests share a process, the next one begins with this, too */
    }
}
