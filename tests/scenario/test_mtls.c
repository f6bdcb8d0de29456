/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mtls: agents that prove themselves by certificates: which are accepted, which are refused, and what both sides
 * log. Certificates that are revoked later: test_revocation.c.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/mtls_server.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, LOG_MS = 10000, TURNED_AWAY = 3 };

/* The agent logged `agent_word`, the server `server_word`; it did not join, and nothing is left of it. */
static void stays_out(struct mtls_server *mtls_server, struct process *agent, const char *agent_word,
                      const char *server_word) {
    process_await(agent, 0, LOG_MS, agent_word, NULL);
    process_await(mtls_server->server.process, 0, LOG_MS, server_word, "127.0.0.1", NULL);
    sandbox_end(mtls_server->sandbox, agent);
    usage_await(mtls_server->server.process, &mtls_server->before, 8000);
    ck_assert_uint_eq(process_count(mtls_server->server.process, 0, "\"joined\"", NULL), 0);
}

/* One command on the server, one folder to move, one command on the agent; then the folder is worth nothing any more.
 */
START_TEST(a_certificate_that_munnel_signed_is_enough_until_it_is_revoked) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    const char *folder = sandbox_path(mtls_server.sandbox, "web1");
    mtls_server_tool_agent(&mtls_server, "add", "web1", "--certificate", folder);
    mtls_server_start(&mtls_server, "certificate", false);
    struct process *agent =
        sandbox_run(mtls_server.sandbox, "agent", sandbox_program(mtls_server.sandbox, "munnel-agent"), "--log-format",
                    "json", "--name", "alpha", "--ca", sandbox_text(mtls_server.sandbox, "%s/ca.pem", folder),
                    sandbox_text(mtls_server.sandbox, "127.0.0.1:%u", mtls_server.server.port), NULL);
    agent_await(&mtls_server.server, 0, "alpha", JOIN_MS);
    process_await(mtls_server.server.process, 0, ASK_MS, "\"joined\"", "\"credential\":\"web1\"",
                  "web1 (sha256:", NULL);
    ck_assert(socket_echoes(mtls_server.port, ASK_MS));
    size_t mark = process_mark(mtls_server.server.process);
    mtls_server_tool_agent(&mtls_server, "revoke", "web1", NULL, NULL);
    process_await(mtls_server.server.process, mark, LOG_MS, "agent alpha", "revoked", NULL);
    process_await(agent, 0, LOG_MS, "is not in the agents file", NULL); /* it comes again, and stays outside */
    ck_assert(!process_is_over(agent));
    sandbox_end(mtls_server.sandbox, agent);
    usage_await(mtls_server.server.process, &mtls_server.before, 8000);
    mtls_server_end(&mtls_server);
}
END_TEST

static const struct refusal {
    const char *name;
    struct certs_plan plan;
    const char *agent_word, *server_word;
} refusals[] = {
    {"expired", {.from_days = -9, .to_days = -1, .for_clients = true}, "certificate: expired", "has expired"},
    {"early", {.from_days = 2, .to_days = 9, .for_clients = true}, "refused our certificate", "not yet valid"},
    {"purpose", {.for_clients = false}, "wrong purpose", "wrong purpose"},
    {"unknown-ca", {.for_clients = true}, "unknown_ca", "signed by an authority"},
    {"revoked", {.for_clients = true}, "certificate: revoked", "has been revoked"},
    {"selfmade", {.for_clients = true, .self_signed = true}, "unknown_ca", "self-signed"},
    {"nul",
     {.for_clients = true, .common_with_nul = "nul#.evil.example"},
     "is not in the agents file",
     "is not in the agents file"},
    {"nulls",
     {.for_clients = true, .dns_with_nul = "nulls#.evil.example"},
     "is not in the agents file",
     "is not in the agents file"},
    {"nobody", {.for_clients = true}, "nobody (sha256:", "nobody (sha256:"},
};

enum { REFUSALS = sizeof refusals / sizeof *refusals };

static void list_again(struct mtls_server *mtls_server, const char *revoked) {
    size_t mark = process_mark(mtls_server->server.process);
    certs_revoke(mtls_server->pki, revoked);
    process_await(mtls_server->server.process, mark, LOG_MS, "certificates reloaded", NULL);
}

/* All of these have the same serial number, which is what a list names: it names it for this one only. */
static void revoked_stays_out(struct mtls_server *mtls_server, const struct refusal *refusal) {
    struct certs_plan plan = refusal->plan;
    plan.name = refusal->name;
    plan.folder = mtls_server->pki;
    plan.to_days = MTLS_SERVER_DAYS;
    certs_make(&plan);
    list_again(mtls_server, refusal->name);
    stays_out(mtls_server, mtls_server_join(mtls_server, refusal->name, NULL, certs_client), refusal->agent_word,
              refusal->server_word);
    list_again(mtls_server, NULL);
}

static void one_stays_out(struct mtls_server *mtls_server, const struct refusal *refusal) {
    struct certs_plan plan = refusal->plan;
    if (strcmp(refusal->name, "unknown-ca") == 0)
        plan.folder = sandbox_pki(mtls_server->sandbox, "other");
    stays_out(mtls_server, mtls_server_join(mtls_server, refusal->name, NULL, plan), refusal->agent_word,
              refusal->server_word);
}

