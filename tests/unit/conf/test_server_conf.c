/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_conf: munnel.json as it is read: every default, what may be written, and the error of every slip.
 * Runs on: make check. Owns: its files.
 */
#include "config.h"

#include "conf/server_conf.h"
#include "conf/text_check.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE     "{ \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\" }"
#define ONE_SERVICE "\"services\": [ " SERVICE " ]"
#define WITH_SERVICE(more)                                                                                             \
    "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\", " more " } ] }"

#define WITH_CONNECT(list) "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": [ " list " ] } ] }"

static struct server_conf *read_right(const char *text) {
    struct error error = {""};
    struct server_conf *conf = server_conf_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf != NULL, "%s", error.text);
    return conf;
}

START_TEST(defaults_are_those_of_the_manual) {
    struct server_conf *conf = read_right("{ " ONE_SERVICE " }");
    ck_assert_uint_eq(conf->agents.listen.count, 1);
    ck_assert_str_eq(conf->agents.listen.items[0], "0.0.0.0:10001");
    ck_assert_str_eq(conf->agents.certificate, unit_path("server.pem"));
    ck_assert_str_eq(conf->agents.key, unit_path("server.key"));
    ck_assert_str_eq(conf->agents.tokens, unit_path("agents.json"));
    ck_assert_ptr_null(conf->agents.client_ca);
    ck_assert_ptr_null(conf->agents.crl);
    ck_assert_int_eq(conf->agents.min_version, CONF_TLS_1_3);
    ck_assert(!conf->agents.auth_none);
    ck_assert_int_eq(conf->agents.require, CONF_REQUIRE_TOKEN);
    ck_assert_uint_eq(conf->agents.ping_s, 10);
    ck_assert_uint_eq(conf->agents.dead_after_s, 30);
    ck_assert_uint_eq(conf->agents.idle_min, 16);
    ck_assert_uint_eq(conf->agents.idle_max, 256);
    ck_assert_uint_eq(conf->agents.unauthenticated_max, 256);
    ck_assert_uint_eq(conf->agents.unauthenticated_per_source, 64);
    ck_assert_uint_eq(conf->agents.unauthenticated_deadline_s, 5);
    ck_assert_uint_eq(conf->agents.unauthenticated_penalty_s, 600);
    ck_assert_uint_eq(conf->threads, 0);
    ck_assert_str_eq(conf->admin_socket, "/run/munnel/munneld.sock");
    ck_assert_ptr_null(conf->admin_http);
    ck_assert_int_eq(conf->log.format, LOG_FORMAT_TEXT);
    ck_assert_int_eq(conf->log.level, LOG_LEVEL_INFO);
    ck_assert_str_eq(conf->log.to, "stderr");
    ck_assert_ptr_null(conf->user);
    ck_assert_ptr_null(conf->group);
    ck_assert_ptr_nonnull(conf->state);
    server_conf_free(conf);
}
END_TEST

START_TEST(defaults_of_a_service) {
    struct server_conf *conf = read_right("{ " ONE_SERVICE " }");
    ck_assert_uint_eq(conf->service_count, 1);
    const struct service_conf *service = conf->services;
    ck_assert_str_eq(service->name, "a");
    ck_assert_uint_eq(service->groups.count, 0);
    ck_assert_uint_eq(service->allow.count, 0);
    ck_assert_uint_eq(service->deny.count, 0);
    ck_assert_int_eq(service->balance, CONF_ROUND_ROBIN);
    ck_assert_int_eq(service->no_agent, CONF_WAIT);
    ck_assert_uint_eq(service->pending_timeout_s, 10);
    ck_assert_uint_eq(service->connect_timeout_s, 10);
    ck_assert_uint_eq(service->idle_timeout_s, 0);
    ck_assert_uint_eq(service->half_close_timeout_s, 300);
    ck_assert_uint_eq(service->max_clients, 0);
    ck_assert_uint_eq(service->max_per_source, 0);
    ck_assert_uint_eq(service->max_rate, 0);
    server_conf_free(conf);
}
END_TEST

