/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reconfigure: another configuration for a server that runs: what its clients, ports and agents notice. The
 * services come from services.c, and change by service_change.c.
 */
#include "config.h"

#include "server/reconfigure.h"

#include "conf/option.h"
#include "server/server_fixture.h"
#include "server/service/service_priv.h"
#include "unit.h"
#include "unit_log.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMED "named.example" /* what a name server would know */

int evutil_getaddrinfo(const char *node, const char *service, const struct evutil_addrinfo *hints,
                       struct evutil_addrinfo **found) {
    return getaddrinfo(strcmp(node, NAMED) == 0 ? "127.0.0.1" : node, service, hints, found);
}

static const char *const two[] = {NULL, NULL};

struct wanted { /* a service of the next configuration */
    const char *name;
    uint16_t port;
    const char *connect;
};

/* Among the fixture's, which the system gives to no connection, and of another test by chance only. */
static uint16_t far_from(uint16_t port) {
    enum { FIRST = 30000, COUNT = 2700 };

    return (uint16_t)(FIRST + (port - FIRST + COUNT / 2) % COUNT);
}

static void set_text(char **text, const char *by) {
    free(*text);
    *text = strdup(by);
}

/* As the fixture's own, but for the services. */
static struct server_config *make_next(const struct server_fixture *fixture, const struct wanted *wanted,
                                       size_t count) {
    struct server_config *conf = server_config_default(NULL);
    struct error error;
    char text[200];

    free(conf->admin_socket);
    conf->admin_socket = NULL;
    set_text(&conf->agents.certificate, fixture->conf->agents.certificate);
    set_text(&conf->agents.key, fixture->conf->agents.key);
    set_text(&conf->agents.tokens, fixture->conf->agents.tokens);
    strlist_done(&conf->agents.listen);
    ck_assert_int_eq(strlist_copy(&conf->agents.listen, &fixture->conf->agents.listen), 0);
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s 127.0.0.1:%u %s", wanted[i].name, wanted[i].port, wanted[i].connect);
        ck_assert_msg(server_config_add_service(conf, text, &error) == 0, "%s", error.text);
    }
    return conf;
}

static void apply_conf(struct server_fixture *fixture, struct server_config *conf) {
    struct error error = {""};
    struct reconfigure *change =
        reconfigure_prepare(fixture->server, &(struct reconfigure_options){.conf = conf}, NULL, &error);

    ck_assert_msg(change, "%s", error.text);
    reconfigure_apply(change);
    reconfigure_free(change);
    server_config_free(conf);
    server_fixture_run(fixture);
}

static void apply(struct server_fixture *fixture, const struct wanted *wanted, size_t count) {
    apply_conf(fixture, make_next(fixture, wanted, count));
}

static int connect_to(struct server_fixture *fixture, uint16_t port) {
    uint16_t before = fixture->ports[3];

    fixture->ports[3] = port;
    int fd = server_fixture_connect(fixture, 3);
    fixture->ports[3] = before;
    return fd;
}

static bool has_announced(const char *part) {
    struct fake_order order;

    return fake_take_with(FAKE_CONTROL, part, &order);
}

