/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_config: munnel.json as it is read: every default, and what may be written; test_option.c and the
 * others have the errors.
 * Runs on: make check. Owns: its files.
 */
#include "config.h"

#include "conf/admin_places.h"
#include "conf/server_config.h"
#include "slip.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

START_TEST(defaults_are_those_of_the_manual) {
    struct server_config *conf = read_right("{ " ONE_SERVICE " }");
    ck_assert_uint_eq(conf->agents.listen.count, 1);
    ck_assert_str_eq(conf->agents.listen.items[0], "0.0.0.0:10001");
    ck_assert_str_eq(conf->agents.certificate, unit_path("server.pem"));
    ck_assert_str_eq(conf->agents.key, unit_path("server.key"));
    ck_assert_str_eq(conf->agents.tokens, unit_path("agents.json"));
    ck_assert_ptr_null(conf->agents.client_ca);
    ck_assert_ptr_null(conf->agents.crl);
    ck_assert_int_eq(conf->agents.min_version, CONFIG_TLS_1_3);
    ck_assert(!conf->agents.auth_none);
    ck_assert_int_eq(conf->agents.require, CONFIG_REQUIRE_TOKEN);
    ck_assert_uint_eq(conf->agents.ping_s, 10);
    ck_assert_uint_eq(conf->agents.dead_after_s, 30);
    ck_assert_uint_eq(conf->agents.resume_s, 30);
    ck_assert_uint_eq(conf->agents.unauthenticated_max, 256);
    ck_assert_uint_eq(conf->agents.unauthenticated_per_source, 64);
    ck_assert_uint_eq(conf->agents.unauthenticated_deadline_s, 5);
    ck_assert_uint_eq(conf->agents.unauthenticated_penalty_s, 600);
    ck_assert_uint_eq(conf->threads, 0);
    ck_assert_str_eq(conf->admin_socket, ADMIN_SERVER_PLACE);
    ck_assert_ptr_null(conf->admin_http);
    ck_assert_int_eq(conf->log.format, LOG_FORMAT_AUTO);
    ck_assert_int_eq(conf->log.level, LOG_LEVEL_INFO);
    ck_assert_str_eq(conf->log.to, "stderr");
    ck_assert_ptr_null(conf->user);
    ck_assert_ptr_null(conf->group);
    server_config_free(conf);
}
END_TEST

/* It is not looked up. */
START_TEST(localhost_is_the_loopback_address) {
    struct server_config *conf =
        read_right("{ \"admin\": { \"http\": \"localhost:10002\", \"tokens\": \"t\" }, " ONE_SERVICE " }");
    ck_assert_str_eq(conf->admin_http, "127.0.0.1:10002");
    server_config_free(conf);
}
END_TEST

START_TEST(defaults_of_a_service) {
    struct server_config *conf = read_right("{ " ONE_SERVICE " }");
    ck_assert_uint_eq(conf->service_count, 1);
    const struct service_config *service = conf->services;
    ck_assert_str_eq(service->name, "a");
    ck_assert_uint_eq(service->groups.count, 0);
    ck_assert_uint_eq(service->allow.count, 0);
    ck_assert_uint_eq(service->deny.count, 0);
    ck_assert_int_eq(service->proxy_protocol, PROXY_OFF);
    ck_assert_int_eq(service->balance, CONFIG_ROUND_ROBIN);
    ck_assert_int_eq(service->no_agent, CONFIG_WAIT);
    ck_assert_uint_eq(service->pending_timeout_s, 10);
    ck_assert_uint_eq(service->connect_timeout_s, 10);
    ck_assert_uint_eq(service->idle_timeout_s, 0);
    ck_assert_uint_eq(service->half_close_timeout_s, 300);
    ck_assert_uint_eq(service->max_clients, 0);
    ck_assert_uint_eq(service->max_per_source, 0);
    ck_assert_uint_eq(service->max_rate, 0);
    server_config_free(conf);
}
END_TEST

