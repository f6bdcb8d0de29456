/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credentials: every place where an agent may have its token or its certificate: with the right one there it is
 * let in, with a wrong one or none it is not, and both sides log why.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_PENALTY "'unauthenticated': { 'penalty': 0 },"

enum { ASK_MS = 5000, LOG_MS = 10000, REST_MS = 8000, TURNED_AWAY = 3 };

/* ---- a machine for each agent: its home is its state folder, and holds the CA and the credentials folder ---- */

struct machine {
    struct server *server;
    const char *name, *home;
};

static struct machine machine_new(struct server *server, const char *name) {
    struct sandbox *sandbox = server->sandbox;
    struct machine machine = {.server = server, .name = name, .home = sandbox_path(sandbox, "home-%s", name)};
    const char *ca = sandbox_text(sandbox, "%s/ca.pem", server->pki),
               *folder = sandbox_text(sandbox, "%s/ca", machine.home);
    ck_assert(mkdir(machine.home, 0700) == 0 && mkdir(folder, 0700) == 0);
    ck_assert_int_eq(mkdir(sandbox_text(sandbox, "%s/manager", machine.home), 0700), 0);
    ck_assert_int_eq(sandbox_do(sandbox, "copy", "cp", ca, folder, NULL), 0);
    return machine;
}

/* Options, up to four of them, come behind its name and the server's CA and address. */
static struct process *machine_run(const struct machine *machine, const char *const options[4]) {
    struct sandbox *sandbox = machine->server->sandbox;
    const char *const environment[] = {sandbox_text(sandbox, "STATE_DIRECTORY=%s", machine->home),
                                       sandbox_text(sandbox, "HOME=%s", machine->home),
                                       sandbox_text(sandbox, "CREDENTIALS_DIRECTORY=%s/manager", machine->home), NULL};
    const char *const arguments[] = {sandbox_program(sandbox, "munnel-agent"),
                                     "--log-format",
                                     "json",
                                     "--name",
                                     machine->name,
                                     "--ca",
                                     sandbox_text(sandbox, "%s/ca/ca.pem", machine->home),
                                     sandbox_text(sandbox, "127.0.0.1:%u", machine->server->port),
                                     options[0],
                                     options[1],
                                     options[2],
                                     options[3],
                                     NULL};
    return sandbox_run_plan(sandbox, (struct process_plan){.name = machine->name,
                                                           .arguments = arguments,
                                                           .environment = environment,
                                                           .folder = machine->home});
}

/* ---- the places; %s in an option or a file's text is the machine's home ---- */

static const struct place {
    const char *name, *file;     /* where the credential is put: FILE.token, or FILE.pem and FILE.key */
    const char *config;          /* the content of agent.json, which the agent then gets by --config */
    const char *option, *second; /* with a value of its own each */
} places_of_tokens[] =
    {
        {"option", "any", NULL, "--token-file", NULL},
        {"config", "any", "{ 'token_file': 'any.token' }", "--config", NULL},
        {"manager", "manager/agent", NULL, NULL, NULL},
        {"state", "agent", NULL, NULL, NULL},
        {"beside-ca", "ca/agent", NULL, NULL, NULL},
},
  places_of_certificates[] = {
      {"option", "any", NULL, "--cert", "--key"},
      {"config", "any", "{ 'cert': 'any.pem', 'key': 'any.key' }", "--config", NULL},
      {"manager", "manager/agent", NULL, NULL, NULL},
      {"state", "agent", NULL, NULL, NULL},
      {"beside-ca", "ca/agent", NULL, NULL, NULL},
};

static struct process *place_run(const struct machine *machine, const struct place *place) {
    struct sandbox *sandbox = machine->server->sandbox;
    const char *any = sandbox_text(sandbox, "%s/%s", machine->home, place->file);
    const char *options[4] = {place->option};
    if (place->config)
        options[1] =
            sandbox_write(sandbox, sandbox_text(sandbox, "home-%s/agent.json", machine->name), place->config, true);
    else if (place->second) {
        options[1] = sandbox_text(sandbox, "%s.pem", any);
        options[2] = place->second;
        options[3] = sandbox_text(sandbox, "%s.key", any);
    } else if (place->option)
        options[1] = sandbox_text(sandbox, "%s.token", any);
    return machine_run(machine, options);
}