static struct server_fixture_agent begin(struct server_fixture *fixture) {
    server_fixture_set(fixture, two, 2);
    server_fixture_open(fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(fixture, "a");
    fake_forget(FAKE_CONTROL);
    return agent;
}

START_TEST(the_same_configuration_changes_nothing) {
    struct server_fixture fixture;
    struct fake_order order;

    begin(&fixture);
    const struct service *service = fixture.server->services.items[0];
    int fd = server_fixture_client(&fixture, 0, &order);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    for (int i = 0; i < 3; i++)
        apply(&fixture, same, 2);
    ck_assert_uint_eq(fixture.server->services.count, 2);
    ck_assert_ptr_eq(fixture.server->services.items[0], service);
    ck_assert_uint_eq(service_id(service), 1);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    fake_give_back(&order, CLIENT_ENDED);
    close(fd);
    fd = server_fixture_client(&fixture, 1, &order);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_service_is_added_and_agents_are_asked_for_it) {
    struct server_fixture fixture;
    struct fake_order order;
    struct server_fixture_agent agent = begin(&fixture);
    const struct wanted more[] = {{"new", fixture.ports[0], "localhost:81"},
                                  {"s1", fixture.ports[1], "localhost:80"}}; /* takes the port of one that goes */

    apply(&fixture, more, 2);
    fake_clock_advance(1000);
    server_fixture_run(&fixture);
    int fd = server_fixture_connect(&fixture, 0); /* waits: the agent has not answered yet */
    ck_assert_uint_eq(fixture.server->services.waiting, 1);
    server_fixture_answer(&fixture, &agent, "[]");
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_str_eq(order.client->terms->service, "new");
    ck_assert_uint_eq(order.client->terms->id, 3);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(relays_of_a_removed_service_finish_and_then_agents_forget_it) {
    struct server_fixture fixture;
    struct fake_order order;

    begin(&fixture);
    const struct wanted rest[] = {{"s1", fixture.ports[1], "localhost:80"}};
    int fd = server_fixture_client(&fixture, 0, &order);
    apply(&fixture, rest, 1);
    ck_assert_int_eq(connect_to(&fixture, fixture.ports[0]), -1);
    ck_assert_uint_eq(fixture.server->services.count, 2);
    fake_clock_advance(1000);
    server_fixture_run(&fixture);
    ck_assert(!has_announced("\"remove\""));
    fake_give_back(&order, CLIENT_ENDED);
    reconfigure_reap(fixture.server);
    server_fixture_run(&fixture);
    ck_assert_uint_eq(fixture.server->services.count, 1);
    ck_assert(has_announced("\"remove\":[1]"));
    close(fd);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_removed_service_that_comes_back_before_its_last_client_has_gone_is_the_same) {
    struct server_fixture fixture;
    struct fake_order before, order;
    struct server_fixture_agent agent = begin(&fixture);
    const struct wanted rest[] = {{"s1", fixture.ports[1], "localhost:80"}};
    const struct wanted both[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    const struct service *service = fixture.server->services.items[0];

    int old = server_fixture_client(&fixture, 0, &before);
    ck_assert(service_pause(fixture.server->services.items[0], "test"));
    apply(&fixture, rest, 1);
    apply(&fixture, both, 2);
    ck_assert_uint_eq(fixture.server->services.count, 2);
    ck_assert_ptr_eq(fixture.server->services.items[1], service);
    ck_assert_uint_eq(service_id(service), 3);
    fake_clock_advance(1000);
    server_fixture_run(&fixture);
    server_fixture_answer(&fixture, &agent, "[]");
    int fd = server_fixture_client(&fixture, 0, &order);
    ck_assert_uint_eq(order.client->terms->id, 3);
    fake_give_back(&before, CLIENT_ENDED);
    close(old);
    reconfigure_reap(fixture.server);
    ck_assert_uint_eq(fixture.server->services.count, 2);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_new_service_counts_for_the_threads_that_run) {
    struct server_fixture fixture;

    begin(&fixture);
    const struct wanted more[] = {{"s0", fixture.ports[0], "localhost:80"},
                                  {"s1", fixture.ports[1], "localhost:80"},
                                  {"new", far_from(fixture.ports[1]), "localhost:80"}};
    struct server_config *conf = make_next(&fixture, more, 2);
    conf->threads = 4; /* from the next start on */
    apply_conf(&fixture, conf);
    conf = make_next(&fixture, more, 3);
    conf->threads = 4;
    apply_conf(&fixture, conf);
    const struct service *service = fixture.server->services.items[2];
    ck_assert_ptr_eq(service->part, service_counts_part(service->counts, plane_thread_count(fixture.server->plane)));
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(a_service_moves_to_another_port_and_its_waiting_clients_stay) {
    struct server_fixture fixture;
    struct fake_order order;

    server_fixture_set_any(&fixture);
    server_fixture_open(&fixture);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert_uint_eq(fixture.server->services.waiting, 1);
    const uint16_t port = far_from(fixture.ports[0]);
    const struct wanted moved[] = {{"s0", port, "localhost:80"}};
    apply(&fixture, moved, 1);
    ck_assert_int_eq(connect_to(&fixture, fixture.ports[0]), -1);
    ck_assert_uint_eq(fixture.server->services.waiting, 1);
    server_fixture_join_ready(&fixture, "a");
    ck_assert(fake_take(FAKE_SERVE, &order));
    int moved_fd = connect_to(&fixture, port);
    ck_assert_int_ge(moved_fd, 0);
    close(moved_fd);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(two_services_exchange_their_ports) {
    struct server_fixture fixture;
    struct fake_order order;

    begin(&fixture);
    const struct wanted exchanged[] = {{"s0", fixture.ports[1], "localhost:80"},
                                       {"s1", fixture.ports[0], "localhost:80"}};
    apply(&fixture, exchanged, 2);
    int fd = server_fixture_client(&fixture, 0, &order);
    ck_assert_str_eq(order.client->terms->service, "s1");
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_service_moves_to_a_wider_address_of_the_same_port_and_back) {
    struct server_fixture fixture;
    struct fake_order order;
    struct error error = {""};

    begin(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    char wide[32];
    snprintf(wide, sizeof wide, "0.0.0.0:%u", fixture.ports[0]);
    struct server_config *conf = make_next(&fixture, same, 2), *wrong = make_next(&fixture, same, 2);
    strlist_done(&conf->services[0].listen);
    strlist_done(&wrong->services[0].listen);
    strlist_add(&conf->services[0].listen, wide);
    strlist_add(&wrong->services[0].listen, wide);
    strlist_add(&wrong->services[0].listen, "192.0.2.1:7"); /* no address of this machine */
    ck_assert_ptr_null(reconfigure_prepare(fixture.server, &(struct reconfigure_options){.conf = wrong}, NULL, &error));
    server_config_free(wrong);
    int fd = server_fixture_client(&fixture, 0, &order); /* it listens again where it did */
    fake_give_back(&order, CLIENT_ENDED);
    close(fd);
    apply_conf(&fixture, conf);
    fd = server_fixture_client(&fixture, 0, &order);
    fake_give_back(&order, CLIENT_ENDED);
    close(fd);
    apply(&fixture, same, 2);
    fd = server_fixture_client(&fixture, 0, &order);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(another_destination_has_another_id_and_waits_for_the_agents_answer) {
    struct server_fixture fixture;
    struct fake_order first, order;
    struct server_fixture_agent agent = begin(&fixture);
    const struct wanted other[] = {{"s0", fixture.ports[0], "localhost:81"}, {"s1", fixture.ports[1], "localhost:80"}};

    int before = server_fixture_client(&fixture, 0, &first);
    apply(&fixture, other, 2);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert_uint_eq(fixture.server->services.waiting, 1);
    fake_clock_advance(1000);
    server_fixture_run(&fixture);
    server_fixture_answer(&fixture, &agent, "[]");
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(order.client->terms->id, 3);
    ck_assert_uint_eq(first.client->terms->id, 1);
    /* The agent has forgotten the old id before OPEN came: the client is served by the new one at once. */
    first.client->refusal = REFUSAL_UNKNOWN_SERVICE;
    fake_give_back(&first, CLIENT_REFUSED);
    ck_assert(fake_take(FAKE_SERVE, &first));
    ck_assert_uint_eq(first.client->terms->id, 3);
    fake_give_back(&first, CLIENT_ENDED);
    close(before);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(limits_and_balancing_change_without_asking_agents) {
    struct server_fixture fixture;
    struct fake_order order;

    begin(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    int fd = server_fixture_client(&fixture, 0, &order);
    struct server_config *conf = make_next(&fixture, same, 2);
    conf->services[0].max_clients = 1;
    conf->services[0].balance = CONFIG_SOURCE;
    conf->services[0].idle_timeout_s = 7;
    apply_conf(&fixture, conf);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    int refused = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, refused));
    close(refused);
    ck_assert_uint_eq(order.client->terms->idle_timeout_s, 0);
    fake_give_back(&order, CLIENT_ENDED);
    close(fd);
    fd = server_fixture_client(&fixture, 0, &order);
    ck_assert_uint_eq(order.client->terms->idle_timeout_s, 7);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_client_that_came_before_the_limit_of_its_source_makes_no_room_by_its_end) {
    struct server_fixture fixture;
    struct fake_order before, order;

    begin(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    int old = server_fixture_client(&fixture, 0, &before);
    struct server_config *conf = make_next(&fixture, same, 2);
    conf->services[0].max_per_source = 1;
    apply_conf(&fixture, conf);
    int fd = server_fixture_client(&fixture, 0, &order);
    fake_give_back(&before, CLIENT_ENDED);
    close(old);
    int refused = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, refused));
    close(refused);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

/* The look-up would stop all clients until a name server answers. */
START_TEST(names_to_listen_on_are_not_looked_up_while_the_server_runs) {
    struct server_fixture fixture;
    struct fake_order order;
    struct error error = {""};
    char local[32];

    begin(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    struct server_config *conf = make_next(&fixture, same, 2);
    strlist_done(&conf->services[0].listen);
    ck_assert_int_eq(strlist_add(&conf->services[0].listen, "munnel.invalid:80"), 0);
    ck_assert_ptr_null(reconfigure_prepare(fixture.server, &(struct reconfigure_options){.conf = conf}, NULL, &error));
    server_config_free(conf);
    ck_assert_msg(strstr(error.text, "listen: names are not looked up"), "%s", error.text);
    ck_assert_ptr_null(strstr(error.text, "munnel.invalid")); /* it may be the text of a file */
    snprintf(local, sizeof local, "localhost:%u", fixture.ports[0]);
    conf = make_next(&fixture, same, 2);
    strlist_done(&conf->services[0].listen);
    ck_assert_int_eq(strlist_add(&conf->services[0].listen, local), 0);
    apply_conf(&fixture, conf);
    int fd = server_fixture_client(&fixture, 0, &order);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_name_that_was_looked_up_at_the_start_keeps_its_address) {
    struct server_fixture fixture;
    struct fake_order order;
    char name[32], other[32];

    server_fixture_set(&fixture, two, 2);
    snprintf(name, sizeof name, NAMED ":%u", fixture.ports[0]);
    snprintf(other, sizeof other, "127.0.0.1:%u", far_from(fixture.ports[0]));
    strlist_done(&fixture.conf->services[0].listen);
    ck_assert_int_eq(strlist_add(&fixture.conf->services[0].listen, name), 0);
    server_fixture_open(&fixture);
    server_fixture_join_ready(&fixture, "a");
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    for (int round = 0; round < 3; round++) {
        struct server_config *conf = make_next(&fixture, same, 2);
        if (round != 1) { /* in the second one its address is written instead */
            strlist_done(&conf->services[0].listen);
            ck_assert(strlist_add(&conf->services[0].listen, other) == 0 &&
                      strlist_add(&conf->services[0].listen, name) == 0);
        }
        apply_conf(&fixture, conf);
        int fd = server_fixture_client(&fixture, 0, &order);
        fake_give_back(&order, CLIENT_ENDED);
        close(fd);
    }
    server_fixture_clear(&fixture);
}
END_TEST

/* Its port is in the way of an address that cannot be bound after all. */
START_TEST(a_paused_service_stays_closed_when_a_reload_fails) {
    struct server_fixture fixture;
    struct fake_order order;
    struct error error = {""};

    begin(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    char open[32], wide[32];
    snprintf(open, sizeof open, "127.0.0.2:%u", fixture.ports[0]);
    snprintf(wide, sizeof wide, "0.0.0.0:%u", fixture.ports[0]);
    struct server_config *conf = make_next(&fixture, same, 2);
    strlist_done(&conf->services[1].listen);
    ck_assert_int_eq(strlist_add(&conf->services[1].listen, open), 0);
    apply_conf(&fixture, conf);
    ck_assert(service_pause(fixture.server->services.items[0], "test"));
    struct server_config *wrong = make_next(&fixture, same, 2);
    strlist_done(&wrong->services[0].listen);
    ck_assert(strlist_add(&wrong->services[0].listen, wide) == 0 &&
              strlist_add(&wrong->services[0].listen, "192.0.2.1:7") == 0);
    ck_assert_ptr_null(reconfigure_prepare(fixture.server, &(struct reconfigure_options){.conf = wrong}, NULL, &error));
    server_config_free(wrong);
    ck_assert_int_eq(connect_to(&fixture, fixture.ports[0]), -1);
    ck_assert(service_resume(fixture.server->services.items[0], "test"));
    int fd = server_fixture_client(&fixture, 0, &order);
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(a_port_that_is_taken_changes_nothing) {
    struct server_fixture fixture;
    struct fake_order order;
    struct option_fault fault = {.line = 0};
    struct error error = {""};

    begin(&fixture);
    struct server_config *in_force = fixture.server->conf;
    /* Another server's port; the agent port of this one is taken by none of its services either. */
    const struct wanted wrong[] = {{"s1", fixture.ports[0], "localhost:80"},
                                   {"new", far_from(fixture.ports[1]), "localhost:80"},
                                   {"bad", 1, "localhost:80"}};
    struct server_config *conf = make_next(&fixture, wrong, 3);
    strlist_done(&conf->services[2].listen);
    ck_assert_int_eq(strlist_add(&conf->services[2].listen, "192.0.2.1:7"), 0);
    ck_assert_ptr_null(
        reconfigure_prepare(fixture.server, &(struct reconfigure_options){.conf = conf}, &fault, &error));
    server_config_free(conf);
    ck_assert_msg(strstr(error.text, "service \"bad\": listen: cannot listen on 192.0.2.1:7"), "%s", error.text);
    ck_assert_str_eq(fault.pointer, "/listen");
    ck_assert_ptr_eq(fixture.server->conf, in_force);
    ck_assert_uint_eq(fixture.server->services.count, 2);
    ck_assert_int_eq(connect_to(&fixture, wrong[1].port), -1);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    int fd = server_fixture_client(&fixture, 0, &order);
    ck_assert_str_eq(order.client->terms->service, "s0");
    server_fixture_end(&fixture, fd, &order);
}
END_TEST

START_TEST(differences_that_are_not_listed_are_counted) {
    struct server_fixture fixture;
    struct error error = {""};
    char text[200];

    server_fixture_set(&fixture, two, 2);
    fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&fixture);
    const struct wanted same[] = {{"s0", fixture.ports[0], "localhost:80"}, {"s1", fixture.ports[1], "localhost:80"}};
    struct server_config *conf = make_next(&fixture, same, 2);
    for (int i = 0; i < 53; i++) {
        snprintf(text, sizeof text, "n%d unix:%s localhost:80", i, unit_path("socket"));
        snprintf(text + strlen(text) - strlen(" localhost:80"), 32, "%d localhost:80", i);
        ck_assert_msg(server_config_add_service(conf, text, &error) == 0, "%s", error.text);
    }
    apply_conf(&fixture, conf);
    server_fixture_clear(&fixture);
    unit_expect_logged("configuration: + service n49");
    unit_expect_logged(" more differences are not listed");
}
END_TEST

START_TEST(agents_that_are_connected_are_pinged_as_configured) {
    struct server_fixture fixture;
    struct fake_order order;

    server_fixture_begin(&fixture);
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "a");
    const struct wanted same = {"s0", fixture.ports[0], "localhost:80"};
    struct server_config *conf = make_next(&fixture, &same, 1);
    conf->agents.ping_s = 3;
    apply_conf(&fixture, conf);
    ck_assert(fake_take(FAKE_SET_PING, &order));
    ck_assert(link_ref_same(order.link, agent.control));
    ck_assert_str_eq(order.text, "3 30");
    apply(&fixture, &same, 1); /* the defaults again */
    ck_assert(fake_take(FAKE_SET_PING, &order));
    ck_assert_str_eq(order.text, "10 30");
    apply(&fixture, &same, 1);
    ck_assert_uint_eq(fake_count(FAKE_SET_PING), 0);
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *changing(void) {
    TCase *group = tcase_create("changing");
    tcase_add_test(group, agents_that_are_connected_are_pinged_as_configured);
    tcase_add_test(group, the_same_configuration_changes_nothing);
    tcase_add_test(group, a_service_is_added_and_agents_are_asked_for_it);
    tcase_add_test(group, relays_of_a_removed_service_finish_and_then_agents_forget_it);
    tcase_add_test(group, a_removed_service_that_comes_back_before_its_last_client_has_gone_is_the_same);
    tcase_add_test(group, a_new_service_counts_for_the_threads_that_run);
    tcase_add_test(group, a_client_that_came_before_the_limit_of_its_source_makes_no_room_by_its_end);
    tcase_add_test(group, names_to_listen_on_are_not_looked_up_while_the_server_runs);
    tcase_add_test(group, a_name_that_was_looked_up_at_the_start_keeps_its_address);
    tcase_add_test(group, a_paused_service_stays_closed_when_a_reload_fails);
    tcase_add_test(group, a_service_moves_to_another_port_and_its_waiting_clients_stay);
    tcase_add_test(group, two_services_exchange_their_ports);
    tcase_add_test(group, a_service_moves_to_a_wider_address_of_the_same_port_and_back);
    tcase_add_test(group, another_destination_has_another_id_and_waits_for_the_agents_answer);
    tcase_add_test(group, limits_and_balancing_change_without_asking_agents);
    tcase_add_test(group, differences_that_are_not_listed_are_counted);
    tcase_add_test(group, a_port_that_is_taken_changes_nothing);
    return group;
}

UNIT_MAIN("server/reconfigure", changing)
