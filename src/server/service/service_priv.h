/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_priv: struct service, for the files of this folder.
 */
#ifndef MUNNEL_SERVER_SERVICE_SERVICE_PRIV_H
#define MUNNEL_SERVER_SERVICE_SERVICE_PRIV_H

#include "admin/recent_events.h"
#include "lib/base/queue.h"
#include "lib/log/log_throttle.h"
#include "proto/services.h"
#include "server/service/balance.h"
#include "server/service/inspect.h"
#include "server/service/service.h"

#include <event2/util.h>

struct wait_queue { /* clients that wait for an agent, in order */
    TAILQ_HEAD(, client) clients;
    size_t count;
};

struct service_refusal { /* an agent whose rules do not permit the service */
    const struct session *session;
    char reason[SERVICES_REASON_SIZE];
};

struct service_tls;

struct service_next { /* what a reload has prepared */
    struct service_tls *tls;
    bool keeps_tls; /* the service keeps what it has */
    struct service_options options;
    struct service_terms *terms;
    struct balance *balance;
    struct access *access;
    struct acl *balancers;
    struct listener_group *listeners; /* NULL: it keeps its own */
};

struct service {
    struct service_options options;
    struct service_next *next; /* NULL: nothing is prepared */
    uint32_t id;
    const struct service_config *conf;
    struct service_terms *terms;
    struct balance *balance;          /* the sessions that permit it */
    unsigned needs;                   /* features that its agents have to know */
    size_t asked;                     /* sessions that have not answered yet */
    struct service_refusal *refusing; /* sessions whose agents do not permit it */
    size_t refusing_count, refusing_room;
    struct access *access;
    struct acl *balancers; /* of accept_proxy; NULL: its clients send no PROXY header */
    struct inspect_port port;
    uint64_t balancer_checks;         /* connections that ended before they were clients */
    struct listener_group *listeners; /* of the addresses that it does not share */
    struct addr shared_addr;          /* of the last port that it shares, by shared_port.c; length 0: none */
    unsigned shared_closed;           /* ports that it shares and that could not be opened yet */
    struct wait_queue queue;          /* dispatch.c's */
    size_t live;
    struct service_counts *counts;                                       /* one reference, as of the next */
    struct bandwidth *bandwidth;                                         /* its limits, the same in all its terms */
    struct service_part *part;                                           /* the control thread's */
    uint64_t refused[ACCESS_VERDICT_COUNT], noted[ACCESS_VERDICT_COUNT]; /* noted: those in events already */
    bool should_be_open, is_open, is_shut, is_paused;
    uint64_t since_us; /* when it became reachable, unreachable, paused or was resumed */
    char paused_by[80];
    struct service_probe probe;                   /* on_end NULL: none */
    uint64_t probed;                              /* the number of its client; 0: not accepted yet */
    struct service_tls *tls;                      /* NULL: its clients' TLS, if they have any, is not ended here */
    uint64_t handshakes[CLIENT_TLS_RESULT_COUNT]; /* of its clients, by their results */
    uint64_t noted_handshakes;                    /* that failed, and are in events already */
    struct log_throttle refusals, failed_handshakes, refused_requests;
    uint64_t misdirected, malformed; /* later requests of its clients that were not passed on, see http_guard.h */
    struct log_limit open_lines, port_lines;
    struct log_limit unopened_lines; /* of sessions of datagrams that no agent has served */
    char who[80];                    /* "service NAME", for log lines */
};

unsigned service_needs_of(const struct service_config *conf); /* see service_needs */
/* As agents are told; its texts are those of `conf`. */
struct health_check service_health_check(const struct service_config *conf);

/* service.c: what service_new and service_prepare make. */
bool service_make_tls(const struct service *service, const struct service_options *options, struct service_tls **tls,
                      struct error *error);
struct service_terms *service_make_terms(const struct service_config *conf, uint32_t id, struct service_counts *counts,
                                         struct bandwidth *bandwidth);
struct bandwidth_limits service_limits(const struct service_config *conf);
struct listener_options service_listener_options(struct service *service, const struct service_options *options);
struct listener_group *service_prepare_listeners(struct service *service, const struct service_options *options,
                                                 struct error *error);
void service_client_left(struct service *service, const struct client *client);
void service_note_handshake(struct service *service, const struct client *client); /* counts, and logs what failed */

/* service_accept.c: of its listeners, whose context is the service. */
void service_on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local);
bool service_has_room(void *context);
enum access_verdict service_judge(struct service *service, const struct addr *peer);
void service_note_refusal(struct service *service, const struct addr *peer, enum access_verdict verdict,
                          const char *detail);
/* It is accepted, and goes to dispatch. */
void service_admit(struct service *service, struct client *client, bool is_counted);

/* service_flows.c: of its ports of UDP, whose context is the service. */
void service_on_flow(void *context, struct udp_flow *flow);

/* service_accept.c */
/* Its service has changed while it waited: it may need an address now that was not asked for. */
void service_renew_local(struct client *client);
/* A client of a port that it shares, which may be refused here; takes `fd`, found->tlvs and `guard`, which may be NULL.
 * `name`: the host that it has named, or "". */
void service_take(struct service *service, evutil_socket_t fd, const struct inspected *found, const char *name,
                  struct http_guard *guard);
/* A client of a visitor, see visits.h; takes `fd`. It is not dispatched yet. NULL: *verdict is why. */
struct client *service_take_visitor(struct service *service, evutil_socket_t fd, const struct inspected *found,
                                    const struct visitor *visitor, enum access_verdict *verdict);
void service_init_port(struct service *service);
void service_settle_port(struct service *service); /* its balancers or its configuration are others now */

/* service_ports.c: opens them, if they are to be open. Opening again fails with EADDRINUSE if another process has bound
 * a port meanwhile, which is logged; service_tick retries. */
void service_listen(struct service *service);
/* Not while an agent has yet to answer: the service may have changed, and its port should not close in between. */
void service_close_without_agent(struct service *service);
/* `was`: how many agents could be given clients before something changed. If that was the first or the last one: since
 * when, an event (`lost`: its text when none is left), and a port that opens. */
void service_note_usable(struct service *service, size_t was, const struct session *session, const char *lost,
                         bool has_event);

/* service_probe.c */
bool service_is_probe(const struct service *service, evutil_socket_t fd, const struct addr *peer);
void service_note_probe(struct service *service, struct client *client);         /* its client has been accepted */
void service_finish_probe(struct service *service, const struct client *client); /* NULL: the service goes */

/* service_view.c */
void service_add_event(const struct service *service, enum event_severity severity, const char *text,
                       const char *detail);
void service_note_refusals(struct service *service); /* one event for the many that a limit may refuse in a second */
void service_note_failed_handshakes(struct service *service); /* the same */

#endif
