/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_connect: an agent's way to a destination, over a network in memory (memory_net.h) and with a resolver that
 * answers what the test sets.
 */
#include "config.h"

#include "lib/net/sock.h"
#include "relay/memory_net.h"
#include "relay/stream/connect.h"
#include "unit.h"

#include <string.h>

enum { SOON_MS = 3000, BUDGET_MS = 5000, SHORT_MS = 500, MUCH = 1 << 20 };

/* ---- the resolver ---- */

static struct {
    int asked, cancelled;
    unsigned timeout_ms;
    bool has_no_memory;
    resolver_callback callback;
    void *context;
} names;

struct resolver_question *__wrap_resolver_ask(struct resolver *resolver, struct loop *loop,
                                              const struct endpoint *endpoint, unsigned timeout_ms,
                                              resolver_callback callback, void *context);
struct resolver_question *__wrap_resolver_ask(struct resolver *resolver, struct loop *loop,
                                              const struct endpoint *endpoint, unsigned timeout_ms,
                                              resolver_callback callback, void *context) {
    (void)resolver, (void)loop, (void)endpoint;
    ck_assert_uint_le(timeout_ms, BUDGET_MS);
    names.asked++;
    names.timeout_ms = timeout_ms;
    names.callback = callback;
    names.context = context;
    return names.has_no_memory ? NULL : (struct resolver_question *)&names;
}

void __wrap_resolver_cancel(struct resolver_question *question);
void __wrap_resolver_cancel(struct resolver_question *question) {
    names.cancelled += question ? 1 : 0;
}

