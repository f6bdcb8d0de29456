/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_client_detail: the record of a client that no agent served tells an operator what to do.
 */
#include "config.h"

#include "server/service/client_detail.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <stdio.h>

struct world { /* a client of a service, as far as the texts need it */
    char first[8], second[8], *groups[2];
    struct service_config conf;
    struct balance balance;
    struct service service;
    struct client client;
};

static void begin(struct world *world, size_t groups) {
    *world = (struct world){.first = "web", .second = "mail"};
    world->groups[0] = world->first;
    world->groups[1] = world->second;
    world->conf.groups = (struct strlist){.items = world->groups, .count = groups};
    world->service = (struct service){.conf = &world->conf, .balance = &world->balance};
    world->client.service = &world->service;
}

START_TEST(without_an_agent_its_groups_tell_which_to_start) {
    static const char *const wanted[] = {
        "no agent is connected; start munnel-agent",
        "no agent of the group web is connected; start munnel-agent for it",
        "no agent of the group web or mail is connected; start munnel-agent for it",
    };
    struct world world;
    begin(&world, (size_t)_i);
    client_detail_set_no_agent(&world.client);
    ck_assert_str_eq(world.client.detail, wanted[_i]);
}
END_TEST

START_TEST(agent_that_is_there_is_not_to_be_started) {
    struct world world;
    begin(&world, 0);
    world.service.asked = 1;
    client_detail_set_no_agent(&world.client);
    ck_assert_str_eq(world.client.detail, "no agent has answered in time whether it permits the service");
    world.balance.count = 1;
    client_detail_set_no_agent(&world.client);
    ck_assert_str_eq(world.client.detail, "no agent could take it in time");
}
END_TEST

START_TEST(last_attempt_is_followed_by_who_could_not_serve) {
    struct world world;
    begin(&world, 1);
    snprintf(world.client.detail, sizeof world.client.detail, "10.0.0.1:80: Connection refused");
    client_detail_add_attempts(&world.client);
    ck_assert_str_eq(world.client.detail,
                     "10.0.0.1:80: Connection refused; no other agent of the group web could serve");
    begin(&world, 0);
    client_detail_add_attempts(&world.client);
    ck_assert_str_eq(world.client.detail, "no other agent could serve");
}
END_TEST

START_TEST(refusal_names_the_agent_and_its_reason) {
    struct world world;
    struct addr peer = {.length = 0};
    struct session *session = session_new(&(struct session_options){
        .tag = 1, .peer = &peer, .name = "web1", .instance = "0", .credential = "", .threads = 1, .serves_all = true});
    struct service_refusal refusal = {.session = session, .reason = "see --allow"};
    ck_assert_ptr_nonnull(session);
    begin(&world, 1);
    world.service.refusing = &refusal;
    client_detail_set_refusal(&world.client);
    ck_assert_str_eq(world.client.detail, "agent web1 does not permit it: see --allow");
    ck_assert_str_eq(world.client.agent, "web1");
    session_free(session);
}
END_TEST

static TCase *details(void) {
    TCase *group = tcase_create("details");

    tcase_add_loop_test(group, without_an_agent_its_groups_tell_which_to_start, 0, 3);
    tcase_add_test(group, agent_that_is_there_is_not_to_be_started);
    tcase_add_test(group, last_attempt_is_followed_by_who_could_not_serve);
    tcase_add_test(group, refusal_names_the_agent_and_its_reason);
    return group;
}

UNIT_MAIN("server/service/client_detail", details)
