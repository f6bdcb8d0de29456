/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * capture: what a function prints to stdout and stderr.
 * Runs on: one test at a time. Owns: two temporary files, until capture_done().
 */
#ifndef MUNNEL_TESTS_CAPTURE_H
#define MUNNEL_TESTS_CAPTURE_H

struct capture {
    int saved[2];  /* the real stdout and stderr */
    char *text[2]; /* what came, after capture_end(): [0] of stdout, [1] of stderr */
};

void capture_begin(struct capture *capture);
void capture_end(struct capture *capture);
void capture_done(struct capture *capture);

#endif