START_TEST(without_a_file_certificate_and_agents_are_in_the_state_folder) {
    setenv("STATE_DIRECTORY", unit_folder(), 1);
    struct server_conf *conf = server_conf_default();
    ck_assert_ptr_nonnull(conf);
    ck_assert_str_eq(conf->state, unit_folder());
    ck_assert_str_eq(conf->agents.certificate, unit_path("server.pem"));
    ck_assert_str_eq(conf->agents.key, unit_path("server.key"));
    ck_assert_str_eq(conf->agents.tokens, unit_path("agents.json"));
    ck_assert_str_eq(conf->agents.listen.items[0], "0.0.0.0:10001");
    ck_assert_uint_eq(conf->agents.dead_after_s, 30);
    ck_assert_ptr_null(conf->path);
    ck_assert_uint_eq(conf->service_count, 0);
    server_conf_free(conf);
}
END_TEST

START_TEST(everything_can_be_said) {
    struct server_conf *conf = read_right(
        "{ // a comment\n"
        "  \"agents\": { \"listen\": [\"[::1]:443\", \"unix:agents.sock\"], \"auth\": { \"require\": \"both\" }, "
        "\"ping\": 1, "
        "\"dead_after\": 2,\n"
        "    \"tls\": { \"cert\": \"/c.pem\", \"key\": \"k/k.pem\", \"client_ca\": \"ca\", \"crl\": \"crl\", "
        "\"min_version\": \"1.2\" },\n"
        "    \"links\": { \"idle_min\": 0, \"idle_max\": 1 },\n"
        "    \"unauthenticated\": { \"max\": 1, \"per_source\": 2, \"deadline\": 3,\n"
        "      \"penalty\": 4 } },\n"
        "  \"services\": [ { \"name\": \"a-1_.B\", \"group\": [\"g\", \"h\"], \"listen\": [\":1\", \"unix:/s//x\"],\n"
        "    \"connect\": [\"h:1\", \"unix:/d\"], \"balance\": \"source\", \"no_agent\": \"close\", "
        "\"pending_timeout\": 3600,\n"
        "    \"connect_timeout\": 600, \"idle_timeout\": 2592000, \"half_close_timeout\": 1, \"max_clients\": "
        "1000000 },\n"
        "    { \"name\": \"b\", \"group\": \"g\", \"listen\": \":2\", \"connect\": \"h:1\", \"balance\": "
        "\"least-connections\",\n"
        "      \"no_agent\": \"refuse\" } ],\n"
        "  \"threads\": 3, \"admin\": { \"socket\": \"/run/munnel/munneld.sock\" },\n"
        "  \"log\": { \"format\": \"json\", \"level\": \"debug\", \"to\": \"m.log\" },\n"
        "  \"state\": \"s\" }\n");
    char socket[300];
    snprintf(socket, sizeof socket, "unix:%s", unit_path("agents.sock"));
    ck_assert_str_eq(conf->agents.listen.items[0], "[::1]:443");
    ck_assert_str_eq(conf->agents.listen.items[1], socket);
    ck_assert_str_eq(conf->agents.certificate, "/c.pem");
    ck_assert_str_eq(conf->agents.key, unit_path("k/k.pem"));
    ck_assert_str_eq(conf->agents.client_ca, unit_path("ca"));
    ck_assert_str_eq(conf->agents.crl, unit_path("crl"));
    ck_assert_int_eq(conf->agents.min_version, CONF_TLS_1_2);
    ck_assert(!conf->agents.auth_none);
    ck_assert_int_eq(conf->agents.require, CONF_REQUIRE_BOTH);
    ck_assert_uint_eq(conf->agents.idle_min, 0);
    ck_assert_uint_eq(conf->agents.idle_max, 1);
    ck_assert_uint_eq(conf->agents.unauthenticated_max, 1);
    ck_assert_uint_eq(conf->agents.unauthenticated_per_source, 2);
    ck_assert_uint_eq(conf->agents.unauthenticated_deadline_s, 3);
    ck_assert_uint_eq(conf->agents.unauthenticated_penalty_s, 4);
    const struct service_conf *a = &conf->services[0], *b = &conf->services[1];
    ck_assert_uint_eq(conf->service_count, 2);
    ck_assert_uint_eq(conf->file_service_count, 2);
    ck_assert_uint_eq(a->groups.count, 2);
    ck_assert_str_eq(a->groups.items[1], "h");
    ck_assert_str_eq(a->listen.items[1], "unix:/s//x");
    ck_assert_str_eq(a->connect.items[1], "unix:/d");
    ck_assert_int_eq(a->balance, CONF_SOURCE);
    ck_assert_int_eq(a->no_agent, CONF_CLOSE);
    ck_assert_uint_eq(a->pending_timeout_s, 3600);
    ck_assert_uint_eq(a->idle_timeout_s, 2592000);
    ck_assert_uint_eq(a->max_clients, 1000000);
    ck_assert_int_eq(b->balance, CONF_LEAST_CONNECTIONS);
    ck_assert_int_eq(b->no_agent, CONF_REFUSE);
    ck_assert_str_eq(b->groups.items[0], "g");
    ck_assert_uint_eq(conf->threads, 3);
    ck_assert_int_eq(conf->log.format, LOG_FORMAT_JSON);
    ck_assert_int_eq(conf->log.level, LOG_LEVEL_DEBUG);
    ck_assert_str_eq(conf->log.to, unit_path("m.log"));
    ck_assert_str_eq(conf->state, unit_path("s"));
    server_conf_free(conf);
}
END_TEST

