/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_flap_damping: only an agent whose sessions end at once, again and again, has to wait.
 */
#include "config.h"

#include "server/auth/flap_damping.h"
#include "unit.h"

enum { FREE_SESSIONS = 20, FIRST_S = 5 };

#define S 1000000ull

static struct addr address(const char *text) {
    struct endpoint endpoint = {.port = 1};
    struct addr addr = {0};

    snprintf(endpoint.host, sizeof endpoint.host, "%s", text);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static struct session *join(const struct addr *peer) {
    const struct session_options options = {.name = "web1",
                                            .instance = "00112233445566778899aabbccddeeff",
                                            .credential = "web",
                                            .threads = 1,
                                            .serves_all = true,
                                            .peer = peer};
    struct session *session = session_new(&options);

    ck_assert_ptr_nonnull(session);
    return session;
}

/* Sessions that last for `seconds` each. */
static void flap(struct penalty_box *box, const struct addr *peer, int times, unsigned seconds) {
    for (int i = 0; i < times; i++) {
        struct session *session = join(peer);
        flap_damping_left(box, session, session_joined_us(session) + seconds * S);
        session_free(session);
    }
}

static unsigned wait_s(struct penalty_box *box, const struct addr *peer) {
    struct session *now = join(peer); /* on the same clock */
    unsigned seconds = flap_damping_wait(box, "web", "web1", peer, session_joined_us(now));

    session_free(now);
    return seconds;
}

START_TEST(a_few_restarts_cost_nothing) {
    struct penalty_box *box = flap_damping_new();
    struct addr peer = address("192.0.2.1");

    flap(box, &peer, FREE_SESSIONS, 0);
    ck_assert_uint_eq(wait_s(box, &peer), 0);
    flap(box, &peer, 1, 0);
    ck_assert_uint_eq(wait_s(box, &peer), FIRST_S);
    penalty_box_free(box);
}
END_TEST

START_TEST(long_sessions_do_not_count) {
    struct penalty_box *box = flap_damping_new();
    struct addr peer = address("192.0.2.1");

    flap(box, &peer, 10 * FREE_SESSIONS, 10);
    ck_assert_uint_eq(wait_s(box, &peer), 0);
    penalty_box_free(box);
}
END_TEST

START_TEST(another_agent_does_not_wait) {
    struct penalty_box *box = flap_damping_new();
    struct addr peer = address("192.0.2.1"), other = address("192.0.2.2");

    flap(box, &peer, FREE_SESSIONS + 1, 0);
    ck_assert_uint_gt(wait_s(box, &peer), 0);
    ck_assert_uint_eq(wait_s(box, &other), 0);
    ck_assert_uint_eq(flap_damping_wait(box, "web", "web2", &peer, S), 0);
    ck_assert_uint_eq(flap_damping_wait(box, "db", "web1", &peer, S), 0);
    ck_assert_uint_eq(flap_damping_wait(box, "we", "bweb1", &peer, S), 0);
    penalty_box_free(box);
}
END_TEST

START_TEST(short_sessions_while_it_waits_count_once) {
    struct penalty_box *box = flap_damping_new();
    struct addr peer = address("192.0.2.1");

    flap(box, &peer, FREE_SESSIONS + 50, 0);
    ck_assert_uint_le(wait_s(box, &peer), FIRST_S);
    penalty_box_free(box);
}
END_TEST

static TCase *flap_damping_cases(void) {
    TCase *group = tcase_create("flap_damping");

    tcase_add_test(group, a_few_restarts_cost_nothing);
    tcase_add_test(group, long_sessions_do_not_count);
    tcase_add_test(group, another_agent_does_not_wait);
    tcase_add_test(group, short_sessions_while_it_waits_count_once);
    return group;
}

UNIT_MAIN("server/auth/flap_damping", flap_damping_cases)
