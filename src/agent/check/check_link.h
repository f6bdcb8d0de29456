/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_link: a control link for --check, one step at a time: TCP, a proxy, TLS, frames. It blocks, at most until its
 * deadline. Runs on: the main thread. Owns: its socket, its TLS session.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_LINK_H
#define MUNNEL_AGENT_CHECK_CHECK_LINK_H

#include "lib/net/addr.h"
#include "lib/tls/tls.h"
#include "proto/frame.h"
#include "proto/proxy_talk.h"

#include <event2/util.h>

struct check_link { /* all zero but fd -1 and the deadline at first */
    evutil_socket_t fd;
    SSL *ssl;
    uint64_t deadline_us; /* clock_us(); of all that follows */
    uint8_t bytes[FRAME_HEADER + FRAME_JSON_MAX];
    size_t used, taken; /* of them; `taken` is the frame that was given out last */
    int connect_error;  /* errno with which check_link_connect failed; ETIMEDOUT: no answer in time */
};

/* All: 0, or -1 with error. */
int check_link_connect(struct check_link *link, const struct addr *addr, struct error *error);
/* To the proxy at `addr` it is connected; it may have to connect again. On error the talk has the fault. */
int check_link_ask_proxy(struct check_link *link, const struct addr *addr, struct proxy_talk *talk,
                         struct error *error);
int check_link_handshake(struct check_link *link, SSL_CTX *tls, const char *server_name, enum tls_verdict *verdict,
                         struct error *error);
int check_link_send(struct check_link *link, enum frame_type type, const char *json, struct error *error);
/* The next frame, valid until the next call; PING is answered and not given out. */
int check_link_receive(struct check_link *link, struct frame *frame, struct error *error);
void check_link_close(struct check_link *link);

#endif
