/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_supply: how many data links an agent is asked for, and which are closed again.
 */
#include "config.h"

#include "lib/clock.h"
#include "server/stage.h"
#include "server/supply.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

/* Links that this agent has been asked for since the last time. */
static uint64_t asked_for(struct stage *stage, const struct stage_agent *agent) {
    struct fake_order order;
    struct message_control control;
    struct error error;
    uint64_t count = 0;

    stage_run(stage);
    for (size_t left = fake_count(FAKE_TELL); left; left--) {
        ck_assert(fake_take(FAKE_TELL, &order));
        ck_assert_int_eq(message_parse_control(&control, order.text, strlen(order.text), &error), 0);
        if (link_ref_same(order.link, agent->control) && control.op == MESSAGE_OP_LINKS)
            count += control.count;
        else
            plane_tell(NULL, order.link, order.text); /* another's: put it back */
        message_control_done(&control);
    }
    return count;
}

START_TEST(new_agent_is_asked_for_idle_min) {
    struct stage stage;

    stage_begin(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    ck_assert_uint_eq(asked_for(&stage, &a), 16);
    stage_bring_links(&stage, &a, 16);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    stage_clear(&stage);
}
END_TEST

START_TEST(what_is_taken_is_replaced) {
    struct stage stage;
    struct fake_order order;

    stage_begin(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 16);
    asked_for(&stage, &a);
    int fd = stage_client(&stage, 0, &order);
    ck_assert_uint_eq(asked_for(&stage, &a), 1);
    stage_end(&stage, fd, &order, a.tag);
}
END_TEST

START_TEST(unanswered_request_is_made_again_after_ten_seconds) {
    struct stage stage;

    stage_begin(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    ck_assert_uint_eq(asked_for(&stage, &a), 16);
    fake_clock_advance(9999);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    fake_clock_advance(1);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 16);
    stage_clear(&stage);
}
END_TEST

START_TEST(waiting_clients_are_spread_over_the_agents) {
    struct stage stage;
    int fds[5];

    stage_set_any(&stage);
    stage.conf->agents.idle_min = 0;
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", ""), b = stage_join(&stage, "b", "");
    for (int i = 0; i < 5; i++)
        fds[i] = stage_connect(&stage, 0);
    uint64_t of_a = asked_for(&stage, &a), of_b = asked_for(&stage, &b);
    ck_assert_uint_ge(of_a + of_b, 5);
    ck_assert_uint_le(of_a + of_b, 6); /* who gets the odd one changes from turn to turn */
    ck_assert_uint_ge(of_a, 2);
    ck_assert_uint_ge(of_b, 2);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    stage_clear(&stage);
}
END_TEST

static void burst(struct stage *stage, const struct stage_agent *agent, int clients) {
    struct fake_order orders[100];

    for (int i = 0; i < clients; i++)
        close(stage_client(stage, 0, &orders[i]));
    for (int i = 0; i < clients; i++) {
        fake_give_back(&orders[i], CLIENT_ENDED, agent->tag);
        stage_idle(stage, agent, orders[i].link);
    }
}

START_TEST(idle_links_follow_the_peak_for_ten_minutes) {
    struct stage stage;

    stage_set_any(&stage);
    stage.conf->agents.idle_max = 50;
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    struct session *session = agents_find(stage.server->agents, a.tag);
    stage_bring_links(&stage, &a, 20);
    burst(&stage, &a, 20);
    asked_for(&stage, &a);
    ck_assert_uint_eq(session_target(session, 16, 50, clock_us()), 40);
    burst(&stage, &a, 20);
    ck_assert_uint_eq(session_target(session, 16, 50, clock_us()), 50); /* 80, but idle_max */
    stage_bring_links(&stage, &a, 30);
    fake_clock_advance(9 * 60 * 1000);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(pool_count(session_pool(session)), 50);
    fake_clock_advance(60 * 1000 + 1000);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(pool_count(session_pool(session)), 16);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 34);
    stage_clear(&stage);
}
END_TEST