static struct addr address(const char *host, uint16_t port) {
    struct addr addr;
    struct endpoint endpoint = {.port = port};
    snprintf(endpoint.host, sizeof endpoint.host, "%s", host);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

/* ---- the world ---- */

static struct world {
    struct loop *loop;
    const struct addr *from;
    struct defer_queue again, rechecks;
    struct stream_socket socket;
    struct acl *allow;
    struct connector *connector;
    const char *to[2];
    struct connector_result result;
    int results;
} world;

static void on_result(void *context, const struct connector_result *result) {
    ck_assert_ptr_eq(context, &world);
    world.results++;
    world.result = *result;
}

static void set_up(void) {
    memset(&names, 0, sizeof names);
    world = (struct world){.loop = loop_new("test"), .allow = acl_new()};
    memory_net_begin(loop_base(world.loop), MUCH);
    memory_connect_will(MEMORY_LATER);
    defer_queue_init(&world.again, loop_base(world.loop), 0);
    defer_queue_init(&world.rechecks, loop_base(world.loop), 1000);
    stream_socket_init(&world.socket, &world.again, &world.rechecks);
}

static void tear_down(void) {
    if (world.socket.fd >= 0)
        stream_socket_close(&world.socket, true);
    defer_queue_stop(&world.again);
    defer_queue_stop(&world.rechecks);
    acl_free(world.allow);
    loop_free(world.loop);
}

static void start_within(unsigned timeout_ms, const char *first, const char *second) {
    world.to[0] = first;
    world.to[1] = second;
    struct connector_order order = {.socket = &world.socket,
                                    .loop = world.loop,
                                    .allow = world.allow,
                                    .to = world.to,
                                    .to_count = second  ? 2
                                                : first ? 1
                                                        : 0,
                                    .from = world.from,
                                    .client_port = 21,
                                    .timeout_ms = timeout_ms,
                                    .callback = on_result,
                                    .context = &world};
    world.connector = connector_start(&order);
}

static void start(const char *first, const char *second) {
    start_within(BUDGET_MS, first, second);
}

/* The far end of the next connection, which must be to that port. */
static evutil_socket_t next_dial(unsigned to) {
    unsigned port = 0;
    evutil_socket_t far = memory_accepted(&port);
    ck_assert_int_ge(far, 0);
    ck_assert_uint_eq(port, to);
    return far;
}

static void expect_no_dial(void) {
    unsigned port;
    ck_assert_int_lt(memory_accepted(&port), 0);
}

static void settle(void) {
    unit_run_rounds(loop_base(world.loop), 4);
}

static bool has_result(void *context) {
    (void)context;
    return world.results > 0;
}

static void expect_failure(enum refusal refusal, const char *detail) {
    ck_assert(unit_run_until(loop_base(world.loop), has_result, NULL, SOON_MS));
    ck_assert_int_eq(world.results, 1);
    ck_assert(!world.result.is_connected);
    ck_assert_int_eq(world.result.refusal, refusal);
    ck_assert_msg(strstr(world.result.detail, detail), "%s", world.result.detail);
    ck_assert_int_eq(world.socket.fd, -1);
}

static void expect_success(uint16_t port) {
    settle();
    ck_assert_int_eq(world.results, 1);
    ck_assert(world.result.is_connected);
    ck_assert_uint_eq(addr_port(&world.result.address), port);
    ck_assert_int_ge(world.socket.fd, 0);
    ck_assert(world.socket.rst_on_close);
}

/* ---- one address after the other ---- */

START_TEST(destination_may_be_relative_to_the_port_where_the_client_came_in) {
    memory_connect_will(MEMORY_AT_ONCE);
    start("127.0.0.1:+2", NULL);
    expect_success(23);
    sock_close(next_dial(23));
}
END_TEST

START_TEST(offset_that_makes_no_port_is_a_refusal) {
    start("127.0.0.1:-21", NULL);
    expect_failure(REFUSAL_REFUSED, "makes the port 0 of 21");
}
END_TEST

START_TEST(a_destination_that_answers_at_once_is_reached_at_once) {
    memory_connect_will(MEMORY_AT_ONCE);
    start("127.0.0.1:1", NULL);
    ck_assert_ptr_null(world.connector);
    expect_success(1);
    memory_close(next_dial(1));
}
END_TEST

START_TEST(a_destination_that_answers_later_is_reached) {
    start("127.0.0.1:1", NULL);
    ck_assert_ptr_nonnull(world.connector);
    evutil_socket_t far = next_dial(1);
    settle();
    ck_assert_int_eq(world.results, 0);
    memory_connect_done(far, false);
    expect_success(1);
    memory_close(far);
}
END_TEST

START_TEST(the_next_destination_is_tried_when_one_refuses) {
    start("127.0.0.1:1", "127.0.0.1:2");
    evutil_socket_t first = next_dial(1);
    memory_connect_done(first, true);
    settle();
    evutil_socket_t second = next_dial(2);
    memory_connect_done(second, false);
    expect_success(2);
    memory_close(first);
    memory_close(second);
}
END_TEST

START_TEST(the_last_failure_is_reported_when_all_refuse) {
    memory_connect_will(MEMORY_REFUSED);
    start("127.0.0.1:1", "127.0.0.1:2");
    ck_assert_ptr_null(world.connector);
    expect_failure(REFUSAL_REFUSED, "127.0.0.1:2: Connection refused");
}
END_TEST

START_TEST(the_last_failure_is_reported_when_none_answers) {
    start_within(SHORT_MS, "127.0.0.1:1", "127.0.0.1:2");
    evutil_socket_t first = next_dial(1);
    expect_failure(REFUSAL_TIMEOUT, "127.0.0.1:2: no answer in time");
    memory_close(next_dial(2));
    memory_close(first);
}
END_TEST

static evutil_socket_t answering = -1;

static bool second_answers(void *context) {
    unsigned port;
    (void)context;
    answering = memory_accepted(&port);
    if (answering >= 0)
        memory_connect_done(answering, false);
    return answering >= 0;
}

/* It may answer yet; but the second has its share of the time. */
START_TEST(a_destination_that_does_not_answer_leaves_time_for_the_next) {
    start_within(SHORT_MS, "127.0.0.1:1", "127.0.0.1:2");
    evutil_socket_t first = next_dial(1);
    ck_assert(unit_run_until(loop_base(world.loop), second_answers, NULL, SOON_MS));
    expect_success(2);
    memory_close(answering);
    memory_close(first);
}
END_TEST

START_TEST(a_destination_that_cannot_be_read_is_passed_over) {
    memory_connect_will(MEMORY_AT_ONCE);
    start("no port here", "127.0.0.1:2");
    expect_success(2);
    memory_close(next_dial(2));
}
END_TEST

START_TEST(no_destination_is_a_failure) {
    start(NULL, NULL);
    expect_failure(REFUSAL_BUSY, "no destination was named");
}
END_TEST

START_TEST(a_cancelled_connection_is_reset_and_reports_nothing) {
    start("127.0.0.1:1", NULL);
    evutil_socket_t far = next_dial(1);
    connector_cancel(world.connector);
    memory_carry(far, MUCH);
    ck_assert(memory_got_reset(far));
    settle();
    ck_assert_int_eq(world.results, 0);
    memory_close(far);
}
END_TEST

static TCase *attempts(void) {
    TCase *group = tcase_create("attempts");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, destination_may_be_relative_to_the_port_where_the_client_came_in);
    tcase_add_test(group, offset_that_makes_no_port_is_a_refusal);
    tcase_add_test(group, a_destination_that_answers_at_once_is_reached_at_once);
    tcase_add_test(group, a_destination_that_answers_later_is_reached);
    tcase_add_test(group, the_next_destination_is_tried_when_one_refuses);
    tcase_add_test(group, the_last_failure_is_reported_when_all_refuse);
    tcase_add_test(group, the_last_failure_is_reported_when_none_answers);
    tcase_add_test(group, a_destination_that_does_not_answer_leaves_time_for_the_next);
    tcase_add_test(group, a_destination_that_cannot_be_read_is_passed_over);
    tcase_add_test(group, no_destination_is_a_failure);
    tcase_add_test(group, a_cancelled_connection_is_reset_and_reports_nothing);
    return group;
}

