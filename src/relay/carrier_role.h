/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carrier_role: what a data link is for; a part of plane.h.
 *
 * A session has a mux on each relay thread of its server, and a data link carries the streams of one of them: the agent
 * says in HELLO which, and the server hands the link to that thread.
 */
#ifndef MUNNEL_RELAY_CARRIER_ROLE_H
#define MUNNEL_RELAY_CARRIER_ROLE_H

#include <stdbool.h>
#include <stdint.h>

enum { CARRIERS_SHARED_MAX = 4, CARRIERS_EXCLUSIVE_MAX = 60 }; /* of a session, on one thread of the server */

struct carrier_role {
    uint64_t session;       /* its tag in this program */
    unsigned server_thread; /* the number of the server's relay thread, from 0 */
    bool is_exclusive;
};

#endif
