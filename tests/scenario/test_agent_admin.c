/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_admin: what an agent answers on its socket is what real clients and servers did; a relay that is ended
 * there is reset for its client.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 10000, ANSWER_MOST = 1 << 20, SOON_MS = 10000 };

struct world { /* a server with one agent, and an echo behind it */
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *echo;
    const char *socket, *file;
    uint16_t port, forbidden; /* of services: one that the agent permits, and one that it does not */
};

static char answer[ANSWER_MOST];

static unsigned ask(struct world *world, const char *method, const char *path) {
    const char *request =
        sandbox_text(world->sandbox,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method,
                     path);
    int fd = socket_connect(sandbox_text(world->sandbox, "unix:%s", world->socket), 0);

    return http_converse(fd, request, answer, sizeof answer, ASK_MS);
}

static void expect(struct world *world, const char *method, const char *path, unsigned status) {
    unsigned got = ask(world, method, path);

    ck_assert_msg(got == status, "%s %s: %u instead of %u: %s", method, path, got, status, answer);
}

static bool answers_with(struct world *world, const char *path, const char *text) {
    expect(world, "GET", path, 200);
    return strstr(answer, text);
}

static struct world start(const char *name) {
    struct world world = {.sandbox = sandbox_new(name), .port = port_take(), .forbidden = port_take()};
    struct sandbox *sandbox = world.sandbox;

    world.echo = destination_start(handle_echo, NULL);
    const char *echo = service_to(sandbox, "echo", world.port, destination_port(world.echo), "");
    const char *forbidden = service_text(sandbox, "forbidden", world.forbidden, "192.0.2.1:9", "");
    world.server =
        server_start(sandbox, (struct server_plan){.services = sandbox_text(sandbox, "%s,%s", echo, forbidden)});
    world.socket = sandbox_path(sandbox, "agent.sock");
    world.file =
        sandbox_write(sandbox, "agent.json", "{ 'admin': { 'socket': 'agent.sock' }, 'allow': '127.0.0.1' }", true);
    world.agent = agent_start(&world.server, "alpha", NULL, "--config", world.file, NULL);
    agent_await(&world.server, 0, "alpha", JOIN_MS);
    agent_await_warm(&world.server, world.agent);
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    destination_free(world->echo);
}

static int converse_with_echo(const struct world *world, const char *text) {
    int fd = socket_client(world->port);

    ck_assert_msg(socket_converse(fd, text, ASK_MS), "the service does not serve");
    return fd;
}

