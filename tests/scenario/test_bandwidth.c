/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bandwidth: relays that limits of bandwidth hold back lose nothing, end as they should, and hold back no others;
 * a reload changes the limits of those that run. How exactly limits are met tests/bench/limits.py measures.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/live_relay.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, BULK_MS = 60000, MEGABYTE = 1000 * 1000 };

#define TWO_MEGABYTES "'bandwidth_in': '2MB', 'bandwidth_out': '2MB',"
#define ALL_LIMITS    TWO_MEGABYTES "'bandwidth_per_source_in': '2MB', 'bandwidth_per_source_out': '2MB',"
#define CRAWL         "'bandwidth_in': '2kB', 'bandwidth_out': '2kB',"

/* ---- whole ---- */

/* Two megabytes in each direction at once, at two a second. */
static void exchange_through(const char *name, const char *limits) {
    struct destination *exchange = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(name, destination_port(exchange), limits, NULL);
    const struct exchange_request request = {.tag = 1, .seed = 7, .length = 2 * MEGABYTE};
    struct exchange ours = {.seed = 8, .length = 2 * MEGABYTE};
    struct tally_result wanted;
    int fd = socket_client(simple.port);
    uint64_t began_ms = now_ms();
    ck_assert(socket_send(fd, &request, sizeof request, ASK_MS));
    socket_exchange(fd, &ours, BULK_MS);
    close(fd);
    ck_assert_uint_ge(now_ms() - began_ms, 850); /* 1 s, less the burst; a limit that is never met is no limit */
    ck_assert(ours.sent_all);
    ck_assert_int_eq(ours.end, END_FILE);
    tally_of_source(&wanted, 7, 2 * MEGABYTE);
    ck_assert(tally_same(&ours.received, &wanted));
    destination_await_ended(exchange, 1, ASK_MS);
    tally_of_source(&wanted, 8, 2 * MEGABYTE);
    ck_assert(tally_same(&destination_connection(exchange, 0)->received, &wanted));
    process_await(simple.server.process, 0, ASK_MS, "\"relay ", "\"done\"", NULL);
    destination_free(exchange);
    sandbox_free(simple.sandbox);
}

START_TEST(what_a_service_s_limit_holds_back_arrives_whole) {
    exchange_through(__func__, TWO_MEGABYTES);
}
END_TEST

START_TEST(what_several_limits_hold_back_arrives_whole) {
    exchange_through(__func__, ALL_LIMITS);
}
END_TEST

