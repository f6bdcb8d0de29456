/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client: one client between control plane and data plane, from accept to its end; a part of plane.h.
 * Owned by the control plane, except between plane_serve and on_client_back.
 */
#ifndef MUNNEL_RELAY_CLIENT_H
#define MUNNEL_RELAY_CLIENT_H

#include "lib/base/queue.h"
#include "lib/event/mailbox.h"
#include "lib/net/addr.h"
#include "proto/open.h"
#include "proto/proxy_protocol.h"
#include "relay/reason.h"
#include "relay/record.h"
#include "relay/service_terms.h"

#include <event2/buffer.h>
#include <event2/util.h>
#include <openssl/ssl.h>

struct http_guard;
struct service;
struct udp_flow;

/* The agent by which a client has come, of a service without a port of its own. */
struct visitor {
    char agent[RECORD_AGENT]; /* for the record */
    struct addr address;      /* of the agent; for rules and limits the client has come from there */
};

/* What became of a client that the data plane had. */
enum client_outcome {
    CLIENT_ENDED,       /* relayed and over, complete or cut (see reason); its descriptor is closed. Free it. */
    CLIENT_NOT_STARTED, /* nothing was sent: the session had no carrier there, or REASON_MEMORY. Try again */
    CLIENT_REFUSED,     /* REFUSED: `refusal`, `detail`; nothing reached the destination: try another agent */
    CLIENT_UNANSWERED   /* lost before OPENED, and nothing reached the destination: the agent has not seen OPEN, or no
                           early byte was sent. Try another agent */
};

/* What became of the TLS handshake of a client whose service ends TLS. RESULT(name, label of metrics) */
#define CLIENT_TLS_RESULTS(R)                                                                                          \
    R(DONE, "done")                                                                                                    \
    R(NONE, "not_tls")            /* what it sent is no TLS */                                                         \
    R(VERSION, "version")         /* it knows only older versions */                                                   \
    R(REFUSED, "refused")         /* it wants what is not allowed, or shows a certificate that is not valid now */     \
    R(CERTIFICATE, "certificate") /* its certificate is not trusted, or one was required */                            \
    R(ALERT, "refused_by_client") /* it refused us by an alert: our certificate, for instance */                       \
    R(CUT, "cut")                                                                                                      \
    R(TIMEOUT, "timeout")                                                                                              \
    R(SERVER, "server") /* out of memory, or the program was stopped */

enum client_tls_result {
#define CLIENT_TLS_RESULT_ENUM(name, label) CLIENT_TLS_##name,
    CLIENT_TLS_RESULTS(CLIENT_TLS_RESULT_ENUM)
#undef CLIENT_TLS_RESULT_ENUM
        CLIENT_TLS_RESULT_COUNT
};

struct stream_tls;

/*
 * One client, from accept to its end. Belongs to the control plane; plane_serve lends it to a relay thread, which
 * gives it back by on_client_back, always, exactly once.
 */
struct client {
    struct message message; /* first: it is its own message between the planes; theirs, as the next */
    void *thread;
    uint64_t session;      /* in: tag of the one that it is given to; 0: none yet */
    evutil_socket_t fd;    /* -1 once the data plane has closed it */
    bool is_udp;           /* it has no descriptor, but a flow: */
    struct udp_flow *flow; /* of UDP, as plane_ports.h has it; NULL: of TCP, or over */
    bool early_end;        /* FIN was read after the early bytes */
    uint32_t ticket; /* in: not 0: this is the relay to the visitor's agent, whose client waits with this ticket, while
                        the plain side is the way to the agent that serves: see server/service/visits.h */
    const struct visitor *visitor; /* in: outlives the client; NULL: it has come to a port of ours */
    bool is_check;                 /* in: it is the server itself, see OPEN_FLAG_CHECK; on_check_opened follows */
    bool holds_early;              /* in: nothing of the client's is sent before OPENED, so that it can go elsewhere */
    uint16_t attempts;
    /* Read from the client so far and to be replayed; NULL: none. Before plane_accept_tls what it has sent of TLS,
     * later what came within it. */
    struct evbuffer *early;
    SSL_CTX *tls_context;              /* in, for plane_accept_tls: one reference; NULL: it has no TLS that ends here */
    struct stream_tls *tls;            /* once its handshake is done; goes with `fd` */
    enum client_tls_result tls_result; /* out, with on_client_tls */
    struct service_terms *terms;       /* one reference */
    struct bandwidth *source, *via; /* limits of its address, of the agent that has it; a reference of each, or NULL */
    uint64_t number;                /* the relay's id is INSTANCE-number */
    struct addr peer;
    struct open_address local; /* see struct open_request */
    struct proxy_tlvs
        *tlvs; /* what is known of it for the PROXY header, where its terms have sends_tlvs; NULL: nothing */
    struct http_guard *guard; /* of one that was routed by its host of HTTP, whose later requests are judged; or NULL */
    uint64_t ready_us;        /* accepted, and its TLS handshake is done; clock_us() as the next */
    uint64_t accepted_us, dispatched_us, opened_us, first_byte_us, ended_us; /* clock_us(); 0: did not happen */
    uint64_t bytes_up, bytes_down;                                           /* up: client to destination */
    unsigned attempt_ms;         /* in: how long the agent may dial in this attempt */
    enum client_outcome outcome; /* out */
    enum relay_reason reason;    /* out, with CLIENT_ENDED and CLIENT_NOT_STARTED */
    enum refusal refusal;        /* out, with CLIENT_REFUSED */
    char detail[160];            /* out: more about the end, from the agent or the data plane */
    char address[64];            /* out: where the agent connected to */
    char agent[RECORD_AGENT];    /* in: for the record */
    const char *by;              /* out, with CLIENT_ENDED: the side that ended it; static */
    uint64_t deadline_us;        /* the rest is the control plane's own */
    struct service *service;
    TAILQ_ENTRY(client) entry; /* of the clients that wait, or of unused structs */
    bool is_waiting;
    bool is_counted; /* among those of its source; a limit may have come, or gone, meanwhile */
    uint64_t *tried; /* balance's set of the sessions that do not get it again, by tag; NULL: none. Freed with it */
    size_t tried_count, tried_room;
    uint64_t avoided;
};

void client_drop_tls(struct client *client); /* of one that the data plane does not have; nothing is sent */

#endif
