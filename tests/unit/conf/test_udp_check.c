/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_udp_check: what a service of UDP may have, and what is for connections alone.
 */
#include "config.h"

#include "conf/udp_check.h"
#include "slip.h"
#include "unit.h"

#define UDP(more) WITH_SERVICE("\"protocol\": \"udp\", " more)
#define TWO(first, second)                                                                                             \
    "{ \"services\": [ { \"name\": \"a\", \"connect\": \"h:1\", " first                                                \
    " }, { \"name\": \"b\", \"connect\": \"h:1\", " second " } ] }"

static const struct slip slips[] = {
    {WITH_SERVICE("\"protocol\": \"sctp\""),
     ": services[0].protocol: \"sctp\" is not right here; write \"tcp\" or \"udp\""},
    {UDP("\"visitors\": \"*\""), ": services[0].visitors: not with UDP: agents open ports of TCP alone on their side"},
    {UDP("\"end_to_end\": true"),
     ": services[0].end_to_end: not with UDP: it is TLS between two agents, and of connections"},
    {"{ \"services\": [ { \"name\": \"a\", \"protocol\": \"udp\", \"connect\": \"h:1\" } ] }",
     ": services[0].listen: is missing; write an address like \"0.0.0.0:53\""},
    {UDP("\"hosts\": \"a.example\""), ": services[0].hosts: not with UDP: datagrams are not told apart by names; give "
                                      "each service a port of its own"},
    {UDP("\"tls\": { \"cert\": \"c\", \"key\": \"k\" }"),
     ": services[0].tls.cert: not with UDP: TLS is of connections; let the destination end DTLS or QUIC itself"},
    {UDP("\"tls\": { \"min_version\": \"1.3\" }"),
     ": services[0].tls.min_version: not with UDP: TLS is of connections; let the destination end DTLS or QUIC itself"},
    {UDP("\"proxy_protocol\": \"v2\""), ": services[0].proxy_protocol: not with UDP: the header is of connections; a "
                                        "destination of UDP does not expect it"},
    {UDP("\"accept_proxy\": \"10.0.0.1\""), ": services[0].accept_proxy: not with UDP: balancers put their header in "
                                            "front of connections alone"},
    {UDP("\"check\": { \"type\": \"tcp\" }"),
     ": services[0].check.type: not with UDP: agents check destinations of TCP alone"},
    {UDP("\"keepalive_idle\": 10"), ": services[0].keepalive_idle: not with UDP: nothing asks a client of UDP whether "
                                    "it is there; set idle_timeout"},
    {UDP("\"half_close_timeout\": 10"),
     ": services[0].half_close_timeout: not with UDP: a session of datagrams has no half-close; set idle_timeout"},
    {"{ \"services\": [ { \"name\": \"a\", \"protocol\": \"udp\", \"listen\": \"unix:/x\", \"connect\": \"h:1\" } ] }",
     ": services[0].listen: \"unix:/x\" is a Unix socket; a service of UDP has ports"},
    {"{ \"services\": [ { \"name\": \"a\", \"protocol\": \"udp\", \"listen\": \":1\", \"connect\": \"unix:/x\" } ] }",
     ": services[0].connect: \"unix:/x\" is a Unix socket; a service of UDP has ports"},
    {WITH_SERVICE("\"answer_timeout\": 2"),
     ": services[0].answer_timeout: it is of sessions of datagrams; write \"protocol\": \"udp\", or leave it out"},
    {WITH_SERVICE("\"reply_factor\": 2"), ": services[0].reply_factor: it is of datagrams, whose source may be forged; "
                                          "write \"protocol\": \"udp\", or leave it out"},
    {TWO("\"protocol\": \"udp\", \"listen\": \":53\"", "\"protocol\": \"udp\", \"listen\": \"127.0.0.1:53\""),
     ": services[1].listen: \"127.0.0.1:53\" is taken: service \"a\" listens on \":53\"; write another port"},
    {TWO("\"protocol\": \"udp\", \"listen\": \":53\"", "\"protocol\": \"udp\", \"listen\": \":53\""),
     ": services[1].listen: \":53\" is taken: service \"a\" listens on \":53\"; write another port"},
};

START_TEST(what_is_for_connections_alone_is_refused) {
    expect_slip(&slips[_i]);
}
END_TEST

static struct server_config *read_right(const char *text) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    return conf;
}

START_TEST(a_port_may_be_of_both_protocols) {
    server_config_free(read_right(
        TWO("\"listen\": \":443\", \"hosts\": \"a.example\"", "\"protocol\": \"udp\", \"listen\": \":443\"")));
    server_config_free(read_right("{ \"agents\": { \"listen\": \":443\" }, \"services\": [ { \"name\": \"a\", "
                                  "\"protocol\": \"udp\", \"listen\": \":443\", \"connect\": \"h:1\" } ] }"));
}
END_TEST

START_TEST(sessions_of_datagrams_end_and_are_bounded) {
    struct server_config *conf =
        read_right(TWO("\"listen\": \":1\"", "\"protocol\": \"udp\", \"listen\": \":1\", \"answer_timeout\": 2"));
    ck_assert_uint_eq(server_config_idle_s(&conf->services[0]), 0);
    ck_assert_uint_eq(server_config_idle_s(&conf->services[1]), 60);
    ck_assert_uint_eq(server_config_clients_most(&conf->services[0]), 0);
    ck_assert_uint_eq(server_config_clients_most(&conf->services[1]), 4096);
    conf->services[0].max_clients = conf->services[1].max_clients = 5000;
    ck_assert_uint_eq(server_config_clients_most(&conf->services[0]), 5000);
    ck_assert_uint_eq(server_config_clients_most(&conf->services[1]), 5000);
    conf->services[1].idle_timeout_s = 180;
    ck_assert_uint_eq(server_config_idle_s(&conf->services[1]), 180);
    server_config_free(conf);
}
END_TEST

static TCase *as_a_whole(void) {
    TCase *group = tcase_create("as a whole");
    tcase_add_loop_test(group, what_is_for_connections_alone_is_refused, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, a_port_may_be_of_both_protocols);
    tcase_add_test(group, sessions_of_datagrams_end_and_are_bounded);
    return group;
}

UNIT_MAIN("conf/udp_check", as_a_whole)
