/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reload: certificates and the agents file change under a running server.
 */
#include "config.h"

#include "harness/background_load.h"
#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/live_relay.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MS = 5000, ASK_MS = 5000, SOON_MS = 2000, WRONG_USAGE = 2 };

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    ck_assert_msg(file, "cannot write %s", path);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* --- certificates --- */

enum { RENEWALS = 3, CLIENTS = 3 };

static const char *renew_often(void *context) {
    const struct server *server = context;
    for (unsigned i = 0; i < RENEWALS; i++) {
        size_t mark = process_mark(server->process);
        server_renew(server, i % 2 ? "odd" : "even");
        char *line = process_seek(server->process, mark, LOG_MS, "certificates reloaded", NULL);
        free(line);
        if (!line)
            return "the server did not read its new certificate";
    }
    return NULL;
}

START_TEST(certificates_are_renewed_under_load_and_nothing_is_lost) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct sandbox *sandbox = simple.sandbox;
    struct background_load load = {&simple.server, "echo", simple.port, destination, CLIENTS, 0};
    char old_pin[80], new_pin[80];
    certs_pin(simple.server.pki, "server", old_pin);
    background_load_run(&load, renew_often, &simple.server);
    ck_assert_uint_eq(process_count(simple.server.process, 0, "cannot reload the certificates", NULL), 0);

    /* Who comes now meets the new key. */
    const char *token = server_pki_file(&simple.server, "agent.token"),
               *program = sandbox_program(sandbox, "munnel-agent");
    const char *at = sandbox_text(sandbox, "127.0.0.1:%u", simple.server.port);
    certs_pin(simple.server.pki, "server", new_pin);
    sandbox_run(sandbox, "new", program, "--pin", new_pin, "--token-file", token, "--name", "new", at, NULL);
    agent_await(&simple.server, 0, "new", JOIN_MS);
    struct process *old =
        sandbox_run(sandbox, "old", program, "--pin", old_pin, "--token-file", token, "--name", "old", at, NULL);
    process_await(old, 0, LOG_MS, "not the pinned one", NULL);
    sandbox_free(sandbox);
    destination_free(destination);
}
END_TEST

static int check(const struct server *server, const char *name) {
    struct sandbox *sandbox = server->sandbox;
    return sandbox_do(sandbox, name, sandbox_program(sandbox, "munneld"), "--config", server->file, "--check", NULL);
}

START_TEST(a_world_readable_key_is_refused_everywhere) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    const char *key = server_pki_file(server, "server.key");
    ck_assert_int_eq(check(server, "right"), 0);
    ck_assert_int_eq(chmod(key, 0644), 0);
    process_await(server->process, 0, LOG_MS, "cannot reload the certificates", "server.key", "0644", NULL);
    ck_assert_int_eq(check(server, "wrong"), WRONG_USAGE);
    ck_assert_ptr_nonnull(strstr(sandbox_output(server->sandbox, "wrong"), "server.key"));
    size_t mark = process_mark(server->process);
    ck_assert_int_eq(chmod(key, 0600), 0);
    process_await(server->process, mark, LOG_MS, "certificates reloaded", NULL);
    ck_assert_uint_eq(process_count(server->process, 0, "cannot reload the certificates", NULL), 1);
    live_relay_end(&live_relay);
}
END_TEST

START_TEST(key_of_another_certificate_is_found_and_not_used) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    struct certs_plan plan = {.folder = server->pki,
                              .name = "other",
                              .names = "DNS:localhost, IP:127.0.0.1",
                              .to_days = 90};
    certs_make(&plan);
    ck_assert_int_eq(rename(server_pki_file(server, "other.key"), server_pki_file(server, "server.key")), 0);
    process_await(server->process, 0, LOG_MS, "cannot reload the certificates", "is not the key of", NULL);
    ck_assert_int_eq(check(server, "check"), WRONG_USAGE);
    ck_assert_ptr_nonnull(strstr(sandbox_output(server->sandbox, "check"), "is not the key of"));
    agent_join(server, "beta", NULL); /* by the old pair */
    live_relay_end(&live_relay);
}
END_TEST

START_TEST(certificate_that_ends_soon_is_announced) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    struct certs_plan plan = {.folder = server->pki, .name = "short", .names = "IP:127.0.0.1", .to_days = 6};
    certs_make(&plan);
    ck_assert_int_eq(rename(server_pki_file(server, "short.pem"), server_pki_file(server, "server.pem")), 0);
    ck_assert_int_eq(rename(server_pki_file(server, "short.key"), server_pki_file(server, "server.key")), 0);
    process_await(server->process, 0, LOG_MS, "\"warning\"", "server.pem expires in ", NULL);
    live_relay_end(&live_relay);
}
END_TEST

