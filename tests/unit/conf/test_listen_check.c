/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listen_check: which ports are taken, what to write instead, and which make no port of a destination.
 */
#include "config.h"

#include "conf/listen_check.h"
#include "conf/server_check.h"
#include "slip.h"
#include "unit.h"

#define TWO(first, second)                                                                                             \
    "{ \"services\": [ { \"name\": \"a\", \"connect\": \"h:1\", " first                                                \
    " }, { \"name\": \"b\", \"connect\": \"h:1\", " second " } ] }"

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

static const struct slip slips[] = {
    {"{ \"services\": [ " SERVICE
     ", { \"name\": \"b\", \"listen\": [\":1\", \"127.0.0.1:5900\"], \"connect\": \"h:1\" } ] }",
     ": services[1].listen: \"127.0.0.1:5900\" is taken: service \"a\" listens on \":5900\"; write another port"},
    {"{ \"agents\": { \"listen\": \"[::]:5900\" }, " ONE_SERVICE " }",
     ": services[0].listen: \":5900\" is taken: agents connect on \"[::]:5900\"; write another port"},
    {"{ \"agents\": { \"listen\": [\"0.0.0.0:1\", \"localhost:1\"] } }",
     ": agents.listen: \"localhost:1\" is taken: agents connect on \"0.0.0.0:1\"; write another port"},
    {"{ \"services\": [ " SERVICE
     ", { \"name\": \"b\", \"listen\": \"127.0.0.1:5800-5900\", \"connect\": \"h:1\" } ] }",
     ": services[1].listen: \"127.0.0.1:5800-5900\" is taken: service \"a\" listens on \":5900\"; write another port"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": [\":1000-1999\", \":2000\"], \"connect\": \"h:1\" } ] }",
     ": services[0].listen: 1001 ports are too many for a service; write 1000 at most"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":65000-65100\", \"connect\": [\"h:1\", \"h:+500\"] } ] }",
     ": services[0].connect: \"h:+500\" makes the port 65600 of 65100; a port is a number from 1 to 65535"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1000-1100\", \"connect\": \"h:-1000\" } ] }",
     ": services[0].connect: \"h:-1000\" makes the port 0 of 1000; a port is a number from 1 to 65535"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \"unix:/x\", \"connect\": \"h:+0\" } ] }",
     ": services[0].connect: \"h:+0\" is relative to a port, and \"unix:/x\" has none; write the port"},
    {TWO("\"listen\": \":1\"", "\"listen\": \":1\""), ": services[1].listen: \":1\" is taken: service \"a\" listens on "
                                                      "\":1\"; write another port, or give them hosts, to "
                                                      "share it"},
    {TWO("\"listen\": \":1\", \"hosts\": \"a.example\"", "\"listen\": \"0.0.0.0:1\", \"hosts\": \"b.example\""),
     ": services[1].listen: \"0.0.0.0:1\" is taken: service \"a\" listens on \":1\"; write another port, or the "
     "address "
     "in the same way in both, to share it"},
    {TWO("\"listen\": \":1-9\", \"hosts\": \"a.example\"", "\"listen\": \":5\", \"hosts\": \"b.example\""),
     ": services[1].listen: \":5\" is taken: service \"a\" listens on \":1-9\"; write another port"},
    {TWO("\"listen\": \"unix:/x\"", "\"listen\": \"unix:/x\""),
     ": services[1].listen: \"unix:/x\" is taken: service \"a\" listens on \"unix:/x\"; write another path"},
    {"{ \"agents\": { \"listen\": \":5900\" }, " ONE_SERVICE " }",
     ": services[0].listen: \":5900\" is taken: agents connect on \":5900\"; write another port, or give the service "
     "hosts, to share it"},
    {TWO("\"listen\": \"localhost:1\"", "\"listen\": \"127.0.0.1:1\""),
     ": services[1].listen: \"127.0.0.1:1\" is taken: service \"a\" listens on \"localhost:1\"; write another port"},
    {TWO("\"listen\": \"[::1]:1\"", "\"listen\": \"LOCALHOST:1\""),
     ": services[1].listen: \"LOCALHOST:1\" is taken: service \"a\" listens on \"[::1]:1\"; write another port"},
    {TWO("\"listen\": \"[::]:1\"", "\"listen\": \"localhost:1\""),
     ": services[1].listen: \"localhost:1\" is taken: service \"a\" listens on \"[::]:1\"; write another port"},
};

START_TEST(ports_that_are_taken_are_named) {
    expect_slip(&slips[_i]);
}
END_TEST

START_TEST(ports_that_do_not_meet_are_right) {
    struct server_config *conf = read_right(
        "{ \"services\": [ { \"name\": \"a\", \"listen\": [\"0.0.0.0:1\", \"[::]:1\", \"unix:a\", \"127.0.0.1:2\"],"
        " \"connect\": \"h:1\" }, { \"name\": \"b\", \"listen\": [\"127.0.0.2:2\", \"localhost:3\", \"unix:b\"], "
        "\"connect\": \"h:1\" } "
        "] }");
    struct error error = {""};
    ck_assert_msg(server_config_check(conf, &error) == 0, "%s", error.text);
    server_config_free(conf);
}
END_TEST

static TCase *ports(void) {
    TCase *group = tcase_create("ports");
    tcase_add_loop_test(group, ports_that_are_taken_are_named, 0, (int)(sizeof slips / sizeof *slips));
    tcase_add_test(group, ports_that_do_not_meet_are_right);
    return group;
}

UNIT_MAIN("conf/listen_check", ports)
