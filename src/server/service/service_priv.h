/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_priv: struct service, for the files of this folder.
 */
#ifndef MUNNEL_SERVER_SERVICE_SERVICE_PRIV_H
#define MUNNEL_SERVER_SERVICE_SERVICE_PRIV_H

#include "lib/log/log_throttle.h"
#include "proto/services.h"
#include "server/service/balance.h"
#include "server/service/service.h"

#include <sys/queue.h>

struct wait_queue { /* clients that wait for an agent, in order */
    TAILQ_HEAD(, client) clients;
    size_t count;
};

struct service_refusal { /* an agent whose rules do not permit the service */
    const struct session *session;
    char reason[SERVICES_REASON_SIZE];
};

struct service_next { /* what a reload has prepared */
    struct service_options options;
    struct service_terms *terms;
    struct balance *balance;
    struct access *access;
    struct listener_group *listeners; /* NULL: it keeps its own */
};

struct service {
    struct service_options options;
    struct service_next *next; /* NULL: nothing is prepared */
    uint32_t id;
    const struct service_config *conf;
    struct service_terms *terms;
    struct balance *balance;          /* the sessions that permit it */
    size_t asked;                     /* sessions that have not answered yet */
    struct service_refusal *refusing; /* sessions whose agents do not permit it */
    size_t refusing_count, refusing_room;
    struct access *access;
    struct listener_group *listeners;
    struct wait_queue queue; /* dispatch.c's */
    size_t live;
    struct service_counts *counts;                                       /* one reference */
    struct service_part *part;                                           /* the control thread's */
    uint64_t refused[ACCESS_VERDICT_COUNT], noted[ACCESS_VERDICT_COUNT]; /* noted: those in events already */
    bool should_be_open, is_open, is_shut, is_paused;
    uint64_t since_us; /* when it became reachable, unreachable, paused or was resumed */
    char paused_by[80];
    struct service_probe probe; /* on_end NULL: none */
    uint64_t probed;            /* the number of its client; 0: not accepted yet */
    struct log_throttle refusals;
    struct log_limit open_lines;
    char who[80]; /* "service NAME", for log lines */
};

/* What service_new and service_prepare make. */
struct service_terms *service_make_terms(const struct service_config *conf, uint32_t id, struct service_counts *counts);
struct listener_options service_listener_options(struct service *service, const struct service_options *options);
struct listener_group *service_prepare_listeners(struct service *service, const struct service_options *options,
                                                 struct error *error);
void service_client_left(struct service *service, const struct client *client);

#endif
