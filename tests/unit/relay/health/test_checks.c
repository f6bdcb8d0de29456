/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_checks: when an agent checks destinations, how many at once, what its probes (probe.c) send and take, and what
 * comes of it, over a network in memory (memory_net.h). The relay thread is the control thread, so that all of it runs
 * in the test's loop.
 */
#include "config.h"

#include "relay/health/checks.h"
#include "relay/memory_net.h"
#include "relay/plane_priv.h"
#include "unit.h"

#include <string.h>

enum { SOON_MS = 6000, SESSION = 12, MUCH = 1 << 20, MANY = 150 };

static struct world {
    struct loop *loop;
    struct plane *plane;
    struct acl *allow;
    struct service_table *table;
    struct health_event event; /* the last one */
    unsigned events;
} world;

static void on_health(void *context, const struct health_event *event) {
    ck_assert_ptr_eq(context, &world);
    world.event = *event;
    world.events++;
}

static void set_up(void) {
    static const struct plane_events events = {.on_health = on_health};
    struct error error = {""};
    world = (struct world){.loop = loop_new("test"), .allow = acl_new()};
    const struct plane_options options = {.is_agent = true,
                                          .threads = 1,
                                          .control = world.loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .events = &events,
                                          .allow = world.allow,
                                          .context = &world};
    world.plane = plane_new(&options, &error);
    ck_assert_msg(world.plane, "%s", error.text);
    memory_net_begin(loop_base(world.loop), MUCH);
}

/* With whatever runs still: nothing may be left of it. */
static void tear_down(void) {
    service_table_release(world.table);
    plane_free(world.plane);
    acl_free(world.allow);
    loop_free(world.loop);
}

static const struct health_check tcp = {.type = HEALTH_CHECK_TCP,
                                        .interval_s = 1,
                                        .timeout_s = 1,
                                        .rise = 1,
                                        .fall = 2,
                                        .path = "",
                                        .host = "",
                                        .status = ""};
static const struct health_check http = {.type = HEALTH_CHECK_HTTP,
                                         .interval_s = 1,
                                         .timeout_s = 1,
                                         .rise = 1,
                                         .fall = 1,
                                         .path = "/health",
                                         .host = "",
                                         .status = "200-399"};

/* A table of the services `from` to `to`, to the port of their id, in place of the one before. */
static void set_services(const struct health_check *check, uint32_t from, uint32_t to) {
    static const struct services_part nothing = {.version = 1};
    struct served_service *added[SERVICES_PART_MAX] = {NULL};
    char address[32];
    size_t count = 0;
    for (uint32_t id = from; id <= to; id++) {
        snprintf(address, sizeof address, "127.0.0.1:%u", id);
        struct service_offer offer = {.id = id, .name = "s", .to = {address}, .to_count = 1, .check = *check};
        added[count++] = served_service_new(&offer);
    }
    service_table_release(world.table);
    world.table = service_table_change(NULL, "00112233", &nothing, added, count);
    for (size_t i = 0; i < count; i++)
        served_service_release(added[i]);
    ck_assert(plane_set_services(world.plane, SESSION, world.table));
    unit_run_rounds(loop_base(world.loop), 3);
}

static evutil_socket_t far_end;
static unsigned far_port;

static bool has_dialled(void *context) {
    (void)context;
    far_end = memory_accepted(&far_port);
    return far_end >= 0;
}

static evutil_socket_t next_dial(unsigned port) {
    ck_assert(unit_run_until(loop_base(world.loop), has_dialled, NULL, SOON_MS));
    ck_assert_uint_eq(far_port, port);
    return far_end;
}

static bool has_events(void *context) {
    return world.events >= *(unsigned *)context;
}

static void expect_event(unsigned number, bool is_healthy, const char *detail) {
    ck_assert(unit_run_until(loop_base(world.loop), has_events, &number, SOON_MS));
    ck_assert_uint_eq(world.events, number);
    ck_assert_uint_eq(world.event.session, SESSION);
    ck_assert_int_eq(world.event.is_healthy, is_healthy);
    ck_assert_str_eq(world.event.detail, detail);
}

START_TEST(connection_is_made_and_closed_and_only_changes_are_events) {
    memory_connect_will(MEMORY_AT_ONCE);
    set_services(&tcp, 7, 7);
    evutil_socket_t far = next_dial(7);
    expect_event(1, true, "");
    memory_carry(far, MUCH);
    ck_assert(memory_got_end(far) && !memory_got_reset(far));
    next_dial(7);
    memory_connect_will(MEMORY_REFUSED);
    expect_event(2, false, "127.0.0.1:7: Connection refused; 2 failures in a row");
    memory_connect_will(MEMORY_AT_ONCE);
    expect_event(3, true, "");
}
END_TEST

START_TEST(request_is_sent_and_the_status_decides) {
    char request[512];
    memory_connect_will(MEMORY_AT_ONCE);
    set_services(&http, 8080, 8080);
    evutil_socket_t far = next_dial(8080);
    unit_run_rounds(loop_base(world.loop), 3);
    memory_carry(far, MUCH);
    size_t length = memory_receive(far, request, sizeof request - 1);
    request[length] = '\0';
    ck_assert_str_eq(request, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: munnel-agent\r\n"
                              "Accept: */*\r\nConnection: close\r\n\r\n");
    memory_send(far, "HTTP/1.1 5", 10);
    memory_carry(memory_peer(far), MUCH);
    unit_run_rounds(loop_base(world.loop), 3);
    memory_send(far, "03 no\r\n", 7);
    memory_carry(memory_peer(far), MUCH);
    expect_event(1, false, "127.0.0.1:8080: HTTP 503, expected 200-399; 1 failure in a row");
    far = next_dial(8080);
    memory_send(far, "HTTP/1.1 204 \r\n", 15);
    memory_carry(memory_peer(far), MUCH);
    expect_event(2, true, "");
    far = next_dial(8080);
    memory_finish(far);
    memory_carry(memory_peer(far), MUCH);
    expect_event(3, false, "127.0.0.1:8080: it closed the connection without a whole answer; 1 failure in a row");
}
END_TEST

