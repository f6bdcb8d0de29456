/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mtls: agents that prove themselves by certificates: who gets in, who does not, and what both sides say.
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
#include <unistd.h>

enum { ASK_MS = 5000, SAYS_MS = 10000, TURNED_AWAY = 3, TO_DAYS = 30 };

struct gate { /* a server with a service of the group "web" */
    struct stand *stand;
    struct server server;
    struct destination *echo;
    uint16_t port;
    const char *pki, *tool;
    const char *client_ca; /* NULL: that of the server itself */
    struct rest before;
};

static struct gate gate_new(const char *name) {
    struct gate gate = {.stand = stand_new(name), .port = port_take()};
    gate.pki = stand_pki(gate.stand, "pki");
    gate.tool = stand_program(gate.stand, "munnel");
    gate.echo = destination_start(serve_echo, NULL);
    return gate;
}

static void gate_open(struct gate *gate, const char *require, bool has_list) {
    const char *tls = stand_text(gate->stand, ", 'client_ca': '%s'%s", gate->client_ca ? gate->client_ca : "pki/ca.pem",
                                 has_list ? ", 'crl': 'pki/ca.crl'" : "");
    struct server_plan plan = {.services = service_to(gate->stand, "echo", gate->port, destination_port(gate->echo),
                                                      "'group': 'web',"),
                               .tls = tls,
                               .agents = "'unauthenticated': { 'penalty': 0 },", /* attempts follow each other here */
                               .auth = stand_text(gate->stand, ", 'require': '%s'", require)};
    gate->server = server_start(gate->stand, plan);
    gate->before = rest_of(gate->server.process);
}

static void gate_end(struct gate *gate) {
    destination_free(gate->echo);
    stand_free(gate->stand);
}

/* munnel agent WHAT NAME --group web MORE MORE, on the agents file. */
static void tool_agent(struct gate *gate, const char *what, const char *name, const char *option, const char *value) {
    const char *label = stand_text(gate->stand, "%s-%s", what, name);
    const char *agents = stand_text(gate->stand, "%s/agents.json", gate->pki);
    int code = option ? stand_do(gate->stand, label, gate->tool, "agent", what, name, "--agents", agents, option, value,
                                 "--group", "web", NULL)
                      : stand_do(gate->stand, label, gate->tool, "agent", what, name, "--agents", agents, NULL);
    ck_assert_msg(code == 0, "munnel agent %s: %s", what, stand_output(gate->stand, label));
}

/* A certificate in the pki folder, for clients unless `made` says other, and an agent that shows it and nothing else.
 */
static struct process *come_by(struct gate *gate, const char *name, const char *group, struct certs_plan made) {
    struct stand *stand = gate->stand;
    made.name = name;
    made.folder = made.folder ? made.folder : gate->pki;
    made.to_days = made.to_days ? made.to_days : TO_DAYS;
    certs_make(&made);
    return stand_run(stand, stand_text(stand, "agent-%s", name), stand_program(stand, "munnel-agent"), "--log-format",
                     "json", "--name", name, "--ca", stand_text(stand, "%s/ca.pem", agent_folder(stand, "ca")),
                     "--cert", stand_text(stand, "%s/%s.pem", made.folder, name), "--key",
                     stand_text(stand, "%s/%s.key", made.folder, name),
                     stand_text(stand, "127.0.0.1:%u", gate->server.port), group, NULL);
}

/* Agents of come_by() know the server by a copy of its CA that no token lies beside. */
static void copy_ca(struct gate *gate) {
    ck_assert_int_eq(stand_do(gate->stand, "copy-ca", "cp", stand_text(gate->stand, "%s/ca.pem", gate->pki),
                              agent_folder(gate->stand, "ca"), NULL),
                     0);
}

static const struct certs_plan client = {.for_clients = true};

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
    tool_agent(&gate, "add", "web1", "--certificate", folder);
    gate_open(&gate, "certificate", false);
    struct process *agent = stand_run(gate.stand, "agent", stand_program(gate.stand, "munnel-agent"), "--log-format",
                                      "json", "--name", "alpha", "--ca", stand_text(gate.stand, "%s/ca.pem", folder),
                                      stand_text(gate.stand, "127.0.0.1:%u", gate.server.port), NULL);
    agent_await(&gate.server, 0, "alpha", JOIN_MS);
    process_await(gate.server.process, 0, ASK_MS, "\"joined\"", "\"credential\":\"web1\"", "web1 (sha256:", NULL);
    ck_assert(socket_echoes(gate.port, ASK_MS));
    size_t mark = process_mark(gate.server.process);
    tool_agent(&gate, "revoke", "web1", NULL, NULL);
    process_await(gate.server.process, mark, SAYS_MS, "agent alpha", "revoked", NULL);
    process_await(agent, 0, SAYS_MS, "is no agent's here", NULL); /* it comes again, and stays outside */
    ck_assert(!process_is_over(agent));
    stand_end(gate.stand, agent);
    rest_await(gate.server.process, &gate.before, 8000);
    gate_end(&gate);
}
END_TEST

