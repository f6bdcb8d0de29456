/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_priv: one relay thread, as the files of the data plane see it.
 *
 * A thread has a loop, a table of its links (a link_ref names a slot and its generation), its sessions, the lists of
 * its relays, and scratch memory that the running callback uses and leaves empty. Runs on: itself; relay_thread_new,
 * relay_thread_start and relay_thread_free on the control thread.
 */
#ifndef MUNNEL_RELAY_THREAD_PRIV_H
#define MUNNEL_RELAY_THREAD_PRIV_H

#include "lib/base/queue.h"
#include "lib/event/defer.h"
#include "lib/event/lag_probe.h"
#include "relay/end_to_end.h"
#include "relay/link/bio.h"
#include "relay/link/close_marks.h"
#include "relay/mux/mux.h"
#include "relay/plane.h"
#include "relay/service_counts.h"

#include <event2/event_struct.h>

struct checks;
struct datagram_batch;
struct ended_relays;
struct link;
struct loop_detect;
struct relay;
struct relay_walk;
struct service_table;
struct tls_accept;
struct thread_session;
struct udp_port;

enum {
    RELAY_THREAD_PLAINTEXT = 256 * 1024,
    RELAY_THREAD_HANDSHAKES_PER_TURN = 4,
    RELAY_THREAD_HANDSHAKES_MAX = 64,       /* under way at once, ... */
    RELAY_THREAD_HANDSHAKE_US = 500 * 1000, /* ... of which none counts for longer: a peer may never go on */
    RELAY_THREAD_SWEEP_MS = 500,
    RELAY_THREAD_WRITE_RETRY_US = 4000,
    RELAY_THREAD_RECHECK_US = 200000,
    RELAY_THREAD_ENDS_US = 10000,
    RELAY_THREAD_SESSION_BUCKETS = 256
};

TAILQ_HEAD(thread_sessions, thread_session);
TAILQ_HEAD(thread_handshakes, link);

struct tls_accepts {                                /* see stream/tls_accept.h */
    TAILQ_HEAD(, tls_accept) all, queued, answered; /* all: but those that are answered */
    struct event starter;
};

struct relay_walks { /* see stream/walk.h */
    TAILQ_HEAD(, relay_walk) waiting;
    struct relay_walk *running;
    struct relay *next; /* where it goes on */
    struct defer_item turn;
    uint32_t serial; /* of the one that runs: relays that it has been at have it */
    uint64_t rest_until_us;
    struct event rest; /* until the next piece */
};

/* What a thread calls, by the plane that owns it: links and relays know their thread, and not the other way round. */
struct relay_thread_ops {
    void (*start_link)(struct link *link);                                 /* begin the handshake */
    void (*close_link)(struct relay_thread *thread, struct link_ref link); /* for want of memory, if it is there */
    void (*free_link)(struct link *link);
    void (*free_relay)(struct relay *relay);
    void (*sweep)(struct relay_thread *thread, uint64_t now_us);
    void (*end)(struct relay_thread *thread); /* resets all relays, closes all links */
    int (*on_open)(struct thread_session *session, uint32_t number, const uint8_t *payload, size_t length,
                   struct error *error);
    void (*on_want_carriers)(struct thread_session *session, bool is_exclusive, unsigned count);
    /* Agent: the services of a session; NULL: it is over. */
    void (*on_services)(struct relay_thread *thread, uint64_t session, const struct service_table *table);
};

struct udp_sessions { /* of all threads of an agent: each has a descriptor */
    atomic_uint live;
    unsigned most; /* 0: any number */
};

struct relay_thread {
    struct plane *plane;
    const struct relay_thread_ops *ops;
    const struct plane_options *options;
    struct loop *loop; /* its own, or the control thread's */
    bool owns_loop, stopping;
    atomic_bool draining; /* set by the control thread, so that it needs no message */
    uint16_t index;
    struct thread_counts counts;
    struct service_part part; /* agent: of all services */
    struct lag_probe lag_probe;

    struct link **slots;
    uint32_t *generations;
    uint32_t slot_count, first_free_hint;