/* A destination that expects the header would wait for it, and take the request for a broken one. */
static void expect_proxy_header(enum proxy_version proxy, const char *bytes, size_t length) {
    static const struct services_part nothing = {.version = 1};
    struct service_offer offer = {
        .id = 9, .name = "s", .to = {"127.0.0.1:9"}, .to_count = 1, .check = tcp, .proxy = proxy};
    struct served_service *service = served_service_new(&offer);
    char got[64];
    memory_connect_will(MEMORY_AT_ONCE);
    world.table = service_table_change(NULL, "00112233", &nothing, &service, 1);
    served_service_release(service);
    ck_assert(plane_set_services(world.plane, SESSION, world.table));
    evutil_socket_t far = next_dial(9);
    expect_event(1, true, "");
    memory_carry(far, MUCH);
    ck_assert_uint_eq(memory_receive(far, got, sizeof got), length);
    ck_assert_mem_eq(got, bytes, length);
}

START_TEST(destination_gets_the_proxy_header_of_no_client) {
    static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0"; /* and the NUL behind it */
    expect_proxy_header(PROXY_V2, local, 16);
}
END_TEST

START_TEST(destination_gets_the_older_proxy_header_of_no_client) {
    expect_proxy_header(PROXY_V1, "PROXY UNKNOWN\r\n", 15);
}
END_TEST

START_TEST(answer_that_does_not_come_fails_at_the_deadline) {
    memory_connect_will(MEMORY_AT_ONCE);
    set_services(&http, 80, 80);
    next_dial(80);
    expect_event(1, false, "127.0.0.1:80: no answer within 1 s; 1 failure in a row");
}
END_TEST

/* The agent's rules hold for checks as for clients. */
START_TEST(destination_that_the_rules_forbid_is_not_dialled) {
    struct error error = {""};
    ck_assert_int_eq(acl_add(world.allow, "10.0.0.0/8:*", &error), 0);
    memory_connect_will(MEMORY_AT_ONCE);
    set_services(&http, 80, 80);
    expect_event(1, false, "127.0.0.1:80: not allowed by this agent's rules; see --allow; 1 failure in a row");
    ck_assert(!has_dialled(NULL));
}
END_TEST

/* None of these answers, so each lasts its second. */
START_TEST(so_many_run_at_once_and_no_more) {
    evutil_socket_t far[MANY];
    unsigned most = 0, dialled = 0;
    memory_connect_will(MEMORY_LATER);
    set_services(&tcp, 1, MANY);
    while (dialled < MANY) {
        unsigned running = 0;
        ck_assert(unit_run_until(loop_base(world.loop), has_dialled, NULL, SOON_MS));
        far[dialled++] = far_end;
        for (unsigned i = 0; i < dialled; i++)
            running += memory_peer(far[i]) >= 0;
        most = running > most ? running : most;
    }
    ck_assert_uint_eq(most, CHECKS_AT_ONCE);
}
END_TEST

START_TEST(service_that_is_removed_is_not_checked_any_more) {
    int before = memory_open_ends();
    memory_connect_will(MEMORY_LATER);
    set_services(&tcp, 5, 6);
    for (int i = 0; i < 2; i++)
        ck_assert(unit_run_until(loop_base(world.loop), has_dialled, NULL, SOON_MS));
    set_services(&tcp, 6, 6);
    ck_assert_int_eq(memory_open_ends() - before, 3); /* one dial was cancelled, its far end is there still */
    ck_assert(plane_set_services(world.plane, SESSION, NULL));
    unit_run_rounds(loop_base(world.loop), 3);
    ck_assert_int_eq(memory_open_ends() - before, 2);
}
END_TEST

/* As when its session is resumed: one failure less than `fall` is no news of an unhealthy destination. */
START_TEST(check_goes_on_from_what_was_known_before) {
    static const struct services_part nothing = {.version = 1};
    struct service_offer offer = {.id = 9, .name = "s", .to = {"127.0.0.1:9"}, .to_count = 1, .check = tcp};
    struct served_service *service = served_service_new(&offer);
    service->verdict->before = HEALTH_UNHEALTHY;
    memory_connect_will(MEMORY_AT_ONCE);
    world.table = service_table_change(NULL, "00112233", &nothing, &service, 1);
    served_service_release(service);
    ck_assert(plane_set_services(world.plane, SESSION, world.table));
    next_dial(9);
    expect_event(1, true, "");
}
END_TEST

static TCase *checking(void) {
    TCase *group = tcase_create("checking");
    tcase_set_timeout(group, 30);
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, connection_is_made_and_closed_and_only_changes_are_events);
    tcase_add_test(group, request_is_sent_and_the_status_decides);
    tcase_add_test(group, destination_gets_the_proxy_header_of_no_client);
    tcase_add_test(group, destination_gets_the_older_proxy_header_of_no_client);
    tcase_add_test(group, answer_that_does_not_come_fails_at_the_deadline);
    tcase_add_test(group, destination_that_the_rules_forbid_is_not_dialled);
    tcase_add_test(group, so_many_run_at_once_and_no_more);
    tcase_add_test(group, service_that_is_removed_is_not_checked_any_more);
    tcase_add_test(group, check_goes_on_from_what_was_known_before);
    return group;
}

UNIT_MAIN("relay/health/checks", checking)
