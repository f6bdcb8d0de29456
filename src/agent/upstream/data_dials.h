/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_dials: the dials of data links that are under way, a limited number of them.
 * Runs on: the control thread. Owns: what it knows about each.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_DATA_DIALS_H
#define MUNNEL_AGENT_UPSTREAM_DATA_DIALS_H

#include "agent/identity/trust.h"
#include "lib/base/slot_table.h"
#include "proto/limits.h"
#include "relay/plane.h"

enum {
    DATA_DIALS_MAX = 1024,         /* at once, of all sessions ... */
    DATA_DIALS_EXCLUSIVE_MAX = 512 /* ... and of them for exclusive links, so that shared ones need not wait */
};

struct data_target {  /* what the data links of a session are dialled with; pointers live as long as the agent */
    const char *who;  /* for log lines */
    uint64_t session; /* its tag */
    char id[PROTO_INSTANCE_HEX];
    const char *name, *instance; /* of this agent */
    struct trust *trust;
    const char *server_name;
    const struct proxy *proxy;     /* NULL: directly */
    const struct endpoint *server; /* as it was written */
    struct addr address;           /* of the server, or of the proxy */
    uint8_t key[SECRET_SIZE];
    unsigned resume_ms;
};

struct data_dial {
    struct carrier_role role;
    const char *who;
    bool was_rejected; /* REJECT has come */
    uint64_t retry_after_ms;
};

struct data_dials {
    struct plane *plane;
    struct log *log;
    struct slot_table dials; /* with DATA_DIALS_MAX as its limit */
    unsigned exclusive;
};

void data_dials_done(struct data_dials *dials);

bool data_dials_have_room(const struct data_dials *dials, bool is_exclusive);
/* There is room. False: out of memory. */
bool data_dials_begin(struct data_dials *dials, const struct data_target *target, const struct carrier_role *role);

bool data_dials_made(uint64_t tag);                                              /* is this the tag of a data link? */
struct data_dial *data_dials_find(const struct data_dials *dials, uint64_t tag); /* NULL: it is not under way */
void data_dials_end(struct data_dials *dials, uint64_t tag);                     /* of one that is under way */

#endif