START_TEST(without_a_file_certificate_and_agents_are_in_the_state_folder) {
    unit_set_environment("STATE_DIRECTORY", unit_folder());
    struct server_config *conf = server_config_default(NULL);
    ck_assert_ptr_nonnull(conf);
    ck_assert_str_eq(conf->state, unit_folder());
    ck_assert_str_eq(conf->agents.certificate, unit_path("server.pem"));
    ck_assert_str_eq(conf->agents.key, unit_path("server.key"));
    ck_assert_str_eq(conf->agents.tokens, unit_path("agents.json"));
    ck_assert_str_eq(conf->agents.listen.items[0], "0.0.0.0:10001");
    ck_assert_uint_eq(conf->agents.dead_after_s, 30);
    ck_assert_ptr_null(conf->path);
    ck_assert_uint_eq(conf->service_count, 0);
    server_config_free(conf);
}
END_TEST

static const char everything[] =
    "{ // a comment\n"
    "  \"agents\": { \"listen\": [\"[::1]:443\", \"unix:agents.sock\"], \"auth\": { \"require\": \"both\" }, "
    "\"ping\": 1, "
    "\"dead_after\": 2,\n"
    "    \"tls\": { \"cert\": \"/c.pem\", \"key\": \"k/k.pem\", \"client_ca\": \"ca\", \"crl\": \"crl\", "
    "\"min_version\": \"1.2\" },\n"
    "    \"resume\": 0,\n"
    "    \"unauthenticated\": { \"max\": 1, \"per_source\": 2, \"deadline\": 3,\n"
    "      \"penalty\": 4 } },\n"
    "  \"services\": [ { \"name\": \"a-1_.B\", \"group\": [\"g\", \"h\"], \"listen\": [\":1\", \"unix:/s//x\"],\n"
    "    \"socket_mode\": \"600\", \"socket_owner\": \"root:root\",\n"
    "    \"connect\": [\"h:1\", \"unix:/d\"], \"balance\": \"source\", \"no_agent\": \"close\", "
    "\"pending_timeout\": 3600,\n"
    "    \"connect_timeout\": 600, \"idle_timeout\": 2592000, \"half_close_timeout\": 1, \"max_clients\": "
    "1000000 },\n"
    "    { \"name\": \"b\", \"group\": \"g\", \"listen\": \":2\", \"connect\": \"h:1\", \"proxy_protocol\": \"v2\", "
    "\"balance\": "
    "\"least-connections\",\n"
    "      \"no_agent\": \"refuse\" } ],\n"
    "  \"threads\": 3, \"admin\": { \"socket\": " ADMIN_SERVER_QUOTED " },\n"
    "  \"log\": { \"format\": \"json\", \"level\": \"debug\", \"to\": \"m.log\" },\n"
    "  \"state\": \"s\" }\n";

static void check_agents(const struct server_config *conf) {
    char socket[300];
    snprintf(socket, sizeof socket, "unix:%s", unit_path("agents.sock"));
    ck_assert_str_eq(conf->agents.listen.items[0], "[::1]:443");
    ck_assert_str_eq(conf->agents.listen.items[1], socket);
    ck_assert_str_eq(conf->agents.certificate, "/c.pem");
    ck_assert_str_eq(conf->agents.key, unit_path("k/k.pem"));
    ck_assert_str_eq(conf->agents.client_ca, unit_path("ca"));
    ck_assert_str_eq(conf->agents.crl, unit_path("crl"));
    ck_assert_int_eq(conf->agents.min_version, CONFIG_TLS_1_2);
    ck_assert(!conf->agents.auth_none);
    ck_assert_int_eq(conf->agents.require, CONFIG_REQUIRE_BOTH);
    ck_assert_uint_eq(conf->agents.resume_s, 0);
    ck_assert_uint_eq(conf->agents.unauthenticated_max, 1);
    ck_assert_uint_eq(conf->agents.unauthenticated_per_source, 2);
    ck_assert_uint_eq(conf->agents.unauthenticated_deadline_s, 3);
    ck_assert_uint_eq(conf->agents.unauthenticated_penalty_s, 4);
}

