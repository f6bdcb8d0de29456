/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_published: a configuration, once more, by option_copy(), and with services that agents offer.
 */
#include "config.h"

#include "conf/server_diff.h"
#include "conf/server_published.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char file[] =
    "{ \"agents\": { \"listen\": [\"0.0.0.0:10001\", \"0.0.0.0:443\"] },"
    "  \"admin\": { \"http\": \"127.0.0.1:10002\", \"tokens\": \"t\" },"
    "  \"publish\": { \"listen\": [\"127.0.0.1\", \"[::1]\"], \"hosts_listen\": \"0.0.0.0:443\" },"
    "  \"services\": [ { \"name\": \"one\", \"listen\": \"0.0.0.0:20000-20002\","
    "                    \"connect\": [\"a:+0\", \"b:+1\"], \"allow\": \"10.0.0.0/8\" },"
    "                  { \"name\": \"two\", \"listen\": \"0.0.0.0:443\", \"backlog\": 7,"
    "                    \"hosts\": \"Two.example\", \"connect\": \"c:1\" } ] }";

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

static void publish(struct server_config *conf, const char *name, const char *host, unsigned port) {
    struct strlist to = {NULL, 0};
    struct error error = {""};

    ck_assert_int_eq(strlist_add(&to, "localhost:8080"), 0);
    ck_assert_msg(server_config_publish(conf,
                                        &(struct config_published){.name = name,
                                                                   .to = &to,
                                                                   .host = host,
                                                                   .port = port,
                                                                   .publisher = "00112233445566778899aabbccddeeff"},
                                        &error) == 0,
                  "%s", error.text);
    strlist_done(&to);
}

static void expect_same(const struct server_config *a, const struct server_config *b) {
    struct error error = {""};
    struct server_diff *diff = server_diff_new(a, b, &error);
    char *text = diff ? server_diff_text(diff) : NULL;

    ck_assert_str_eq(text, "");
    free(text);
    server_diff_free(diff);
}

START_TEST(copy_has_everything_but_what_agents_offer) {
    struct error error = {""};
    struct server_config *conf = read_right(file), *copy = server_config_copy(conf, &error), *again;

    ck_assert_msg(copy, "%s", error.text);
    expect_same(conf, copy);
    ck_assert(strlist_same(&conf->shared, &copy->shared));
    ck_assert_uint_eq(copy->file_count, conf->file_count);
    ck_assert_uint_eq(copy->files[0].count, 2);
    publish(copy, "web", "", 20017);
    ck_assert_uint_eq(copy->published_count, 1);
    again = server_config_copy(copy, &error);
    ck_assert_uint_eq(again->service_count, 2);
    expect_same(conf, again);
    server_config_free(conf);
    server_config_free(copy);
    server_config_free(again);
}
END_TEST

START_TEST(published_service_has_its_ports_or_shares_by_its_host) {
    struct error error = {""};
    struct server_config *conf = read_right(file);

    publish(conf, "ssh", "", 20017);
    publish(conf, "web", "web.dev.example", 0);
    const struct service_config *ssh = &conf->services[2], *web = &conf->services[3];
    ck_assert_uint_eq(ssh->listen.count, 2);
    ck_assert_str_eq(ssh->listen.items[1], "[::1]:20017");
    ck_assert_str_eq(ssh->connect.items[0], "localhost:8080");
    ck_assert_str_eq(ssh->publisher, "00112233445566778899aabbccddeeff");
    ck_assert_uint_eq(ssh->pending_timeout_s, 10);
    ck_assert_str_eq(web->listen.items[0], "0.0.0.0:443");
    ck_assert_str_eq(web->hosts.items[0], "web.dev.example");
    ck_assert_uint_eq(web->backlog, 7); /* of the service that shares its port */
    ck_assert_msg(server_config_check(conf, &error) == 0, "%s", error.text);
    server_config_free(conf);
}
END_TEST

START_TEST(they_are_no_part_of_version_and_what_is_shown) {
    char before[SERVER_VERSION_TEXT], after[SERVER_VERSION_TEXT];
    struct server_config *conf = read_right(file);

    ck_assert_int_eq(server_config_version(conf, before), 0);
    publish(conf, "web", "web.dev.example", 0);
    ck_assert_int_eq(server_config_version(conf, after), 0);
    ck_assert_str_eq(before, after);
    json_t *json = server_config_json(conf, conf);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "services")), 2);
    json_decref(json);
    server_config_free(conf);
}
END_TEST

