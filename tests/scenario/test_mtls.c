/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mtls: agents that prove themselves by certificates: who gets in, who does not, and what both sides say;
 * test_mtls_loss.c has those who lose what let them in.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/gate.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, SAYS_MS = 10000, TURNED_AWAY = 3 };

/* The agent said `agent_word`, the server `server_word`; it did not join, and nothing is left of it. */
static void stays_out(struct gate *gate, struct process *agent, const char *agent_word, const char *server_word) {
    process_await(agent, 0, SAYS_MS, agent_word, NULL);
    process_await(gate->server.process, 0, SAYS_MS, server_word, "127.0.0.1", NULL);
    stand_end(gate->stand, agent);
    rest_await(gate->server.process, &gate->before, 8000);
    ck_assert_uint_eq(process_count(gate->server.process, 0, "\"joined\"", NULL), 0);
}

/* One command on the server, one folder to move, one command on the agent; then the folder is worth nothing any more.
 */
START_TEST(a_certificate_that_munnel_signed_is_enough_until_it_is_revoked) {
    struct gate gate = gate_new(__func__);
    const char *folder = stand_path(gate.stand, "web1");
    gate_tool_agent(&gate, "add", "web1", "--certificate", folder);
    gate_open(&gate, "certificate", false);
    struct process *agent = stand_run(gate.stand, "agent", stand_program(gate.stand, "munnel-agent"), "--log-format",
                                      "json", "--name", "alpha", "--ca", stand_text(gate.stand, "%s/ca.pem", folder),
                                      stand_text(gate.stand, "127.0.0.1:%u", gate.server.port), NULL);
    agent_await(&gate.server, 0, "alpha", JOIN_MS);
    process_await(gate.server.process, 0, ASK_MS, "\"joined\"", "\"credential\":\"web1\"", "web1 (sha256:", NULL);
    ck_assert(socket_echoes(gate.port, ASK_MS));
    size_t mark = process_mark(gate.server.process);
    gate_tool_agent(&gate, "revoke", "web1", NULL, NULL);
    process_await(gate.server.process, mark, SAYS_MS, "agent alpha", "revoked", NULL);
    process_await(agent, 0, SAYS_MS, "is no agent's here", NULL); /* it comes again, and stays outside */
    ck_assert(!process_is_over(agent));
    stand_end(gate.stand, agent);
    rest_await(gate.server.process, &gate.before, 8000);
    gate_end(&gate);
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
    {"stranger", {.for_clients = true}, "unknown ca", "signed by an authority"},
    {"revoked", {.for_clients = true}, "certificate: revoked", "has been revoked"},
    {"selfmade", {.for_clients = true, .self_signed = true}, "unknown ca", "self-signed"},
    {"nul", {.for_clients = true, .common_with_nul = "nul#.evil.example"}, "is no agent's here", "is no agent's here"},
    {"nulls", {.for_clients = true, .dns_with_nul = "nulls#.evil.example"}, "is no agent's here", "is no agent's here"},
    {"nobody", {.for_clients = true}, "nobody (sha256:", "nobody (sha256:"},
};

enum { REFUSALS = sizeof refusals / sizeof *refusals };

static void list_again(struct gate *gate, const char *revoked) {
    size_t mark = process_mark(gate->server.process);
    certs_revoke(gate->pki, revoked);
    process_await(gate->server.process, mark, SAYS_MS, "certificates again", NULL);
}

/* All of these have the same serial number, which is what a list names: it names it for this one only. */
static void revoked_stays_out(struct gate *gate, const struct refusal *refusal) {
    struct certs_plan plan = refusal->plan;
    plan.name = refusal->name;
    plan.folder = gate->pki;
    plan.to_days = GATE_DAYS;
    certs_make(&plan);
    list_again(gate, refusal->name);
    stays_out(gate, gate_come_by(gate, refusal->name, NULL, certs_client), refusal->agent_word, refusal->server_word);
    list_again(gate, NULL);
}

static void one_stays_out(struct gate *gate, const struct refusal *refusal) {
    struct certs_plan plan = refusal->plan;
    if (strcmp(refusal->name, "stranger") == 0)
        plan.folder = stand_pki(gate->stand, "other");
    stays_out(gate, gate_come_by(gate, refusal->name, NULL, plan), refusal->agent_word, refusal->server_word);
}

START_TEST(every_reason_to_refuse_is_said_on_both_sides) {
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    for (size_t i = 0; i < REFUSALS - 1; i++) /* nobody knows the last */
        gate_tool_agent(&gate, "add", refusals[i].name, "--certificate-name", refusals[i].name);
    certs_revoke(gate.pki, NULL);
    gate_open(&gate, "certificate", true);
    for (size_t i = 0; i < REFUSALS; i++) {
        if (strcmp(refusals[i].name, "revoked") == 0)
            revoked_stays_out(&gate, &refusals[i]);
        else
            one_stays_out(&gate, &refusals[i]);
    }
    gate_end(&gate);
}
END_TEST