    struct close_marks close_marks;
    struct defer_queue again;         /* more to read than one turn allows */
    struct defer_queue rechecks;      /* sockets and links that may have an RST behind the last read */
    struct defer_queue write_retries; /* links that retry a write without waiting for EPOLLOUT */
    struct defer_queue turns;         /* carriers that have something to send */
    struct defer_queue ends;          /* what waits a moment for something to go with: ACKs of ends, OPENED */
    struct link *starting;            /* adopted, handshake not begun; a queue by link->queue_next */
    struct link **starting_end;
    struct thread_handshakes handshaking; /* adopted, handshake begun, and HELLO is not there yet: the oldest first */
    unsigned handshaking_count;
    struct link *greeting;   /* adopted, and HELLO is not there yet; a list by link->greeting_next */
    struct link *dead_links; /* freed by `reap`, when no callback is on the stack */
    struct relay *dead_relays;
    struct relay *opening, *relays; /* before OPENED, and after; doubly linked, as relay.c has it */
    struct tls_accepts tls_accepts;
    struct relay_walks walks;   /* through them */
    struct ended_relays *ended; /* agent: those that are over */
    unsigned sweeps;
    uint64_t swept_us, sweep_us; /* when open relays were swept last, and how long after the time before */
    struct event sweep, starter, reap;

    struct inner_tls_pace inner_pace;  /* agent: of end-to-end handshakes */
    struct loop_detect *own_dials;     /* agent, as the next two; of the plane */
    struct udp_sessions *udp_sessions; /* agent, likewise */
    struct session_services *services; /* see plane_services.c */
    struct checks *checks;             /* agent, see health/checks.h; NULL: none */
    struct log_limit loop_lines;
    /* By refusal, so that one kind cannot hide another; the last: of relays that ended while they were dialled, at a
     * server of sessions of datagrams alone. */
    struct log_limit unopened_lines[REFUSAL_COUNT + 1];
    struct thread_sessions sessions[RELAY_THREAD_SESSION_BUCKETS]; /* by tag and server_thread */
    struct send_memory memory;
    struct datagram_memory datagram_memory; /* for links: sessions have shares; */
    struct datagram_memory kept_datagrams;  /* what is kept until a destination is reached: ports have shares */
    LIST_HEAD(, udp_port) udp_ports;        /* see datagram/udp_port.h */
    struct datagram_batch *datagrams;       /* for UDP sockets; NULL: none has been there yet */
    struct mux_gather gather;
    struct link_bio_scratch bio;        /* of links, */
    struct link_bio_scratch client_bio; /* and of clients whose TLS ends here: the other may hold what a link has yet
                                           to send while one of them is read */
    uint8_t plaintext[RELAY_THREAD_PLAINTEXT];
};

struct relay_thread *relay_thread_new(const struct plane_options *options, const struct relay_thread_ops *ops,
                                      uint16_t index,
                                      struct loop *shared); /* shared NULL: a loop and thread of its own */
int relay_thread_start(struct relay_thread *thread);
void relay_thread_end(struct relay_thread *thread);  /* on itself */
void relay_thread_free(struct relay_thread *thread); /* its loop has stopped */

struct event_base *relay_thread_base(struct relay_thread *thread);
/* `datagrams` is there from now on. False: out of memory. */
bool relay_thread_reads_datagrams(struct relay_thread *thread);

/* The table of links. */
bool relay_thread_give_slot(struct relay_thread *thread, struct link *link, struct link_ref *ref);
void relay_thread_take_slot(struct relay_thread *thread, struct link_ref ref);
struct link *relay_thread_find(struct relay_thread *thread, struct link_ref ref); /* NULL when gone */

/* plane_services.c: agent: what may be served on the data links of this session; NULL: nothing. */
const struct service_table *relay_thread_services(const struct relay_thread *thread, uint64_t session);
void relay_thread_free_services(struct relay_thread *thread);

/* Server: its handshake begins when fewer than RELAY_THREAD_HANDSHAKES_MAX are under way; those that wait have neither
 * TLS state nor a deadline, since it is not they who are slow. */
void relay_thread_start_later(struct relay_thread *thread, struct link *link);
void relay_thread_await_greeting(struct relay_thread *thread, struct link *link);
void relay_thread_greeted(struct link *link);                             /* or gone */
void relay_thread_forget(struct relay_thread *thread, struct link *link); /* takes it out of every queue */

void relay_thread_free_link_later(struct relay_thread *thread, struct link *link);
void relay_thread_free_relay_later(struct relay_thread *thread, struct relay *relay);

/* events.c: for the control plane. */
void plane_event_client_back(struct relay_thread *thread, struct client *client);
void plane_event_client_tls(struct relay_thread *thread, struct client *client);
/* on_check_opened, unless out of memory. */
void plane_event_check_opened(struct relay_thread *thread, struct client *client, unsigned dial_ms, unsigned lookup_ms);
/* on_health. False: out of memory. */
bool plane_event_health(struct relay_thread *thread, uint64_t session, uint32_t service, bool is_healthy,
                        const char *detail);
void plane_event_session_bytes(struct thread_session *session); /* on_session_bytes: those not reported yet */

#endif