/* --- the agents file --- */

static void tool(struct server *server, const char *command) {
    struct sandbox *sandbox = server->sandbox;
    const char *line = sandbox_text(sandbox, "umask 077; exec '%s' agent %s --config '%s' >'%s/code'",
                                    sandbox_program(sandbox, "munnel"), command, server->file, sandbox_folder(sandbox));
    int code = sandbox_do(sandbox, "tool", "sh", "-c", line, NULL);
    ck_assert_msg(code == 0, "%s: %s", command, sandbox_output(sandbox, "tool"));
}

START_TEST(agent_is_added_and_revoked_while_all_runs) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    struct sandbox *sandbox = server->sandbox;
    tool(server, sandbox_text(sandbox, "add beta --server 127.0.0.1:%u", server->port));
    sandbox_end(sandbox, live_relay.simple.agent); /* so that beta alone serves */
    ck_assert_int_eq(socket_wait_end(live_relay.client, ASK_MS), END_RESET);
    struct process *beta =
        agent_start(server, "beta", NULL, "--join", sandbox_text(sandbox, "%s/code", sandbox_folder(sandbox)), NULL);
    agent_await(server, 0, "beta", SOON_MS + LOG_MS);
    int client = socket_client(live_relay.simple.port);
    ck_assert(socket_converse(client, "by beta", ASK_MS));

    uint64_t deadline = deadline_in(SOON_MS);
    tool(server, "revoke beta");
    ck_assert_int_eq(socket_wait_end(client, deadline_left(deadline)), END_RESET);
    process_await(server->process, 0, LOG_MS, "agent beta", "disconnected", "its credential was revoked", NULL);
    process_await(beta, 0, LOG_MS, "the server rejected this agent", NULL);
    ck_assert_msg(HOLDS_WITHIN(LOG_MS, live_of(server->process).links == 0), "links of the revoked agent are left");
    ck_assert_uint_eq(live_of(server->process).relays, 0);

    close(client);
    close(live_relay.client);
    agent_start(server, "gamma", NULL, "--token-file", server_pki_file(server, "agent.token"), NULL);
    agent_await(server, 0, "gamma", JOIN_MS); /* who was not revoked is not concerned */
    live_relay.client = socket_client(live_relay.simple.port);
    ck_assert(socket_converse(live_relay.client, "before", ASK_MS));
    live_relay_end(&live_relay);
}
END_TEST

START_TEST(a_broken_agents_file_changes_nothing_and_is_logged_once) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    char all[4096] = "";
    FILE *file = fopen(server_pki_file(server, "agents.json"), "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(all, 1, sizeof all - 1, file), 0);
    fclose(file);
    write_text(server_pki_file(server, "agents.json"), "{\n  \"agents\": [ nonsense ]\n}\n");
    process_await(server->process, 0, LOG_MS, "cannot reload the agents file", "agents.json:2:", NULL);
    agent_join(server, "beta", NULL); /* by what was read before */
    write_text(server_pki_file(server, "agents.json"), all);
    process_await(server->process, 0, LOG_MS, "agents file reloaded, 1 credential\"", NULL);
    ck_assert_uint_eq(process_count(server->process, 0, "cannot reload the agents file", NULL), 1);
    live_relay_end(&live_relay);
}
END_TEST

START_TEST(storm_of_signals_is_a_reload_a_second) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct process *server = live_relay.simple.server.process;
    uint64_t begun = now_ms();
    for (int i = 0; i < 2000; i++) {
        process_signal(server, SIGHUP);
        if (i % 100 == 0)
            ck_assert(socket_echoes(live_relay.simple.port, ASK_MS));
    }
    process_await(server, 0, LOG_MS, "agents file reloaded", NULL);
    unsigned most = (unsigned)((now_ms() - begun) / 1000) + 2;
    ck_assert_uint_le(process_count(server, 0, "reloading the configuration", NULL), most);
    live_relay_end(&live_relay);
}
END_TEST

SCENARIO_MAIN("reload", SCENARIO(certificates_are_renewed_under_load_and_nothing_is_lost, 60),
              SCENARIO(a_world_readable_key_is_refused_everywhere, 30),
              SCENARIO(key_of_another_certificate_is_found_and_not_used, 30),
              SCENARIO(certificate_that_ends_soon_is_announced, 30),
              SCENARIO(agent_is_added_and_revoked_while_all_runs, 40),
              SCENARIO(a_broken_agents_file_changes_nothing_and_is_logged_once, 30),
              SCENARIO(storm_of_signals_is_a_reload_a_second, 30))
