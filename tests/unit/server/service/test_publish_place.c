/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish_place: where a service that an agent offers goes, and what keeps it from there.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "server/service/publish_place.h"
#include "unit.h"

#include <string.h>

static const char file[] =
    "{ \"publish\": { \"hosts_listen\": \"0.0.0.0:443\" }, \"services\": [ { \"name\": \"one\","
    "  \"listen\": \"0.0.0.0:20001\", \"hosts\": \"one.dev.example\", \"connect\": \"a:1\" } ] }";

struct site {
    struct server_config *conf;
    struct published_table *published;
    struct publish_permit permit;
    struct publish_place place;
    bool (*can_open)(const struct server_config *conf, unsigned port);
    const struct config_ports *taken;
    enum publish_refusal refusal;
    struct error error;
};

static struct site site_make(const char *ports, const char *hosts) {
    struct site site = {.published = published_new()};

    site.conf = server_config_read(unit_text_file("munnel.json", file), &site.error);
    ck_assert_msg(site.conf, "%s", site.error.text);
    ck_assert(!ports || strlist_add(&site.permit.ports, ports) == 0);
    ck_assert(!hosts || strlist_add(&site.permit.hosts, hosts) == 0);
    return site;
}

static void site_done(struct site *site) {
    server_config_free(site->conf);
    published_free(site->published);
    publish_permit_done(&site->permit);
}

static int choose(struct site *site, const char *name, struct publish_offer offer) {
    const struct publish_scene scene = {.conf = site->conf,
                                        .published = site->published,
                                        .permit = &site->permit,
                                        .credential = "laptop",
                                        .name = name,
                                        .taken = site->taken,
                                        .can_open = site->can_open};

    return publish_place_choose(&scene, &offer, &site->place, &site->refusal, &site->error);
}

static struct published_entry *put(struct site *site, const char *name, const char *host, unsigned port) {
    struct published_entry *entry = published_add(site->published, name);

    strbuf_copy(entry->who, sizeof entry->who, "agent other");
    strbuf_copy(entry->host, sizeof entry->host, host);
    entry->port = port;
    return entry;
}

static void expect_refusal(struct site *site, int result, enum publish_refusal refusal, const char *text) {
    ck_assert_int_eq(result, -1);
    ck_assert_msg(strstr(site->error.text, text), "%s", site->error.text);
    ck_assert_int_eq(site->refusal, refusal);
}

START_TEST(same_name_tends_to_get_the_same_port) {
    struct site site = site_make("20000-20099", NULL);

    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 0}), 0);
    unsigned first = site.place.port;
    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 0}), 0);
    ck_assert_uint_eq(site.place.port, first);
    ck_assert(first >= 20000 && first <= 20099);
    put(&site, "other", "", first);
    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 0}), 0);
    unsigned second = site.place.port;
    ck_assert_uint_ne(second, first);
    site_done(&site);
}
END_TEST

static bool is_even(const struct server_config *conf, unsigned port) {
    ck_assert_ptr_nonnull(conf);
    return port % 2 == 0;
}

static bool is_last(const struct server_config *conf, unsigned port) {
    ck_assert_ptr_nonnull(conf);
    return port == 20099;
}

START_TEST(port_that_cannot_be_opened_is_passed_over_but_not_without_end) {
    struct site site = site_make("20002-20099", NULL);
    char name[8] = "n0";

    site.can_open = is_even;
    for (; name[1] < '5'; name[1]++) {
        ck_assert_int_eq(choose(&site, name, (struct publish_offer){.port = 0}), 0);
        ck_assert_uint_eq(site.place.port % 2, 0);
    }
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 20005, .is_exact = true}), PUBLISH_FAILED,
                   "the port 20005 cannot be opened: it is in use by another program, or not allowed");
    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 20005}), 0); /* a wish alone */
    ck_assert_uint_eq(site.place.port % 2, 0);
    site.can_open = is_last;
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 0}), PUBLISH_FAILED,
                   "none of 8 ports that were tried can be opened");
    site_done(&site);
}
END_TEST

START_TEST(every_port_of_the_permit_is_found_and_no_other) {
    struct site site = site_make("20000-20002", NULL);
    char name[8] = "n0";

    for (int i = 0; i < 2; i++, name[1]++) { /* 20001 is that of a service */
        ck_assert_int_eq(choose(&site, name, (struct publish_offer){.port = 0}), 0);
        ck_assert(site.place.port == 20000 || site.place.port == 20002);
        put(&site, name, "", site.place.port);
    }
    expect_refusal(&site, choose(&site, "more", (struct publish_offer){.port = 0}), PUBLISH_TAKEN,
                   "all ports that credential laptop permits are taken");
    site_done(&site);
}
END_TEST