/* It joins; it does not, and both sides log why. Nothing is left of it. */
static void is_let_in(struct server *server, struct process *agent, const char *name) {
    agent_await(server, 0, name, JOIN_MS);
    agent_await_warm(server, agent); /* links that come too late would be refused, and that logged */
    sandbox_end(server->sandbox, agent);
}

static void is_refused(struct server *server, struct process *agent, const char *agent_word, const char *server_word) {
    process_await(agent, 0, LOG_MS, agent_word, NULL);
    process_await(server->process, 0, LOG_MS, server_word, NULL);
    ck_assert_uint_eq(process_count(server->process, 0,
                                    sandbox_text(server->sandbox, "\"agent %s\"", process_name(agent)), "\"joined\"",
                                    NULL),
                      0);
    sandbox_end(server->sandbox, agent);
}

static struct server start(struct sandbox *sandbox, const char *tls, const char *auth) {
    return server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "echo", port_take(), 9, NULL),
                                                      .agents = NO_PENALTY,
                                                      .tls = tls,
                                                      .auth = auth});
}

static const char *token_of(struct sandbox *sandbox, const char *pki) {
    char text[256] = "";
    FILE *file = fopen(sandbox_text(sandbox, "%s/agent.token", pki), "r");
    ck_assert(file && fgets(text, sizeof text, file));
    fclose(file);
    return sandbox_text(sandbox, "%s", text);
}

/* With its last digit changed: 63 of 64 are right. */
static const char *nearly(struct sandbox *sandbox, const char *token) {
    char *text = (char *)sandbox_text(sandbox, "%s", token), *last = text + strcspn(text, "\n") - 1;
    *last = *last == '0' ? '1' : '0';
    return text;
}

static void put_token(const struct machine *machine, const struct place *place, const char *token) {
    struct sandbox *sandbox = machine->server->sandbox;
    sandbox_write(sandbox, sandbox_text(sandbox, "home-%s/%s.token", machine->name, place->file), token, false);
}

START_TEST(a_token_counts_in_each_of_its_places) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct server server = start(sandbox, NULL, ", 'require': 'token'");
    const char *token = token_of(sandbox, server.pki);
    struct machine none = machine_new(&server, "nobody");
    is_refused(&server, machine_run(&none, (const char *[4]){NULL}), "no token", "no token");
    struct usage before = usage_of(server.process);
    for (size_t i = 0; i < sizeof places_of_tokens / sizeof *places_of_tokens; i++) {
        const struct place *place = &places_of_tokens[i];
        struct machine wrong = machine_new(&server, sandbox_text(sandbox, "wrong-%s", place->name)),
                       right = machine_new(&server, sandbox_text(sandbox, "right-%s", place->name));
        put_token(&wrong, place, nearly(sandbox, token));
        struct process *agent = place_run(&wrong, place);
        ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
        is_refused(&server, agent, "unknown, wrong or expired",
                   sandbox_text(sandbox, "\"agent %s\",\"event\":\"rejected\"", wrong.name));
        put_token(&right, place, token);
        is_let_in(&server, place_run(&right, place), right.name);
    }
    usage_await(server.process, &before, REST_MS);
    sandbox_free(sandbox);
}
END_TEST

static void put_certificate(const struct machine *machine, const struct place *place, const char *pki) {
    struct sandbox *sandbox = machine->server->sandbox;
    for (int i = 0; i < 2; i++) {
        const char *ending = i ? "key" : "pem";
        ck_assert_int_eq(sandbox_do(sandbox, "copy", "cp", sandbox_text(sandbox, "%s/mine.%s", pki, ending),
                                    sandbox_text(sandbox, "%s/%s.%s", machine->home, place->file, ending), NULL),
                         0);
    }
}