/* Let in, but not idle yet: it is neither asked for nor in the pool. */
START_TEST(link_on_its_way_is_not_asked_for_twice) {
    struct stage stage;

    stage_begin(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    ck_assert_uint_eq(asked_for(&stage, &a), 16);
    struct link_ref link = stage_let_in_link(&stage, &a);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    struct link_end end = {.link = link, .tag = a.tag, .was_accepted = true, .why = "it broke"};
    fake_options()->events->on_gone(fake_options()->context, &end);
    ck_assert_uint_eq(asked_for(&stage, &a), 1);
    stage_clear(&stage);
}
END_TEST

START_TEST(scarce_descriptors_are_shared) {
    struct stage stage;
    struct message_hello hello = {.kind = MESSAGE_KIND_DATA, .protocol = MESSAGE_PROTOCOL, .name = "a"};

    stage_begin(&stage);
    stage.server->link_limit = 6;
    struct stage_agent a = stage_join(&stage, "a", ""), b = stage_join(&stage, "b", "");
    ck_assert_uint_eq(asked_for(&stage, &a), 3);
    ck_assert_uint_eq(asked_for(&stage, &b), 3);
    stage_bring_links(&stage, &a, 3);
    stage_bring_links(&stage, &b, 3);
    hello.credential = hello.group = "";
    hello.instance = a.instance;
    hello.session = a.session;
    stage_greet(&stage, &hello, a.key, PROOF_DATA); /* one more than there is room for */
    ck_assert_uint_eq(fake_count(FAKE_REJECT), 1);
    stage_clear(&stage);
}
END_TEST

START_TEST(lost_idle_link_is_replaced) {
    struct stage stage;

    stage_begin(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 15);
    struct link_ref link = stage_bring_link(&stage, &a);
    asked_for(&stage, &a);
    struct link_end end = {.link = link, .tag = a.tag, .was_accepted = true, .why = "it broke"};
    fake_options()->events->on_gone(fake_options()->context, &end);
    ck_assert_uint_eq(asked_for(&stage, &a), 1);
    stage_clear(&stage);
}
END_TEST

enum { CROWD_MOST = 300 };

struct crowd {
    int fds[CROWD_MOST];
    int count;
};

static void crowd_come(struct stage *stage, struct crowd *crowd, int count) {
    for (crowd->count = 0; crowd->count < count; crowd->count++)
        crowd->fds[crowd->count] = stage_connect(stage, 0);
}

static void crowd_go(struct stage *stage, struct crowd *crowd) {
    while (crowd->count)
        close(crowd->fds[--crowd->count]);
    stage_clear(stage);
}

/* One agent that keeps 16 idle links, neither more nor less. */
static struct stage_agent agent_of_sixteen(struct stage *stage) {
    stage_set_any(stage);
    stage->conf->agents.idle_max = 16;
    stage_open(stage);
    struct stage_agent agent = stage_join(stage, "a", "");
    stage_bring_links(stage, &agent, 16);
    asked_for(stage, &agent);
    return agent;
}

START_TEST(links_above_idle_max_are_closed_as_they_become_idle) {
    struct stage stage;
    struct fake_order orders[10];
    struct stage_agent a = agent_of_sixteen(&stage);

    for (int i = 0; i < 10; i++)
        close(stage_client(&stage, 0, &orders[i]));
    stage_bring_links(&stage, &a, asked_for(&stage, &a));
    ck_assert_uint_eq(pool_count(session_pool(agents_find(stage.server->agents, a.tag))), 16);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(fake_count(FAKE_CLOSE), i);
        fake_give_back(&orders[i], CLIENT_ENDED, a.tag);
        stage_idle(&stage, &a, orders[i].link);
    }
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 10);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    stage_clear(&stage);
}
END_TEST

START_TEST(who_waits_gets_a_link_and_no_more) {
    struct stage stage;
    struct crowd crowd;
    struct stage_agent a = agent_of_sixteen(&stage);

    burst(&stage, &a, 1); /* that one client came and went says nothing about those to come */
    uint64_t asked = asked_for(&stage, &a);
    crowd_come(&stage, &crowd, 40);
    ck_assert_uint_eq(stage.server->waiting, 24);
    asked += asked_for(&stage, &a);
    ck_assert_uint_eq(asked, 24); /* those ordered to have idle ones are theirs, too */
    crowd_go(&stage, &crowd);
}
END_TEST

