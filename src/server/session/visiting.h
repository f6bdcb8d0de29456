/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visiting: the services that a session's agent wants to open on its own side; server/service/visits.c makes and reads
 * it.
 * Runs on: the control thread. Owns: the names, and the terms.
 */
#ifndef MUNNEL_SERVER_SESSION_VISITING_H
#define MUNNEL_SERVER_SESSION_VISITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service_terms;

struct visiting_entry {
    uint32_t id; /* the agent's own number of it; they grow */
    char *name;  /* of the service */
    bool is_told, told_end_to_end;
    unsigned told;               /* enum visit_verdict that the agent knows */
    struct service_terms *terms; /* of the relays to the agent; one reference; NULL: there was none yet */
};

struct visiting { /* all zero: nothing */
    struct visiting_entry *entries;
    size_t count;
    uint64_t second; /* of the last message, in which so many came: */
    unsigned in_second;
    unsigned opening; /* clients whose relay to the agent has not begun */
};

void visiting_clear(struct visiting *visiting); /* forgets all of them; what opens still counts */

#endif
