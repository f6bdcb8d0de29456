/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_balance: which agent of a service gets the next client, by policy, health and what the client has met before.
 */
#include "config.h"

#include "server/service/balance.h"
#include "server/session/session_table.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define S 1000000ull

enum { AGENTS_MOST = 400, SOURCES = 50 };

struct world {
    struct session_table *table;
    struct balance *balance;
    struct session *agents[AGENTS_MOST];
    int count;
    struct client client; /* without attempts */
};

static void bring_link(struct session *session) {
    const struct carrier_role role = {.session = session_tag(session)};

    carriers_accepted(session_carriers(session), &role);
    carriers_added(session_carriers(session), &role);
}

static struct session *join(struct world *world, bool is_ready) {
    static const struct addr peer;
    const struct session_options options = {.name = "a",
                                            .instance = "00112233445566778899aabbccddeeff",
                                            .credential = "",
                                            .serves_all = true,
                                            .threads = 1,
                                            .peer = &peer};
    struct session *session = session_table_add(world->table, &options);

    ck_assert_ptr_nonnull(session);
    ck_assert_int_lt(world->count, AGENTS_MOST);
    world->agents[world->count++] = session;
    ck_assert(balance_join(world->balance, session));
    if (is_ready)
        bring_link(session);
    return session;
}

static void begin(struct world *world, enum config_balance policy, int agents, bool are_ready) {
    *world = (struct world){.table = session_table_new(), .balance = balance_new(policy)};
    ck_assert(world->table && world->balance);
    while (agents--)
        join(world, are_ready);
}

static void finish(struct world *world) {
    free(world->client.tried);
    balance_free(world->balance);
    session_table_free(world->table);
}

static void leave(struct world *world, const struct session *session) {
    balance_leave(world->balance, session);
}

/* The agent that gets the client, or NULL. */
static struct session *choose_at(struct world *world, uint64_t now_us) {
    struct session *chosen = NULL;

    return balance_choose(world->balance, &world->client, now_us, &chosen) == BALANCE_CHOSEN ? chosen : NULL;
}

static struct session *choose(struct world *world) {
    return choose_at(world, 0);
}

static enum balance_verdict verdict(struct world *world) {
    struct session *chosen = NULL;

    return balance_choose(world->balance, &world->client, 0, &chosen);
}

static void set_source(struct world *world, int host) {
    struct endpoint endpoint = {.port = 1};

    snprintf(endpoint.host, sizeof endpoint.host, "10.0.0.%d", host);
    ck_assert(addr_from_endpoint(&world->client.peer, &endpoint));
}

/* --- policies --- */

START_TEST(agents_take_turns_while_others_join_and_leave) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 3, true);
    struct session **agents = world.agents;
    for (int i = 0; i < 7; i++)
        ck_assert_ptr_eq(choose(&world), agents[i % 3]);
    leave(&world, agents[0]); /* the next is still the second */
    ck_assert_ptr_eq(choose(&world), agents[1]);
    ck_assert_ptr_eq(choose(&world), agents[2]);
    join(&world, true);
    ck_assert_ptr_eq(choose(&world), agents[1]);
    ck_assert_ptr_eq(choose(&world), agents[2]);
    ck_assert_ptr_eq(choose(&world), agents[3]);
    leave(&world, agents[0]); /* it is not here */
    ck_assert_uint_eq(world.balance->count, 3);
    finish(&world);
}
END_TEST

START_TEST(agent_without_a_data_link_is_skipped) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 1, false);
    struct session *with = join(&world, true);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(choose(&world), with);
    session_back_off(with, 1);
    ck_assert_int_eq(verdict(&world), BALANCE_WAIT);
    ck_assert_ptr_eq(choose_at(&world, 1), with);
    finish(&world);
}
END_TEST

START_TEST(least_busy_agent_is_chosen_and_equal_ones_take_turns) {
    struct world world;

    begin(&world, CONFIG_LEAST_CONNECTIONS, 3, true);
    struct session **agents = world.agents;
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(choose(&world), agents[i]);
    for (int i = 0; i < 4; i++)
        session_take_client(agents[i % 3]); /* the first has two */
    ck_assert_ptr_eq(choose(&world), agents[1]);
    ck_assert_ptr_eq(choose(&world), agents[2]);
    ck_assert_ptr_eq(choose(&world), agents[1]);
    session_client_left(agents[0]);
    session_client_left(agents[0]);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(choose(&world), agents[0]);
    finish(&world);
}
END_TEST