START_TEST(only_ports_that_may_be_taken_are_looked_for) {
    struct site site = site_make("20000-20002", NULL);
    struct config_ports taken;

    server_config_ports(site.conf, &taken);
    site.taken = &taken;
    put(&site, "x", "", 20000);
    config_ports_add(&taken, 20000);
    config_ports_add(&taken, 20002); /* of one that has ended */
    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 0}), 0);
    ck_assert_uint_eq(site.place.port, 20002);
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 20000, .is_exact = true}), PUBLISH_TAKEN,
                   "agent other publishes x");
    site_done(&site);
}
END_TEST

START_TEST(host_is_made_of_the_name_else_a_port_is_taken) {
    struct site site = site_make("20000", "*.dev.example");

    ck_assert_int_eq(choose(&site, "Web", (struct publish_offer){.port = 0}), 0);
    ck_assert_str_eq(site.place.host, "web.dev.example");
    ck_assert_uint_eq(site.place.port, 0);
    put(&site, "x", "web.dev.example", 0);
    ck_assert_int_eq(choose(&site, "Web", (struct publish_offer){.port = 0}), 0);
    ck_assert_str_eq(site.place.host, "");
    ck_assert_uint_eq(site.place.port, 20000);
    site_done(&site);
}
END_TEST

START_TEST(without_ports_for_hosts_a_host_is_refused) {
    struct site site = site_make(NULL, "*.dev.example");

    strlist_done(&site.conf->publish.hosts_listen);
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 0}), PUBLISH_NOT_PERMITTED,
                   "publish.hosts_listen");
    site_done(&site);
}
END_TEST

START_TEST(exact_wish_is_that_or_nothing) {
    struct site site = site_make("20000-20099", "*.dev.example");
    const struct published_entry *entry = put(&site, "x", "", 20005);

    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 20007, .is_exact = true}), 0);
    ck_assert(site.place.port == 20007 && !*site.place.host);
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 20005, .is_exact = true}), PUBLISH_TAKEN,
                   "the port 20005 is taken: agent other publishes x since");
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 20001, .is_exact = true}), PUBLISH_TAKEN,
                   "the port 20001 is taken by service one");
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 10001, .is_exact = true}),
                   PUBLISH_NOT_PERMITTED, "does not permit the port 10001");
    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.host = "One.dev.example.", .is_exact = true}),
                   PUBLISH_TAKEN, "is taken by service one");
    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.port = 20005}), 0); /* a wish alone */
    ck_assert_str_eq(site.place.host, "web.dev.example");
    ck_assert_ptr_nonnull(entry);
    site_done(&site);
}
END_TEST

static const char *const no_hosts[] = {
    "*.dev.example",   "x*.dev.example",  "",      ".dev.example", "a..dev.example",  "a.dev.example:80",
    "a.dev.example..", "a/b.dev.example", "[::1]", "192.0.2.1",    "a%2edev.example", "-.dev.example",
};

START_TEST(what_is_no_host_is_refused) {
    struct site site = site_make(NULL, "*.dev.example");

    ck_assert_int_eq(choose(&site, "web", (struct publish_offer){.host = no_hosts[_i], .is_exact = true}), -1);
    ck_assert_int_eq(site.refusal, PUBLISH_INVALID);
    site_done(&site);
}
END_TEST

START_TEST(port_of_the_agents_is_refused_though_permitted) {
    struct site site = site_make("10001", NULL);

    expect_refusal(&site, choose(&site, "web", (struct publish_offer){.port = 10001, .is_exact = true}), PUBLISH_TAKEN,
                   "taken by the agent port");
    site_done(&site);
}
END_TEST

static TCase *places(void) {
    TCase *group = tcase_create("places");

    tcase_add_test(group, same_name_tends_to_get_the_same_port);
    tcase_add_test(group, port_that_cannot_be_opened_is_passed_over_but_not_without_end);
    tcase_add_test(group, every_port_of_the_permit_is_found_and_no_other);
    tcase_add_test(group, only_ports_that_may_be_taken_are_looked_for);
    tcase_add_test(group, host_is_made_of_the_name_else_a_port_is_taken);
    tcase_add_test(group, without_ports_for_hosts_a_host_is_refused);
    tcase_add_test(group, exact_wish_is_that_or_nothing);
    tcase_add_loop_test(group, what_is_no_host_is_refused, 0, sizeof no_hosts / sizeof *no_hosts);
    tcase_add_test(group, port_of_the_agents_is_refused_though_permitted);
    return group;
}

UNIT_MAIN("server/service/publish_place", places)