/* The client has finished and waits; its destination answers only at the end. */
START_TEST(a_half_close_behind_a_limit_gets_the_whole_answer) {
    static char question[MEGABYTE];
    atomic_ullong length = MEGABYTE;
    struct destination *answer = destination_start(handle_answer_at_end, &length);
    struct simple simple =
        simple_start(__func__, destination_port(answer), TWO_MEGABYTES "'half_close_timeout': 1,", NULL);
    struct tally_result got, wanted;
    int fd = socket_client(simple.port);
    ck_assert(socket_send(fd, question, sizeof question, BULK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_drain(fd, &got, BULK_MS), END_FILE);
    close(fd);
    tally_of_source(&wanted, 1, MEGABYTE);
    ck_assert(tally_same(&got, &wanted));
    destination_free(answer);
    sandbox_free(simple.sandbox);
}
END_TEST

/* ---- held ---- */

START_TEST(a_relay_that_crawls_is_not_idle_and_holds_back_no_other_service) {
    static char much[MEGABYTE];
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *sink = destination_start(handle_sink, NULL), *echo = destination_start(handle_echo, NULL);
    uint16_t slow = port_take(), fast = port_take();
    struct server server =
        server_start(sandbox,
                     (struct server_plan){
                         .services = sandbox_text(sandbox, "%s, %s",
                                                  service_to(sandbox, "slow", slow, destination_port(sink),
                                                             CRAWL "'idle_timeout': 2,"),
                                                  service_to(sandbox, "fast", fast, destination_port(echo), NULL))});
    agent_join_warm(&server, "alpha", NULL);
    int fd = socket_client(slow);
    ck_assert(socket_send(fd, much, 100000, ASK_MS)); /* kernels take that much */
    destination_await_connections(sink, 1, ASK_MS);
    for (uint64_t until_ms = now_ms() + 5000; now_ms() < until_ms;)
        ck_assert(socket_echoes(fast, ASK_MS));
    ck_assert_uint_eq(destination_ended(sink), 0);
    ck_assert_uint_lt(atomic_load(&destination_connection(sink, 0)->bytes_received), 50000);
    socket_reset(fd);
    destination_await_ended(sink, 1, ASK_MS);
    destination_free(sink);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* ---- a reload ---- */

static void replace(const char *path, const char *what, const char *by) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    ck_assert_int_eq(fclose(file), 0);
    text[length] = '\0';
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    const char *rest = text;
    for (const char *at; (at = strstr(rest, what)); rest = at + strlen(what))
        fprintf(file, "%.*s%s", (int)(at - rest), rest, by);
    fputs(rest, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* At 2 kB a second, which become 2 GB, it would take eight minutes. */
static void set_free_by_reload(const char *name, const char *service_more, const char *agents_more) {
    static char much[MEGABYTE];
    atomic_ullong length = MEGABYTE;
    struct sandbox *sandbox = sandbox_new(name);
    struct destination *answer = destination_start(handle_answer_at_end, &length);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "slow", port, destination_port(answer), service_more);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .agents = agents_more});
    struct tally_result got, wanted;
    agent_join_warm(&server, "alpha", NULL);
    int fd = socket_client(port);
    ck_assert(socket_send(fd, much, 100000, ASK_MS));
    destination_await_connections(answer, 1, ASK_MS);
    replace(server.file, "2kB", "2GB");
    process_signal(server.process, SIGHUP);
    ck_assert(socket_send(fd, much, sizeof much, BULK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_drain(fd, &got, BULK_MS), END_FILE);
    close(fd);
    tally_of_source(&wanted, 1, MEGABYTE);
    ck_assert(tally_same(&got, &wanted));
    ck_assert_uint_eq(destination_connections(answer), 1);
    destination_free(answer);
    sandbox_free(sandbox);
}

START_TEST(a_reload_changes_the_limit_of_a_service_for_a_relay_that_runs) {
    set_free_by_reload(__func__, CRAWL, NULL);
}
END_TEST

START_TEST(a_reload_changes_the_limit_of_an_address_for_a_relay_that_runs) {
    set_free_by_reload(__func__, "'bandwidth_per_source_in': '2kB', 'bandwidth_per_source_out': '2kB',", NULL);
}
END_TEST

START_TEST(a_reload_changes_the_limit_of_each_agent_for_a_relay_that_runs) {
    set_free_by_reload(__func__, NULL, "'bandwidth_in': '2kB', 'bandwidth_out': '2kB',");
}
END_TEST

START_TEST(the_agents_file_changes_the_limit_of_an_agent_that_is_connected) {
    static char much[100000];
    struct destination *sink = destination_start(handle_sink, NULL);
    struct simple simple = simple_start(__func__, destination_port(sink), NULL, NULL);
    const char *agents = server_pki_file(&simple.server, "agents.json");
    replace(agents, "\"groups\"", "\"bandwidth_in\": \"2kB\", \"groups\"");
    process_await(simple.server.process, 0, ASK_MS, "agents file reloaded", NULL);
    int fd = socket_client(simple.port);
    ck_assert(socket_send(fd, much, sizeof much, ASK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_wait_end(fd, 3000), END_LATE);
    replace(agents, "2kB", "2GB");
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_FILE);
    close(fd);
    destination_await_ended(sink, 1, ASK_MS);
    ck_assert_uint_eq(destination_connection(sink, 0)->received.bytes, sizeof much);
    destination_free(sink);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(a_client_that_leaves_while_it_is_held_back_leaves_nothing) {
    static char much[100000];
    struct destination *source = destination_start(handle_source, NULL);
    struct simple simple = simple_start(__func__, destination_port(source), CRAWL, NULL);
    struct usage server = usage_of(simple.server.process), agent = usage_of(simple.agent);
    server.extra_links = agent.extra_links = 4;
    server.extra_heap = agent.extra_heap = USAGE_BULK_HEAP;
    for (unsigned i = 0; i < 5; i++) {
        int fd = socket_client(simple.port);
        char byte;
        ck_assert(socket_send(fd, much, sizeof much, ASK_MS));
        ck_assert_int_eq(socket_read(fd, &byte, 1, NULL, ASK_MS), END_NONE);
        socket_reset(fd);
        destination_await_ended(source, i + 1, ASK_MS);
    }
    destination_free(source);
    usage_await(simple.server.process, &server, ASK_MS);
    usage_await(simple.agent, &agent, ASK_MS);
    sandbox_free(simple.sandbox);
}
END_TEST

SCENARIO_MAIN("bandwidth", SCENARIO(what_a_service_s_limit_holds_back_arrives_whole, 90),
              SCENARIO(what_several_limits_hold_back_arrives_whole, 90),
              SCENARIO(a_half_close_behind_a_limit_gets_the_whole_answer, 90),
              SCENARIO(a_relay_that_crawls_is_not_idle_and_holds_back_no_other_service, 60),
              SCENARIO(a_reload_changes_the_limit_of_a_service_for_a_relay_that_runs, 90),
              SCENARIO(a_reload_changes_the_limit_of_an_address_for_a_relay_that_runs, 90),
              SCENARIO(a_reload_changes_the_limit_of_each_agent_for_a_relay_that_runs, 90),
              SCENARIO(the_agents_file_changes_the_limit_of_an_agent_that_is_connected, 60),
              SCENARIO(a_client_that_leaves_while_it_is_held_back_leaves_nothing, 60))