START_TEST(source_keeps_its_agent_until_that_leaves) {
    struct world world;
    const struct session *owners[SOURCES];
    int moved = 0;

    begin(&world, CONFIG_SOURCE, 2, true);
    for (int i = 0; i < SOURCES; i++) {
        set_source(&world, i);
        owners[i] = choose(&world);
        moved += owners[i] == world.agents[0];
    }
    ck_assert(moved > SOURCES / 10 && moved < SOURCES - SOURCES / 10); /* both have their share */
    join(&world, true);
    for (int i = 0; i < SOURCES; i++) {
        set_source(&world, i);
        ck_assert_ptr_eq(choose(&world), owners[i]);
    }
    leave(&world, world.agents[0]);
    for (int i = 0; i < SOURCES; i++) {
        set_source(&world, i);
        const struct session *owner = choose(&world);
        ck_assert(owners[i] == world.agents[0] ? owner != owners[i] && owner : owner == owners[i]);
    }
    finish(&world);
}
END_TEST

START_TEST(source_waits_for_its_agent_while_others_can_take_it) {
    struct world world;

    begin(&world, CONFIG_SOURCE, 2, true);
    set_source(&world, 1);
    struct session *owner = choose(&world);
    ck_assert_ptr_nonnull(owner);
    carriers_removed(session_carriers(owner), &(struct carrier_role){.session = session_tag(owner)});
    ck_assert_int_eq(verdict(&world), BALANCE_WAIT);
    bring_link(owner);
    ck_assert_ptr_eq(choose(&world), owner);
    finish(&world);
}
END_TEST

/* --- health --- */

static unsigned fail_client(struct world *world, const struct session *session, int times, uint64_t now_us) {
    unsigned eject_s = 0;

    while (times--)
        eject_s = balance_failed(world->balance, session, "refused", now_us);
    return eject_s;
}

START_TEST(three_failures_in_a_row_eject_for_longer_each_time) {
    static const unsigned expected_s[] = {10, 20, 40, 60, 60};
    struct world world;
    uint64_t now_us = S;

    begin(&world, CONFIG_ROUND_ROBIN, 2, true);
    struct session *failing = world.agents[0];
    ck_assert_uint_eq(fail_client(&world, failing, 2, now_us), 0);
    ck_assert_uint_eq(fail_client(&world, failing, 1, now_us), expected_s[0]);
    for (int i = 1; i < 5; i++) {
        for (int k = 0; k < 3; k++)
            ck_assert_ptr_eq(choose_at(&world, now_us), world.agents[1]);
        ck_assert_uint_eq(fail_client(&world, failing, 1, now_us), 0); /* of a client from before */
        now_us += expected_s[i - 1] * S;
        ck_assert(choose_at(&world, now_us) == failing || choose_at(&world, now_us) == failing);
        ck_assert_uint_eq(fail_client(&world, failing, 1, now_us), expected_s[i]); /* on probation: one is enough */
    }
    finish(&world);
}
END_TEST

START_TEST(success_forgets_failures) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 2, true);
    struct session *failing = world.agents[0];
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(fail_client(&world, failing, 2, S), 0);
        balance_succeeded(world.balance, failing);
    }
    ck_assert_uint_eq(fail_client(&world, failing, 3, S), 10);
    balance_succeeded(world.balance, failing); /* of a client from before: it is well */
    ck_assert(choose_at(&world, S) == failing || choose_at(&world, S) == failing);
    ck_assert_uint_eq(fail_client(&world, failing, 3, S), 10);
    leave(&world, failing);
    ck_assert_uint_eq(fail_client(&world, failing, 3, S), 0);
    ck_assert_uint_eq(world.balance->unhealthy, 0);
    finish(&world);
}
END_TEST

START_TEST(agent_fails_until_a_success_or_a_minute_after_its_ejection) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 1, true);
    const struct balance_member *member = &world.balance->members[0];
    fail_client(&world, world.agents[0], 2, S);
    ck_assert(!balance_is_failing(member, S));
    fail_client(&world, world.agents[0], 1, S);
    ck_assert_str_eq(member->failure, "refused");
    ck_assert(balance_is_failing(member, 70 * S));
    ck_assert(!balance_is_failing(member, 71 * S));
    fail_client(&world, world.agents[0], 1, 80 * S);
    ck_assert(balance_is_failing(member, 80 * S));
    ck_assert_uint_eq(member->failing_since_us, S);
    balance_succeeded(world.balance, world.agents[0]);
    ck_assert(!balance_is_failing(member, 80 * S) && !member->failure);
    finish(&world);
}
END_TEST