static void check_services(const struct server_config *conf) {
    const struct service_config *a = &conf->services[0], *b = &conf->services[1];
    ck_assert_uint_eq(conf->service_count, 2);
    ck_assert_uint_eq(conf->file_service_count, 2);
    ck_assert_uint_eq(a->groups.count, 2);
    ck_assert_str_eq(a->groups.items[1], "h");
    ck_assert_str_eq(a->listen.items[1], "unix:/s//x");
    ck_assert_str_eq(a->socket_mode, "600");
    ck_assert_str_eq(a->socket_owner, "root:root");
    ck_assert_str_eq(b->socket_mode, "0660");
    ck_assert_ptr_null(b->socket_owner);
    ck_assert_str_eq(a->connect.items[1], "unix:/d");
    ck_assert_int_eq(a->balance, CONFIG_SOURCE);
    ck_assert_int_eq(a->no_agent, CONFIG_CLOSE);
    ck_assert_uint_eq(a->pending_timeout_s, 3600);
    ck_assert_uint_eq(a->idle_timeout_s, 2592000);
    ck_assert_uint_eq(a->max_clients, 1000000);
    ck_assert_int_eq(b->proxy_protocol, PROXY_V2);
    ck_assert_int_eq(b->balance, CONFIG_LEAST_CONNECTIONS);
    ck_assert_int_eq(b->no_agent, CONFIG_REFUSE);
    ck_assert_str_eq(b->groups.items[0], "g");
}

START_TEST(everything_can_be_said) {
    struct server_config *conf = read_right(everything);
    check_agents(conf);
    check_services(conf);
    ck_assert_uint_eq(conf->threads, 3);
    ck_assert_int_eq(conf->log.format, LOG_FORMAT_JSON);
    ck_assert_int_eq(conf->log.level, LOG_LEVEL_DEBUG);
    ck_assert_str_eq(conf->log.to, unit_path("m.log"));
    ck_assert_str_eq(conf->state, unit_path("s"));
    server_config_free(conf);
}
END_TEST

START_TEST(with_auth_none_there_is_no_agents_file) {
    struct server_config *conf = read_right("{ \"agents\": { \"auth\": \"none\" }, " ONE_SERVICE " }");
    ck_assert(conf->agents.auth_none);
    ck_assert_ptr_null(conf->agents.tokens);
    server_config_free(conf);
}
END_TEST

START_TEST(a_file_without_services_waits_for_the_command_line) {
    struct error error = {""};
    struct server_config *conf = read_right("{}");
    ck_assert_int_eq(server_config_check(conf, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "munnel.json: services: no service is configured; write one, like {"));
    ck_assert_int_eq(server_config_add_service(conf, "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900", &error), 0);
    ck_assert_int_eq(server_config_check(conf, &error), 0);
    ck_assert_uint_eq(conf->file_service_count, 0);
    server_config_free(conf);
}
END_TEST

START_TEST(services_of_the_command_line) {
    struct error error = {""};
    struct server_config *conf = server_config_default(NULL);
    ck_assert_int_eq(server_config_add_service(conf, "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900", &error), 0);
    ck_assert_int_eq(server_config_add_service(conf, "  ssh\t:2222  10.0.0.1:22 ", &error), 0);
    ck_assert_int_eq(server_config_check(conf, &error), 0);
    const struct service_config *vnc = &conf->services[0], *ssh = &conf->services[1];
    ck_assert_str_eq(vnc->name, "WinVNC");
    ck_assert_uint_eq(vnc->groups.count, 1);
    ck_assert_str_eq(vnc->groups.items[0], "WinVNCGroup");
    ck_assert_str_eq(vnc->listen.items[0], "0.0.0.0:5900");
    ck_assert_str_eq(vnc->connect.items[0], "localhost:5900");
    ck_assert_uint_eq(vnc->half_close_timeout_s, 300);
    ck_assert_str_eq(ssh->name, "ssh");
    ck_assert_uint_eq(ssh->groups.count, 0);
    ck_assert_str_eq(ssh->listen.items[0], ":2222");
    ck_assert_str_eq(ssh->connect.items[0], "10.0.0.1:22");
    server_config_free(conf);
}
END_TEST

START_TEST(a_service_that_was_refused_is_not_kept) {
    struct error error = {""};
    struct server_config *conf = server_config_default(NULL);
    ck_assert_int_eq(server_config_add_service(conf, "first :1 h:1", &error), 0);
    ck_assert_int_ne(server_config_add_service(conf, "second :2 5900", &error), 0);
    ck_assert_uint_eq(conf->service_count, 1);
    ck_assert_int_eq(server_config_add_service(conf, "second :2 h:2", &error), 0);
    ck_assert_uint_eq(conf->service_count, 2);
    ck_assert_str_eq(conf->services[1].connect.items[0], "h:2");
    ck_assert_uint_eq(conf->services[1].connect.count, 1);
    server_config_free(conf);
}
END_TEST

