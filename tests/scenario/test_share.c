/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_share: ports of an agent's machine under addresses of the server: "munnel-agent --publish", and "munnel share"
 * by the agent that runs, or as one of its own.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, SOON_MS = 10000, LEASE_MS = 20000, LINGER_S = 2, PORTS = 3, ADDRESS = 64 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct destination *echo;
    uint16_t ports[PORTS]; /* that credentials may publish */
    const char *to;        /* the echo */
    unsigned runs;
};

/* ---- the server ---- */

/* Each credential of the agents file may publish. */
static void permit(const struct site *site) {
    const char *path = sandbox_text(site->sandbox, "%s/agents.json", site->server.pki);
    json_t *file = json_load_file(path, 0, NULL), *agent;
    size_t i;

    json_array_foreach (json_object_get(file, "agents"), i, agent)
        json_object_set_new(agent, "publish",
                            json_pack("{s:[o,o,o]}", "ports",
                                      json_string(sandbox_text(site->sandbox, "%u", site->ports[0])),
                                      json_string(sandbox_text(site->sandbox, "%u", site->ports[1])),
                                      json_string(sandbox_text(site->sandbox, "%u", site->ports[2]))));
    ck_assert_int_eq(json_dump_file(file, path, 0), 0);
    json_decref(file);
}

static struct site site_start(const char *name, bool is_permitted) {
    struct site site = {.sandbox = sandbox_new(name)};

    site.echo = destination_start(handle_echo, NULL);
    site.to = sandbox_text(site.sandbox, "127.0.0.1:%u", destination_port(site.echo));
    for (size_t i = 0; i < PORTS; i++)
        site.ports[i] = port_take();
    site.server.pki = sandbox_pki(site.sandbox, "pki");
    if (is_permitted)
        permit(&site);
    site.server =
        server_start(site.sandbox,
                     (struct server_plan){.services = service_to(site.sandbox, "other", port_take(), 9, ""),
                                          .agents = "'resume': 1,",
                                          .more = sandbox_text(site.sandbox,
                                                               "'publish': {'listen': '127.0.0.1', 'linger': %d},",
                                                               LINGER_S)});
    return site;
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    destination_free(site->echo);
}

/* ---- agents and tools ---- */

/* The file of an agent with the token of munnel init; `more` members with a comma in front of each. */
static const char *agent_file(const struct site *site, const char *name, const char *more) {
    struct sandbox *sandbox = site->sandbox;

    return sandbox_write(sandbox, sandbox_text(sandbox, "%s.json", name),
                         sandbox_text(sandbox,
                                      "{'servers': '127.0.0.1:%u', 'name': '%s', 'ca': '%s/ca.pem', 'admin': "
                                      "{'socket': '%s.sock'}%s}",
                                      site->server.port, name, site->server.pki, name, more),
                         true);
}

static struct process *run_agent(struct site *site, const char *name, const char *more) {
    struct sandbox *sandbox = site->sandbox;

    return sandbox_run(sandbox, sandbox_text(sandbox, "%s-%u", name, site->runs++),
                       sandbox_program(sandbox, "munnel-agent"), "--config", agent_file(site, name, more), NULL);
}

static struct process *run_share(struct site *site, const char *option, const char *value, const char *name) {
    struct sandbox *sandbox = site->sandbox;

    return sandbox_run(sandbox, sandbox_text(sandbox, "share-%u", site->runs++), sandbox_program(sandbox, "munnel"),
                       "share", sandbox_text(sandbox, "localhost:%u", destination_port(site->echo)), "--name", name,
                       option, value, NULL);
}

static const char *socket_of(const struct site *site, const char *name) {
    return sandbox_path(site->sandbox, "%s.sock", name);
}

/* ---- what is reached ---- */

static uint16_t port_in(const char *text) {
    const char *at = strstr(text, "127.0.0.1:");

    ck_assert_msg(at, "no address in: %s", text);
    return (uint16_t)strtoul(at + strlen("127.0.0.1:"), NULL, 10);
}

/* The line of the agent's standard output. */
static uint16_t await_printed(const struct site *site, struct process *agent, size_t mark) {
    char *line = process_expect(agent, mark, SOON_MS,
                                "web  127.0.0.1:", sandbox_text(site->sandbox, "  ->  %s", site->to), NULL);
    uint16_t port = port_in(line);

    free(line);
    return port;
}

