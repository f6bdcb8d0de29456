/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * live_relay: see live_relay.h.
 */
#include "config.h"

#include "harness/live_relay.h"

#include "harness/certs.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

enum { ASK_MS = 5000 };

const char *server_pki_file(const struct server *server, const char *name) {
    return sandbox_text(server->sandbox, "%s/%s", server->pki, name);
}

void server_renew(const struct server *server, const char *name) {
    struct certs_plan plan = {.folder = server->pki,
                              .name = name,
                              .names = "DNS:localhost, IP:127.0.0.1",
                              .to_days = 90};
    certs_make(&plan);
    ck_assert_int_eq(rename(server_pki_file(server, sandbox_text(server->sandbox, "%s.pem", name)),
                            server_pki_file(server, "server.pem")),
                     0);
    ck_assert_int_eq(rename(server_pki_file(server, sandbox_text(server->sandbox, "%s.key", name)),
                            server_pki_file(server, "server.key")),
                     0);
}

struct live_relay live_relay_start(const char *name) {
    struct live_relay live_relay = {.echo = destination_start(handle_echo, NULL)};
    live_relay.simple = simple_start(name, destination_port(live_relay.echo), NULL, NULL);
    live_relay.client = socket_client(live_relay.simple.port);
    ck_assert(socket_converse(live_relay.client, "before", ASK_MS));
    return live_relay;
}

void live_relay_end(struct live_relay *live_relay) {
    ck_assert(socket_converse(live_relay->client, "after", ASK_MS));
    ck_assert(socket_echoes(live_relay->simple.port, ASK_MS));
    close(live_relay->client);
    sandbox_free(live_relay->simple.sandbox);
    destination_free(live_relay->echo);
}