START_TEST(every_reason_to_refuse_is_said_on_both_sides) {
    static const struct {
        const char *name;
        struct certs_plan plan;
        const char *agent_word, *server_word;
    } wrong[] = {
        {"expired", {.from_days = -9, .to_days = -1, .for_clients = true}, "certificate: expired", "has expired"},
        {"early", {.from_days = 2, .to_days = 9, .for_clients = true}, "refused our certificate", "not yet valid"},
        {"purpose", {.for_clients = false}, "wrong purpose", "wrong purpose"},
        {"stranger", {.for_clients = true}, "unknown ca", "signed by an authority"},
        {"revoked", {.for_clients = true}, "certificate: revoked", "has been revoked"},
        {"selfmade", {.for_clients = true, .self_signed = true}, "unknown ca", "self-signed"},
        {"nul",
         {.for_clients = true, .common_with_nul = "nul#.evil.example"},
         "is no agent's here",
         "is no agent's here"},
        {"nulls",
         {.for_clients = true, .dns_with_nul = "nulls#.evil.example"},
         "is no agent's here",
         "is no agent's here"},
        {"nobody", {.for_clients = true}, "nobody (sha256:", "nobody (sha256:"},
    };
    struct gate gate = gate_new(__func__);
    copy_ca(&gate);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong - 1; i++)
        tool_agent(&gate, "add", wrong[i].name, "--certificate-name", wrong[i].name);
    certs_revoke(gate.pki, NULL);
    gate_open(&gate, "certificate", true);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct certs_plan plan = wrong[i].plan;
        if (strcmp(wrong[i].name, "stranger") == 0)
            plan.folder = stand_pki(gate.stand, "other");
        if (strcmp(wrong[i].name, "revoked") == 0) {
            plan.name = "revoked";
            plan.folder = gate.pki;
            plan.to_days = TO_DAYS;
            certs_make(&plan); /* all of these have the same serial number, which is what a list names */
            size_t mark = process_mark(gate.server.process);
            certs_revoke(gate.pki, "revoked");
            process_await(gate.server.process, mark, SAYS_MS, "certificates again", NULL);
            stays_out(&gate, come_by(&gate, "revoked", NULL, client), wrong[i].agent_word, wrong[i].server_word);
            mark = process_mark(gate.server.process);
            certs_revoke(gate.pki, NULL);
            process_await(gate.server.process, mark, SAYS_MS, "certificates again", NULL);
            continue;
        }
        struct process *agent = come_by(&gate, wrong[i].name, NULL, plan);
        stays_out(&gate, agent, wrong[i].agent_word, wrong[i].server_word);
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
    copy_ca(&gate);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        tool_agent(&gate, "add", kinds[i].name, "--certificate-name", kinds[i].written);
    tool_agent(&gate, "add", "outside", "--certificate-name", "outside");
    gate_open(&gate, "certificate", false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct process *agent =
            come_by(&gate, kinds[i].name, "web", (struct certs_plan){.names = kinds[i].names, .for_clients = true});
        agent_await(&gate.server, 0, kinds[i].name, JOIN_MS);
        ck_assert(socket_echoes(gate.port, ASK_MS));
        stand_end(gate.stand, agent);
    }
    /* Where there are names, the common name is none; and groups belong to the credential. */
    struct process *agent =
        come_by(&gate, "outside", NULL, (struct certs_plan){.names = "DNS:x.example", .for_clients = true});
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "x.example (sha256:", NULL);
    agent = come_by(&gate, "common", "db", client);
    ck_assert_int_eq(process_wait(agent, SAYS_MS), TURNED_AWAY);
    process_await(agent, 0, ASK_MS, "\\\"common\\\" does not carry the group \\\"db\\\"", NULL);
    gate_end(&gate);
}
END_TEST

/* Replaces the first `old` in the agents file by `new_text`. */
static void edit_agents(struct gate *gate, const char *old, const char *new_text) {
    static char text[65536];
    const char *path = stand_text(gate->stand, "%s/agents.json", gate->pki);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, old);
    ck_assert_msg(at != NULL, "%s is not in %s", old, text);
    stand_write(gate->stand, "pki/agents.json",
                stand_text(gate->stand, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old)), false);
}

