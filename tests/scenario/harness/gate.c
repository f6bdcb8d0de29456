/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * gate: see gate.h.
 */
#include "config.h"

#include "harness/gate.h"

#include "harness/port.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

const struct certs_plan certs_client = {.for_clients = true};

struct gate gate_new(const char *name) {
    struct gate gate = {.stand = stand_new(name), .port = port_take()};
    gate.pki = stand_pki(gate.stand, "pki");
    gate.tool = stand_program(gate.stand, "munnel");
    gate.echo = destination_start(serve_echo, NULL);
    return gate;
}

void gate_open(struct gate *gate, const char *require, bool has_list) {
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

void gate_end(struct gate *gate) {
    destination_free(gate->echo);
    stand_free(gate->stand);
}

void gate_tool_agent(struct gate *gate, const char *what, const char *name, const char *option, const char *value) {
    const char *label = stand_text(gate->stand, "%s-%s", what, name);
    const char *agents = stand_text(gate->stand, "%s/agents.json", gate->pki);
    int code = option ? stand_do(gate->stand, label, gate->tool, "agent", what, name, "--agents", agents, option, value,
                                 "--group", "web", NULL)
                      : stand_do(gate->stand, label, gate->tool, "agent", what, name, "--agents", agents, NULL);
    ck_assert_msg(code == 0, "munnel agent %s: %s", what, stand_output(gate->stand, label));
}

struct process *gate_come_by(struct gate *gate, const char *name, const char *group, struct certs_plan made) {
    struct stand *stand = gate->stand;
    made.name = name;
    made.folder = made.folder ? made.folder : gate->pki;
    made.to_days = made.to_days ? made.to_days : GATE_DAYS;
    certs_make(&made);
    return stand_run(stand, stand_text(stand, "agent-%s", name), stand_program(stand, "munnel-agent"), "--log-format",
                     "json", "--name", name, "--ca", stand_text(stand, "%s/ca.pem", agent_folder(stand, "ca")),
                     "--cert", stand_text(stand, "%s/%s.pem", made.folder, name), "--key",
                     stand_text(stand, "%s/%s.key", made.folder, name),
                     stand_text(stand, "127.0.0.1:%u", gate->server.port), group, NULL);
}

void gate_copy_ca(struct gate *gate) {
    ck_assert_int_eq(stand_do(gate->stand, "copy-ca", "cp", stand_text(gate->stand, "%s/ca.pem", gate->pki),
                              agent_folder(gate->stand, "ca"), NULL),
                     0);
}

void gate_edit_agents(struct gate *gate, const char *old, const char *new_text) {
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

void gate_give_certificate(struct gate *gate, const char *name) {
    gate_edit_agents(gate, "\"name\": \"default\",",
                     stand_text(gate->stand, "\"name\": \"default\", \"certificate\": \"%s\",", name));
}
