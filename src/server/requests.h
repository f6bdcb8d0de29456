/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * requests: how many data links an agent has been asked to dial and has not brought yet; a request is void in time.
 * Runs on: the control thread. Owns: nothing. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_REQUESTS_H
#define MUNNEL_SERVER_REQUESTS_H

#include <stdint.h>

enum { REQUESTS_BATCHES = 16, REQUESTS_EXPIRE_MS = 10000 };

struct request_batch {
    unsigned count;
    uint64_t expires_us;
};

struct requests {                                   /* all zero at first */
    struct request_batch batches[REQUESTS_BATCHES]; /* the oldest first */
    unsigned used;
    struct request_batch late; /* those that were given up */
};

void requests_add(struct requests *requests, unsigned count, uint64_t now_us);
void requests_arrived(struct requests *requests); /* one link came: it answers the oldest that was not given up */
unsigned requests_open(struct requests *requests, uint64_t now_us);     /* so many may come */
unsigned requests_expected(struct requests *requests, uint64_t now_us); /* so many are counted on */
/* Counts no more on what was asked for so long ago; it may come nevertheless. */
void requests_give_up(struct requests *requests, uint64_t older_than_ms, uint64_t now_us);

#endif
