/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_check: what of munnel.json only makes sense as a whole, and what this machine must have for it.
 */
#include "config.h"

#include "conf/server_check.h"
#include "slip.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

static const struct slip slips[] = {
    {"{ \"services\": [ " SERVICE ", { \"name\": \"a\", \"listen\": \":1\", \"connect\": \"h:1\" } ] }",
     ": services[1].name: \"a\" is the name of an earlier service; write another"},
    {WITH_CONNECT("\"a:1\", \"a:2\", \"a:3\", \"a:4\", \"a:5\", \"a:6\", \"a:7\", \"a:8\", \"a:9\""),
     ": services[0].connect: 9 destinations are too many; write 8 at most"},
    {WITH_CONNECT("\"a:1\", \"unix:/run/a\\u0001b\""),
     ": services[0].connect: destination 2 has a control character in it; type it again"},
    {"{ \"agents\": { \"listen\": \":1-2\" } }", ": agents.listen: \":1-2\" is a range of ports; write one port"},
    {"{ \"agents\": { \"dead_after\": 10 } }",
     ": agents.dead_after: 10 is not longer than ping, 10; three times as long is usual"},
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
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"key\": \"k\" } } ] }",
     ": services[0].tls.cert: is missing; write the path of a certificate, or leave \"tls\" out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"cert\": \"c\" } } ] "
     "}",
     ": services[0].tls.key: is missing; write the path of the certificate's private key"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"cert\": [\"c\", "
     "\"d\", \"e\"], \"key\": [\"k\", \"l\"] } } ] }",
     ": services[0].tls.key: 2 keys are not one for each of 3 certificates; write them in the same order"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"cert\": \"c\", "
     "\"key\": \"k\", \"client_ca\": \"x\" } } ] }",
     ": services[0].tls.client_ca: clients are not asked for a certificate; write \"client_auth\": \"require\", or "
     "\"request\""},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"cert\": \"c\", "
     "\"key\": \"k\", \"client_auth\": \"request\" } } ] }",
     ": services[0].tls.client_auth: certificates need to be checked; name who signs them in tls.client_ca"},
    {WITH_SERVICE("\"tls\": { \"cert\": \"c\", \"key\": \"k\", \"crl\": \"x\" }"),
     ": services[0].tls.crl: it revokes certificates of client_ca, which is missing; name that, or leave crl out"},
    {WITH_SERVICE("\"tls\": { \"crl\": \"x\" }"),
     ": services[0].tls.cert: is missing; write the path of a certificate, or leave \"tls\" out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": \"h:1\", \"tls\": { \"cert\": \"c\", "
     "\"key\": \"k\", \"alpn\": \"a b\" } } ] }",
     ": services[0].tls.alpn: \"a b\" is no protocol's name in ALPN; write one like \"h2\" or \"http/1.1\""},
    {WITH_SERVICE("\"tls\": { \"cert\": \"c\", \"key\": \"k\", \"alpn\": \"h2,http/1.1\" }"),
     ": services[0].tls.alpn: \"h2,http/1.1\" is several protocols in one; write a list: [\"h2\", \"http/1.1\"]"},
    {WITH_SERVICE("\"tls\": { \"min_version\": \"1.3\" }"),
     ": services[0].tls.cert: is missing; write the path of a certificate, or leave \"tls\" out"},
    {WITH_SERVICE("\"tls\": { \"alpn\": [\"h2\", \"http/1.1\"] }"),
     ": services[0].tls.cert: is missing; write the path of a certificate, or leave \"tls\" out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": [\"10.0.0.1:80\"], \"connect_from\": "
     "\"loopback\" } ] }",
     ": services[0].connect: \"10.0.0.1:80\" is not of 127.0.0.0/8, as connect_from \"loopback\" needs it; write "
     "127.0.0.1:PORT in connect, or leave connect_from out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": [\"[::1]:80\"], \"connect_from\": "
     "\"loopback\" } ] }",
     ": services[0].connect: \"[::1]:80\" is not of 127.0.0.0/8, as connect_from \"loopback\" needs it; write "
     "127.0.0.1:PORT in connect, or leave connect_from out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": [\"unix:/x\"], \"connect_from\": "
     "\"loopback\" } ] }",
     ": services[0].connect: \"unix:/x\" is not of 127.0.0.0/8, as connect_from \"loopback\" needs it; write "
     "127.0.0.1:PORT in connect, or leave connect_from out"},
    {"{ \"services\": [ { \"name\": \"b\", \"listen\": \":1\", \"connect\": [\"localhost:80\", \"127.1.2.3:+0\", "
     "\"10.0.0.1:+0\"], \"connect_from\": \"loopback\" } ] }",
     ": services[0].connect: \"10.0.0.1:+0\" is not of 127.0.0.0/8, as connect_from \"loopback\" needs it; write "
     "127.0.0.1:PORT in connect, or leave connect_from out"},
    {WITH_SERVICE("\"accept_proxy\": \"*\""),
     ": services[0].accept_proxy: with \"*\" every client may claim any address; "
     "write those of the balancers, like \"10.0.0.7\""},
    {"{ \"agents\": { \"accept_proxy\": [\"10.0.0.1\", \"::/0\"] } }",
     ": agents.accept_proxy[1]: with \"::/0\" every client may claim any address; write those of the balancers, like "
     "\"10.0.0.7\""},
    {"{ \"admin\": { \"http\": \"127.0.0.1:8\" } }",
     ": admin.http: it answers no one without tokens; name their file in admin.tokens"},
    {"{ \"admin\": { \"http\": \"0.0.0.0:8\", \"tokens\": \"t\" } }",
     ": admin.http: 0.0.0.0:8 is not a loopback address, and tokens would go over the network unencrypted; write "
     "127.0.0.1:8 and reach it through ssh -L"},
    {"{ \"admin\": { \"http\": \"localhost.example:8\", \"tokens\": \"t\" } }",
     ": admin.http: localhost.example:8 is not a loopback address, and tokens would go over the network unencrypted; "
     "write 127.0.0.1:8 and reach it through ssh -L"},
    {"{ \"admin\": { \"http\": \"localhost\", \"tokens\": \"t\" } }",
     ": admin.http: \"localhost\" has no port; write \"localhost:10002\""},
};

START_TEST(options_that_contradict_each_other_are_named) {
    expect_slip(&slips[_i]);
}
END_TEST

START_TEST(what_this_machine_lacks_is_found_before_the_start) {
    static const char no_users[] = "on Windows the service manager chooses the account; leave \"user\" out";
    static const char *const lacks[][3] = {
        {"{ \"user\": \"no-such-user\", " ONE_SERVICE " }", "user: there is no user \"no-such-user\"", no_users},
        {"{ \"user\": \"root\", \"group\": \"no-such-group\", " ONE_SERVICE " }", "no group \"no-such-group\"",
         no_users},
        {"{ \"log\": { \"to\": \"nowhere/m.log\" }, " ONE_SERVICE " }", "log.to: there is no folder for"},
        {"{ \"log\": { \"to\": \".\" }, " ONE_SERVICE " }", "munnel.json: log.to: \"/", "munnel.json: log.to: \"C:"}};
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        struct error error = {""};
        struct server_config *conf = read_right(lacks[i][0]);
        ck_assert_int_eq(server_config_check(conf, &error), -1);
        bool is_told = strstr(error.text, lacks[i][1]) || (lacks[i][2] && strstr(error.text, lacks[i][2]));
        ck_assert_msg(is_told, "%s", error.text);
        server_config_free(conf);
    }
}
END_TEST

static TCase *as_a_whole(void) {
    TCase *group = tcase_create("as a whole");
    tcase_add_loop_test(group, options_that_contradict_each_other_are_named, 0, sizeof slips / sizeof *slips);
    return group;
}

static TCase *of_this_machine(void) {
    TCase *group = tcase_create("of this machine");
    tcase_add_test(group, what_this_machine_lacks_is_found_before_the_start);
    return group;
}

UNIT_MAIN("conf/server_check", as_a_whole, of_this_machine)
