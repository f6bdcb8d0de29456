/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_lost_control: relays of an agent that has lost its control link run on, but not past the end of its credential.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/gate.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 5000, SAYS_MS = 10000, SOON_MS = 4000, CONTROL_LINK = 0 /* it is dialled first */ };

struct lost { /* an agent behind a proxy, with a relay that runs on without a control link */
    struct gate gate;
    struct destination *proxy;
    uint16_t server_port; /* where the proxy leads to */
    int client;
};

static struct lost lost_new(const char *name) {
    struct lost lost = {.gate = gate_new(name)};
    gate_copy_ca(&lost.gate);
    return lost;
}

/* The agent `name` dials the proxy instead of the server, and loses its control link while a client is with it. */
static void lose_control(struct lost *lost, const char *name, const char *certificate) {
    struct gate *gate = &lost->gate;
    lost->server_port = gate->server.port;
    lost->proxy = destination_start(serve_forward, &lost->server_port);
    gate->server.port = destination_port(lost->proxy);
    if (certificate)
        gate_come_by(gate, certificate, NULL, certs_client);
    else
        agent_start(&gate->server, name, "web", NULL);
    gate->server.port = lost->server_port;
    agent_await(&gate->server, 0, name, JOIN_MS);
    lost->client = socket_client(gate->port);
    ck_assert(socket_converse(lost->client, "before", ASK_MS));
    size_t mark = process_mark(gate->server.process);
    destination_cut(lost->proxy, CONTROL_LINK);
    process_await(gate->server.process, mark, SAYS_MS, name, "\"lost\"", "\"running\":1", NULL);
    agent_await(&gate->server, mark, name, JOIN_MS);
    ck_assert(socket_converse(lost->client, "after", ASK_MS));
}

static void is_cut(struct lost *lost, const char *why) {
    ck_assert_str_eq(end_name(socket_wait_end(lost->client, SOON_MS)), end_name(END_RESET));
    process_await(lost->gate.server.process, 0, SAYS_MS, "\"relays cut\"", why, NULL);
    close(lost->client);
    destination_free(lost->proxy);
    gate_end(&lost->gate);
}

START_TEST(revoked_agent_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    gate_open(&lost.gate, "either", false);
    lose_control(&lost, "alpha", NULL);
    gate_tool_agent(&lost.gate, "revoke", "default", NULL, NULL);
    is_cut(&lost, "its credential was revoked");
}
END_TEST

START_TEST(revoked_certificate_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    gate_tool_agent(&lost.gate, "add", "one", "--certificate-name", "one");
    certs_revoke(lost.gate.pki, NULL);
    gate_open(&lost.gate, "certificate", true);
    lose_control(&lost, "one", "one");
    certs_revoke(lost.gate.pki, "one");
    is_cut(&lost, "its certificate was revoked");
}
END_TEST

SCENARIO_MAIN("lost_control", SCENARIO(revoked_agent_s_relays_end_without_a_control_link, 60),
              SCENARIO(revoked_certificate_s_relays_end_without_a_control_link, 60))