/* Links for others would take both ends' time from those who wait. */
START_TEST(links_for_those_to_come_are_ordered_a_moment_later) {
    struct stage stage;
    struct crowd crowd;

    stage_set_any(&stage);
    stage.conf->agents.idle_min = 0;
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    crowd_come(&stage, &crowd, 20);
    ck_assert_uint_eq(asked_for(&stage, &a), 20);
    stage_bring_links(&stage, &a, 20);
    ck_assert_uint_eq(stage.server->waiting, 0);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    fake_clock_advance(150);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    fake_clock_advance(50);
    ck_assert(stage_wait_for(&stage, FAKE_TELL, 1)); /* without a tick */
    ck_assert_uint_eq(asked_for(&stage, &a), 40);
    crowd_go(&stage, &crowd);
}
END_TEST

START_TEST(who_will_get_a_link_that_comes_back_needs_none) {
    struct stage stage;
    struct crowd crowd;
    struct stage_agent a = agent_of_sixteen(&stage);

    for (int i = 0; i < 5; i++)
        burst(&stage, &a, 16);
    asked_for(&stage, &a);
    crowd_come(&stage, &crowd, 40);
    ck_assert_uint_eq(stage.server->waiting, 24);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    fake_clock_advance(1000); /* but they do not */
    supply_tick(stage.server->supply);
    ck_assert_uint_ge(asked_for(&stage, &a), 8);
    crowd_go(&stage, &crowd);
}
END_TEST

START_TEST(lost_request_is_made_again_while_clients_wait) {
    struct stage stage;
    struct crowd crowd;

    stage_set_any(&stage);
    stage.conf->agents.idle_min = 0;
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    crowd_come(&stage, &crowd, 5);
    ck_assert_uint_eq(asked_for(&stage, &a), 5);
    fake_clock_advance(2999);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 0);
    fake_clock_advance(1);
    supply_tick(stage.server->supply);
    ck_assert_uint_eq(asked_for(&stage, &a), 5);
    crowd_go(&stage, &crowd);
}
END_TEST

START_TEST(no_agent_is_asked_for_hundreds_at_once) {
    struct stage stage;
    struct crowd crowd;

    stage_begin(&stage);
    struct stage_agent a = stage_join(&stage, "a", "");
    crowd_come(&stage, &crowd, CROWD_MOST);
    uint64_t asked = asked_for(&stage, &a);
    ck_assert_uint_le(asked, 256);
    ck_assert_uint_ge(asked, 128); /* and soon for more */
    stage_bring_links(&stage, &a, asked);
    ck_assert_uint_eq(asked_for(&stage, &a), CROWD_MOST - asked);
    crowd_go(&stage, &crowd);
}
END_TEST

static TCase *links(void) {
    TCase *group = tcase_create("links");

    tcase_add_test(group, new_agent_is_asked_for_idle_min);
    tcase_add_test(group, what_is_taken_is_replaced);
    tcase_add_test(group, unanswered_request_is_made_again_after_ten_seconds);
    tcase_add_test(group, waiting_clients_are_spread_over_the_agents);
    tcase_add_test(group, idle_links_follow_the_peak_for_ten_minutes);
    tcase_add_test(group, link_on_its_way_is_not_asked_for_twice);
    tcase_add_test(group, scarce_descriptors_are_shared);
    tcase_add_test(group, lost_idle_link_is_replaced);
    tcase_add_test(group, links_above_idle_max_are_closed_as_they_become_idle);
    tcase_add_test(group, who_waits_gets_a_link_and_no_more);
    tcase_add_test(group, links_for_those_to_come_are_ordered_a_moment_later);
    tcase_add_test(group, who_will_get_a_link_that_comes_back_needs_none);
    tcase_add_test(group, lost_request_is_made_again_while_clients_wait);
    tcase_add_test(group, no_agent_is_asked_for_hundreds_at_once);
    return group;
}

UNIT_MAIN("server/supply", links)
