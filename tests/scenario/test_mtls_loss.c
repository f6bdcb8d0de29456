/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mtls_loss: agents that were let in by a certificate which is good no more: they are cut off, with their links.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/gate.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 5000, SAYS_MS = 10000 };

/* A list that comes while an agent is connected counts for it, too; so does a change of its entry. */
START_TEST(who_loses_the_certificate_is_cut_off) {
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    gate_tool_agent(&gate, "add", "one", "--certificate-name", "one");
    gate_tool_agent(&gate, "add", "two", "--certificate-name", "two");
    certs_revoke(gate.pki, NULL);
    gate_open(&gate, "certificate", true);
    gate_come_by(&gate, "two", NULL, certs_client);
    agent_await(&gate.server, 0, "two", JOIN_MS);
    size_t mark = process_mark(gate.server.process);
    gate_edit_agents(&gate, "\"certificate\": \"two\"", "\"certificate\": \"three\"");
    process_await(gate.server.process, mark, SAYS_MS, "agent two", "not that of its credential any more", NULL);
    gate_come_by(&gate, "one", NULL, certs_client);
    agent_await(&gate.server, mark, "one", JOIN_MS);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(gate.port, ASK_MS)));
    mark = process_mark(gate.server.process);
    certs_revoke(gate.pki, "one");
    process_await(gate.server.process, mark, SAYS_MS, "agent one", "its certificate was revoked", NULL);
    process_await(gate.server.process, mark, SAYS_MS, "has been revoked", "127.0.0.1", NULL);
    gate_end(&gate);
}
END_TEST

/* Makes the certificate `name` and its key in the pki folder, signed by `by` there; `extensions`: what `name` may do.
 */
static void sign(struct gate *gate, const char *name, const char *by, const char *extensions) {
    const char *command = stand_text(
        gate->stand,
        "cd %s && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.csr -subj "
        "/CN=%s && printf '%s' > %s.ext && openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days "
        "30 -extfile %s.ext -out %s.pem && chmod 600 %s.key",
        gate->pki, name, name, name, extensions, name, name, by, by, name, name, name);
    const char *label = stand_text(gate->stand, "sign-%s", name);
    ck_assert_msg(stand_do(gate->stand, label, "sh", "-c", command, NULL) == 0, "%s", stand_output(gate->stand, label));
}

static void shell(struct gate *gate, const char *label, const char *command) {
    ck_assert_int_eq(stand_do(gate->stand, label, "sh", "-c",
                              stand_text(gate->stand, "cd %s && %s", gate->pki, command), NULL),
                     0);
}

static struct process *come_signed(struct gate *gate, const char *name) {
    return stand_run(gate->stand, stand_text(gate->stand, "agent-%s", name), stand_program(gate->stand, "munnel-agent"),
                     "--log-format", "json", "--name", name, "--ca",
                     stand_text(gate->stand, "%s/ca.pem", agent_folder(gate->stand, "ca")), "--cert",
                     stand_text(gate->stand, "%s/%s.pem", gate->pki, name), "--key",
                     stand_text(gate->stand, "%s/%s.key", gate->pki, name),
                     stand_text(gate->stand, "127.0.0.1:%u", gate->server.port), NULL);
}

/* Two authorities are trusted, the second by way of one in between that its agent sends along; then only the second. */
START_TEST(who_came_by_an_authority_that_is_gone_is_cut_off) {
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    gate_tool_agent(&gate, "add", "one", "--certificate-name", "one");
    gate_tool_agent(&gate, "add", "two", "--certificate-name", "two");
    shell(
        &gate, "second",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout second.key -out second.pem -subj "
        "/CN=second -days 30");
    sign(&gate, "between", "second", "basicConstraints=critical,CA:true\\nkeyUsage=keyCertSign\\n");
    sign(&gate, "two", "between", "extendedKeyUsage=clientAuth\\n");
    shell(&gate, "chain", "cat between.pem >> two.pem && cat ca.pem second.pem > trusted.pem");
    gate.client_ca = "pki/trusted.pem";
    gate_open(&gate, "certificate", false);
    gate_come_by(&gate, "one", NULL, certs_client);
    agent_await(&gate.server, 0, "one", JOIN_MS);
    come_signed(&gate, "two");
    agent_await(&gate.server, 0, "two", JOIN_MS);
    int running = socket_client(gate.port);
    ck_assert(socket_converse(running, "still here", ASK_MS));
    size_t mark = process_mark(gate.server.process);
    shell(&gate, "trust-again", "cat second.pem ca.pem > t && mv t trusted.pem"); /* in another order: nobody minds */
    process_await(gate.server.process, mark, SAYS_MS, "certificates again", NULL);
    ck_assert_uint_eq(process_count(gate.server.process, mark, "sent away", NULL), 0);
    ck_assert(socket_converse(running, "still here", ASK_MS));
    close(running);
    mark = process_mark(gate.server.process);
    shell(&gate, "trust-less", "cp second.pem t && mv t trusted.pem");
    process_await(gate.server.process, mark, SAYS_MS, "agent one", "sent away",
                  "not of an authority that is trusted now", NULL);
    ck_assert(socket_echoes(gate.port, ASK_MS));
    ck_assert_uint_eq(process_count(gate.server.process, mark, "agent two", "sent away", NULL), 0);
    gate_end(&gate);
}
END_TEST

/* The session has shown the certificate for its data links, which show none: what ends it must end them. */
START_TEST(data_links_show_no_certificate_and_end_with_it) {
    struct gate gate = gate_new(__func__);
    gate_give_certificate(&gate, "mine");
    struct certs_plan plan = {.folder = gate.pki, .name = "mine", .to_days = GATE_DAYS, .for_clients = true};
    certs_make(&plan);
    certs_revoke(gate.pki, NULL);
    gate_open(&gate, "both", true);
    struct process *agent =
        agent_start(&gate.server, "alpha", NULL, "-v", "--cert", stand_text(gate.stand, "%s/mine.pem", gate.pki),
                    "--key", stand_text(gate.stand, "%s/mine.key", gate.pki), NULL);
    agent_await(&gate.server, 0, "alpha", JOIN_MS);
    ck_assert(HOLDS_WITHIN(SAYS_MS, live_of(gate.server.process).idle_links > 0));
    int clients[2] = {socket_client(gate.port), socket_client(gate.port)};
    for (int i = 0; i < 2; i++)
        ck_assert(socket_converse(clients[i], "still here", ASK_MS));
    ck_assert(HOLDS_WITHIN(SAYS_MS, process_count(agent, 0, "handshake by the session's key", NULL) >= 2));
    ck_assert_uint_eq(process_count(agent, 0, "handshake by certificate", NULL), 1);
    certs_revoke(gate.pki, "mine");
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(end_name(socket_wait_end(clients[i], SAYS_MS)), end_name(END_RESET));
        close(clients[i]);
    }
    process_await(gate.server.process, 0, SAYS_MS, "agent alpha", "its certificate was revoked", NULL);
    process_await(gate.server.process, 0, SAYS_MS, "has been revoked", "127.0.0.1", NULL); /* it comes again */
    stand_end(gate.stand, agent);
    rest_await(gate.server.process, &gate.before, 8000);
    gate_end(&gate);
}
END_TEST

SCENARIO_MAIN("mtls_loss", SCENARIO(who_loses_the_certificate_is_cut_off, 60),
              SCENARIO(who_came_by_an_authority_that_is_gone_is_cut_off, 60),
              SCENARIO(data_links_show_no_certificate_and_end_with_it, 60))
