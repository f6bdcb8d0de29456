/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_trust: an agent and a server that must not trust each other refuse each other, and each logs why.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOG_MS = 10000, TURNED_AWAY = 3 };

struct mtls_server { /* a server with one service, and its state before the first agent */
    struct sandbox *sandbox;
    struct server server;
    struct destination *echo;
    uint16_t port;
    struct usage before;
};

static struct mtls_server gate_start(const char *name, const struct certs_plan *certificate) {
    struct mtls_server mtls_server = {.sandbox = sandbox_new(name), .port = port_take()};
    struct server_plan plan = {0};
    if (certificate) {
        struct certs_plan made = *certificate;
        made.folder = sandbox_pki(mtls_server.sandbox, "pki");
        certs_make(&made);
        plan.certificate = sandbox_text(mtls_server.sandbox, "%s/%s.pem", made.folder, made.name);
        plan.key = sandbox_text(mtls_server.sandbox, "%s/%s.key", made.folder, made.name);
    }
    mtls_server.echo = destination_start(handle_echo, NULL);
    plan.services = service_to(mtls_server.sandbox, "echo", mtls_server.port, destination_port(mtls_server.echo), NULL);
    mtls_server.server = server_start(mtls_server.sandbox, plan);
    mtls_server.before = usage_of(mtls_server.server.process);
    return mtls_server;
}

/* The agent logged `agent_word`, the server `server_word`; it did not join; nothing is left of it. */
static void gate_stays_shut(struct mtls_server *mtls_server, struct process *agent, const char *agent_word,
                            const char *server_word) {
    process_await(agent, 0, LOG_MS, agent_word, NULL);
    if (server_word)
        process_await(mtls_server->server.process, 0, LOG_MS, server_word, NULL);
    ck_assert_uint_eq(process_count(mtls_server->server.process, 0, "\"joined\"", NULL), 0);
    sandbox_end(mtls_server->sandbox, agent);
    usage_await(mtls_server->server.process, &mtls_server->before, 8000);
}

static void mtls_server_end(struct mtls_server *mtls_server) {
    destination_free(mtls_server->echo);
    sandbox_free(mtls_server->sandbox);
}

static void assert_turned_away(struct process *agent) {
    int code = process_wait(agent, LOG_MS);
    ck_assert_msg(code == TURNED_AWAY, "exit code %d", code);
}

