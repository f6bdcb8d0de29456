/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_shared_listen: who may share an address by hosts, and what of it is wrong.
 */
#include "config.h"

#include "conf/shared_listen.h"
#include "slip.h"
#include "unit.h"

#include <string.h>

#define ON(name, listen, more) "{ \"name\": \"" name "\", \"listen\": " listen ", \"connect\": \"h:1\"" more " }"
#define HOSTS(hosts)           ", \"hosts\": " hosts

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

static const struct slip slips[] = {
    {"{ \"services\": [ " ON("a", "\":1\"",
                             HOSTS("\"a.example\"")) ", " ON("b", "\":1\"",
                                                             HOSTS("[\"b.example\", \"A.example\"]")) " ] }",
     ": services[1].hosts: \"a.example\" is a host of service \"a\", too, which listens on \":1\"; write it once"},
    {"{ \"services\": [ " ON("a", "\":1\"", "") ", " ON("b", "\":1\"", "") ", " ON("c", "\":1\"",
                                                                                   HOSTS("\"c.example\"")) " ] }",
     ": services[1].listen: \":1\" has a service without hosts already, \"a\", which gets what no name leads to; write "
     "hosts"},
    {"{ \"services\": [ " ON("a", "\":1\"", HOSTS("\"a.example\"")) ", " ON("b", "\"0.0.0.0:1\"",
                                                                            HOSTS("\"b.example\"")) " ] }",
     ": services[1].listen: \"0.0.0.0:1\" is taken: service \"a\" listens on \":1\"; write another port, or the "
     "address in the same way in both, to share it"},
    {"{ \"services\": [ " ON("a", "\"unix:/x\"", HOSTS("\"a.example\"")) " ] }",
     ": services[0].hosts: \"unix:/x\" is a Unix socket; clients are told apart by hosts at ports only"},
    {"{ \"services\": [ " ON("a", "\":1\"", HOSTS("\"a.example\"")) ", " ON("b", "\":1\"", ", \"backlog\": 7") " ] }",
     ": services[1].listen: \":1\" is shared with service \"a\": write the same accept_proxy, interface, freebind and "
     "backlog for both"},
    {"{ \"services\": [ " ON("a", "[\":1\", \":1\"]", HOSTS("\"a.example\"")) " ] }",
     ": services[0].listen[1]: \":1\" is written twice; leave one out"},
    {"{ \"agents\": { \"listen\": \":1\" }, \"services\": [ " ON("a", "\":1\"", "") " ] }",
     ": services[0].listen: \":1\" is taken: agents connect on \":1\"; write another port, or give the service "
     "hosts, to share it"},
    {"{ \"agents\": { \"listen\": \":1\" }, \"services\": [ " ON(
         "a", "\":1\"", HOSTS("\"a.example\"") ", \"accept_proxy\": \"10.0.0.1\"") " ] }",
     ": agents.accept_proxy: agents share \":1\" with service \"a\": write the same accept_proxy for both"},
    {"{ \"services\": [ " ON("a", "\":1\"", HOSTS("\"192.0.2.1\"")) " ] }",
     ": services[0].hosts: \"192.0.2.1\" is an address; clients are told apart by names"},
};

START_TEST(what_cannot_be_shared_is_refused) {
    expect_slip(&slips[_i]);
}
END_TEST

static const char shared[] = "{ \"agents\": { \"listen\": [\":1\", \":3\"] }, \"services\": [ " ON(
    "a", "[\":1\", \":2\"]",
    HOSTS("\"a.example\"")) ", " ON("b", "[\":4\", \":1\"]",
                                    "") ", " ON("c", "\":2\"", HOSTS("[\"*.example\", \"c.example\"]")) " ] }";

static void expect_list(struct strlist *list, const char *first, const char *second) {
    ck_assert_uint_eq(list->count, !!first + !!second);
    ck_assert(!first || strcmp(list->items[0], first) == 0);
    ck_assert(!second || strcmp(list->items[1], second) == 0);
    strlist_done(list);
}

START_TEST(shared_addresses_belong_to_no_service_alone) {
    struct server_config *conf = read_right(shared);
    struct strlist list = {.count = 0};

    ck_assert(shared_listen_has(conf, ":1") && shared_listen_has(conf, ":2"));
    ck_assert_uint_eq(conf->shared.count, 2);
    ck_assert_int_eq(shared_listen_own(conf, &conf->services[0].listen, &list), 0);
    expect_list(&list, NULL, NULL);
    ck_assert_int_eq(shared_listen_own(conf, &conf->services[1].listen, &list), 0);
    expect_list(&list, ":4", NULL);
    ck_assert_int_eq(shared_listen_own(conf, &conf->agents.listen, &list), 0);
    expect_list(&list, ":3", NULL);
    server_config_free(conf);
}
END_TEST

START_TEST(what_another_service_shares_moves_a_socket) {
    struct server_config *alone = read_right("{ \"services\": [ " ON("b", "[\":4\", \":1\"]", "") " ] }"),
                         *conf = read_right(shared);
    const struct strlist *before = &alone->services[0].listen, *after = &conf->services[1].listen;

    ck_assert(shared_listen_same_own(alone, before, alone, before));
    ck_assert(shared_listen_same_own(conf, after, conf, after));
    ck_assert(!shared_listen_same_own(alone, before, conf, after));
    ck_assert(!shared_listen_same_own(conf, after, alone, before));
    server_config_free(alone);
    server_config_free(conf);
}
END_TEST

static TCase *sharing(void) {
    TCase *group = tcase_create("sharing");
    tcase_add_loop_test(group, what_cannot_be_shared_is_refused, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, shared_addresses_belong_to_no_service_alone);
    tcase_add_test(group, what_another_service_shares_moves_a_socket);
    return group;
}

UNIT_MAIN("conf/shared_listen", sharing)