/* It stands alone; other lines name the echo as localhost. */
static uint16_t await_address(struct process *share) {
    char *line = process_expect(share, 0, SOON_MS, "127.0.0.1:", NULL);
    uint16_t port = port_in(line);

    ck_assert_msg(strncmp(line, "127.0.0.1:", 10) == 0 && strspn(line + 10, "0123456789") == strlen(line) - 10, "%s",
                  line);
    free(line);
    return port;
}

static bool is_permitted_port(const struct site *site, uint16_t port) {
    for (size_t i = 0; i < PORTS; i++)
        if (site->ports[i] == port)
            return true;
    return false;
}

static void expect_served(const struct site *site, uint16_t port) {
    ck_assert_msg(is_permitted_port(site, port), "%u is not permitted", port);
    int fd = socket_client(port);
    ck_assert_msg(socket_converse(fd, "hello", ASK_MS), "the service does not serve");
    close(fd);
}

/* ---- munnel-agent --publish ---- */

START_TEST(printed_address_is_served_goes_with_its_agent_and_comes_back) {
    struct site site = site_start(__func__, true);
    const char *publish = sandbox_text(site.sandbox, ", 'publish': 'web=%s', 'allow': '192.0.2.1'", site.to);
    struct process *agent = run_agent(&site, "lap", publish);
    uint16_t port = await_printed(&site, agent, 0);

    expect_served(&site, port);
    process_await(agent, 0, SOON_MS, "published service=web", NULL);
    sandbox_kill(site.sandbox, agent);
    agent = run_agent(&site, "lap", publish);
    ck_assert_uint_eq(await_printed(&site, agent, 0), port);
    expect_served(&site, port);
    sandbox_kill(site.sandbox, agent);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(port)));
    site_end(&site);
}
END_TEST

START_TEST(agent_wishes_for_its_port_at_a_server_that_was_started_anew) {
    struct site site = site_start(__func__, true);
    struct process *agent = run_agent(&site, "lap", sandbox_text(site.sandbox, ", 'publish': 'web=%s'", site.to));
    uint16_t port = await_printed(&site, agent, 0);

    size_t mark = process_mark(agent);
    sandbox_kill(site.sandbox, site.server.process);
    server_start_again(&site.server);
    ck_assert_uint_eq(await_printed(&site, agent, mark), port);
    expect_served(&site, port);
    site_end(&site);
}
END_TEST

START_TEST(name_that_another_agent_has_is_refused_with_who_has_it) {
    struct site site = site_start(__func__, true);
    const char *publish = sandbox_text(site.sandbox, ", 'publish': 'web=%s'", site.to);
    struct process *first = run_agent(&site, "first", publish);

    (void)await_printed(&site, first, 0);
    struct process *second = run_agent(&site, "second", publish);
    process_await(second, 0, SOON_MS, "does not publish a service service=web", "first", NULL);
    const char *munnel = sandbox_program(site.sandbox, "munnel");
    ck_assert_int_eq(sandbox_do(site.sandbox, "status", munnel, "status", "--socket", socket_of(&site, "second"), NULL),
                     0);
    const char *status = sandbox_output(site.sandbox, "status");
    ck_assert_msg(strstr(status, "web is not published by") && strstr(status, "refused"), "%s", status);
    site_end(&site);
}
END_TEST

/* As the README has it: a site by Python's server, and curl. */
START_TEST(a_web_server_is_reached_by_curl) {
    struct site site = site_start(__func__, true);
    const char *python = sandbox_peer(site.sandbox, "python3"), *curl = sandbox_peer(site.sandbox, "curl");
    uint16_t port = port_take();

    if (python && curl) {
        const char *folder = sandbox_path(site.sandbox, "site");
        ck_assert_int_eq(sandbox_do(site.sandbox, "mkdir", "mkdir", folder, NULL), 0);
        sandbox_write(site.sandbox, "site/index.html", "from behind the firewall\n", false);
        sandbox_run(site.sandbox, "site-server", python, "-m", "http.server", sandbox_text(site.sandbox, "%u", port),
                    "--bind", "127.0.0.1", "--directory", folder, NULL);
        ck_assert(HOLDS_WITHIN(SOON_MS, !socket_is_refused(port)));
        site.to = sandbox_text(site.sandbox, "127.0.0.1:%u", port);
        struct process *agent = run_agent(&site, "lap", sandbox_text(site.sandbox, ", 'publish': 'web=%s'", site.to));
        const char *url = sandbox_text(site.sandbox, "http://127.0.0.1:%u/", await_printed(&site, agent, 0));
        ck_assert_int_eq(sandbox_do(site.sandbox, "curl", curl, "-s", "--max-time", "5", url, NULL), 0);
        ck_assert_str_eq(sandbox_output(site.sandbox, "curl"), "from behind the firewall\n");
    }
    site_end(&site);
}
END_TEST

