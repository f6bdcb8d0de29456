/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_priv: the relay's insides, for relay.c (what is the same at both ends), relay_server.c and relay_agent.c.
 */
#ifndef MUNNEL_RELAY_STREAM_RELAY_PRIV_H
#define MUNNEL_RELAY_STREAM_RELAY_PRIV_H

#include "lib/net/sock.h"
#include "relay/record.h"
#include "relay/stream/connect.h"
#include "relay/stream/loop_detect.h"
#include "relay/stream/pump.h"
#include "relay/stream/relay.h"
#include "relay/thread_priv.h"
#include "relay/thread_session.h"

/*
 * opening: OPEN is out (server), or the destination is being dialled (agent)
 * open: bytes flow; or both directions have ended here, and the other side has yet to acknowledge that
 * over: out of the mux and of the thread's lists, and to be freed
 */
enum relay_state { RELAY_OPENING, RELAY_OPEN, RELAY_OVER, RELAY_STATE_COUNT };

enum {
    RELAY_HELD_UP_TO = 16384, /* first bytes up to which OPENED may wait: a longer upload is waiting for it */
    RELAY_GRACE_MS = 2000,    /* the server waits longer than the budget that OPEN gave the agent */
    RELAY_FLUSH_LEAST_S = 60,
    RELAY_STALLED_MS = 30000
};

struct relay;

/* One each in relay_server.c and relay_agent.c, by which relay.c calls them. What is NULL is nothing. */
struct relay_role {
    void (*on_opened)(struct relay *relay, const uint8_t *payload, size_t length);
    void (*on_repeat_opened)(struct relay *relay);
    void (*on_moved)(struct relay *relay);
    void (*on_broken)(struct relay *relay); /* the plain side; ends it */
    void (*on_suspended)(struct relay *relay);
    void (*on_over)(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length);
    void (*on_datagram)(struct relay *relay, const uint8_t *bytes, size_t length); /* for the plain side */
    void (*before_abort)(struct relay *relay);                                     /* the stream is not reset yet */
    void (*on_finished)(struct relay *relay, enum relay_reason reason, const char *by, const char *detail);
    void (*stop)(struct relay *relay, enum relay_reason reason, const char *detail); /* see relay_end_all */
    void (*sweep)(struct relay *relay, uint64_t now_us);         /* each two seconds, once it is open */
    void (*sweep_opening)(struct relay *relay, uint64_t now_us); /* each half second before, on a server */
    void (*recall)(struct relay *relay); /* server, while opening: the client goes to another agent, if it may */
    void (*cancel)(struct relay *relay); /* an operator ends this one: no other agent serves its client */
    void (*free)(struct relay *relay);   /* what it holds; relay.c frees the rest */
    /* Is this its id? And what is its own of a view. */
    bool (*has_id)(const struct relay *relay, const char *server, uint64_t number);
    void (*describe)(const struct relay *relay, struct relay_view *view);
};

struct relay {                             /* with more behind it, by the role of its program */
    struct pump pump;                      /* first; of a session of datagrams its socket stays closed */
    struct relay *next, *previous, **list; /* of the thread; `next` also when it waits to be freed */
    const struct relay_role *role;
    struct relay_thread *thread;
    struct thread_session *session; /* until it is over */
    struct service_part *counts;    /* of its service, on this thread */
    uint8_t state;
    bool is_kept_alive;
    bool faces_client;            /* the plain side is the client, and not on the way to its destination */
    uint32_t seen;                /* the walk that was here last; 0: none */
    uint32_t in_rate, out_rate;   /* bytes a second of the pump's `in` and `out`, between the last two sweeps; */
    uint64_t swept_in, swept_out; /* these, when they were looked at last */
    const char *first_end;        /* which side completed its direction first: "client", "destination" */
    uint64_t progress_us, stall_check_us;
    struct sock_stall stall; /* of the plain side */
    size_t queued;           /* for the plain side, at the last sweep */
    uint64_t begun_us;       /* clock_us(), as the next: the client was accepted (server), OPEN came (agent) */
    uint64_t opened_us, first_byte_us, complete_us; /* 0: did not happen. complete: both directions, here */
};

/* What a program with thousands of idle relays has in memory: each end only what is its own. */
struct relay_server {
    struct relay relay;    /* first */
    struct client *client; /* NULL: it went back */
    uint64_t deadline_us;  /* of the attempt */
    bool holds_early;      /* while opening: the client is not read, and nothing of it is sent */
};

struct relay_agent {
    struct relay relay;     /* first */
    struct connector *dial; /* while opening */
    struct defer_item held; /* OPENED waits a moment for the destination's first answer */
    bool has_sent_opened;
    bool is_check; /* its client is the server: it wants to know how long everything took */
    uint64_t lookup_us;
    struct loop_detect_entry own_dial;    /* once open */
    unsigned hops;                        /* how often the client has been through this agent already */
    uint64_t reported_us;                 /* the last look at whether there was progress to report */
    struct served_service *service;       /* one reference; NULL: OPEN named one that is not known */
    struct open_address client;           /* for the record, as are the next */
    uint64_t number;                      /* in its id, */
    char server[PROTO_SERVER_DIGITS + 1]; /* behind these digits */
    char address[64];
    uint8_t refusal;           /* REFUSAL_COUNT: it was not refused */
    struct relay_proxy *proxy; /* while opening; NULL: the destination gets no PROXY header */
};

