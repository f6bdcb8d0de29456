/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_config_slips: the error of every slip in munnel.json: its place, what is wrong, and the cure.
 * Runs on: make check. Owns: its files.
 */
#include "config.h"

#include "conf/server_config.h"
#include "conf/validators.h"
#include "service_text.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define WITH_SERVICE(more)                                                                                             \
    "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\", " more " } ] }"

#define WITH_CONNECT(list) "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": [ " list " ] } ] }"

#define RESERVED "this version cannot do it yet; leave it out"

static const struct {
    const char *text;
    const char *error; /* behind the file's name */
} slips[] = {
    /* Syntax: file:line:column */
    {"{\n  // why\n  \"threads\": 2,\n}", ":4:1: the comma before this '}' is one too many; remove it"},
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
    {"{ \"threads\": \"four\" }", ": threads: \"four\" is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": 2.0 }", ": threads: 2.0 is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": null }", ": threads: null is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": 65 }", ": threads: 65 is out of range; write a whole number from 0 to 64"},
    {"{ \"agents\": { \"unauthenticated\": { \"max\": 8193 } } }",
     ": agents.unauthenticated.max: 8193 is out of range; write a whole number from 1 to 8192"},
    {"{ \"agents\": { \"unauthenticated\": { \"per_source\": 8193 } } }",
     ": agents.unauthenticated.per_source: 8193 is out of range; write a whole number from 1 to 8192"},
    {WITH_SERVICE("\"socket_mode\": \"rw\""),
     ": services[0].socket_mode: \"rw\" is no mode; write octal digits like \"0660\": owner and group may connect"},
    {"{ \"threads\": 257 }", ": threads: 257 is out of range; write a whole number from 0 to 64"},
    {"{ \"threads\": -1 }", ": threads: -1 is out of range; write a whole number from 0 to 64"},
    {"{ \"threads\": 4294967296 }", ": threads: 4294967296 is out of range; write a whole number from 0 to 64"},
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
    {WITH_SERVICE("\"group\": [\"x\", \"x\"]"), ": services[0].group[1]: \"x\" is written twice; leave one out"},
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
    /* What is proposed would not be refused again. */
    {"{ \"services\": [ { \"connect\": \"h 22\" } ] }",
     ": services[0].connect: \"h 22\" has a space for the colon; write \"h:22\""},
    {"{ \"services\": [ { \"connect\": \"/run/x.sock\" } ] }",
     ": services[0].connect: \"/run/x.sock\" is a path; write \"unix:/run/x.sock\""},
    {"{ \"services\": [ { \"listen\": \"99999\" } ] }",
     ": services[0].listen: \"0.0.0.0:99999\" has \"99999\" for a port; a port is a number from 1 to 65535"},
    {"{ \"services\": [ { \"connect\": \"10.0.0.300\" } ] }",
     ": services[0].connect: \"10.0.0.300\" is neither an IPv4 address (four numbers up to 255) nor a name"},
    {"{ \"services\": [ { \"connect\": \"web_1..example\" } ] }",
     ": services[0].connect: \"web_1..example\" is not a host's name: letters, digits, '-', '_' and single dots are"},
    {"{ \"services\": [ { \"connect\": \"\" } ] }",
     ": services[0].connect: an address is empty; write HOST:PORT, as in localhost:80"},
    {"{ \"services\": [ { \"connect\": \"h:0\" } ] }",
     ": services[0].connect: \"h:0\" has \"0\" for a port; a port is a number from 1 to 65535"},
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
     ": services[1].listen: \"127.0.0.1:5900\" is taken: service \"a\" listens on \":5900\"; write another port"},
    {"{ \"agents\": { \"listen\": \"[::]:5900\" }, " ONE_SERVICE " }",
     ": services[0].listen: \":5900\" is taken: agents connect on \"[::]:5900\"; write another port"},
    {"{ \"agents\": { \"listen\": [\"0.0.0.0:1\", \"localhost:1\"] } }",
     ": agents.listen: \"localhost:1\" is taken: agents connect on \"0.0.0.0:1\"; write another port"},
    {WITH_CONNECT("\"a:1\", \"a:2\", \"a:3\", \"a:4\", \"a:5\", \"a:6\", \"a:7\", \"a:8\", \"a:9\""),
     ": services[0].connect: 9 destinations are too many; write 8 at most"},
    {WITH_CONNECT("\"a:1\", \"unix:/run/a\\u0001b\""),
     ": services[0].connect: destination 2 has a control character in it; type it again"},
    {"{ \"agents\": { \"dead_after\": 10 } }",
     ": agents.dead_after: 10 is not longer than ping, 10; three times as long is usual"},
    {"{ \"agents\": { \"links\": { \"idle_max\": 15 } } }",
     ": agents.links.idle_min: 16 is more than idle_max, 15; lower it, or raise idle_max"},
    {"{ \"agents\": { \"tls\": { \"crl\": \"x\" } } }",
     ": agents.tls.crl: it revokes certificates of client_ca, which is missing; name that, or leave crl out"},
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
    ck_assert_ptr_null(server_config_read(path, &error));
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_str_eq(error.text + strlen(path), slips[_i].error);
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
        char *pattern = validate_resolve_source(pairs[i][0], NULL);
        ck_assert_str_eq(pattern, pairs[i][1]);
        ck_assert_msg(validate_source(pairs[i][0], &error) == 0, "%s", error.text);
        free(pattern);
    }
}
END_TEST

START_TEST(a_missing_file_is_named) {
    struct error error = {""};
    ck_assert_ptr_null(server_config_read(unit_path("nowhere.json"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, unit_path("nowhere.json")));
}
END_TEST

static TCase *errors(void) {
    TCase *group = tcase_create("errors");
    tcase_add_loop_test(group, a_slip_is_named_with_its_place_and_its_cure, 0, (int)(sizeof slips / sizeof *slips));
    tcase_add_test(group, a_missing_file_is_named);
    tcase_add_test(group, networks_of_ipv6_get_the_brackets_of_rules);
    return group;
}

UNIT_MAIN("conf/server_config_slips", errors)
