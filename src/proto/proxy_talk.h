/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_talk: the talk with a proxy from the TCP connection to it until what is sent reaches the server: HTTP CONNECT
 * (RFC 9110, 9.3.6) or SOCKS5. A state machine over bytes; proxy_io.h has it for a socket.
 *
 * HTTP: the first request carries no password, so that one which is meant for Digest is never sent as Basic; each
 * answer to a challenge is a new connection, which holds for any proxy, with any body behind its 407. Nothing is
 * remembered from one talk to the next. States: sending -> receiving -> (sending ...) -> done; receiving -> again (a
 * new connection is needed) -> sending; any
 * -> failed.
 * Runs on: any thread, one at a time. Owns: its buffers.
 */
#ifndef MUNNEL_PROTO_PROXY_TALK_H
#define MUNNEL_PROTO_PROXY_TALK_H

#include "proto/proxy.h"

struct proxy_talk;

enum { PROXY_TALK_CONNECTIONS = 3 /* without an answer, with one, and with one for a nonce that is not stale */ };

enum proxy_step {
    PROXY_SENDS,    /* send proxy_talk_output() */
    PROXY_RECEIVES, /* read into proxy_talk_room() */
    PROXY_AGAIN,    /* close the connection, make another one, and proxy_talk_begin() */
    PROXY_IS_OPEN,  /* what is sent from now on goes to the server */
    PROXY_FAILED    /* proxy_talk_fault(), proxy_talk_detail() */
};

/* Both are copied. NULL: out of memory. */
struct proxy_talk *proxy_talk_new(const struct proxy *proxy, const struct endpoint *server);
void proxy_talk_free(struct proxy_talk *talk); /* NULL is fine */

void proxy_talk_begin(struct proxy_talk *talk); /* a TCP connection to the proxy is there */
enum proxy_step proxy_talk_step(const struct proxy_talk *talk);
const uint8_t *proxy_talk_output(const struct proxy_talk *talk, size_t *length); /* SENDS: at least 1 */
void proxy_talk_note_sent(struct proxy_talk *talk, size_t length);
uint8_t *proxy_talk_room(struct proxy_talk *talk, size_t *size);         /* RECEIVES: at least 1 */
void proxy_talk_note_received(struct proxy_talk *talk, size_t length);   /* 0: the proxy has closed */
void proxy_talk_note_error(struct proxy_talk *talk, const char *detail); /* the connection failed, or came to nothing */
void proxy_talk_note_late(struct proxy_talk *talk);                      /* no answer within the caller's time */

enum proxy_fault proxy_talk_fault(const struct proxy_talk *talk); /* NONE: it has not failed */
const char *proxy_talk_detail(const struct proxy_talk *talk);     /* "proxy 10.0.0.1:3128: answered 502 Bad Gateway" */

#endif