START_TEST(another_authority_s_certificate_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    const char *other = sandbox_pki(mtls_server.sandbox, "other");
    struct server liar =
        mtls_server.server; /* the same server, seen with the other authority's file and the right token */
    liar.pki = other;
    const char *token = sandbox_text(mtls_server.sandbox, "%s/agent.token", mtls_server.server.pki);
    struct process *agent = agent_start(&liar, "alpha", NULL, "--token-file", token, NULL);
    gate_stays_shut(&mtls_server, agent, "signed by", "refused our certificate");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_certificate_for_another_name_is_refused) {
    struct mtls_server mtls_server =
        gate_start(__func__,
                   &(struct certs_plan){.name = "wrong", .names = "DNS:other.example, IP:10.1.2.3", .to_days = 30});
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    gate_stays_shut(&mtls_server, agent, "wrong name", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(an_expired_certificate_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, &(struct certs_plan){.name = "expired",
                                                                               .names = "DNS:localhost, IP:127.0.0.1",
                                                                               .from_days = -30,
                                                                               .to_days = -1});
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    gate_stays_shut(&mtls_server, agent, "has expired", "expired");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_certificate_of_the_future_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, &(struct certs_plan){.name = "early",
                                                                               .names = "DNS:localhost, IP:127.0.0.1",
                                                                               .from_days = 2,
                                                                               .to_days = 30});
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    gate_stays_shut(&mtls_server, agent, "not yet valid", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_certificate_for_clients_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, &(struct certs_plan){.name = "client",
                                                                               .names = "DNS:localhost, IP:127.0.0.1",
                                                                               .to_days = 30,
                                                                               .for_clients = true});
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    gate_stays_shut(&mtls_server, agent, "wrong purpose", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_certificate_that_vouches_for_itself_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, &(struct certs_plan){.name = "selfmade",
                                                                               .names = "DNS:localhost, IP:127.0.0.1",
                                                                               .to_days = 30,
                                                                               .self_signed = true});
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    gate_stays_shut(&mtls_server, agent, "self-signed", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

/* For who reads names as C does, it is ours; its owner has the domain behind the NUL. */
START_TEST(a_name_does_not_end_at_a_nul) {
    struct mtls_server mtls_server =
        gate_start(__func__, &(struct certs_plan){.name = "nul",
                                                  .dns_with_nul = "localhost#.evil.example",
                                                  .common_with_nul = "localhost#.evil.example",
                                                  .to_days = 30});
    struct sandbox *sandbox = mtls_server.sandbox;
    struct process *agent = sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--name", "alpha",
                                        "--ca", sandbox_text(sandbox, "%s/ca.pem", mtls_server.server.pki),
                                        sandbox_text(sandbox, "localhost:%u", mtls_server.server.port), NULL);
    gate_stays_shut(&mtls_server, agent, "wrong name", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

/* The system's store does not know the authority that `munnel init` made. */
START_TEST(without_a_ca_file_the_system_s_store_decides) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    const char *token = sandbox_text(mtls_server.sandbox, "%s/agent.token", mtls_server.server.pki);
    const char *at = sandbox_text(mtls_server.sandbox, "127.0.0.1:%u", mtls_server.server.port);
    struct process *agent =
        sandbox_run(mtls_server.sandbox, "agent", sandbox_program(mtls_server.sandbox, "munnel-agent"), "--token-file",
                    token, at, NULL);
    gate_stays_shut(&mtls_server, agent, "certificate", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_pinned_key_is_enough_and_another_is_not) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    struct sandbox *sandbox = mtls_server.sandbox;
    const char *token = sandbox_text(sandbox, "%s/agent.token", mtls_server.server.pki);
    const char *at = sandbox_text(sandbox, "127.0.0.1:%u", mtls_server.server.port);
    char pin[80], *digit = pin + strlen("sha256:");
    certs_pin(mtls_server.server.pki, "server", pin);
    *digit = *digit == '0' ? '1' : '0';
    struct process *agent = sandbox_run(sandbox, "wrong", sandbox_program(sandbox, "munnel-agent"), "--pin", pin,
                                        "--token-file", token, at, NULL);
    gate_stays_shut(&mtls_server, agent, "pinned", "127.0.0.1");
    certs_pin(mtls_server.server.pki, "server", pin);
    sandbox_run(sandbox, "right", sandbox_program(sandbox, "munnel-agent"), "--pin", pin, "--token-file", token,
                "--name", "alpha", at, NULL);
    agent_await(&mtls_server.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(mtls_server.port, ASK_MS));
    mtls_server_end(&mtls_server);
}
END_TEST

/* Changes one digit of a token. */
static const char *wrong_token(struct mtls_server *mtls_server) {
    char token[256] = "";
    FILE *file = fopen(sandbox_text(mtls_server->sandbox, "%s/agent.token", mtls_server->server.pki), "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(token, sizeof token, file));
    fclose(file);
    char *digit = strchr(token, ':');
    ck_assert_ptr_nonnull(digit);
    digit[1] = digit[1] == '0' ? '1' : '0';
    return sandbox_write(mtls_server->sandbox, "wrong.token", token, false);
}

START_TEST(a_wrong_token_is_turned_away_for_good) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    struct process *agent =
        agent_start(&mtls_server.server, "alpha", NULL, "--token-file", wrong_token(&mtls_server), NULL);
    assert_turned_away(agent);
    gate_stays_shut(&mtls_server, agent, "the server rejected this agent", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(another_server_s_token_is_turned_away) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    const char *token = sandbox_text(mtls_server.sandbox, "%s/agent.token", sandbox_pki(mtls_server.sandbox, "other"));
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, "--token-file", token, NULL);
    assert_turned_away(agent);
    gate_stays_shut(&mtls_server, agent, "the server rejected this agent", "127.0.0.1");
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_token_that_is_none_is_a_usage_error) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    const char *empty = sandbox_write(mtls_server.sandbox, "empty.token", "", false);
    const char *nonsense = sandbox_write(mtls_server.sandbox, "nonsense.token", "let me in\n", false);
    const char *missing = sandbox_path(mtls_server.sandbox, "no-such.token");
    struct process *agents[] = {agent_start(&mtls_server.server, "empty", NULL, "--token-file", empty, NULL),
                                agent_start(&mtls_server.server, "nonsense", NULL, "--token-file", nonsense, NULL),
                                agent_start(&mtls_server.server, "missing", NULL, "--token-file", missing, NULL)};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ne(process_wait(agents[i], LOG_MS), 0);
        process_await(agents[i], 0, LOG_MS, ".token", NULL);
    }
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_token_that_others_can_read_is_refused) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    const char *token = sandbox_text(mtls_server.sandbox, "%s/agent.token", mtls_server.server.pki);
    ck_assert_int_eq(chmod(token, 0644), 0);
    struct process *agent = agent_start(&mtls_server.server, "alpha", NULL, NULL);
    ck_assert_int_ne(process_wait(agent, LOG_MS), 0);
    process_await(agent, 0, LOG_MS, "agent.token", NULL);
    mtls_server_end(&mtls_server);
}
END_TEST

