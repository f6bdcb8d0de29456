/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * balance: the agents that may serve one service, and which of them gets the next client.
 *
 * An agent that failed three times in a row for this service is ejected for a while, unless no other is left; a
 * silent one is chosen after those. One whose checks find its destination unhealthy is as if it were not here. A client
 * is never sent again to an agent that has refused it, and last of all to the one that has just lost it. Runs on: the
 * control thread. Owns: its own tables, not the sessions. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_BALANCE_H
#define MUNNEL_SERVER_SERVICE_BALANCE_H

#include "conf/server_config.h"
#include "server/session/session.h"

struct balance_member {
    struct session *session;
    unsigned failures, eject_s;
    uint64_t ejected_until_us, failing_since_us; /* 0: it was not ejected since its last success */
    char *failure;                               /* of the last one that ejected it; or NULL */
    bool is_unhealthy;                           /* by its agent's checks */
    uint64_t health_since_us; /* when its agent has reported that, or the contrary; 0: it has not reported yet */
    char *health_detail;      /* why it is unhealthy; or NULL */
};

struct balance {
    enum config_balance policy;
    struct balance_member *members;
    size_t count, room, next;
    size_t failing;         /* members with failures; 0: balance_succeeded has nothing to do */
    size_t unhealthy;       /* members that are */
    struct sticky *sources; /* CONFIG_SOURCE */
};

enum balance_verdict {
    BALANCE_CHOSEN, /* *chosen takes the client */
    BALANCE_WAIT,   /* there is an agent for it, but none can take it now */
    BALANCE_ALL_TRIED,
    BALANCE_NO_AGENT /* or none that is not unhealthy */
};

struct balance *balance_new(enum config_balance policy); /* NULL when out of memory */
void balance_free(struct balance *balance);

/* A reload: its members, with their failures, are here from now on; `from` is left without any. */
void balance_take_over(struct balance *balance, struct balance *from);

bool balance_join(struct balance *balance, struct session *session);        /* false: out of memory */
void balance_leave(struct balance *balance, const struct session *session); /* does nothing if it is not here */

enum balance_verdict balance_choose(struct balance *balance, const struct client *client, uint64_t now_us,
                                    struct session **chosen);
size_t balance_untried(const struct balance *balance, const struct client *client);

size_t balance_usable(const struct balance *balance); /* members that are not unhealthy */
/* Its agent reports what its checks have found; `detail` is copied. False: nothing has changed, or it is not here. One
 * that is healthy again is not ejected any more. */
bool balance_set_health(struct balance *balance, const struct session *session, bool is_healthy, const char *detail);

/* Returns the seconds for which it is ejected because of this failure, or 0. `detail` is copied. */
unsigned balance_failed(struct balance *balance, const struct session *session, const char *detail, uint64_t now_us);
/* Ejected, or a minute ago it was, and no client has succeeded since: it will be again at the next failure. */
bool balance_is_failing(const struct balance_member *member, uint64_t now_us);
void balance_succeeded(struct balance *balance, const struct session *session);

void balance_mark_tried(struct client *client, const struct session *session); /* never chosen again for it */
/* The link to this agent failed, not the destination: from now on prefer other agents for the client. */
void balance_avoid(struct client *client, const struct session *session);

#endif