START_TEST(ejected_agent_is_chosen_when_no_other_is_left) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 1, true);
    ck_assert_uint_eq(fail_client(&world, world.agents[0], 3, S), 10);
    ck_assert_ptr_eq(choose_at(&world, S), world.agents[0]);
    finish(&world);
}
END_TEST

START_TEST(worse_agent_gets_no_client_while_a_better_one_has_no_idle_link) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 1, true);
    session_liveness(world.agents[0])->is_silent = true;
    join(&world, false);
    ck_assert_int_eq(verdict(&world), BALANCE_WAIT);
    finish(&world);
}
END_TEST

/* Healthy, ejected, silent, avoided; and never one that has refused it. */
START_TEST(client_goes_to_the_best_agent_that_is_left) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 5, true);
    struct session *avoided = world.agents[0], *silent = world.agents[1], *ejected = world.agents[2],
                   *healthy = world.agents[3], *tried = world.agents[4];
    world.client.attempts = 2;
    balance_avoid(&world.client, avoided);
    balance_mark_tried(&world.client, tried);
    session_liveness(silent)->is_silent = true;
    fail_client(&world, ejected, 3, 0);
    struct session *order[] = {healthy, ejected, silent, avoided};
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_eq(choose(&world), order[i]);
        ck_assert_ptr_eq(choose(&world), order[i]);
        leave(&world, order[i]);
    }
    ck_assert_int_eq(verdict(&world), BALANCE_ALL_TRIED);
    leave(&world, tried);
    ck_assert_int_eq(verdict(&world), BALANCE_NO_AGENT);
    finish(&world);
}
END_TEST

START_TEST(untried_agents_are_counted_for_each_client) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, 3, true);
    ck_assert_uint_eq(balance_untried(world.balance, &world.client), 3);
    world.client.attempts = 1;
    balance_mark_tried(&world.client, world.agents[1]);
    ck_assert_uint_eq(balance_untried(world.balance, &world.client), 2);
    balance_avoid(&world.client, world.agents[2]); /* it may still get the client */
    ck_assert_uint_eq(balance_untried(world.balance, &world.client), 2);
    finish(&world);
}
END_TEST

/* The tried ones were bits by slot: with more than 256 slots two agents had the same. */
START_TEST(agent_is_not_taken_for_another_that_was_tried) {
    struct world world;

    begin(&world, CONFIG_ROUND_ROBIN, AGENTS_MOST, false);
    world.client.attempts = 1;
    for (int i = 0; i < AGENTS_MOST; i++) {
        balance_mark_tried(&world.client, world.agents[i]);
        ck_assert_uint_eq(balance_untried(world.balance, &world.client), (size_t)(AGENTS_MOST - 1 - i));
    }
    finish(&world);
}
END_TEST

static TCase *policies(void) {
    TCase *group = tcase_create("policies");

    tcase_add_test(group, agents_take_turns_while_others_join_and_leave);
    tcase_add_test(group, agent_without_a_data_link_is_skipped);
    tcase_add_test(group, least_busy_agent_is_chosen_and_equal_ones_take_turns);
    tcase_add_test(group, source_keeps_its_agent_until_that_leaves);
    tcase_add_test(group, source_waits_for_its_agent_while_others_can_take_it);
    return group;
}

static TCase *health(void) {
    TCase *group = tcase_create("health");

    tcase_add_test(group, three_failures_in_a_row_eject_for_longer_each_time);
    tcase_add_test(group, success_forgets_failures);
    tcase_add_test(group, agent_fails_until_a_success_or_a_minute_after_its_ejection);
    tcase_add_test(group, ejected_agent_is_chosen_when_no_other_is_left);
    tcase_add_test(group, worse_agent_gets_no_client_while_a_better_one_has_no_idle_link);
    tcase_add_test(group, client_goes_to_the_best_agent_that_is_left);
    tcase_add_test(group, untried_agents_are_counted_for_each_client);
    tcase_add_test(group, agent_is_not_taken_for_another_that_was_tried);
    return group;
}

UNIT_MAIN("server/service/balance", policies, health)