START_TEST(every_refusal_is_logged_on_both_sides) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    for (size_t i = 0; i < REFUSALS - 1; i++) /* the last has no entry in the agents file */
        mtls_server_tool_agent(&mtls_server, "add", refusals[i].name, "--certificate-name", refusals[i].name);
    certs_revoke(mtls_server.pki, NULL);
    mtls_server_start(&mtls_server, "certificate", true);
    for (size_t i = 0; i < REFUSALS; i++) {
        if (strcmp(refusals[i].name, "revoked") == 0)
            revoked_stays_out(&mtls_server, &refusals[i]);
        else
            one_stays_out(&mtls_server, &refusals[i]);
    }
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_certificate_is_known_by_each_kind_of_name) {
    static const struct {
        const char *name, *written, *names;
    } kinds[] = {{"dns", "Web1.Example", "DNS:web1.example"},
                 {"uri", "spiffe://example/web1", "DNS:other.example, URI:spiffe://example/web1"},
                 {"common", "common", NULL}};
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        mtls_server_tool_agent(&mtls_server, "add", kinds[i].name, "--certificate-name", kinds[i].written);
    mtls_server_tool_agent(&mtls_server, "add", "outside", "--certificate-name", "outside");
    mtls_server_start(&mtls_server, "certificate", false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct process *agent = mtls_server_join(&mtls_server, kinds[i].name, "web",
                                                 (struct certs_plan){.names = kinds[i].names, .for_clients = true});
        agent_await(&mtls_server.server, 0, kinds[i].name, JOIN_MS);
        ck_assert(socket_echoes(mtls_server.port, ASK_MS));
        sandbox_end(mtls_server.sandbox, agent);
    }
    /* Where there are names, the common name is none; and groups belong to the credential. */
    struct process *agent = mtls_server_join(&mtls_server, "outside", NULL,
                                             (struct certs_plan){.names = "DNS:x.example", .for_clients = true});
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "x.example (sha256:", NULL);
    agent = mtls_server_join(&mtls_server, "common", "db", certs_client);
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "\\\"common\\\" does not carry the group \\\"db\\\"", NULL);
    mtls_server_end(&mtls_server);
}
END_TEST

/* With the token of init and, unless NULL, with a certificate. */
static struct process *come_with_token(struct mtls_server *mtls_server, const char *name, const char *certificate) {
    const char *token = sandbox_text(mtls_server->sandbox, "%s/agent.token", mtls_server->pki);
    if (!certificate)
        return agent_start(&mtls_server->server, name, NULL, NULL);
    struct certs_plan plan = {.folder = mtls_server->pki,
                              .name = certificate,
                              .to_days = MTLS_SERVER_DAYS,
                              .for_clients = true};
    certs_make(&plan);
    return agent_start(&mtls_server->server, name, NULL, "--token-file", token, "--cert",
                       sandbox_text(mtls_server->sandbox, "%s/%s.pem", mtls_server->pki, certificate), "--key",
                       sandbox_text(mtls_server->sandbox, "%s/%s.key", mtls_server->pki, certificate), NULL);
}

START_TEST(where_both_are_required_one_is_not_enough) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    mtls_server_give_certificate(&mtls_server, "mine");
    mtls_server_tool_agent(&mtls_server, "add", "other", "--certificate-name", "others");
    mtls_server_start(&mtls_server, "both", false);
    stays_out(&mtls_server, come_with_token(&mtls_server, "no-certificate", NULL),
              "asks for a certificate and we have none", "shows no certificate");
    struct process *agent = mtls_server_join(&mtls_server, "mine", NULL, certs_client);
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    stays_out(&mtls_server, agent, "no token", "no token");
    agent = come_with_token(&mtls_server, "mixed", "others"); /* each is right, but they are two agents' */
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    stays_out(&mtls_server, agent, "not that of", "not that of");
    come_with_token(&mtls_server, "alpha", "mine");
    agent_await(&mtls_server.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(mtls_server.port, ASK_MS));
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(where_either_is_enough_one_is_needed) {
    struct mtls_server mtls_server = mtls_server_new(__func__);
    mtls_server_copy_ca(&mtls_server);
    mtls_server_tool_agent(&mtls_server, "add", "mine", "--certificate-name", "mine");
    mtls_server_start(&mtls_server, "either", false);
    struct process *agent =
        sandbox_run(mtls_server.sandbox, "nothing", sandbox_program(mtls_server.sandbox, "munnel-agent"), "--name",
                    "nothing", "--ca",
                    sandbox_text(mtls_server.sandbox, "%s/ca.pem", agent_folder(mtls_server.sandbox, "ca")),
                    sandbox_text(mtls_server.sandbox, "127.0.0.1:%u", mtls_server.server.port), NULL);
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    stays_out(&mtls_server, agent, "and no certificate", "and no certificate");
    struct process *alpha = come_with_token(&mtls_server, "alpha", NULL);
    agent_await(&mtls_server.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(mtls_server.port, ASK_MS));
    sandbox_end(mtls_server.sandbox, alpha);
    mtls_server_join(&mtls_server, "mine", NULL, certs_client);
    agent_await(&mtls_server.server, 0, "mine", JOIN_MS);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(mtls_server.port, ASK_MS)));
    mtls_server_end(&mtls_server);
}
END_TEST

SCENARIO_MAIN("mtls", SCENARIO(a_certificate_that_munnel_signed_is_enough_until_it_is_revoked, 60),
              SCENARIO(every_refusal_is_logged_on_both_sides, 90),
              SCENARIO(a_certificate_is_known_by_each_kind_of_name, 60),
              SCENARIO(where_both_are_required_one_is_not_enough, 60),
              SCENARIO(where_either_is_enough_one_is_needed, 60))