START_TEST(status_is_what_the_agent_is) {
    struct world world = start("status");
    struct stat status;
    int fd = converse_with_echo(&world, "12345");

    ck_assert_int_eq(stat(world.socket, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0660);
    expect(&world, "GET", "/v1/status", 200);
    ck_assert_msg(strstr(answer, "\"program\":\"munnel-agent\",\"state\":\"ok\"") &&
                      strstr(answer, "\"state\":\"connected\"") && strstr(answer, "\"relays\":{\"now\":1,"),
                  "%s", answer);
    ck_assert_msg(strstr(answer, "\"services\":{\"count\":2,\"permitted\":1,\"refused\":1,"), "%s", answer);
    expect(&world, "GET", "/v1/services", 200);
    ck_assert_msg(strstr(answer, "\"answer\":\"refuses\"") && strstr(answer, "\"answer\":\"permits\""), "%s", answer);
    expect(&world, "GET", "/v1/relays?sort=-bytes", 200);
    ck_assert_uint_eq(number_in_line(answer, "in_bytes"), 5);
    expect(&world, "GET", "/readyz", 200);
    expect(&world, "GET", "/metrics", 200);
    ck_assert_msg(strstr(answer, "\nmunnel_agent_relays_total 1\n"), "%s", answer);
    ck_assert_msg(strstr(answer, "\nmunnel_relays 1\n"), "%s", answer);
    close(fd);
    ck_assert(HOLDS_WITHIN(SOON_MS, answers_with(&world, "/v1/relays?state=ended", "\"reason\":\"done\"")));
    sandbox_kill(world.sandbox, world.server.process);
    ck_assert(HOLDS_WITHIN(SOON_MS, answers_with(&world, "/v1/status", "\"state\":\"down\"")));
    ck_assert_msg(strstr(answer, "\"state\":\"lost\"") && strstr(answer, "\"severity\":\"bad\""), "%s", answer);
    expect(&world, "GET", "/readyz", 503);
    expect(&world, "GET", "/healthz", 200);
    server_start_again(&world.server);
    ck_assert(HOLDS_WITHIN(SOON_MS, answers_with(&world, "/v1/status", "\"state\":\"ok\"")));
    end(&world);
}
END_TEST

START_TEST(ended_relay_is_reset_and_no_other) {
    struct world world = start("end");
    int other = converse_with_echo(&world, "1"), ended = converse_with_echo(&world, "12345");
    char id[64], path[96];

    expect(&world, "GET", "/v1/relays?sort=-bytes&limit=1", 200);
    text_in(answer, "id", id, sizeof id);
    snprintf(path, sizeof path, "/v1/relays/%s", id);
    expect(&world, "DELETE", path, 204);
    ck_assert_int_eq(socket_wait_end(ended, ASK_MS), END_RESET);
    ck_assert(socket_converse(other, "still there", ASK_MS));
    close(ended);
    close(other);
    end(&world);
}
END_TEST

START_TEST(service_whose_destination_is_gone_is_unreachable) {
    struct world world = start("gone");

    destination_free(world.echo);
    world.echo = NULL;
    close(socket_client(world.port));
    ck_assert(HOLDS_WITHIN(SOON_MS, answers_with(&world, "/v1/services", "\"state\":\"unreachable\"")));
    ck_assert_msg(strstr(answer, "\"reason\":\"refused\""), "%s", answer);
    expect(&world, "GET", "/v1/status", 200);
    ck_assert_msg(strstr(answer, "\"state\":\"degraded\"") && strstr(answer, "echo cannot be reached"), "%s", answer);
    sandbox_free(world.sandbox);
}
END_TEST

static bool shows(struct world *world, unsigned run, const char *text) {
    const char *name = sandbox_text(world->sandbox, "status%u", run);

    (void)sandbox_do(world->sandbox, name, sandbox_program(world->sandbox, "munnel"), "status", "--socket",
                     world->socket, NULL); /* which is degraded */
    return strstr(sandbox_output(world->sandbox, name), text);
}

START_TEST(service_that_is_reached_again_has_no_failure_in_the_list) {
    struct world world = start("back");
    uint16_t port = destination_port(world.echo);
    unsigned run = 0;

    destination_free(world.echo);
    close(socket_client(world.port));
    ck_assert(HOLDS_WITHIN(SOON_MS, shows(&world, run++, "  refused\n")));
    world.echo = destination_start_on(port, handle_echo, NULL);
    close(converse_with_echo(&world, "12345"));
    ck_assert(!shows(&world, run, "  refused\n"));
    ck_assert(answers_with(&world, "/v1/services", "\"reason\":\"refused\"")); /* which has its time beside it */
    end(&world);
}
END_TEST

/* As when an agent is started while the one before it lets its relays finish. */
START_TEST(socket_of_an_agent_that_ends_is_the_next_ones) {
    struct world world = start("next");
    struct process *second = agent_start(&world.server, "beta", NULL, "--config", world.file, NULL);

    process_await(second, 0, ASK_MS, "another process has the socket of this agent", NULL);
    agent_await(&world.server, 0, "beta", JOIN_MS);
    expect(&world, "GET", "/v1/status", 200);
    ck_assert_ptr_nonnull(strstr(answer, "\"name\":\"alpha\""));
    sandbox_end(world.sandbox, world.agent);
    process_await(second, 0, SOON_MS, "has taken over the socket", NULL);
    expect(&world, "GET", "/v1/status", 200);
    ck_assert_ptr_nonnull(strstr(answer, "\"name\":\"beta\""));
    end(&world);
}
END_TEST

SCENARIO_MAIN("agent_admin", SCENARIO(status_is_what_the_agent_is, 60), SCENARIO(ended_relay_is_reset_and_no_other, 60),
              SCENARIO(service_whose_destination_is_gone_is_unreachable, 60),
              SCENARIO(service_that_is_reached_again_has_no_failure_in_the_list, 60),
              SCENARIO(socket_of_an_agent_that_ends_is_the_next_ones, 60))