/* The agent "default" of munnel init has a token; now it has the certificate `name` as well. */
static void give_certificate(struct gate *gate, const char *name) {
    edit_agents(gate, "\"name\": \"default\",",
                stand_text(gate->stand, "\"name\": \"default\", \"certificate\": \"%s\",", name));
}

/* With the token of init and, unless NULL, with a certificate. */
static struct process *come_with_token(struct gate *gate, const char *name, const char *certificate) {
    const char *token = stand_text(gate->stand, "%s/agent.token", gate->pki);
    if (!certificate)
        return agent_start(&gate->server, name, NULL, NULL);
    struct certs_plan plan = {.folder = gate->pki, .name = certificate, .to_days = TO_DAYS, .for_clients = true};
    certs_make(&plan);
    return agent_start(&gate->server, name, NULL, "--token-file", token, "--cert",
                       stand_text(gate->stand, "%s/%s.pem", gate->pki, certificate), "--key",
                       stand_text(gate->stand, "%s/%s.key", gate->pki, certificate), NULL);
}

START_TEST(where_both_are_required_one_is_not_enough) {
    struct gate gate = gate_new(__func__);
    copy_ca(&gate);
    give_certificate(&gate, "mine");
    tool_agent(&gate, "add", "other", "--certificate-name", "others");
    gate_open(&gate, "both", false);
    stays_out(&gate, come_with_token(&gate, "no-certificate", NULL), "asks for a certificate and we have none",
              "shows no certificate");
    struct process *agent = come_by(&gate, "mine", NULL, client);
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
    copy_ca(&gate);
    tool_agent(&gate, "add", "mine", "--certificate-name", "mine");
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
    come_by(&gate, "mine", NULL, client);
    agent_await(&gate.server, 0, "mine", JOIN_MS);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(gate.port, ASK_MS)));
    gate_end(&gate);
}
END_TEST

/* A list that comes while an agent is connected counts for it, too; so does a change of its entry. */
START_TEST(who_loses_the_certificate_is_cut_off) {
    struct gate gate = gate_new(__func__);
    copy_ca(&gate);
    tool_agent(&gate, "add", "one", "--certificate-name", "one");
    tool_agent(&gate, "add", "two", "--certificate-name", "two");
    certs_revoke(gate.pki, NULL);
    gate_open(&gate, "certificate", true);
    come_by(&gate, "two", NULL, client);
    agent_await(&gate.server, 0, "two", JOIN_MS);
    size_t mark = process_mark(gate.server.process);
    edit_agents(&gate, "\"certificate\": \"two\"", "\"certificate\": \"three\"");
    process_await(gate.server.process, mark, SAYS_MS, "agent two", "not that of its credential any more", NULL);
    come_by(&gate, "one", NULL, client);
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
    copy_ca(&gate);
    tool_agent(&gate, "add", "one", "--certificate-name", "one");
    tool_agent(&gate, "add", "two", "--certificate-name", "two");
    shell(
        &gate, "second",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout second.key -out second.pem -subj "
        "/CN=second -days 30");
    sign(&gate, "between", "second", "basicConstraints=critical,CA:true\\nkeyUsage=keyCertSign\\n");
    sign(&gate, "two", "between", "extendedKeyUsage=clientAuth\\n");
    shell(&gate, "chain", "cat between.pem >> two.pem && cat ca.pem second.pem > trusted.pem");
    gate.client_ca = "pki/trusted.pem";
    gate_open(&gate, "certificate", false);
    come_by(&gate, "one", NULL, client);
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
    give_certificate(&gate, "mine");
    struct certs_plan plan = {.folder = gate.pki, .name = "mine", .to_days = TO_DAYS, .for_clients = true};
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
    ck_assert_uint_eq(process_count(agent, 0, "handshake by certificate", NULL), 1);
    ck_assert_uint_ge(process_count(agent, 0, "handshake by the session's key", NULL), 2);
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

SCENARIO_MAIN("mtls", SCENARIO(a_certificate_that_munnel_signed_is_enough_until_it_is_revoked, 60),
              SCENARIO(every_reason_to_refuse_is_said_on_both_sides, 90),
              SCENARIO(a_certificate_is_known_by_each_kind_of_name, 60),
              SCENARIO(where_both_are_required_one_is_not_enough, 60),
              SCENARIO(where_either_is_enough_one_is_needed, 60), SCENARIO(who_loses_the_certificate_is_cut_off, 60),
              SCENARIO(who_came_by_an_authority_that_is_gone_is_cut_off, 60),
              SCENARIO(data_links_show_no_certificate_and_end_with_it, 60))