/* ---- rules ---- */

/* NULL: no rule at all. */
static const struct {
    const char *rule, *to;
    bool is_allowed;
} cases[] = {
    {NULL, "10.0.0.1:1", true},
    {"10.0.0.0/8", "10.0.0.1:1", true},
    {"10.0.0.0/8", "127.0.0.1:1", false},
    {NULL, "169.254.169.254:1", false},
    {"*", "169.254.169.254:1", false},
    {"169.254.169.254", "169.254.169.254:1", true},
    {NULL, "unix:/run/x.sock", false},
    {"*", "unix:/run/x.sock", false},
    {"unix:/run/x.sock", "unix:/run/x.sock", true},
};

START_TEST(only_what_the_rules_allow_is_connected_to) {
    struct error error = {""};
    unsigned port;
    memory_connect_will(MEMORY_AT_ONCE);
    if (cases[_i].rule)
        ck_assert_msg(acl_add(world.allow, cases[_i].rule, &error) == 0, "%s", error.text);
    start(cases[_i].to, NULL);
    if (cases[_i].is_allowed) {
        ck_assert(world.result.is_connected);
        memory_close(memory_accepted(&port));
    } else {
        expect_failure(REFUSAL_DENIED, "--allow");
        expect_no_dial();
    }
}
END_TEST

START_TEST(only_the_loopback_is_connected_to_from_an_address_of_it) {
    struct error error = {""};
    struct addr from = address("127.77.1.2", 0);
    memory_connect_will(MEMORY_AT_ONCE);
    ck_assert_int_eq(acl_add(world.allow, "*", &error), 0);
    world.from = &from;
    start("10.0.0.1:1", "[::1]:1");
    expect_failure(REFUSAL_DENIED, "[::1]:1: connect_from is loopback");
    expect_no_dial();
}
END_TEST

START_TEST(a_destination_that_is_denied_does_not_hinder_the_next) {
    struct error error = {""};
    memory_connect_will(MEMORY_AT_ONCE);
    ck_assert_int_eq(acl_add(world.allow, "10.0.0.0/8", &error), 0);
    start("127.0.0.1:1", "10.0.0.1:2");
    expect_success(2);
    memory_close(next_dial(2));
}
END_TEST

