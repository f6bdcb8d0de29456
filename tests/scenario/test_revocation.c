/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_revocation: a credential that is revoked, changed or no longer trusted ends its agent, its links and its relays,
 * also those that run on without a control link.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/mtls_server.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOG_MS = 10000, SOON_MS = 4000, CONTROL_LINK = 0 /* it is dialled first */ };

/* A list that comes while an agent is connected counts for it, too; so does a change of its entry. */
START_TEST(a_revoked_or_changed_certificate_ends_its_agent) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    mtls_server_tool_agent(&mtls_server, "add", "one", "--certificate-name", "one");
    mtls_server_tool_agent(&mtls_server, "add", "two", "--certificate-name", "two");
    certs_revoke(mtls_server.pki, NULL);
    mtls_server_start(&mtls_server, "certificate", true);
    mtls_server_join(&mtls_server, "two", NULL, certs_client);
    agent_await(&mtls_server.server, 0, "two", JOIN_MS);
    size_t mark = process_mark(mtls_server.server.process);
    mtls_server_edit_agents(&mtls_server, "\"certificate\": \"two\"", "\"certificate\": \"three\"");
    process_await(mtls_server.server.process, mark, LOG_MS, "agent two", "no longer that of its credential", NULL);
    mtls_server_join(&mtls_server, "one", NULL, certs_client);
    agent_await(&mtls_server.server, mark, "one", JOIN_MS);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(mtls_server.port, ASK_MS)));
    mark = process_mark(mtls_server.server.process);
    certs_revoke(mtls_server.pki, "one");
    process_await(mtls_server.server.process, mark, LOG_MS, "agent one", "its certificate was revoked", NULL);
    process_await(mtls_server.server.process, mark, LOG_MS, "has been revoked", "127.0.0.1", NULL);
    mtls_server_end(&mtls_server);
}
END_TEST

/* Makes the certificate `name` and its key in the pki folder, signed by `by` there; `extensions`: what `name` may do.
 */
static void sign(struct mtls_server *mtls_server, const char *name, const char *by, const char *extensions) {
    const char *command = sandbox_text(
        mtls_server->sandbox,
        "cd %s && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.csr -subj "
        "/CN=%s && printf '%s' > %s.ext && openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days "
        "30 -extfile %s.ext -out %s.pem && chmod 600 %s.key",
        mtls_server->pki, name, name, name, extensions, name, name, by, by, name, name, name);
    const char *label = sandbox_text(mtls_server->sandbox, "sign-%s", name);
    ck_assert_msg(sandbox_do(mtls_server->sandbox, label, "sh", "-c", command, NULL) == 0, "%s",
                  sandbox_output(mtls_server->sandbox, label));
}

static void shell(struct mtls_server *mtls_server, const char *label, const char *command) {
    ck_assert_int_eq(sandbox_do(mtls_server->sandbox, label, "sh", "-c",
                                sandbox_text(mtls_server->sandbox, "cd %s && %s", mtls_server->pki, command), NULL),
                     0);
}

static struct process *come_signed(struct mtls_server *mtls_server, const char *name) {
    return sandbox_run(mtls_server->sandbox, sandbox_text(mtls_server->sandbox, "agent-%s", name),
                       sandbox_program(mtls_server->sandbox, "munnel-agent"), "--log-format", "json", "--name", name,
                       "--ca",
                       sandbox_text(mtls_server->sandbox, "%s/ca.pem", agent_folder(mtls_server->sandbox, "ca")),
                       "--cert", sandbox_text(mtls_server->sandbox, "%s/%s.pem", mtls_server->pki, name), "--key",
                       sandbox_text(mtls_server->sandbox, "%s/%s.key", mtls_server->pki, name),
                       sandbox_text(mtls_server->sandbox, "127.0.0.1:%u", mtls_server->server.port), NULL);
}

/* Two authorities are trusted, the second by way of one in between that its agent sends along; then only the second. */
START_TEST(a_removed_authority_ends_its_agents) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    mtls_server_tool_agent(&mtls_server, "add", "one", "--certificate-name", "one");
    mtls_server_tool_agent(&mtls_server, "add", "two", "--certificate-name", "two");
    shell(
        &mtls_server, "second",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout second.key -out second.pem -subj "
        "/CN=second -days 30");
    sign(&mtls_server, "between", "second", "basicConstraints=critical,CA:true\\nkeyUsage=keyCertSign\\n");
    sign(&mtls_server, "two", "between", "extendedKeyUsage=clientAuth\\n");
    shell(&mtls_server, "chain", "cat between.pem >> two.pem && cat ca.pem second.pem > trusted.pem");
    mtls_server.client_ca = "pki/trusted.pem";
    mtls_server_start(&mtls_server, "certificate", false);
    mtls_server_join(&mtls_server, "one", NULL, certs_client);
    agent_await(&mtls_server.server, 0, "one", JOIN_MS);
    come_signed(&mtls_server, "two");
    agent_await(&mtls_server.server, 0, "two", JOIN_MS);
    int running = socket_client(mtls_server.port);
    ck_assert(socket_converse(running, "still here", ASK_MS));
    size_t mark = process_mark(mtls_server.server.process);
    shell(&mtls_server, "trust-again",
          "cat second.pem ca.pem > t && mv t trusted.pem"); /* in another order: no agent is sent away */
    process_await(mtls_server.server.process, mark, LOG_MS, "certificates reloaded", NULL);
    ck_assert_uint_eq(process_count(mtls_server.server.process, mark, "disconnected", NULL), 0);
    ck_assert(socket_converse(running, "still here", ASK_MS));
    close(running);
    mark = process_mark(mtls_server.server.process);
    shell(&mtls_server, "trust-less", "cp second.pem t && mv t trusted.pem");
    process_await(mtls_server.server.process, mark, LOG_MS, "agent one", "disconnected",
                  "not of an authority that is trusted now", NULL);
    ck_assert(socket_echoes(mtls_server.port, ASK_MS));
    ck_assert_uint_eq(process_count(mtls_server.server.process, mark, "agent two", "disconnected", NULL), 0);
    mtls_server_end(&mtls_server);
}
END_TEST

