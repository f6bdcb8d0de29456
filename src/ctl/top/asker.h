/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * asker: a thread that asks, so that a server that answers slowly never makes the keys wait: the client of lib/http
 * blocks, up to its deadline. A shorter deadline would not do instead, as it would make no answer of a slow one.
 *
 * Rounds are asked one after the other; a round and a deed may wait at a time.
 * Runs on: the main thread; ask_all() on its own. Owns: its thread, its client, the rounds that it holds.
 */
#ifndef MUNNEL_CTL_TOP_ASKER_H
#define MUNNEL_CTL_TOP_ASKER_H

#include "ctl/top/ask.h"

#include <event2/util.h>
#include <stdbool.h>

struct asker;

/* Takes over the client, also if it fails. NULL with error. */
struct asker *asker_new(struct http_client *client, struct error *error);
/* Does not wait for an answer that is under way. NULL is fine. */
void asker_free(struct asker *asker);

/* Puts a round into the queue; false: it is full, and the round is still the caller's. */
bool asker_post(struct asker *asker, const struct ask_round *round);
evutil_socket_t asker_fd(const struct asker *asker); /* readable once a round is answered */
/* The next that is answered, which is the caller's then. False: none is. */
bool asker_take(struct asker *asker, struct ask_round *round);

#endif
