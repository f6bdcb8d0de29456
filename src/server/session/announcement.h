/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * announcement: how far a session knows the services; announce.c in server/service makes and reads it. Services are
 * announced in the order of their ids: those up to `answered_id` were answered, those up to `sent_id` were sent.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SESSION_ANNOUNCEMENT_H
#define MUNNEL_SERVER_SESSION_ANNOUNCEMENT_H

#include <stdbool.h>
#include <stdint.h>

struct announcement { /* all zero: nothing was sent */
    uint64_t version; /* of the last part sent */
    uint32_t answered_id, sent_id;
    uint64_t removed;            /* how many removals of services, of all since the start, it knows or need not know */
    uint64_t sent_us;            /* clock_us() of the last part */
    bool is_sent;                /* a part is under way */
    bool is_complete;            /* all were sent */
    bool is_over;                /* the session takes no more clients */
    unsigned permitted, refused; /* services of this round of parts, for the log */
};

#endif