#define RESERVED "this version cannot do it yet; leave it out"

static const struct {
    const char *text;
    const char *error; /* behind the file's name */
} slips[] = {
    /* Syntax: file:line:column */
    {"{\n  // why\n  \"threads\": 2,\n}", ":4:1: string or '}' expected near '}'"},
    {"{ \"threads\": 2, \"threads\": 3 }", ":1:25: duplicate object key near '\"threads\"'"},
    {"[]", ":1:1: one JSON object { ... } is expected"},
    /* Keys */
    {"{ \"agents\": { \"auht\": 1 } }", ": agents.auht: there is no such option; did you mean \"auth\"?"},
    {"{ \"service\": [] }", ": service: there is no such option; did you mean \"services\"?"},
    {"{ \"agents\": { \"tls\": { \"certificate\": \"x\" } } }",
     ": agents.tls.certificate: there is no such option; there are: cert, key, client_ca, crl, min_version"},
    {"{ \"zork\": 2 }",
     ": zork: there is no such option; there are: agents, services, threads, admin, log, user, group, state"},
    {"{ \"agents.ping\": 2 }",
     ": agents.ping: there is no such option; there are: agents, services, threads, admin, log, user, group, state"},
    {"{ \"\": 2 }", ": there is no such option; there are: agents, services, threads, admin, log, user, group, state"},
    {WITH_SERVICE("\"pending_timout\": 1"),
     ": services[0].pending_timout: there is no such option; did you mean \"pending_timeout\"?"},
    /* Types and ranges */
    {"{ \"agents\": 3 }", ": agents: 3 is not right here; write an object {...}"},
    {"{ \"agents\": { \"tls\": null } }", ": agents.tls: null is not right here; write an object {...}"},
    {"{ \"threads\": \"four\" }", ": threads: \"four\" is not right here; write a whole number from 0 to 256"},
    {"{ \"threads\": 2.0 }", ": threads: 2.0 is not right here; write a whole number from 0 to 256"},
    {"{ \"threads\": null }", ": threads: null is not right here; write a whole number from 0 to 256"},
    {"{ \"threads\": 257 }", ": threads: 257 is out of range; write a whole number from 0 to 256"},
    {"{ \"threads\": -1 }", ": threads: -1 is out of range; write a whole number from 0 to 256"},
    {"{ \"threads\": 4294967296 }", ": threads: 4294967296 is out of range; write a whole number from 0 to 256"},
    {"{ \"agents\": { \"ping\": 0 } }", ": agents.ping: 0 is out of range; write a whole number from 1 to 3600"},
    {"{ \"agents\": { \"tls\": { \"cert\": null } } }",
     ": agents.tls.cert: null is not right here; write a PEM file's path"},
    {"{ \"agents\": { \"tls\": { \"client_ca\": \"\" } } }",
     ": agents.tls.client_ca: \"\" is not right here; write a PEM file's path, or null"},
    {"{ \"agents\": { \"tls\": { \"min_version\": \"1.1\" } } }",
     ": agents.tls.min_version: \"1.1\" is not right here; write \"1.3\" or \"1.2\""},
    {"{ \"agents\": { \"auth\": \"open\" } }",
     ": agents.auth: \"open\" is not right here; write { \"tokens\": \"agents.json\" } or \"none\""},
    {"{ \"agents\": { \"auth\": { \"tokens\": null } } }",
     ": agents.auth.tokens: null is not right here; write a JSON file's path"},
    {"{ \"agents\": { \"auth\": { \"token\": \"x\" } } }",
     ": agents.auth.token: there is no such option; did you mean \"tokens\"?"},
    {"{ \"admin\": { \"socket\": 1 } }", ": admin.socket: 1 is not right here; write a path, or null"},
    {"{ \"log\": { \"level\": 3 } }",
     ": log.level: 3 is not right here; write \"error\", \"warning\", \"info\" or \"debug\""},
    {"{ \"log\": { \"to\": \"\" } }", ": log.to: \"\" is not right here; write \"stderr\", \"stdout\" or a path"},
    {"{ \"services\": {} }", ": services: {} is not right here; write a list [{...}, {...}]"},
    {"{ \"services\": [ 1 ] }", ": services[0]: 1 is not right here; write an object {...}"},
    {WITH_SERVICE("\"balance\": \"fastest\""), ": services[0].balance: \"fastest\" is not right here; write "
                                               "\"round-robin\", \"least-connections\" or \"source\""},
    {WITH_SERVICE(
         "\"max_rate\": [\"a very long value that no line of an error should show from its start to its end\"]"),
     ": services[0].max_rate: [\"a very long value that no line of an error should show fro... is not right here; "
     "write a whole number from 0 to 1000000"},
    /* What must be written */
    {"{ \"services\": [ { \"listen\": \":1\", \"connect\": \"h:1\" } ] }",
     ": services[0].name: is missing; write a name like \"WinVNC\""},
    {"{ \"services\": [ { \"name\": \"a\", \"connect\": \"h:1\" } ] }",
     ": services[0].listen: is missing; write an address like \"0.0.0.0:5900\", or a list of them"},
    {"{ \"services\": [ " SERVICE ", { \"name\": \"b\", \"listen\": \":1\" } ] }",
     ": services[1].connect: is missing; write a destination like \"localhost:5900\", or a list of them"},
    {WITH_SERVICE("\"allow\": []"), ": services[0].allow: the list is empty; write at least one, or leave it out"},
    {"{ \"services\": [ { \"name\": \"a\", \"listen\": [] } ] }",
     ": services[0].listen: the list is empty; write at least one"},
    /* Texts */
    {"{ \"services\": [ { \"name\": \"a b\" } ] }",
     ": services[0].name: \"a b\" is no name; write 1 to 64 letters, digits and . _ -"},
    {WITH_SERVICE("\"group\": \"a/b\""),
     ": services[0].group: \"a/b\" is no name; write 1 to 64 letters, digits and . _ -"},
    {WITH_SERVICE("\"group\": [\"x\", \"*\"]"),
     ": services[0].group[1]: \"*\" is no group; leave it out to take every agent"},
    {WITH_SERVICE("\"group\": [\"x\", \"x\"]"), ": services[0].group[1]: \"x\" is written twice"},
    {"{ \"services\": [ {}, {}, { \"listen\": \"5900\" } ] }",
     ": services[0].name: is missing; write a name like \"WinVNC\""},
    {"{ \"services\": [ " SERVICE ", { \"name\": \"b\", \"listen\": \"5900\" } ] }",
     ": services[1].listen: \"5900\" has no address; write \"0.0.0.0:5900\""},
    {"{ \"services\": [ { \"listen\": [\":1\", \"localhost\"] } ] }",
     ": services[0].listen[1]: \"localhost\" has no port; write \"localhost:5900\", say"},
    {"{ \"services\": [ { \"connect\": \"5900\" } ] }",
     ": services[0].connect: \"5900\" has no host; write \"localhost:5900\""},
    {"{ \"services\": [ { \"connect\": \"*:5900\" } ] }",
     ": services[0].connect: \"*:5900\" has no host; write \"localhost:5900\""},
    {"{ \"services\": [ { \"connect\": \"h\" } ] }", ": services[0].connect: \"h\" has no port; write \"h:5900\", say"},
    {"{ \"services\": [ { \"connect\": \"unix:x\" } ] }",
     ": services[0].connect: \"unix:x\" is relative, but the agent has no folder of yours; write \"unix:/...\""},
    {WITH_SERVICE("\"allow\": \"web.example\""),
     ": services[0].allow: \"web.example\" is no address of clients; write \"10.1.2.3\" or \"10.0.0.0/8\""},
    {WITH_SERVICE("\"allow\": \"dead.beef\""),
     ": services[0].allow: \"dead.beef\" is no address of clients; write \"10.1.2.3\" or \"10.0.0.0/8\""},
    {WITH_SERVICE("\"deny\": [\"10.1.2.3\", \"10.1.2.4:22\"]"),
     ": services[0].deny[1]: \"10.1.2.4:22\" is no address of clients; write \"10.1.2.3\" or \"10.0.0.0/8\""},
    /* As a whole */
    {"{ \"services\": [ " SERVICE ", { \"name\": \"a\", \"listen\": \":1\", \"connect\": \"h:1\" } ] }",
     ": services[1].name: \"a\" is the name of an earlier service; write another"},
    {"{ \"services\": [ " SERVICE
     ", { \"name\": \"b\", \"listen\": [\":1\", \"127.0.0.1:5900\"], \"connect\": \"h:1\" } ] }",
     ": services[1].listen: \"127.0.0.1:5900\" is taken: service \"a\" listens on \":5900\""},
    {"{ \"agents\": { \"listen\": \"[::]:5900\" }, " ONE_SERVICE " }",
     ": services[0].listen: \":5900\" is taken: agents connect on \"[::]:5900\""},
    {"{ \"agents\": { \"listen\": [\"0.0.0.0:1\", \"localhost:1\"] } }",
     ": agents.listen: \"localhost:1\" is taken: agents connect on \"0.0.0.0:1\""},
    {WITH_CONNECT("\"a:1\", \"a:2\", \"a:3\", \"a:4\", \"a:5\", \"a:6\", \"a:7\", \"a:8\", \"a:9\""),
     ": services[0].connect: 9 destinations are too many; write 8 at most"},
    {WITH_CONNECT("\"a:1\", \"unix:/run/a\\u0001b\""),
     ": services[0].connect: destination 2 has a control character in it"},
    {"{ \"agents\": { \"dead_after\": 10 } }",
     ": agents.dead_after: 10 is not longer than ping, 10; three times as long is usual"},
    {"{ \"agents\": { \"links\": { \"idle_max\": 15 } } }", ": agents.links.idle_min: 16 is more than idle_max, 15"},
    {"{ \"agents\": { \"tls\": { \"crl\": \"x\" } } }",
     ": agents.tls.crl: it revokes certificates of client_ca, which is not given"},
    /* What looks as if certificates were asked for must ask for them. */
    {"{ \"agents\": { \"tls\": { \"client_ca\": \"x\" } } }",
     ": agents.tls.client_ca: agents are asked for their token alone; write \"auth\": { \"require\": \"certificate\" "
     "}, or "
     "\"both\", or \"either\""},
    {"{ \"agents\": { \"tls\": { \"client_ca\": \"x\" }, \"auth\": \"none\" } }",
     ": agents.auth: \"none\" asks for no certificate either, but there is tls.client_ca; write \"auth\": { "
     "\"require\": "
     "\"certificate\" }, or \"both\", or \"either\""},
    {"{ \"agents\": { \"auth\": { \"require\": \"certificate\" } } }",
     ": agents.auth.require: certificates need to be checked; name who signs them in tls.client_ca"},
    {"{ \"agents\": { \"auth\": { \"require\": \"either\" } } }",
     ": agents.auth.require: certificates need to be checked; name who signs them in tls.client_ca"},
    {"{ \"agents\": { \"auth\": { \"require\": \"mtls\" } } }",
     ": agents.auth.require: \"mtls\" is not right here; write \"token\", \"certificate\", \"both\" or \"either\""},
    /* Named, but not built: better an error than a rule that nobody obeys. */
    {"{ \"admin\": { \"http\": \"127.0.0.1:8\" } }", ": admin.http: " RESERVED},
    {"{ \"admin\": { \"socket\": \"/run/m.sock\" } }", ": admin.socket: " RESERVED},
};

