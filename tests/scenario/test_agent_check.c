/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_check: munnel-agent --check finds each thing that keeps an agent from serving, and disturbs no agent that
 * runs with the same credential.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_MS = 20000, ASK_MS = 10000 };

struct world { /* a server, and an echo behind it */
    struct sandbox *sandbox;
    struct server server;
    struct destination *echo;
    uint16_t port;
    unsigned runs;
};

static struct world start(const char *name) {
    struct world world = {.sandbox = sandbox_new(name), .port = port_take()};

    world.echo = destination_start(handle_echo, NULL);
    const char *echo = service_to(world.sandbox, "echo", world.port, destination_port(world.echo), "'group': 'web',");
    world.server = server_start(world.sandbox,
                                (struct server_plan){.services = echo, .agents = "'unauthenticated': {'penalty': 0},"});
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    destination_free(world->echo);
}

#define GROUP "web"
#define BYE   "this was munnel-agent --check"

/* Runs "munnel-agent --check ... 127.0.0.1:PORT GROUP" and returns what it printed; it must end with this code. */
static const char *check(struct world *world, int code, const char *group, const char *option, const char *value) {
    struct sandbox *sandbox = world->sandbox;
    const char *run = sandbox_text(sandbox, "check-%u", world->runs++);
    const char *arguments[12] = {sandbox_program(sandbox, "munnel-agent"), "--check", "--ca",
                                 sandbox_text(sandbox, "%s/ca.pem", world->server.pki)};
    size_t count = 4;

    if (option)
        arguments[count++] = option;
    if (value)
        arguments[count++] = value;
    arguments[count++] = sandbox_text(sandbox, "127.0.0.1:%u", world->server.port);
    arguments[count++] = group;
    struct process *process =
        sandbox_run_plan(sandbox,
                         (struct process_plan){.name = run, .arguments = arguments, .folder = sandbox_folder(sandbox)});
    int got = process_wait(process, CHECK_MS);
    const char *output = sandbox_output(sandbox, run);
    ck_assert_msg(got == code, "%d instead of %d: %s", got, code, output);
    return output;
}

static void expect(const char *output, const char *text) {
    ck_assert_msg(strstr(output, text), "no \"%s\" in: %s", text, output);
}

static bool is_row(const char *line, const char *hop, const char *result) {
    const char *cell = line + strlen(hop);

    if (strncmp(line, hop, strlen(hop)) != 0 || *cell != ' ')
        return false;
    cell += strspn(cell, " ");
    return strncmp(cell, result, strlen(result)) == 0;
}

static void expect_hop(const char *output, const char *hop, const char *result) {
    const char *line = output;

    while (line && !is_row(line, hop, result))
        line = (line = strchr(line, '\n')) ? line + 1 : NULL;
    ck_assert_msg(line, "no %s for \"%s\" in: %s", result, hop, output);
}

START_TEST(all_hops_pass_beside_an_agent_that_serves) {
    struct world world = start("pass");

    agent_join_warm(&world.server, "alpha", GROUP);
    int fd = socket_client(world.port);
    ck_assert(socket_converse(fd, "before", ASK_MS));
    const char *output = check(&world, 0, GROUP, NULL, NULL);
    expect(output, "configuration OK: 1 server, group web\n");
    expect_hop(output, "configuration", "PASS");
    expect_hop(output, "tcp", "PASS");
    expect_hop(output, "tls", "PASS");
    expect_hop(output, "clock", "PASS");
    expect_hop(output, "credential", "PASS");
    expect_hop(output, "group", "PASS");
    expect(output, "1 of 1 service is permitted");
    expect(output, "echo: the server asks, the agent permits");
    expect_hop(output, "destination", "PASS");
    expect(output, "\nSUMMARY PASS: 9 passed, 0 failed, 1 skipped, in ");
    ck_assert_msg(socket_converse(fd, "after", ASK_MS), "the check has disturbed a relay");
    int other = socket_client(world.port);
    ck_assert_msg(socket_converse(other, "new", ASK_MS), "the check has disturbed the agent");
    close(other);
    close(fd);
    end(&world);
}
END_TEST

/* While the check is joined, a client must not be given to it. */
START_TEST(check_is_given_no_client) {
    struct world world = start("no-client");

    agent_join_warm(&world.server, "alpha", GROUP);
    for (unsigned i = 0; i < 3; i++) {
        check(&world, 0, GROUP, NULL, NULL);
        int fd = socket_client(world.port);
        ck_assert(socket_converse(fd, "x", ASK_MS));
        close(fd);
    }
    ck_assert_uint_eq(process_count(world.server.process, 0, "\"agent alpha\"", "\"joined\"", NULL), 1);
    ck_assert(HOLDS_WITHIN(ASK_MS, process_count(world.server.process, 0, "-check\"", BYE, NULL) == 3));
    end(&world);
}
END_TEST

