/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent: munnel-agent's control plane: the servers that it serves, the data plane under them, and their common end.
 * Runs on: the control thread. Owns: the plane, the upstreams, the data links' dialling, the drain.
 */
#ifndef MUNNEL_AGENT_AGENT_H
#define MUNNEL_AGENT_AGENT_H

#include "agent/upstream/upstream.h"

struct agent;
struct ban_list;
struct publications;
struct strlist;
struct visits;

struct agent_times {
    struct upstream_times upstream;
    struct data_links_times data_links;
    unsigned drained_ms; /* wait for the servers' `drained` */
    unsigned finish_ms;  /* then for running relays */
    unsigned bye_ms;     /* then for `bye` to be on its way */
    unsigned poll_ms;    /* how often relays are counted meanwhile */
};
extern const struct agent_times AGENT_TIMES; /* the defaults; upstream.longest_ms is --retry */

struct agent_settings { /* kept by reference; must outlive the agent */
    struct loop *loop;
    struct log *log;
    struct recent_events *events; /* or NULL */
    struct resolver *resolver;
    const struct acl *allow;
    const struct service_keys *keys; /* of end-to-end services */
    const char *name, *group;        /* group "" = all that the credential carries */
    const struct strlist *visits;    /* see src/conf/visit_spec.h; NULL: none */
    unsigned threads;
    const struct server_identity *servers;
    size_t server_count;                       /* 1 to IDENTITY_SERVERS_MAX */
    const struct publication_order *published; /* of the configuration; without a lease */
    size_t published_count;                    /* up to PUBLICATIONS_MOST */
    bool only_published;                       /* serves nothing else, and withdraws all when it ends */
    struct agent_times times;
    /* Events of the plane, which agent_plane() is asked for; NULL: it is not. */
    void (*on_relay_views)(void *context, const struct relay_answer *answer);
    void (*on_relay_ended)(void *context, uint64_t ticket, bool found);
    /* A server has published a service, or refused to. */
    void (*on_answer)(void *context, const struct publication *entry, const struct publication_at *at);
    void *context; /* of these */
};

enum agent_exit { AGENT_EXIT_OK = 0, AGENT_EXIT_FAILED = 1, AGENT_EXIT_USAGE = 2, AGENT_EXIT_REJECTED = 3 };

unsigned agent_udp_sessions_most(void); /* at a time, of all servers together; one at least */

struct agent *agent_new(const struct agent_settings *settings, struct error *error); /* NULL with error */
void agent_free(struct agent *agent);
void agent_start(struct agent *agent); /* connects to its servers; calls loop_stop when it is over */

/* The first time: drains, then stops. The second time: stops at once. */
void agent_end(struct agent *agent);
void agent_recheck(struct agent *agent); /* every second: what had no memory, or waits for the time */
void agent_check_paths(struct agent *agent, enum network_event event); /* are its servers still reached? */
unsigned agent_working(const struct agent *agent);                     /* servers with a session that takes clients */
bool agent_is_alive(struct agent *agent);             /* its threads have answered since they were asked last */
void agent_log_statistics(const struct agent *agent); /* one line "statistics" with the plane's counts */

/* For people who look at it. */
const char *agent_instance(const struct agent *agent); /* 32 hex digits */
bool agent_is_draining(const struct agent *agent);
struct plane *agent_plane(const struct agent *agent);
uint64_t agent_loopback_key(const struct agent *agent); /* see lib/net/loopback_source.h */
struct ban_list *agent_bans(struct agent *agent);
const struct visits *agent_visits(const struct agent *agent); /* NULL: it visits nothing */
void agent_send_bans(struct agent *agent);                    /* they have changed */
struct publications *agent_publications(struct agent *agent);
void agent_publish(struct agent *agent);                                        /* they have changed */
const struct upstream *agent_upstream(const struct agent *agent, size_t index); /* below server_count */

/* After the loop: AGENT_EXIT_REJECTED when it gave up on every server; `detail` has the first one's text. */
enum agent_exit agent_result(const struct agent *agent, char *detail, size_t size);

#endif
