/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_option: what an object of munnel.json may hold and must hold, as the tables have it, and the place that an error
 * names.
 */
#include "config.h"

#include "conf/option.h"
#include "slip.h"
#include "unit.h"

#include <stdio.h>

static const struct slip slips[] = {
    {"{ \"agents\": { \"auht\": 1 } }", ": agents.auht: there is no such option; did you mean \"auth\"?"},
    {"{ \"service\": [] }", ": service: there is no such option; did you mean \"services\"?"},
    {"{ \"agents\": { \"tls\": { \"certificate\": \"x\" } } }",
     ": agents.tls.certificate: there is no such option; there are: cert, key, client_ca, crl, min_version"},
    {"{ \"zork\": 2 }", ": zork: there is no such option; there are: agents, publish, services, include, threads, "
                        "admin, log, user, group, state"},
    {"{ \"agents.ping\": 2 }",
     ": agents.ping: there is no such option; there are: agents, publish, services, include, threads, "
     "admin, log, user, group, state"},
    {"{ \"\": 2 }", ": there is no such option; there are: agents, publish, services, include, threads, admin, log, "
                    "user, group, state"},
    {WITH_SERVICE("\"pending_timout\": 1"),
     ": services[0].pending_timout: there is no such option; did you mean \"pending_timeout\"?"},
    {WITH_SERVICE("\"ban\": true"),
     ": services[0].ban: there is no such option; there are: name, group, protocol, listen, visitors, end_to_end, "
     "hosts, interface, freebind, backlog, keepalive_idle, keepalive_interval, keepalive_probes, socket_mode, "
     "socket_owner, connect, proxy_protocol, connect_from, agent_bans, balance, ...; see munnel.json(5)"},
    {"{ \"agents\": 3 }", ": agents: 3 is not right here; write an object {...}"},
    {"{ \"agents\": { \"tls\": null } }", ": agents.tls: null is not right here; write an object {...}"},
    {"{ \"services\": {} }", ": services: {} is not right here; write a list [{...}, {...}]"},
    {"{ \"services\": [ 1 ] }", ": services[0]: 1 is not right here; write an object {...}"},
    {"{ \"services\": [ { \"listen\": \":1\", \"connect\": \"h:1\" } ] }",
     ": services[0].name: is missing; write a name like \"WinVNC\""},
    {"{ \"services\": [ { \"name\": \"a\", \"connect\": \"h:1\" } ] }",
     ": services[0].listen: is missing; write an address like \"0.0.0.0:5900\", or the groups of agents that open it "
     "on "
     "their side in \"visitors\""},
    {"{ \"services\": [ " SERVICE ", { \"name\": \"b\", \"listen\": \":1\" } ] }",
     ": services[1].connect: is missing; write a destination like \"localhost:5900\", or a list of them"},
    {WITH_SERVICE("\"group\": [\"x\", \"*\"]"),
     ": services[0].group[1]: \"*\" is no group; leave it out to take every agent"},
    {"{ \"services\": [ {}, {}, { \"listen\": \"5900\" } ] }",
     ": services[0].name: is missing; write a name like \"WinVNC\""},
    {"{ \"services\": [ " SERVICE ", { \"name\": \"b\", \"listen\": \"5900\" } ] }",
     ": services[1].listen: \"5900\" has no address; write \"0.0.0.0:5900\""},
};

START_TEST(a_key_or_an_object_that_is_wrong_or_missing_is_named) {
    expect_slip(&slips[_i]);
}
END_TEST

static const struct option_file files[] = {
    {"agents.tls.cert", "/etc/x/server.pem"},
    {"agents.tls.key", "/etc/x/server.pem.key"},
    {"agents.tls.client_ca", NULL},
};

static const struct {
    const char *file, *before, *after;
} texts[] = {
    {"m.json", "cannot read /etc/x/server.pem: gone", "m.json: agents.tls.cert: cannot read /etc/x/server.pem: gone"},
    {NULL, "cannot read /etc/x/server.pem.key: gone", "agents.tls.key: cannot read /etc/x/server.pem.key: gone"},
    {NULL, "/etc/x/server.pem.key: is not the key of /etc/x/server.pem",
     "agents.tls.key: /etc/x/server.pem.key: is not the key of /etc/x/server.pem"},
    {"m.json", "out of memory", "out of memory"},
};

START_TEST(the_option_of_the_file_that_is_named_first_stands_in_front) {
    struct error error;
    snprintf(error.text, sizeof error.text, "%s", texts[_i].before);
    option_name_file(&(struct option_place){.file = texts[_i].file, .error = &error}, files,
                     sizeof files / sizeof *files);
    ck_assert_str_eq(error.text, texts[_i].after);
}
END_TEST

static TCase *objects(void) {
    TCase *group = tcase_create("objects");
    tcase_add_loop_test(group, a_key_or_an_object_that_is_wrong_or_missing_is_named, 0, sizeof slips / sizeof *slips);
    return group;
}

static TCase *naming_files(void) {
    TCase *group = tcase_create("naming_files");
    tcase_add_loop_test(group, the_option_of_the_file_that_is_named_first_stands_in_front, 0,
                        sizeof texts / sizeof *texts);
    return group;
}

UNIT_MAIN("conf/option", objects, naming_files)