/* ---- munnel share, by the agent that runs ---- */

START_TEST(share_is_published_by_the_agent_that_runs_until_it_is_interrupted) {
    struct site site = site_start(__func__, true);
    struct process *agent = run_agent(&site, "lap", "");

    process_await(agent, 0, JOIN_MS, "may be asked to serve", NULL);
    struct process *share = run_share(&site, "--socket", socket_of(&site, "lap"), "mine");
    uint16_t port = await_address(share);
    expect_served(&site, port);
    process_signal(share, SIGINT);
    ck_assert_int_eq(process_wait(share, SOON_MS), 0);
    process_await(share, 0, SOON_MS, "munnel share: withdrawn", NULL);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(port)));
    site_end(&site);
}
END_TEST

START_TEST(share_that_was_killed_is_withdrawn_when_its_lease_is_over) {
    struct site site = site_start(__func__, true);
    struct process *agent = run_agent(&site, "lap", "");

    process_await(agent, 0, JOIN_MS, "may be asked to serve", NULL);
    struct process *share = run_share(&site, "--socket", socket_of(&site, "lap"), "mine");
    uint16_t port = await_address(share);
    expect_served(&site, port);
    sandbox_kill(site.sandbox, share);
    ck_assert(HOLDS_WITHIN(LEASE_MS, socket_is_refused(port)));
    site_end(&site);
}
END_TEST

START_TEST(share_finds_its_agent_again_when_that_was_started_anew) {
    struct site site = site_start(__func__, true);
    struct process *agent = run_agent(&site, "lap", "");

    process_await(agent, 0, JOIN_MS, "may be asked to serve", NULL);
    struct process *share = run_share(&site, "--socket", socket_of(&site, "lap"), "mine");
    (void)await_address(share);
    sandbox_kill(site.sandbox, agent);
    process_await(share, 0, SOON_MS, "trying again", NULL);
    size_t mark = process_mark(share);
    agent = run_agent(&site, "lap", "");
    char *line = process_expect(share, mark, SOON_MS, "127.0.0.1:", NULL);
    free(line);
    process_await(agent, 0, SOON_MS, "published service=mine", NULL);
    site_end(&site);
}
END_TEST

START_TEST(name_that_the_agent_publishes_already_is_refused) {
    struct site site = site_start(__func__, true);
    struct process *agent = run_agent(&site, "lap", sandbox_text(site.sandbox, ", 'publish': 'web=%s'", site.to));

    (void)await_printed(&site, agent, 0);
    struct process *share = run_share(&site, "--socket", socket_of(&site, "lap"), "web");
    ck_assert_int_eq(process_wait(share, SOON_MS), 1);
    process_await(share, 0, SOON_MS, "this agent publishes a service web already", NULL);
    site_end(&site);
}
END_TEST

START_TEST(share_that_the_server_does_not_permit_ends_with_the_reason) {
    struct site site = site_start(__func__, false);
    struct process *agent = run_agent(&site, "lap", "");

    process_await(agent, 0, JOIN_MS, "may be asked to serve", NULL);
    struct process *share = run_share(&site, "--socket", socket_of(&site, "lap"), "mine");
    ck_assert_int_eq(process_wait(share, SOON_MS), 1);
    process_await(share, 0, SOON_MS, "mine is not published by", "credential", NULL);
    share = run_share(&site, "--config", sandbox_path(site.sandbox, "lap.json"), "mine");
    ck_assert_int_eq(process_wait(share, SOON_MS), 1);
    process_await(share, 0, SOON_MS, "mine is not published by", "credential", NULL);
    site_end(&site);
}
END_TEST

/* ---- munnel share, as an agent of its own ---- */