static TCase *rules(void) {
    TCase *group = tcase_create("rules");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, only_what_the_rules_allow_is_connected_to, 0, sizeof cases / sizeof *cases);
    tcase_add_test(group, only_the_loopback_is_connected_to_from_an_address_of_it);
    tcase_add_test(group, a_destination_that_is_denied_does_not_hinder_the_next);
    return group;
}

/* ---- names ---- */

START_TEST(each_address_of_a_name_is_tried) {
    struct resolver_answer answer = {.count = 2, .addresses = {address("10.0.0.1", 1), address("10.0.0.2", 2)}};
    start("db.example:1", NULL);
    expect_no_dial();
    names.callback(names.context, &answer);
    evutil_socket_t first = next_dial(1);
    memory_connect_done(first, true);
    settle();
    evutil_socket_t second = next_dial(2);
    memory_connect_done(second, false);
    expect_success(2);
    memory_close(first);
    memory_close(second);
}
END_TEST

/* What a name leads to is not known before: a rebound name must not lead past the rules. */
START_TEST(the_rules_hold_for_what_a_name_leads_to) {
    struct resolver_answer answer = {.count = 1, .addresses = {address("169.254.169.254", 1)}};
    start("db.example:1", NULL);
    names.callback(names.context, &answer);
    expect_failure(REFUSAL_DENIED, "169.254.169.254");
    expect_no_dial();
}
END_TEST

START_TEST(a_name_that_leads_nowhere_is_reported_by_its_name) {
    start("db.example:1", NULL);
    names.callback(names.context, &(struct resolver_answer){.detail = "no such name"});
    expect_failure(REFUSAL_DNS, "db.example:1: no such name");
}
END_TEST

/* A name server that hangs took all the time, and a fallback destination was never tried. */
START_TEST(a_name_that_hangs_leaves_time_for_the_next_destination) {
    memory_connect_will(MEMORY_AT_ONCE);
    start("db.example:1", "10.0.0.2:2");
    ck_assert_uint_le(names.timeout_ms, BUDGET_MS / 2);
    names.callback(names.context, &(struct resolver_answer){.detail = "no answer in time"});
    expect_success(2);
    memory_close(next_dial(2));
}
END_TEST

START_TEST(a_name_without_a_fallback_has_all_the_time) {
    start("db.example:1", NULL);
    ck_assert_uint_ge(names.timeout_ms, BUDGET_MS - 1000);
    names.callback(names.context, &(struct resolver_answer){.detail = "no such name"});
    expect_failure(REFUSAL_DNS, "no such name");
}
END_TEST

START_TEST(a_question_without_memory_is_a_failure) {
    names.has_no_memory = true;
    start("db.example:1", NULL);
    ck_assert_ptr_null(world.connector);
    expect_failure(REFUSAL_BUSY, "out of memory");
}
END_TEST

START_TEST(a_cancelled_connection_cancels_its_question) {
    start("db.example:1", NULL);
    ck_assert_int_eq(names.asked, 1);
    connector_cancel(world.connector);
    ck_assert_int_eq(names.cancelled, 1);
    ck_assert_int_eq(world.results, 0);
}
END_TEST

static TCase *looked_up(void) {
    TCase *group = tcase_create("looked_up");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, each_address_of_a_name_is_tried);
    tcase_add_test(group, the_rules_hold_for_what_a_name_leads_to);
    tcase_add_test(group, a_name_that_leads_nowhere_is_reported_by_its_name);
    tcase_add_test(group, a_name_that_hangs_leaves_time_for_the_next_destination);
    tcase_add_test(group, a_name_without_a_fallback_has_all_the_time);
    tcase_add_test(group, a_question_without_memory_is_a_failure);
    tcase_add_test(group, a_cancelled_connection_cancels_its_question);
    return group;
}

UNIT_MAIN("relay/stream/connect", attempts, rules, looked_up)
