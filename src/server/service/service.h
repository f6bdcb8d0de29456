/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: one service: its listeners, the agents that may serve it, its clients that wait.
 * Runs on: the control thread. Owns: its listeners, its terms, its agents' table; its waiting clients with dispatch.
 */
#ifndef MUNNEL_SERVER_SERVICE_SERVICE_H
#define MUNNEL_SERVER_SERVICE_SERVICE_H

#include "conf/server_config.h"
#include "relay/plane.h"
#include "relay/service_counts.h"
#include "server/service/access.h"
#include "server/service/listener_group.h"

struct bans;
struct client_table;
struct inspect;
struct health_report;
struct recent_events;
struct service;
struct service_tls_read;
struct session;

struct service_options {
    uint32_t id; /* by which agents know it: above that of each service made before */
    const struct service_config *conf;
    struct server_config *config;  /* to which conf belongs; held as long as needed */
    struct listener_donors donors; /* a reload: listeners that it may take, see service_apply */
    struct event_base *base;
    struct log *log;
    struct plane *plane; /* which reads its ports of UDP */
    struct client_table *clients;
    const struct bans *bans;
    struct inspect *inspect;       /* where connections are that have to begin with a PROXY header */
    struct passed_sockets *passed; /* may be NULL */
    struct recent_events *events;  /* NULL: none */
    struct service_tls_read *tls;  /* borrowed until it is prepared: what was read already; NULL: nothing */
    SSL_CTX *kept_tls;             /* borrowed: for files of `conf` that cannot be used any more; NULL: none */
    unsigned threads;              /* relay threads of the plane */
    void (*on_client)(void *context, struct client *client); /* a new one; its `service` is this one */
    void *context;
};

struct service_list { /* the services of a server, in the order of its configuration */
    struct service **items;
    size_t count;
    size_t waiting; /* clients of all of them that wait for an agent */
};

/* The service that agents know by this id; NULL: there is none, as when it was removed meanwhile. */
struct service *service_list_find(const struct service_list *services, uint32_t id);

/* Bound, not yet open. NULL with `error`. */
struct service *service_new(const struct service_options *options, struct error *error);
int service_open(struct service *service, struct error *error); /* lets clients in, if it may without an agent */
void service_shut(struct service *service);                     /* for good: no more clients */
void service_free(struct service *service);

/*
 * A reload, in two steps. service_prepare makes all that a changed service needs, by options of which `id`, if not 0,
 * is a new one: agents have to be asked again. Nothing has changed until service_apply, which cannot fail, and nothing
 * will after service_discard. -1 with `error`. A new service (service_new with donors) is applied before it is opened,
 * too. Between these calls of a turn no client is accepted; clients that wait go on by the new terms, relays by their
 * own.
 */
int service_prepare(struct service *service, const struct service_options *options, struct error *error);
void service_apply(struct service *service);
void service_discard(struct service *service); /* or, after service_apply of all, what was in force before */
void service_settle(struct service *service);  /* when all are applied: opens or closes its ports as it should now */
/* It stays as it is, but in another configuration. */
void service_keep(struct service *service, const struct service_config *conf, struct server_config *config);
bool service_is_over(const struct service *service); /* it was shut, and has no clients left */
bool service_is_shut(const struct service *service);

/* Is its agent one that may be asked for the service, by its groups, or since it offers it? */
bool service_is_for(const struct service *service, const struct session *session);
/* A session of the right groups goes through these, in this order; announce.c calls them. */
void service_ask(struct service *service, const struct session *session); /* its agent is being asked */
void service_join(struct service *service, struct session *session);      /* its agent permits the service */
void service_refuse(struct service *service, struct session *session, const char *reason); /* or does not */
/* What the checks of its agent have found, once it permits the service; ignored where it is not checked. True
 * if the service has one usable agent more or less now. */
bool service_report(struct service *service, struct session *session, const struct health_report *report);
void service_leave(struct service *service, struct session *session); /* of any session, once */
/* The session is silent: takes its clients of this service back that it has not answered, if another agent does. */
void service_recall(struct service *service, const struct session *session, struct plane *plane);
void service_tick(struct service *service); /* once a second: a port that could not be opened is tried again */

