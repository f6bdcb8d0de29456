/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_trust_files: files that change between the reading of a reload, which is done on another thread, and its use.
 */
#include "config.h"

#include "conf/credentials.h"
#include "server/server_fixture.h"
#include "server/trust_files.h"
#include "unit.h"

#include <stdlib.h>

static void read_for_reload(struct server_fixture *fixture, struct trust_content *content) {
    struct option_fault fault;
    struct error error;

    ck_assert_msg(trust_files_read(fixture->server->trust, fixture->conf, content, NULL, &fault, &error) == 0, "%s",
                  error.text);
}

START_TEST(agent_that_is_revoked_during_a_reload_stays_revoked) {
    struct server_fixture fixture;
    struct trust_content content = {.tls = NULL};

    server_fixture_begin(&fixture);
    server_fixture_join(&fixture, "a", "");
    read_for_reload(&fixture, &content);
    unit_text_file("agents.json", "{\"agents\":[]}");
    trust_files_check(fixture.server->trust);
    ck_assert_uint_eq(session_table_count(fixture.server->sessions), 0);
    trust_files_use(fixture.server->trust, &content);
    ck_assert_uint_eq(credentials_count(fixture.server->policy.credentials), 0);
    trust_content_done(&content);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(agent_that_is_added_during_a_reload_is_not_cut_off) {
    struct server_fixture fixture;
    struct trust_content content = {.tls = NULL};

    server_fixture_begin(&fixture);
    char *agents = unit_read(fixture.conf->agents.tokens, NULL);
    unit_text_file("agents.json", "{\"agents\":[]}");
    trust_files_check(fixture.server->trust);
    read_for_reload(&fixture, &content);
    unit_text_file("agents.json", agents);
    trust_files_check(fixture.server->trust);
    server_fixture_join(&fixture, "a", "");
    trust_files_use(fixture.server->trust, &content);
    ck_assert_uint_eq(session_table_count(fixture.server->sessions), 1);
    trust_content_done(&content);
    free(agents);
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *during_a_reload(void) {
    TCase *group = tcase_create("during a reload");

    tcase_add_test(group, agent_that_is_revoked_during_a_reload_stays_revoked);
    tcase_add_test(group, agent_that_is_added_during_a_reload_is_not_cut_off);
    return group;
}

UNIT_MAIN("server/trust_files", during_a_reload)