static inline bool relay_is_server(const struct relay *relay) {
    return !relay->thread->options->is_agent;
}

/* Both directions have ended here: what is left is to know that the other side has passed on all of it. */
static inline bool relay_is_complete(const struct relay *relay) {
    return relay->pump.stream.finished && relay->pump.acknowledged_fin;
}

/* relay.c: for both ends. `detail`: more for the record, or NULL */
/* All zero. counts: NULL where there are none of the service: the thread's own. */
void relay_init(struct relay *relay, struct thread_session *session, const struct relay_role *role,
                struct service_counts *counts);
void relay_enter(struct relay *relay);                 /* its stream is in the mux */
void relay_move(struct relay *relay, uint64_t now_us); /* something went on */
void relay_note_moved(struct relay *relay);            /* as that, and what the pump has of it has changed */
void relay_note_bytes(struct relay *relay);            /* counts for its session what has moved since the last time */
void relay_set_open(struct relay *relay, uint64_t now_us, uint64_t dialled_us); /* dialled: when that began */
/* Those of a view, by the side that the client is on. */
static inline void relay_view_bytes(struct relay_view *view, const struct relay *relay) {
    bool faces_client = relay->faces_client;
    view->up = faces_client ? relay->pump.in : relay->pump.out;
    view->down = faces_client ? relay->pump.out : relay->pump.in;
    view->up_rate = faces_client ? relay->in_rate : relay->out_rate;
    view->down_rate = faces_client ? relay->out_rate : relay->in_rate;
}
/* The client's end, and not only that of an attempt. */
void relay_count_end(struct relay *relay, enum relay_reason reason, uint64_t ended_us);
/* The one exit, when the stream is out of the mux and the plain side is closed, or another's: writes the record. */
void relay_finish(struct relay *relay, enum relay_reason reason, const char *by, const char *detail);
/* Something cut the relay here: resets both sides, then relay_finish. */
void relay_abort(struct relay *relay, enum relay_reason reason, const char *by, const char *detail);
/* The plain side is broken: by its peer, for which `reason` and `by` are, or for want of memory. */
void relay_abort_broken(struct relay *relay, enum relay_reason reason, const char *by);

/* relay_server.c, for its counterpart of datagrams. */
bool relay_server_open_stream(struct relay *relay); /* OPEN. False: no carrier, or no memory */
void relay_server_enter(struct relay *relay);       /* behind it: the attempt begins */
void relay_server_note_opened(struct relay *relay, const uint8_t *payload, size_t length);
/* By the role of the same name; the client goes back, unless that was done before. */
void relay_server_on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail);
bool relay_server_has_id(const struct relay *relay, const char *server, uint64_t number);
void relay_server_describe(const struct relay *relay, struct relay_view *view);

/* timeouts.c, for roles. */
void relay_sweep_agent(struct relay *relay, uint64_t now_us);
void relay_sweep_server(struct relay *relay, uint64_t now_us);
/* True: it was idle for too long, and is over. */
bool relay_sweep_quiet(struct relay *relay, unsigned limit_s, enum relay_reason reason, uint64_t now_us);
void relay_note_rates(struct relay *relay); /* each sweep */

/* Agent, before its pump starts: TLS within the stream, for `context`, in the server's role if it is serving. False:
 * out of memory. */
bool relay_encrypt(struct relay *relay, SSL_CTX *context, bool is_serving);

/* relay_agent.c, for sessions of datagrams, too: of struct relay_agent, with which an agent's relay begins. */
void relay_agent_init(struct relay_agent *agent, struct thread_session *session, const struct open_request *open,
                      const struct relay_role *role);
bool relay_agent_enter(struct relay_agent *agent, uint32_t number, const struct open_request *open,
                       struct served_service *service); /* into the mux; false: no memory */
bool relay_agent_refuses(struct relay *relay);          /* true: there is nothing to dial, and it is over */
/* Without socket and callback. `from` has what it may refer to. */
struct connector_order relay_agent_order(struct relay *relay, const struct open_request *open, struct addr *from);
void relay_agent_refuse(struct relay *relay, enum refusal refusal, const char *detail); /* before OPENED */
void relay_agent_send_opened(struct relay *relay);
/* For its role. */
void relay_agent_on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length);
void relay_agent_on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail);
void relay_agent_stop(struct relay *relay, enum relay_reason reason, const char *detail);
void relay_agent_cancel(struct relay *relay);
void relay_agent_free(struct relay *relay);
bool relay_agent_has_id(const struct relay *relay, const char *server, uint64_t number);
void relay_agent_describe(const struct relay *relay, struct relay_view *view);

/* relay_proxy.c, of the agent's end: what OPEN has for the header is kept until the destination is reached. False: out
 * of memory. */
bool relay_proxy_keep(struct relay_agent *agent, const struct open_request *open);
void relay_proxy_drop(struct relay_agent *agent);
/* Puts the header, if there is to be one, in front of all that waits for the destination. False: out of memory. */
bool relay_proxy_put(struct relay_agent *agent, const struct connector_result *reached);

#endif
