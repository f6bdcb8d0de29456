/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publisher: asks one server for what this agent publishes, by the control link of its session, and takes its answers.
 *
 * All of it is asked again by each new control link, with the port or host that a service had. What is refused is asked
 * again after a while: a name may be free then, a permission given; and so is what has no answer. Messages are sent
 * PUBLISH_INTERVAL_MS apart. Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_PUBLISHER_H
#define MUNNEL_AGENT_UPSTREAM_PUBLISHER_H

#include "agent/upstream/publications.h"
#include "relay/plane.h"

struct recent_events;

enum { PUBLISH_INTERVAL_MS = 1000 /* a server takes 60 messages in a minute */ };

struct publisher {
    struct publications *list;
    struct plane *plane;
    struct log *log;
    struct recent_events *events; /* or NULL */
    const char *who;              /* "server host:port" */
    const char *host;             /* by which the server is reached */
    enum log_level refusal_level; /* of the line about a refusal */
    size_t index;                 /* of the server */
    /* A service has got an address here, or was refused; NULL: nothing is called. */
    void (*on_answer)(void *context, const struct publication *entry, const struct publication_at *at);
    void *context;
    struct link_ref link;
    bool has_link, is_supported; /* the link; its server knows `publish` */
    uint64_t sent_ms;
    struct log_limit lines;
};

void publisher_begin(struct publisher *publisher, struct link_ref link, unsigned features); /* a new control link */
void publisher_end(struct publisher *publisher);                                            /* it is gone */
/* What is due; to be called when that changes, and once a second. `at_once`: whenever the last message was. */
void publisher_send(struct publisher *publisher, bool at_once);
/* The members of a `published`. 0, or -1 with `error` if it is malformed; then nothing was changed. */
int publisher_take(struct publisher *publisher, const json_t *json, struct error *error);

#endif
