/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_fixture: a local listener and one client of it, in one thread.
 */
#ifndef MUNNEL_TESTS_LOCAL_FIXTURE_H
#define MUNNEL_TESTS_LOCAL_FIXTURE_H

#include "lib/http/local_listener.h"
#include "lib/http/transport.h"

#include "local_client.h"
#include "unit.h"

enum { LOCAL_MS = 10000 };

struct served {
    const char *path;
    struct local_listener *listener;
    struct http_transport *client;
    evutil_socket_t fd; /* the server's end */
};

struct served serve_at(const char *name);    /* listens; no client */
void client_connects(struct served *served); /* and sends "hello", which is read */
/* The server sends the text and closes, the client reads into `got` to the end. How much arrived. */
size_t client_takes(struct served *served, const char *text, size_t length, char *got);
bool server_notices_end(struct served *served);
void serve_no_more(struct served *served);

#endif
