/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_lost_control: relays of an agent that has lost its control link run on, but not past the end of its credential.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/mtls_server.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 5000, SAYS_MS = 10000, SOON_MS = 4000, CONTROL_LINK = 0 /* it is dialled first */ };

struct lost { /* an agent behind a proxy, with a relay that runs on without a control link */
    struct mtls_server mtls_server;
    struct destination *proxy;
    uint16_t server_port; /* where the proxy leads to */
    int client;
};

static struct lost lost_new(const char *name) {
    struct lost lost = {.mtls_server = mtls_server_new(name)};
    mtls_server_copy_ca(&lost.mtls_server);
    return lost;
}

/* The agent `name` dials the proxy instead of the server, and loses its control link while a client is with it. */
static void lose_control(struct lost *lost, const char *name, const char *certificate) {
    struct mtls_server *mtls_server = &lost->mtls_server;
    lost->server_port = mtls_server->server.port;
    lost->proxy = destination_start(serve_forward, &lost->server_port);
    mtls_server->server.port = destination_port(lost->proxy);
    if (certificate)
        mtls_server_come_by(mtls_server, certificate, NULL, certs_client);
    else
        agent_start(&mtls_server->server, name, "web", NULL);
    mtls_server->server.port = lost->server_port;
    agent_await(&mtls_server->server, 0, name, JOIN_MS);
    lost->client = socket_client(mtls_server->port);
    ck_assert(socket_converse(lost->client, "before", ASK_MS));
    size_t mark = process_mark(mtls_server->server.process);
    destination_cut(lost->proxy, CONTROL_LINK);
    process_await(mtls_server->server.process, mark, SAYS_MS, name, "\"lost\"", "\"running\":1", NULL);
    agent_await(&mtls_server->server, mark, name, JOIN_MS);
    ck_assert(socket_converse(lost->client, "after", ASK_MS));
}

static void is_cut(struct lost *lost, const char *why) {
    ck_assert_str_eq(end_name(socket_wait_end(lost->client, SOON_MS)), end_name(END_RESET));
    process_await(lost->mtls_server.server.process, 0, SAYS_MS, "\"relays cut\"", why, NULL);
    close(lost->client);
    destination_free(lost->proxy);
    mtls_server_end(&lost->mtls_server);
}

START_TEST(revoked_agent_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    mtls_server_open(&lost.mtls_server, "either", false);
    lose_control(&lost, "alpha", NULL);
    mtls_server_tool_agent(&lost.mtls_server, "revoke", "default", NULL, NULL);
    is_cut(&lost, "its credential was revoked");
}
END_TEST

START_TEST(revoked_certificate_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    mtls_server_tool_agent(&lost.mtls_server, "add", "one", "--certificate-name", "one");
    certs_revoke(lost.mtls_server.pki, NULL);
    mtls_server_open(&lost.mtls_server, "certificate", true);
    lose_control(&lost, "one", "one");
    certs_revoke(lost.mtls_server.pki, "one");
    is_cut(&lost, "its certificate was revoked");
}
END_TEST

SCENARIO_MAIN("lost_control", SCENARIO(revoked_agent_s_relays_end_without_a_control_link, 60),
              SCENARIO(revoked_certificate_s_relays_end_without_a_control_link, 60))