/* Data links are accepted by the session's key, with any certificate: what ends the session must end them. */
START_TEST(data_links_end_with_the_certificate_of_their_session) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_give_certificate(&mtls_server, "mine");
    struct certs_plan plan = {.folder = mtls_server.pki,
                              .name = "mine",
                              .to_days = MTLS_SERVER_DAYS,
                              .for_clients = true};
    certs_make(&plan);
    certs_revoke(mtls_server.pki, NULL);
    mtls_server_start(&mtls_server, "both", true);
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, "--cert",
                                        sandbox_text(mtls_server.sandbox, "%s/mine.pem", mtls_server.pki), "--key",
                                        sandbox_text(mtls_server.sandbox, "%s/mine.key", mtls_server.pki), NULL);
    agent_await(&mtls_server.server, 0, "alpha", JOIN_MS);
    agent_await_warm(&mtls_server.server, agent);
    int clients[2] = {socket_client(mtls_server.port), socket_client(mtls_server.port)};
    for (int i = 0; i < 2; i++)
        ck_assert(socket_converse(clients[i], "still here", ASK_MS));
    certs_revoke(mtls_server.pki, "mine");
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(end_name(socket_wait_end(clients[i], LOG_MS)), end_name(END_RESET));
        close(clients[i]);
    }
    process_await(mtls_server.server.process, 0, LOG_MS, "agent alpha", "its certificate was revoked", NULL);
    process_await(mtls_server.server.process, 0, LOG_MS, "has been revoked", "127.0.0.1", NULL); /* it comes again */
    sandbox_end(mtls_server.sandbox, agent);
    usage_await(mtls_server.server.process, &mtls_server.before, 8000);
    mtls_server_end(&mtls_server);
}
END_TEST

/* ---- relays without a control link ---- */

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

/* The agent `name` dials the proxy instead of the server, and loses its control link for good while a client is with
 * it. */
static void lose_control(struct lost *lost, const char *name, const char *certificate) {
    struct mtls_server *mtls_server = &lost->mtls_server;
    lost->server_port = mtls_server->server.port;
    lost->proxy = destination_start(handle_forward, &lost->server_port);
    mtls_server->server.port = destination_port(lost->proxy);
    if (certificate)
        mtls_server_join(mtls_server, certificate, NULL, certs_client);
    else
        agent_start(&mtls_server->server, name, "web", NULL);
    mtls_server->server.port = lost->server_port;
    agent_await(&mtls_server->server, 0, name, JOIN_MS);
    lost->client = socket_client(mtls_server->port);
    ck_assert(socket_converse(lost->client, "before", ASK_MS));
    size_t mark = process_mark(mtls_server->server.process);
    lost->server_port = port_take(); /* where nothing listens: its data links stay, and it cannot come again */
    destination_cut(lost->proxy, CONTROL_LINK);
    process_await(mtls_server->server.process, mark, LOG_MS, name, "\"connection lost\"", "\"running\":1", NULL);
    ck_assert(socket_converse(lost->client, "after", ASK_MS));
}

static void is_cut(struct lost *lost, const char *why) {
    ck_assert_str_eq(end_name(socket_wait_end(lost->client, SOON_MS)), end_name(END_RESET));
    process_await(lost->mtls_server.server.process, 0, LOG_MS, "\"relays cut\"", why, NULL);
    close(lost->client);
    destination_free(lost->proxy);
    mtls_server_end(&lost->mtls_server);
}

START_TEST(revoked_agent_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    mtls_server_start(&lost.mtls_server, "either", false);
    lose_control(&lost, "alpha", NULL);
    mtls_server_tool_agent(&lost.mtls_server, "revoke", "default", NULL, NULL);
    is_cut(&lost, "its credential was revoked");
}
END_TEST

START_TEST(revoked_certificate_s_relays_end_without_a_control_link) {
    struct lost lost = lost_new(__func__);
    mtls_server_tool_agent(&lost.mtls_server, "add", "one", "--certificate-name", "one");
    certs_revoke(lost.mtls_server.pki, NULL);
    mtls_server_start(&lost.mtls_server, "certificate", true);
    lose_control(&lost, "one", "one");
    certs_revoke(lost.mtls_server.pki, "one");
    is_cut(&lost, "its certificate was revoked");
}
END_TEST

SCENARIO_MAIN("revocation", SCENARIO(a_revoked_or_changed_certificate_ends_its_agent, 60),
              SCENARIO(a_removed_authority_ends_its_agents, 60),
              SCENARIO(data_links_end_with_the_certificate_of_their_session, 60),
              SCENARIO(revoked_agent_s_relays_end_without_a_control_link, 60),
              SCENARIO(revoked_certificate_s_relays_end_without_a_control_link, 60))