/* Replaces the first `old` in a file by `new_text`. */
static void edit(struct sandbox *sandbox, const char *path, const char *old, const char *new_text) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, old);
    ck_assert_msg(at, "%s is not in %s", old, text);
    const char *whole = sandbox_text(sandbox, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old));
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(whole, file), 0);
    fclose(file);
}

START_TEST(groups_belong_to_the_credential) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *agents = sandbox_text(sandbox, "%s/agents.json", sandbox_pki(sandbox, "pki"));
    edit(sandbox, agents, "\"*\"", "\"web\"");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t web = port_take(), any = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s", service_to(sandbox, "web", web, destination_port(echo), "'group': 'web',"),
                     service_to(sandbox, "db", any, destination_port(echo), "'group': 'db', 'no_agent': 'refuse',"));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    struct process *agent = agent_start(&server, "alpha", "db", NULL);
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "db", NULL);
    process_await(server.process, 0, ASK_MS, "db", "127.0.0.1", NULL);
    agent_join(&server, "beta", NULL); /* asks for none: gets what the credential carries */
    ck_assert(socket_echoes(web, ASK_MS));
    int fd = socket_client(any);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    process_await(server.process, 0, ASK_MS, "no agent could serve", "no agent of the group db is connected", NULL);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* Accepted once, an agent never gives up: here its credential is gone when the server comes back. */
START_TEST(an_agent_that_was_accepted_before_keeps_trying) {
    struct mtls_server mtls_server = gate_start(__func__, NULL);
    struct process *agent = agent_join(&mtls_server.server, "alpha", NULL);
    const char *agents = sandbox_text(mtls_server.sandbox, "%s/agents.json", mtls_server.server.pki);
    sandbox_end(mtls_server.sandbox, mtls_server.server.process);
    edit(mtls_server.sandbox, agents, "\"default\"", "\"someone-else\"");
    size_t mark = process_mark(agent);
    server_start_again(&mtls_server.server);
    process_await(agent, mark, LOG_MS, "the server rejected this agent", NULL);
    ck_assert(!process_is_over(agent));
    mtls_server_end(&mtls_server);
}
END_TEST

START_TEST(a_key_that_others_can_read_is_refused) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *key = sandbox_text(sandbox, "%s/server.key", sandbox_pki(sandbox, "pki"));
    ck_assert_int_eq(chmod(key, 0644), 0);
    const char *service = service_to(sandbox, "echo", port_take(), 9, NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .may_fail = true});
    ck_assert_int_ne(process_wait(server.process, LOG_MS), 0);
    process_await(server.process, 0, ASK_MS, "server.key", NULL);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("trust", SCENARIO(another_authority_s_certificate_is_refused, 40),
              SCENARIO(a_certificate_for_another_name_is_refused, 40), SCENARIO(an_expired_certificate_is_refused, 40),
              SCENARIO(a_certificate_of_the_future_is_refused, 40), SCENARIO(a_certificate_for_clients_is_refused, 40),
              SCENARIO(a_certificate_that_vouches_for_itself_is_refused, 40),
              SCENARIO(a_name_does_not_end_at_a_nul, 40), SCENARIO(without_a_ca_file_the_system_s_store_decides, 40),
              SCENARIO(a_pinned_key_is_enough_and_another_is_not, 40),
              SCENARIO(a_wrong_token_is_turned_away_for_good, 40), SCENARIO(another_server_s_token_is_turned_away, 40),
              SCENARIO(a_token_that_is_none_is_a_usage_error, 40),
              SCENARIO(a_token_that_others_can_read_is_refused, 40), SCENARIO(groups_belong_to_the_credential, 40),
              SCENARIO(an_agent_that_was_accepted_before_keeps_trying, 40),
              SCENARIO(a_key_that_others_can_read_is_refused, 40))
