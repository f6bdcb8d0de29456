/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mtls_server: see mtls_server.h.
 */
#include "config.h"

#include "harness/mtls_server.h"

#include "harness/port.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

const struct certs_plan certs_client = {.for_clients = true};

struct mtls_server mtls_server_new(const char *name) {
    struct mtls_server mtls_server = {.sandbox = sandbox_new(name), .port = port_take()};
    mtls_server.pki = sandbox_pki(mtls_server.sandbox, "pki");
    mtls_server.tool = sandbox_program(mtls_server.sandbox, "munnel");
    mtls_server.echo = destination_start(handle_echo, NULL);
    return mtls_server;
}

void mtls_server_start(struct mtls_server *mtls_server, const char *require, bool has_list) {
    const char *tls = sandbox_text(mtls_server->sandbox, ", 'client_ca': '%s'%s",
                                   mtls_server->client_ca ? mtls_server->client_ca : "pki/ca.pem",
                                   has_list ? ", 'crl': 'pki/ca.crl'" : "");
    struct server_plan plan = {.services = service_to(mtls_server->sandbox, "echo", mtls_server->port,
                                                      destination_port(mtls_server->echo), "'group': 'web',"),
                               .tls = tls,
                               .agents = "'unauthenticated': { 'penalty': 0 },", /* attempts follow each other here */
                               .auth = sandbox_text(mtls_server->sandbox, ", 'require': '%s'", require)};
    mtls_server->server = server_start(mtls_server->sandbox, plan);
    mtls_server->before = usage_of(mtls_server->server.process);
}

void mtls_server_end(struct mtls_server *mtls_server) {
    destination_free(mtls_server->echo);
    sandbox_free(mtls_server->sandbox);
}

void mtls_server_tool_agent(struct mtls_server *mtls_server, const char *what, const char *name, const char *option,
                            const char *value) {
    const char *label = sandbox_text(mtls_server->sandbox, "%s-%s", what, name);
    const char *agents = sandbox_text(mtls_server->sandbox, "%s/agents.json", mtls_server->pki);
    int code = option ? sandbox_do(mtls_server->sandbox, label, mtls_server->tool, "agent", what, name, "--agents",
                                   agents, option, value, "--group", "web", NULL)
                      : sandbox_do(mtls_server->sandbox, label, mtls_server->tool, "agent", what, name, "--agents",
                                   agents, NULL);
    ck_assert_msg(code == 0, "munnel agent %s: %s", what, sandbox_output(mtls_server->sandbox, label));
}

struct process *mtls_server_join(struct mtls_server *mtls_server, const char *name, const char *group,
                                 struct certs_plan made) {
    struct sandbox *sandbox = mtls_server->sandbox;
    made.name = name;
    made.folder = made.folder ? made.folder : mtls_server->pki;
    made.to_days = made.to_days ? made.to_days : MTLS_SERVER_DAYS;
    certs_make(&made);
    return sandbox_run(sandbox, sandbox_text(sandbox, "agent-%s", name), sandbox_program(sandbox, "munnel-agent"),
                       "--log-format", "json", "--name", name, "--ca",
                       sandbox_text(sandbox, "%s/ca.pem", agent_folder(sandbox, "ca")), "--cert",
                       sandbox_text(sandbox, "%s/%s.pem", made.folder, name), "--key",
                       sandbox_text(sandbox, "%s/%s.key", made.folder, name),
                       sandbox_text(sandbox, "127.0.0.1:%u", mtls_server->server.port), group, NULL);
}

void mtls_server_copy_ca(struct mtls_server *mtls_server) {
    ck_assert_int_eq(sandbox_do(mtls_server->sandbox, "copy-ca", "cp",
                                sandbox_text(mtls_server->sandbox, "%s/ca.pem", mtls_server->pki),
                                agent_folder(mtls_server->sandbox, "ca"), NULL),
                     0);
}

void mtls_server_edit_agents(struct mtls_server *mtls_server, const char *old, const char *new_text) {
    static char text[65536];
    const char *path = sandbox_text(mtls_server->sandbox, "%s/agents.json", mtls_server->pki);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, old);
    ck_assert_msg(at, "%s is not in %s", old, text);
    sandbox_write(mtls_server->sandbox, "pki/agents.json",
                  sandbox_text(mtls_server->sandbox, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old)),
                  false);
}

void mtls_server_give_certificate(struct mtls_server *mtls_server, const char *name) {
    mtls_server_edit_agents(mtls_server, "\"name\": \"default\",",
                            sandbox_text(mtls_server->sandbox, "\"name\": \"default\", \"certificate\": \"%s\",",
                                         name));
}