START_TEST(share_without_an_agent_is_one_of_the_servers_that_were_joined) {
    struct site site = site_start(__func__, true);
    struct sandbox *sandbox = site.sandbox;
    const char *munnel = sandbox_program(sandbox, "munnel"), *agent = sandbox_program(sandbox, "munnel-agent");

    struct process *share = run_share(&site, "--json", NULL, "mine");
    ck_assert_int_ne(process_wait(share, SOON_MS), 0);
    process_await(share, 0, SOON_MS, "munnel share: this machine has joined no server", NULL);
    ck_assert_int_eq(sandbox_do(sandbox, "wrong", munnel, "share", "abc", NULL), 2);
    ck_assert_int_eq(sandbox_do(sandbox, "add", munnel, "agent", "add", "joined", "--group", "nothing-else", "--config",
                                site.server.file, "--server", sandbox_text(sandbox, "127.0.0.1:%u", site.server.port),
                                NULL),
                     0);
    permit(&site);
    const char *code = strstr(sandbox_output(sandbox, "add"), "munnel1.");
    ck_assert_ptr_nonnull(code);
    const char *file = /* of a group without services, of which there is a warning behind it */
        sandbox_write(sandbox, "code", sandbox_text(sandbox, "%.*s\n", (int)strcspn(code, "\n"), code), false);
    ck_assert_int_eq(sandbox_do(sandbox, "join", agent, "--join-only", file, NULL), 0);
    share = run_share(&site, "--json", NULL, "mine");
    char *line = process_expect(share, 0, SOON_MS, "\"name\":\"mine\"", "\"state\":\"published\"", NULL);
    uint16_t port = port_in(strstr(line, "\"address\":"));
    free(line);
    expect_served(&site, port);
    process_signal(share, SIGINT);
    ck_assert_int_eq(process_wait(share, SOON_MS), 0);
    process_await(share, 0, SOON_MS, "munnel share: withdrawn", NULL);
    ck_assert(socket_is_refused(port));
    site_end(&site);
}
END_TEST

/* Its last message and its leave reach the server together; longer than the test may last a server would keep it. */
START_TEST(share_that_had_no_client_is_withdrawn_when_it_ends) {
    struct site site = site_start(__func__, true);
    struct sandbox *sandbox = site.sandbox;

    sandbox_write(sandbox, "share.json",
                  sandbox_text(sandbox, "{'servers': '127.0.0.1:%u', 'name': 'lap', 'ca': '%s/ca.pem'}",
                               site.server.port, site.server.pki),
                  true);
    struct process *share = run_share(&site, "--config", sandbox_path(sandbox, "share.json"), "mine");
    uint16_t port = await_address(share);
    process_signal(share, SIGINT);
    ck_assert_int_eq(process_wait(share, SOON_MS), 0);
    process_await(share, 0, SOON_MS, "munnel share: withdrawn", NULL);
    process_await(site.server.process, 0, SOON_MS, "\"published no longer\"", "\"mine\"", "offers it no longer", NULL);
    ck_assert(socket_is_refused(port));
    site_end(&site);
}
END_TEST

START_TEST(share_that_has_lost_its_server_says_that_it_is_kept) {
    struct site site = site_start(__func__, true);
    const char *file = agent_file(&site, "lap", "");
    struct process *share = run_share(&site, "--config", file, "mine");

    (void)await_address(share);
    sandbox_kill(site.sandbox, site.server.process);
    process_await(share, 0, SOON_MS, "connection lost", NULL);
    process_signal(share, SIGINT);
    ck_assert_int_eq(process_wait(share, SOON_MS), 0);
    process_await(share, 0, SOON_MS, "the server keeps it", NULL);
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("share", SCENARIO(share_that_had_no_client_is_withdrawn_when_it_ends, 60),
              SCENARIO(share_that_has_lost_its_server_says_that_it_is_kept, 60),
              SCENARIO(printed_address_is_served_goes_with_its_agent_and_comes_back, 60),
              SCENARIO(agent_wishes_for_its_port_at_a_server_that_was_started_anew, 60),
              SCENARIO(name_that_another_agent_has_is_refused_with_who_has_it, 60),
              SCENARIO(a_web_server_is_reached_by_curl, 60),
              SCENARIO(share_is_published_by_the_agent_that_runs_until_it_is_interrupted, 60),
              SCENARIO(share_that_was_killed_is_withdrawn_when_its_lease_is_over, 60),
              SCENARIO(share_finds_its_agent_again_when_that_was_started_anew, 60),
              SCENARIO(name_that_the_agent_publishes_already_is_refused, 60),
              SCENARIO(share_that_the_server_does_not_permit_ends_with_the_reason, 60),
              SCENARIO(share_without_an_agent_is_one_of_the_servers_that_were_joined, 60))