START_TEST(another_session_makes_another_service) {
    struct error error = {""};
    struct server_config *conf = read_right(file), *other = server_config_copy(conf, &error);

    publish(conf, "web", "", 20017);
    publish(other, "web", "", 20017);
    expect_same(conf, other);
    other->services[2].publisher[0] = 'f';
    struct server_diff *diff = server_diff_new(conf, other, &error);
    const struct server_change *change = server_diff_find(diff, "web");
    ck_assert(change && strlist_has(&change->options, SERVER_DIFF_PUBLISHER));
    json_t *json = server_diff_json(diff, conf, other, &(struct strlist){NULL, 0});
    ck_assert_ptr_nonnull(json);
    json_decref(json);
    server_diff_free(diff);
    server_config_free(conf);
    server_config_free(other);
}
END_TEST

static const struct {
    unsigned port;
    const char *holder; /* NULL: free */
} ports[] = {{10001, "the agent port"},
             {10002, "the server's administration"},
             {443, "the agent port"},
             {20000, "service one of the server's configuration"},
             {20002, "service one of the server's configuration"},
             {20003, NULL}};

START_TEST(holder_of_a_port_is_named) {
    struct server_config *conf = read_right(file);
    char text[CONFIG_HOLDER_TEXT];
    const char *holder = server_config_port_holder(conf, ports[_i].port, text);

    ck_assert_str_eq(holder ? holder : "", ports[_i].holder ? ports[_i].holder : "");
    server_config_free(conf);
}
END_TEST

START_TEST(ports_are_those_that_have_a_holder) {
    struct server_config *conf = read_right(file);
    char text[CONFIG_HOLDER_TEXT];
    struct config_ports taken;

    publish(conf, "web", "", 20017);
    server_config_ports(conf, &taken);
    for (unsigned port = 0; port <= UINT16_MAX + 1; port++)
        ck_assert_msg(config_ports_have(&taken, port) == !!server_config_port_holder(conf, port, text), "%u", port);
    config_ports_add(&taken, 20017);
    config_ports_add(&taken, UINT16_MAX + 1);
    ck_assert(config_ports_have(&taken, 20017) && !config_ports_have(&taken, 20018) && !config_ports_have(&taken, 0));
    server_config_free(conf);
}
END_TEST

START_TEST(holder_of_a_host_is_named_in_any_case) {
    struct server_config *conf = read_right(file);
    char text[CONFIG_HOLDER_TEXT];

    publish(conf, "web", "web.dev.example", 0);
    ck_assert_str_eq(server_config_host_holder(conf, "two.example", text), "service two of the server's configuration");
    ck_assert_ptr_null(server_config_host_holder(conf, "web.dev.example", text)); /* an agent's */
    server_config_free(conf);
}
END_TEST

static const char with_private[] =
    "{ \"publish\": { \"hosts_listen\": \"0.0.0.0:443\" }, \"services\": ["
    "  { \"name\": \"one\", \"listen\": \"0.0.0.0:20001\", \"connect\": \"a:1\" },"
    "  { \"name\": \"secret\", \"visitors\": \"friends\", \"connect\": \"a:1\" },"
    "  { \"name\": \"hidden\", \"visitors\": \"friends\", \"listen\": \"0.0.0.0:20002\", \"hosts\": \"h.example\","
    "    \"connect\": \"a:1\" } ] }";

START_TEST(private_service_is_not_named) {
    struct server_config *conf = read_right(with_private);
    char text[CONFIG_HOLDER_TEXT];
    struct error error = {""};

    ck_assert_int_eq(server_config_check_name(conf, "one", &error), -1);
    ck_assert_str_eq(error.text, "one is a service of the server's configuration");
    ck_assert_int_eq(server_config_check_name(conf, "secret", &error), -1);
    ck_assert_str_eq(error.text, "the name secret is taken");
    ck_assert_int_eq(server_config_check_name(conf, "three", &error), 0);
    ck_assert_str_eq(server_config_port_holder(conf, 20002, text), "the server's configuration");
    ck_assert_str_eq(server_config_host_holder(conf, "h.example", text), "the server's configuration");
    server_config_free(conf);
}
END_TEST

static TCase *configurations(void) {
    TCase *group = tcase_create("configurations");

    tcase_add_test(group, copy_has_everything_but_what_agents_offer);
    tcase_add_test(group, published_service_has_its_ports_or_shares_by_its_host);
    tcase_add_test(group, they_are_no_part_of_version_and_what_is_shown);
    tcase_add_test(group, another_session_makes_another_service);
    tcase_add_loop_test(group, holder_of_a_port_is_named, 0, sizeof ports / sizeof *ports);
    tcase_add_test(group, ports_are_those_that_have_a_holder);
    tcase_add_test(group, holder_of_a_host_is_named_in_any_case);
    tcase_add_test(group, private_service_is_not_named);
    return group;
}

UNIT_MAIN("conf/server_published", configurations)
