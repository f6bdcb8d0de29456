/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visitors_check: what a service with visitors, or with TLS between the agents, may have.
 */
#include "config.h"

#include "conf/visitors_check.h"
#include "slip.h"
#include "unit.h"

#define INNER(members)                                                                                                 \
    "{ \"services\": [ { \"name\": \"a\", \"connect\": \"h:1\", \"end_to_end\": true, " members " } ] }"

#define PRIVATE(members) "{ \"services\": [ { \"name\": \"a\", " members " } ] }"

#define BANS                                                                                                           \
    ": services[0].agent_bans: a visitor's agent tells the addresses of its clients, so it could have anybody's "      \
    "banned; leave \"agent_bans\" or \"visitors\" out"

static const struct slip slips[] = {
    {PRIVATE("\"connect\": \"h:1\""), ": services[0].listen: is missing; write an address like \"0.0.0.0:5900\", or "
                                      "the groups of agents that open it on "
                                      "their side in \"visitors\""},
    {PRIVATE("\"connect\": \"h:1\", \"visitors\": \"x\", \"hosts\": \"a.example\""),
     ": services[0].hosts: names are for a port that services share; write \"listen\", too"},
    {PRIVATE("\"connect\": \"localhost:+0\", \"visitors\": [\"x\"]"),
     ": services[0].connect: \"localhost:+0\" is relative to a port, and a visitor's is its own; write the port"},
    {INNER("\"listen\": \":1\""),
     ": services[0].end_to_end: is for services that agents open on their side; name their "
     "groups in \"visitors\""},
    {INNER("\"visitors\": \"*\", \"listen\": \":1\""),
     ": services[0].end_to_end: clients of a port have no agent that encrypts; leave \"listen\" out"},
    {INNER("\"visitors\": \"*\", \"proxy_protocol\": \"v2\""),
     ": services[0].end_to_end: the destination gets nothing of the server's; leave \"proxy_protocol\" out"},
    {INNER("\"visitors\": \"*\", \"check\": { \"type\": \"http\" }"),
     ": services[0].end_to_end: the destination gets nothing of the server's; let \"check\" be \"tcp\" or \"tls\""},
    {PRIVATE("\"connect\": \"h:1\", \"visitors\": \"x\", \"agent_bans\": true"), BANS},
    {PRIVATE("\"connect\": \"h:1\", \"visitors\": \"x\", \"listen\": \":1\", \"agent_bans\": true"), BANS},
};

START_TEST(what_does_not_go_with_visitors_is_refused) {
    expect_slip(&slips[_i]);
}
END_TEST

static const char *const right[] = {
    PRIVATE("\"connect\": \"h:1\", \"visitors\": \"x\", \"listen\": \":1\""),
    PRIVATE("\"connect\": \"h:1\", \"visitors\": \"x\", \"agent_bans\": false"),
    PRIVATE("\"connect\": \"h:1\", \"listen\": \":1\", \"agent_bans\": true"),
    INNER("\"visitors\": \"*\", \"check\": { \"type\": \"tcp\" }"),
};

START_TEST(what_goes_with_them_is_right) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", right[_i]), &error);
    ck_assert_msg(conf, "%s", error.text);
    server_config_free(conf);
}
END_TEST

static TCase *as_a_whole(void) {
    TCase *group = tcase_create("as a whole");
    tcase_add_loop_test(group, what_does_not_go_with_visitors_is_refused, 0, sizeof slips / sizeof *slips);
    tcase_add_loop_test(group, what_goes_with_them_is_right, 0, sizeof right / sizeof *right);
    return group;
}

UNIT_MAIN("conf/visitors_check", as_a_whole)