START_TEST(each_failure_is_named_with_its_remedy) {
    struct world world = start("fail");
    static const char pin[] = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const char *token = sandbox_text(world.sandbox, "default:%064d", 7);

    const char *output = check(&world, 1, GROUP, "--pin", pin);
    expect_hop(output, "tls", "FAIL");
    expect(output, "compare --ca and --pin");
    expect_hop(output, "credential", "SKIP");
    output = check(&world, 1, GROUP, "--token-file", sandbox_write(world.sandbox, "wrong.token", token, false));
    expect_hop(output, "tls", "PASS");
    expect_hop(output, "credential", "FAIL");
    expect(output, "unknown, wrong or expired");
    expect(output, "munnel agent rotate");
    output = check(&world, 1, GROUP, "--allow", "10.0.0.0/8");
    expect_hop(output, "rules", "FAIL");
    expect(output, "0 of 1 service is permitted");
    expect(output, "the server asks, the agent refuses: not allowed by this agent's rules");
    output = check(&world, 1, "nowhere", NULL, NULL);
    expect(output, "no service of this server has the group nowhere");
    destination_free(world.echo);
    world.echo = NULL;
    output = check(&world, 1, GROUP, NULL, NULL);
    expect_hop(output, "destination", "FAIL");
    expect(output, "Connection refused");
    expect(output, "SUMMARY FAIL: 8 passed, 1 failed");
    sandbox_end(world.sandbox, world.server.process);
    output = check(&world, 1, GROUP, "--json", NULL);
    expect(output, "\"hop\": \"tcp\"");
    expect(output, "\"result\": \"fail\"");
    expect(output, "Start munneld there, or correct the port");
    sandbox_free(world.sandbox);
}
END_TEST

/* Each by its own remedy. */
START_TEST(destination_is_named_with_what_it_fails_at) {
    struct sandbox *texts = sandbox_new("texts");
    uint16_t full;
    int extra, hangs = destination_full(&full, &extra);
    const char *lost = service_text(texts, "lost", port_take(), "nothing.invalid:80", "'group': 'web',");
    const char *closed = service_text(texts, "closed", port_take(), "127.0.0.1:1", "'group': 'web',");
    struct world world = {.sandbox = sandbox_new("destinations")};

    world.server = server_start(world.sandbox,
                                (struct server_plan){.services = sandbox_text(texts, "%s,%s,%s", lost, closed,
                                                                              service_to(texts, "hangs", port_take(),
                                                                                         full, "'group': 'web',")),
                                                     .agents = "'unauthenticated': {'penalty': 0},"});
    const char *output = check(&world, 1, GROUP, NULL, NULL);
    expect(output, "\ndestination: lost to nothing.invalid:80: no such name\n  do: Correct the name in \"connect\"");
    expect(output, "name service: getent ahosts nothing.invalid\n");
    expect(output, "\ndestination: closed to 127.0.0.1:1: Connection refused\n  do: Start what is to be reached there");
    expect(output, "no answer in time\n  do: A firewall may drop");
    sandbox_free(world.sandbox);
    close(hangs);
    close(extra);
    sandbox_free(texts);
}
END_TEST

START_TEST(port_of_something_else_is_named) {
    struct world world = start("else");
    char banner[] = "SSH-2.0-else\r\n";
    struct destination *greets = destination_start(handle_greeting, banner);

    sandbox_end(world.sandbox, world.server.process);
    world.server.port = destination_port(greets);
    const char *output = check(&world, 1, GROUP, NULL, NULL);
    expect_hop(output, "tls", "FAIL");
    expect(output, "looks like SSH");
    expect(output, "\n  do: Check that this is munneld's port for agents");
    destination_free(greets);
    end(&world);
}
END_TEST

/* Something that accepts and never answers must not keep it for ever. */
START_TEST(server_that_never_answers_is_late) {
    struct world world = start("late");
    struct destination *silent = destination_start(handle_echo, NULL);

    sandbox_end(world.sandbox, world.server.process);
    world.server.port = destination_port(silent);
    const char *output = check(&world, 1, GROUP, "--timeout", "2");
    expect_hop(output, "tls", "FAIL");
    destination_free(silent);
    end(&world);
}
END_TEST

START_TEST(what_is_visited_and_published_needs_no_service) {
    struct world world = start("visits");

    const char *output = check(&world, 1, "nowhere", "--visit", "private=17001");
    expect_hop(output, "visit", "FAIL");
    expect(output, "private: there is no such service, or this agent may not visit it");
    expect(output, "SUMMARY FAIL: 6 passed, 1 failed, 2 skipped");
    output = check(&world, 0, "nowhere", "--publish",
                   sandbox_text(world.sandbox, "web=127.0.0.1:%u", destination_port(world.echo)));
    expect_hop(output, "publish", "SKIP");
    expect_hop(output, "rules", "SKIP");
    end(&world);
}
END_TEST

START_TEST(visit_passes_while_an_agent_serves_it) {
    struct world world = {.sandbox = sandbox_new("permitted")};

    world.server =
        server_start(world.sandbox,
                     (struct server_plan){
                         .services = "{'name': 'private', 'group': 'office', 'visitors': 'laptops', 'connect': "
                                     "'127.0.0.1:9'}"});
    expect(check(&world, 1, "laptops", "--visit", "private=17001"), "private: no agent serves it now");
    agent_join_warm(&world.server, "office", "office");
    const char *output = check(&world, 0, "laptops", "--visit", "private=17001");
    expect_hop(output, "visit", "PASS");
    expect_hop(output, "rules", "SKIP");
    ck_assert_msg(!strstr(output, "do: "), "%s", output);
    sandbox_free(world.sandbox);
}
END_TEST

SCENARIO_MAIN("agent_check", SCENARIO(all_hops_pass_beside_an_agent_that_serves, 60),
              SCENARIO(check_is_given_no_client, 60), SCENARIO(each_failure_is_named_with_its_remedy, 120),
              SCENARIO(destination_is_named_with_what_it_fails_at, 60), SCENARIO(port_of_something_else_is_named, 60),
              SCENARIO(server_that_never_answers_is_late, 60),
              SCENARIO(what_is_visited_and_published_needs_no_service, 60),
              SCENARIO(visit_passes_while_an_agent_serves_it, 60))