START_TEST(a_slip_is_named_with_its_place_and_its_cure) {
    struct error error = {""};
    const char *path = unit_text_file("munnel.json", slips[_i].text);
    ck_assert_ptr_null(server_conf_read(path, &error));
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_str_eq(error.text + strlen(path), slips[_i].error);
}
END_TEST

START_TEST(with_auth_none_there_is_no_agents_file) {
    struct server_conf *conf = read_right("{ \"agents\": { \"auth\": \"none\" }, " ONE_SERVICE " }");
    ck_assert(conf->agents.auth_none);
    ck_assert_ptr_null(conf->agents.tokens);
    server_conf_free(conf);
}
END_TEST

START_TEST(networks_of_ipv6_get_the_brackets_of_rules) {
    static const char *const pairs[][2] = {{"fd00::/8", "[fd00::]/8"},
                                           {"::1", "[::1]"},
                                           {"[fd00::]/8", "[fd00::]/8"},
                                           {"10.0.0.0/8", "10.0.0.0/8"},
                                           {"*", "*"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct error error = {""};
        char *pattern = text_source_pattern(pairs[i][0], NULL);
        ck_assert_str_eq(pattern, pairs[i][1]);
        ck_assert_msg(text_check_source(pairs[i][0], &error) == 0, "%s", error.text);
        free(pattern);
    }
}
END_TEST

START_TEST(a_missing_file_is_named) {
    struct error error = {""};
    ck_assert_ptr_null(server_conf_read(unit_path("nowhere.json"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, unit_path("nowhere.json")));
}
END_TEST

START_TEST(ports_that_do_not_meet_are_right) {
    struct server_conf *conf = read_right(
        "{ \"services\": [ { \"name\": \"a\", \"listen\": [\"0.0.0.0:1\", \"[::]:1\", \"unix:a\", \"127.0.0.1:2\"],"
        " \"connect\": \"h:1\" }, { \"name\": \"b\", \"listen\": [\"127.0.0.2:2\", \"unix:b\"], \"connect\": \"h:1\" } "
        "] }");
    struct error error = {""};
    ck_assert_msg(server_conf_check(conf, &error) == 0, "%s", error.text);
    server_conf_free(conf);
}
END_TEST

START_TEST(a_file_without_services_waits_for_the_command_line) {
    struct error error = {""};
    struct server_conf *conf = read_right("{}");
    ck_assert_int_eq(server_conf_check(conf, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "munnel.json: services: no service is configured; write one, like {"));
    ck_assert_int_eq(server_conf_add_service(conf, "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900", &error), 0);
    ck_assert_int_eq(server_conf_check(conf, &error), 0);
    ck_assert_uint_eq(conf->file_service_count, 0);
    server_conf_free(conf);
}
END_TEST

START_TEST(what_this_machine_lacks_is_found_before_the_start) {
    static const char *const lacks[][2] = {
        {"{ \"user\": \"no-such-user\", " ONE_SERVICE " }", "user: there is no user \"no-such-user\""},
        {"{ \"user\": \"root\", \"group\": \"no-such-group\", " ONE_SERVICE " }", "no group \"no-such-group\""},
        {"{ \"log\": { \"to\": \"nowhere/m.log\" }, " ONE_SERVICE " }", "log.to: there is no folder for"}};
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        struct error error = {""};
        struct server_conf *conf = read_right(lacks[i][0]);
        ck_assert_int_eq(server_conf_check(conf, &error), -1);
        ck_assert_msg(strstr(error.text, lacks[i][1]) != NULL, "%s", error.text);
        server_conf_free(conf);
    }
}
END_TEST

START_TEST(services_of_the_command_line) {
    struct error error = {""};
    struct server_conf *conf = server_conf_default();
    ck_assert_int_eq(server_conf_add_service(conf, "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900", &error), 0);
    ck_assert_int_eq(server_conf_add_service(conf, "  ssh\t:2222  10.0.0.1:22 ", &error), 0);
    ck_assert_int_eq(server_conf_check(conf, &error), 0);
    const struct service_conf *vnc = &conf->services[0], *ssh = &conf->services[1];
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
    server_conf_free(conf);
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
    {"a 5900 h:1", "service \"a\": listen: \"5900\" has no address; write \"0.0.0.0:5900\""},
    {"a :1 5900", "service \"a\": connect: \"5900\" has no host; write \"localhost:5900\""},
    {"a g! :1 h:1", "service \"a\": group: \"g!\" is no name; write 1 to 64 letters, digits and . _ -"},
    {"first :8 h:1", "service \"first\": name: \"first\" is the name of an earlier service; write another"},
    {"second 0.0.0.0:7 h:1", "service \"second\": listen: \"0.0.0.0:7\" is taken: service \"first\" listens on \":7\""},
    {"second :10001 h:1", "service \"second\": listen: \":10001\" is taken: agents connect on \"0.0.0.0:10001\""},
};

START_TEST(a_bad_service_of_the_command_line_is_explained) {
    struct error error = {""};
    struct server_conf *conf = server_conf_default();
    ck_assert_int_eq(server_conf_add_service(conf, "first :7 h:1", &error), 0);
    int failed = server_conf_add_service(conf, bad_services[_i].service, &error);
    ck_assert_int_eq(failed ? failed : server_conf_check(conf, &error), -1);
    ck_assert_str_eq(error.text, bad_services[_i].error);
    server_conf_free(conf);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_test(group, defaults_are_those_of_the_manual);
    tcase_add_test(group, defaults_of_a_service);
    tcase_add_test(group, without_a_file_certificate_and_agents_are_in_the_state_folder);
    tcase_add_test(group, everything_can_be_said);
    tcase_add_test(group, with_auth_none_there_is_no_agents_file);
    tcase_add_test(group, ports_that_do_not_meet_are_right);
    return group;
}

static TCase *errors(void) {
    TCase *group = tcase_create("errors");
    tcase_add_loop_test(group, a_slip_is_named_with_its_place_and_its_cure, 0, (int)(sizeof slips / sizeof *slips));
    tcase_add_test(group, a_missing_file_is_named);
    tcase_add_test(group, networks_of_ipv6_get_the_brackets_of_rules);
    return group;
}

static TCase *services(void) {
    TCase *group = tcase_create("services");
    tcase_add_test(group, a_file_without_services_waits_for_the_command_line);
    tcase_add_test(group, services_of_the_command_line);
    tcase_add_test(group, what_this_machine_lacks_is_found_before_the_start);
    tcase_add_loop_test(group, a_bad_service_of_the_command_line_is_explained, 0,
                        (int)(sizeof bad_services / sizeof *bad_services));
    return group;
}

UNIT_MAIN("conf/server_conf", reading, errors, services)