START_TEST(a_certificate_is_known_by_each_kind_of_name) {
    static const struct {
        const char *name, *written, *names;
    } kinds[] = {{"dns", "Web1.Example", "DNS:web1.example"},
                 {"uri", "spiffe://example/web1", "DNS:other.example, URI:spiffe://example/web1"},
                 {"common", "common", NULL}};
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        gate_tool_agent(&gate, "add", kinds[i].name, "--certificate-name", kinds[i].written);
    gate_tool_agent(&gate, "add", "outside", "--certificate-name", "outside");
    gate_open(&gate, "certificate", false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct process *agent = gate_come_by(&gate, kinds[i].name, "web",
                                             (struct certs_plan){.names = kinds[i].names, .for_clients = true});
        agent_await(&gate.server, 0, kinds[i].name, JOIN_MS);
        ck_assert(socket_echoes(gate.port, ASK_MS));
        stand_end(gate.stand, agent);
    }
    /* Where there are names, the common name is none; and groups belong to the credential. */
    struct process *agent =
        gate_come_by(&gate, "outside", NULL, (struct certs_plan){.names = "DNS:x.example", .for_clients = true});
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "x.example (sha256:", NULL);
    agent = gate_come_by(&gate, "common", "db", certs_client);
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "\\\"common\\\" does not carry the group \\\"db\\\"", NULL);
    gate_end(&gate);
}
END_TEST

/* With the token of init and, unless NULL, with a certificate. */
static struct process *come_with_token(struct gate *gate, const char *name, const char *certificate) {
    const char *token = stand_text(gate->stand, "%s/agent.token", gate->pki);
    if (!certificate)
        return agent_start(&gate->server, name, NULL, NULL);
    struct certs_plan plan = {.folder = gate->pki, .name = certificate, .to_days = GATE_DAYS, .for_clients = true};
    certs_make(&plan);
    return agent_start(&gate->server, name, NULL, "--token-file", token, "--cert",
                       stand_text(gate->stand, "%s/%s.pem", gate->pki, certificate), "--key",
                       stand_text(gate->stand, "%s/%s.key", gate->pki, certificate), NULL);
}

START_TEST(where_both_are_required_one_is_not_enough) {
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    gate_give_certificate(&gate, "mine");
    gate_tool_agent(&gate, "add", "other", "--certificate-name", "others");
    gate_open(&gate, "both", false);
    stays_out(&gate, come_with_token(&gate, "no-certificate", NULL), "asks for a certificate and we have none",
              "shows no certificate");
    struct process *agent = gate_come_by(&gate, "mine", NULL, certs_client);
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    stays_out(&gate, agent, "no token", "no token");
    agent = come_with_token(&gate, "mixed", "others"); /* each is right, but they are two agents' */
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    stays_out(&gate, agent, "not that of", "not that of");
    come_with_token(&gate, "alpha", "mine");
    agent_await(&gate.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(gate.port, ASK_MS));
    gate_end(&gate);
}
END_TEST

START_TEST(where_either_is_enough_one_is_needed) {
    struct gate gate = gate_new(__func__);
    gate_copy_ca(&gate);
    gate_tool_agent(&gate, "add", "mine", "--certificate-name", "mine");
    gate_open(&gate, "either", false);
    struct process *agent =
        stand_run(gate.stand, "nothing", stand_program(gate.stand, "munnel-agent"), "--name", "nothing", "--ca",
                  stand_text(gate.stand, "%s/ca.pem", agent_folder(gate.stand, "ca")),
                  stand_text(gate.stand, "127.0.0.1:%u", gate.server.port), NULL);
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    stays_out(&gate, agent, "and no certificate", "and no certificate");
    struct process *alpha = come_with_token(&gate, "alpha", NULL);
    agent_await(&gate.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(gate.port, ASK_MS));
    stand_end(gate.stand, alpha);
    gate_come_by(&gate, "mine", NULL, certs_client);
    agent_await(&gate.server, 0, "mine", JOIN_MS);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(gate.port, ASK_MS)));
    gate_end(&gate);
}
END_TEST

SCENARIO_MAIN("mtls", SCENARIO(a_certificate_that_munnel_signed_is_enough_until_it_is_revoked, 60),
              SCENARIO(every_reason_to_refuse_is_said_on_both_sides, 90),
              SCENARIO(a_certificate_is_known_by_each_kind_of_name, 60),
              SCENARIO(where_both_are_required_one_is_not_enough, 60),
              SCENARIO(where_either_is_enough_one_is_needed, 60))
