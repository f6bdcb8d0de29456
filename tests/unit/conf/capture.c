/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * capture: lays files in the test's own folder under descriptors 1 and 2 for a while.
 * Runs on: one test at a time. Owns: the texts.
 */
#include "config.h"

#include "capture.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[] = {"stdout.txt", "stderr.txt"};

void capture_begin(struct capture *capture) {
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        int fd = open(unit_path(names[i]), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        capture->saved[i] = dup(1 + i);
        ck_assert(fd >= 0 && capture->saved[i] >= 0 && dup2(fd, 1 + i) >= 0);
        close(fd);
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
    free(capture->text[0]);
    free(capture->text[1]);
}
