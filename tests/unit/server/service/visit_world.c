/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_world: see visit_world.h.
 */
#include "config.h"

#include "server/service/visit_world.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visits *visit_world_visits(const struct visit_world *world) {
    return world->fixture.server->visits;
}

struct session *visit_world_session(const struct visit_world *world, const struct server_fixture_agent *agent) {
    return session_table_find(world->fixture.server->sessions, agent->tag);
}

void visit_world_begin(struct visit_world *world) {
    static const char *const groups[] = {"office", "office"};

    server_fixture_set(&world->fixture, groups, 2);
    ck_assert_int_eq(strlist_add(&world->fixture.conf->services[0].visitors, "laptops"), 0);
    server_fixture_open(&world->fixture);
    world->office = server_fixture_join(&world->fixture, "office", "office");
    server_fixture_bring_link(&world->fixture, &world->office);
    world->laptop = server_fixture_join(&world->fixture, "laptop", "laptops");
    server_fixture_bring_link(&world->fixture, &world->laptop);
    fake_forget(FAKE_CONTROL);
}

void visit_world_end(struct visit_world *world) {
    server_fixture_clear(&world->fixture);
}

void visit_world_permit(struct visit_world *world, const char *group) {
    struct strlist *visitors = &world->fixture.conf->services[0].visitors;

    strlist_done(visitors);
    if (group)
        ck_assert_int_eq(strlist_add(visitors, group), 0);
    visits_update(visit_world_visits(world));
}

void visit_world_ask(struct visit_world *world, const struct server_fixture_agent *agent, const char *visits) {
    char text[4096];

    ck_assert_int_lt(snprintf(text, sizeof text, "{\"op\":\"visit\",\"visits\":[%s]}", visits), (int)sizeof text);
    server_fixture_send_control(&world->fixture, agent, text);
}

void visit_world_open(struct visit_world *world, const struct server_fixture_agent *agent, unsigned visit,
                      unsigned ticket, unsigned count) {
    struct visit_open open = {.visit = visit, .local.port = 5900, .count = count};
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};

    memcpy(open.local.host, mapped, sizeof mapped);
    for (unsigned i = 0; i < count; i++) {
        open.arrivals[i].ticket = ticket + i;
        open.arrivals[i].client = open.local;
        open.arrivals[i].client.port = (uint16_t)(1000 + i);
    }
    char *text = visit_open_format(&open);
    ck_assert_ptr_nonnull(text);
    server_fixture_send_control(&world->fixture, agent, text);
    free(text);
}

const char *visit_world_told(struct visit_world *world, const struct server_fixture_agent *agent, const char *op) {
    static struct fake_order order;
    char wanted[64];

    (void)world;
    snprintf(wanted, sizeof wanted, "\"op\":\"%s\"", op);
    if (!fake_take_with(FAKE_CONTROL, wanted, &order))
        return NULL;
    ck_assert(link_ref_same(order.link, agent->control));
    return order.text;
}
