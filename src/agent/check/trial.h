/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trial: the check of one server, as far as it has come.
 * Runs on: the main thread. Owns: its link.
 */
#ifndef MUNNEL_AGENT_CHECK_TRIAL_H
#define MUNNEL_AGENT_CHECK_TRIAL_H

#include "agent/check/check_link.h"
#include "agent/check/check_world.h"
#include "agent/identity/identity.h"
#include "lib/base/format.h"

enum { CHECK_HOP_MS = 5000 /* at most, for each of the hops up to the first service */ };

struct trial {
    const struct check_world *world;
    const struct server_identity *server;
    struct endpoint endpoint;
    struct addr peer; /* that is connected: the server, or its proxy */
    struct check_link link;
    unsigned features; /* of its WELCOME */
    uint64_t begun_us; /* of the hop; 0: it takes no time worth telling */
};

void trial_begin(struct trial *trial); /* a hop, with its time and its deadline */
/* Its row. */
void trial_add(const struct trial *trial, const char *name, enum hop_result result, const char *remedy,
               const char *format, ...) PRINTF_LIKE(5, 6);

#endif