uint32_t service_id(const struct service *service);
/* The features that its agents have to know, see proto/features.h; others are not asked for it. */
unsigned service_needs(const struct service *service);
/* The first of these that the session's agent does not know; NULL: it knows them all. */
const char *service_lacking(const struct service *service, const struct session *session);
struct listener_group *service_listeners(const struct service *service); /* those of its own; NULL: it was shut */
const struct addr *service_addr(const struct service *service); /* one where clients connect; NULL: there is none */
const struct service_config *service_config(const struct service *service);
SSL_CTX *service_tls_in_use(const struct service *service); /* NULL: it does not end its clients' TLS */

struct service_numbers {
    uint64_t refused[ACCESS_VERDICT_COUNT]; /* clients, since it was made */
    uint64_t balancer_checks;               /* connections of balancers that ended before they were clients */
    size_t clients, waiting;                /* now; those that wait are among the clients */
    size_t agents, ready;                   /* that permit it and are not unhealthy; that would be given a client now */
    size_t asked, refusing;                 /* agents that have not answered; that do not permit it */
    size_t unhealthy;                       /* agents that permit it, and whose checks have failed */
    size_t failing;                         /* of `agents`: clients fail by them, see balance_is_failing */
    bool is_open;
    bool is_settling;        /* new, or has just lost its agents: others were asked, whose answers are not overdue */
    uint64_t since_us;       /* when it became reachable, unreachable, paused or was resumed */
    const char *paused_by;   /* NULL: it is not paused */
    bool has_tls;            /* it ends its clients' TLS */
    time_t tls_expires_at;   /* the first of its certificates; since 1970 */
    const char *tls_refusal; /* why the files of its certificates, as they are now, are not in use; NULL: they are */
    uint64_t handshakes[CLIENT_TLS_RESULT_COUNT]; /* since it was made */
    uint64_t misdirected, malformed;              /* later requests that were not passed on; since it was made */
};
const char *client_tls_label(enum client_tls_result result);                    /* one word, for metrics */
int service_check_readable(const struct service *service, struct error *error); /* its files, by the user of now */

/* Takes no new clients, by whatever agents there are, until it is resumed; its relays, and clients that wait, go on.
 * `by` is for people. False: it is so already, or is shut. */
bool service_pause(struct service *service, const char *by);
bool service_resume(struct service *service, const char *by);

/* The sessions whose agents permit it. */
size_t service_agents(const struct service *service);
struct session *service_agent(const struct service *service, size_t index);

struct service_agent { /* what a session of its groups is to it */
    bool is_permitted;
    const char *refusal;       /* the reason of the agent that does not permit it; NULL: it has not refused */
    uint64_t ejected_until_us; /* clock_us(); in the past: it is not ejected */
    bool is_failing;           /* see balance_is_failing */
    uint64_t failing_since_us;
    const char *failure; /* why it is failing; or NULL */
    bool is_unhealthy;
    uint64_t health_since_us;  /* 0: its agent has not reported yet */
    const char *health_detail; /* why it is unhealthy; or NULL */
};
void service_read_agent(const struct service *service, const struct session *session, struct service_agent *agent);

/*
 * A check connects to a port of the service as a client would. Its connection is known by where it comes from, at a
 * Unix socket by its process: it is admitted whatever `allow` and the limits are, and its client is marked. One at a
 * time.
 */
struct service_probe { /* copied */
    struct open_address from;
    bool is_unix; /* then it has no such address */
    void (*on_accept)(void *context);
    void (*on_opened)(void *context, const struct check_opened *opened);
    void (*on_other)(void *context, const struct client *client); /* another client has ended; or NULL */
    /* It has ended; NULL: the service goes, and the probe with it, also after the client's end. */
    void (*on_end)(void *context, const struct client *client);
    void *context;
};
bool service_begin_probe(struct service *service, const struct service_probe *probe); /* false: there is one */
void service_end_probe(struct service *service); /* nothing is called any more; its client goes on */
void service_probe_opened(struct service *service, const struct check_opened *opened);

void service_read(const struct service *service, struct service_numbers *numbers);
uint64_t service_refused(const struct service *service); /* of all verdicts */
struct service_counts *service_counts(const struct service *service);

#endif
