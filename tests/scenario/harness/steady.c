/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * steady: see steady.h.
 */
#include "config.h"

#include "harness/steady.h"

#include "harness/certs.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

enum { ASK_MS = 5000 };

const char *server_pki_file(const struct server *server, const char *name) {
    return stand_text(server->stand, "%s/%s", server->pki, name);
}

void server_renew(const struct server *server, const char *name) {
    struct certs_plan plan = {.folder = server->pki,
                              .name = name,
                              .names = "DNS:localhost, IP:127.0.0.1",
                              .to_days = 90};
    certs_make(&plan);
    ck_assert_int_eq(rename(server_pki_file(server, stand_text(server->stand, "%s.pem", name)),
                            server_pki_file(server, "server.pem")),
                     0);
    ck_assert_int_eq(rename(server_pki_file(server, stand_text(server->stand, "%s.key", name)),
                            server_pki_file(server, "server.key")),
                     0);
}

struct steady steady_start(const char *name) {
    struct steady steady = {.echo = destination_start(serve_echo, NULL)};
    steady.simple = simple_start(name, destination_port(steady.echo), NULL, NULL);
    steady.client = socket_client(steady.simple.port);
    ck_assert(socket_converse(steady.client, "before", ASK_MS));
    return steady;
}

void steady_end(struct steady *steady) {
    ck_assert(socket_converse(steady->client, "after", ASK_MS));
    ck_assert(socket_echoes(steady->simple.port, ASK_MS));
    close(steady->client);
    stand_free(steady->simple.stand);
    destination_free(steady->echo);
}