static const struct {
    const char *service, *error;
} bad_services[] = {
    {"", "service \"\" has 0 words; write \"NAME [GROUP] LISTEN:PORT DEST:PORT\""},
    {"WinVNC",
     "service \"WinVNC\" has 1 word; put the whole service in quotes, \"NAME [GROUP] LISTEN:PORT DEST:PORT\""},
    {"a b", "service \"a b\" has 2 words; put the whole service in quotes, \"NAME [GROUP] LISTEN:PORT DEST:PORT\""},
    {"a b c d e f", "service \"a b c d e f\" has at least 5 words; write \"NAME [GROUP] LISTEN:PORT DEST:PORT\""},
    {"WinVNC WinVNCGroup 0.0.0.0:5900", "service \"WinVNC WinVNCGroup 0.0.0.0:5900\" lacks LISTEN:PORT or DEST:PORT; "
                                        "write \"NAME [GROUP] LISTEN:PORT DEST:PORT\""},
    {"a 5900 h:1", "service \"a\": listen: \"5900\" has no address; write \"0.0.0.0:5900\""},
    {"a :1 5900", "service \"a\": connect: \"5900\" has no host; write \"localhost:5900\""},
    {".. :1 h:1",
     "service \"..\": name: \"..\" is not a name; write 1 to 64 letters, digits and . _ -, not \".\" or \"..\""},
    {"a g! :1 h:1",
     "service \"a\": group: \"g!\" is not a name; write 1 to 64 letters, digits and . _ -, not \".\" or \"..\""},
    {"first :8 h:1", "service \"first\": name: \"first\" is the name of an earlier service; write another"},
    {"second 0.0.0.0:7 h:1",
     "service \"second\": listen: \"0.0.0.0:7\" is taken: service \"first\" listens on \":7\"; write another port"},
    {"second :10001 h:1",
     "service \"second\": listen: \":10001\" is taken: agents connect on \"0.0.0.0:10001\"; write another port"},
};

START_TEST(a_bad_service_of_the_command_line_is_explained) {
    struct error error = {""};
    struct server_config *conf = server_config_default(NULL);
    ck_assert_int_eq(server_config_add_service(conf, "first :7 h:1", &error), 0);
    int failed = server_config_add_service(conf, bad_services[_i].service, &error);
    ck_assert_int_eq(failed ? failed : server_config_check(conf, &error), -1);
    ck_assert_str_eq(error.text, bad_services[_i].error);
    server_config_free(conf);
}
END_TEST

static const struct slip slips[] = {
    {"{\n  // why\n  \"threads\": 2,\n}", ":4:1: the comma before this '}' is one too many; remove it"},
    {"{ \"threads\": 2, \"threads\": 3 }", ":1:25: \"threads\" is there twice in this object; remove one"},
    {"[]", ":1:1: one JSON object { ... } is expected"},
};

START_TEST(an_error_of_the_syntax_has_line_and_column) {
    expect_slip(&slips[_i]);
}
END_TEST

START_TEST(a_missing_file_is_named) {
    struct error error = {""};
    ck_assert_ptr_null(server_config_read(unit_path("nowhere.json"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, unit_path("nowhere.json")));
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_test(group, defaults_are_those_of_the_manual);
    tcase_add_test(group, defaults_of_a_service);
    tcase_add_test(group, localhost_is_the_loopback_address);
    tcase_add_test(group, without_a_file_certificate_and_agents_are_in_the_state_folder);
    tcase_add_test(group, everything_can_be_said);
    tcase_add_test(group, with_auth_none_there_is_no_agents_file);
    tcase_add_loop_test(group, an_error_of_the_syntax_has_line_and_column, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, a_missing_file_is_named);
    return group;
}

static TCase *services(void) {
    TCase *group = tcase_create("services");
    tcase_add_test(group, a_file_without_services_waits_for_the_command_line);
    tcase_add_test(group, services_of_the_command_line);
    tcase_add_test(group, a_service_that_was_refused_is_not_kept);
    tcase_add_loop_test(group, a_bad_service_of_the_command_line_is_explained, 0,
                        (int)(sizeof bad_services / sizeof *bad_services));
    return group;
}

UNIT_MAIN("conf/server_config", reading, services)