START_TEST(a_certificate_counts_in_each_of_its_places) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *pki = sandbox_pki(sandbox, "pki"), *other = sandbox_pki(sandbox, "other");
    certs_make(&(struct certs_plan){.folder = pki, .name = "mine", .to_days = 30, .for_clients = true});
    certs_make(&(struct certs_plan){.folder = other, .name = "mine", .to_days = 30, .for_clients = true});
    ck_assert_int_eq(sandbox_do(sandbox, "add", sandbox_program(sandbox, "munnel"), "agent", "add", "mine", "--agents",
                                sandbox_text(sandbox, "%s/agents.json", pki), "--certificate-name", "mine", NULL),
                     0);
    struct server server = start(sandbox, ", 'client_ca': 'pki/ca.pem'", ", 'require': 'certificate'");
    struct machine none = machine_new(&server, "nobody");
    is_refused(&server, machine_run(&none, (const char *[4]){NULL}), "asks for a certificate and we have none",
               "shows no certificate");
    struct usage before = usage_of(server.process);
    for (size_t i = 0; i < sizeof places_of_certificates / sizeof *places_of_certificates; i++) {
        const struct place *place = &places_of_certificates[i];
        struct machine wrong = machine_new(&server, sandbox_text(sandbox, "wrong-%s", place->name)),
                       right = machine_new(&server, sandbox_text(sandbox, "right-%s", place->name));
        put_certificate(&wrong, place, other);
        is_refused(&server, place_run(&wrong, place), "unknown_ca", "signed by an authority");
        put_certificate(&right, place, pki);
        is_let_in(&server, place_run(&right, place), right.name);
    }
    usage_await(server.process, &before, REST_MS);
    sandbox_free(sandbox);
}
END_TEST

/* A token names its credential: with another's name it is refused; so is one that has expired. */
START_TEST(a_token_is_its_own_agent_s_for_its_own_time) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *pki = sandbox_pki(sandbox, "pki"), *tool = sandbox_program(sandbox, "munnel");
    const char *agents = sandbox_text(sandbox, "%s/agents.json", pki), *token = token_of(sandbox, pki);
    ck_assert_int_eq(sandbox_do(sandbox, "add", tool, "agent", "add", "web1", "--agents", agents, NULL), 0);
    ck_assert_int_eq(sandbox_do(sandbox, "short", tool, "agent", "add", "short", "--expires", "3s", "--agents", agents,
                                NULL),
                     0);
    const char *code =
        sandbox_write(sandbox, "short.code", strstr(sandbox_output(sandbox, "short"), "munnel1."), false);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "echo", port_take(), 9, NULL),
                                                   .agents = "'unauthenticated': {'penalty': 0},"});
    const char *stolen =
        sandbox_write(sandbox, "stolen.token", sandbox_text(sandbox, "web1%s", strchr(token, ':')), false);
    struct process *agent = agent_start(&server, "thief", NULL, "--token-file", stolen, NULL);
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    process_await(server.process, 0, ASK_MS, "agent thief", "unknown, wrong or expired", NULL);
    struct machine machine = machine_new(&server, "late");
    agent = machine_run(&machine, (const char *[4]){"--join", code});
    process_await(server.process, 0, LOG_MS, "agent late", "expired", NULL); /* at once, or when it is over */
    process_await(agent, 0, 2 * LOG_MS, "unknown, wrong or expired", NULL);
    sandbox_free(sandbox);
}
END_TEST

/* It needs no token, so it could not prove that it knows one: an agent that offered it would turn away for good. */
START_TEST(a_server_without_authentication_is_served_despite_another_server_s_stored_token) {
    struct attacked_server open =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true, .no_agent = true});
    const char *state = sandbox_pki(open.sandbox, "state"); /* STATE_DIRECTORY: with the authority it was made by */
    ck_assert_int_eq(access(sandbox_text(open.sandbox, "%s/agent.token", state), R_OK), 0);
    ck_assert_int_eq(access(sandbox_text(open.sandbox, "%s/ca.pem", state), R_OK), 0);
    agent_join(&open.server, "alpha", NULL);
    ck_assert(socket_echoes(open.port, ASK_MS));
    destination_free(open.echo);
    sandbox_free(open.sandbox);
}
END_TEST

SCENARIO_MAIN("credentials", SCENARIO(a_token_counts_in_each_of_its_places, 60),
              SCENARIO(a_certificate_counts_in_each_of_its_places, 60),
              SCENARIO(a_token_is_its_own_agent_s_for_its_own_time, 60),
              SCENARIO(a_server_without_authentication_is_served_despite_another_server_s_stored_token, 60))
