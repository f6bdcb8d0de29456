/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: what is told of a relay when it is over: one line, the same id on server and agent.
 * Runs on: the relay's thread (or the control thread for a client that was never served). Owns: its strings.
 */
#ifndef MUNNEL_RELAY_RECORD_H
#define MUNNEL_RELAY_RECORD_H

#include "lib/log.h"
#include "proto/message.h"
#include "relay/reason.h"

#include <stdint.h>

enum { RECORD_AGENT = MESSAGE_NAME_MAX + 8 }; /* an agent's name, with some digits where another has the same */

struct record {
    char id[MESSAGE_RELAY_ID + 1];
    char service[MESSAGE_NAME_MAX + 1];
    char client[64];                                               /* address */
    char agent[RECORD_AGENT];                                      /* "" on the agent itself */
    char destination[128];                                         /* as configured */
    char address[64];                                              /* as reached; "" if it was not */
    uint64_t up, down;                                             /* bytes from client to destination and back */
    uint64_t accepted_us, dispatched_us, opened_us, first_byte_us; /* clock_us(); 0: did not happen */
    enum relay_reason reason;
    unsigned attempts; /* agents that were tried in vain; said when there were any, and no other was left */
    const char *by;    /* who ended it */
    const char *words; /* more about why, or NULL */
};

void record_log(struct log *log, const struct record *record, uint64_t now_us);

/* "INSTANCE's first 8 digits-NUMBER" */
void record_make_id(char id[MESSAGE_RELAY_ID + 1], const char *instance, uint64_t number);

#endif
