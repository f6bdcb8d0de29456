/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * balance: the agents that may serve one service, and which of them gets the next client.
 *
 * An agent that failed three times in a row for this service is ejected for a while, unless no other is left; a
 * silent one is chosen after those. A client is never sent again to an agent that has refused it, and last of all to
 * the one whose link it has just lost.
 * Runs on: the control thread. Owns: its own tables, not the sessions. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_BALANCE_H
#define MUNNEL_SERVER_SERVICE_BALANCE_H

#include "conf/server_config.h"
#include "server/session/session.h"

struct balance;

enum balance_verdict {
    BALANCE_CHOSEN, /* *chosen takes the client: it has an idle link */
    BALANCE_WAIT,   /* there is an agent for it, but none has an idle link */
    BALANCE_ALL_TRIED,
    BALANCE_NO_AGENT
};

struct balance *balance_new(enum config_balance policy); /* NULL when out of memory */
void balance_free(struct balance *balance);

bool balance_join(struct balance *balance, struct session *session);        /* false: out of memory */
void balance_leave(struct balance *balance, const struct session *session); /* does nothing if it is not here */
bool balance_has(const struct balance *balance, const struct session *session);
size_t balance_count(const struct balance *balance);
struct session *balance_at(const struct balance *balance, size_t index);

enum balance_verdict balance_choose(struct balance *balance, const struct client *client, uint64_t now_us,
                                    struct session **chosen);
size_t balance_untried(const struct balance *balance, const struct client *client);

/* Returns the seconds for which it is ejected because of this failure, or 0. */
unsigned balance_failed(struct balance *balance, const struct session *session, uint64_t now_us);
void balance_succeeded(struct balance *balance, const struct session *session);

void client_mark_tried(struct client *client, const struct session *session);
bool client_has_tried(const struct client *client, const struct session *session);
/* The link to this agent failed, not the destination: from now on prefer other agents for the client. */
void client_avoid(struct client *client, const struct session *session);

#endif
