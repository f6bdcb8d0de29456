/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_store: which agents file the tool works on, what it knows of its server, and names that are not in it.
 */
#include "config.h"

#include "ctl/agent_store.h"
#include "ctl/tool.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_failure; /* errno of each write; 0: none fails */

int __real_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error);
int __wrap_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error);
int __wrap_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    if (!write_failure)
        return __real_file_write(path, data, length, mode, error);
    error_set(error, "cannot write %s", path);
    errno = write_failure;
    return -1;
}

static struct agent_store store;
static struct error error;

static void set_up(void) {
    tool_set_up();
    store = (struct agent_store)AGENT_STORE_NONE;
    error = (struct error){""};
}

static void tear_down(void) {
    agent_store_close(&store);
    tool_forget();
}

/* Each a name in the test's folder, or NULL. */
static int open_store(const char *agents, const char *config, enum agent_store_use use) {
    const struct agent_place place = {agents ? (char *)unit_path(agents) : NULL,
                                      config ? (char *)unit_path(config) : NULL};
    return agent_store_open(&store, &place, use, &error);
}

static void check_refused(const char *agents, const char *config, const char *detail) {
    ck_assert_int_eq(open_store(agents, config, AGENT_STORE_READ), -1);
    ck_assert_msg(strstr(error.text, detail), "%s", error.text);
}

START_TEST(an_agents_file_alone_has_the_certificate_beside_it) {
    ck_assert_msg(open_store("s/agents.json", NULL, AGENT_STORE_READ) == 0, "%s", error.text);
    ck_assert(store.is_file_alone && !store.knows_services);
    ck_assert_str_eq(store.certificate, unit_path("s/server.pem"));
    ck_assert_str_eq(store.listen.items[0], ":10001");
    ck_assert_int_eq(store.lock, LOCK_NONE);
}
END_TEST

START_TEST(the_configuration_says_what_the_server_asks_for) {
    unit_text_file("s/munnel.json",
                   "{\"agents\":{\"listen\":[\"munnel2.example:4711\"],\"tls\":{\"client_ca\":\"ca.pem\"},"
                   "\"auth\":{\"tokens\":\"others.json\",\"require\":\"both\"}},\"services\":["
                   "{\"name\":\"a\",\"group\":[\"web\",\"db\"],\"listen\":\"127.0.0.1:1\",\"connect\":\"h:1\"},"
                   "{\"name\":\"b\",\"group\":\"web\",\"listen\":\"127.0.0.2:1\",\"connect\":\"h:1\"}]}");
    unit_text_file("s/others.json", "{\"agents\":[]}");
    ck_assert_msg(open_store(NULL, "s/munnel.json", AGENT_STORE_READ) == 0, "%s", error.text);
    ck_assert_str_eq(store.path, unit_path("s/others.json"));
    ck_assert(store.asks_both && store.knows_services && !store.is_file_alone);
    ck_assert_str_eq(store.client_ca, unit_path("s/ca.pem"));
    ck_assert_str_eq(store.listen.items[0], "munnel2.example:4711");
    ck_assert_uint_eq(store.groups.count, 2); /* each once */
}
END_TEST

START_TEST(the_command_lines_file_goes_before_that_of_the_configuration) {
    unit_text_file("s/others.json", "{\"agents\":[]}");
    ck_assert_msg(open_store("s/others.json", "s/munnel.json", AGENT_STORE_READ) == 0, "%s", error.text);
    ck_assert_str_eq(store.path, unit_path("s/others.json"));
    ck_assert_uint_eq(credentials_count(store.credentials), 0);
}
END_TEST

START_TEST(what_cannot_be_opened_is_named_with_what_to_do) {
    unit_text_file("s/open.json", "{\"agents\":{\"auth\":\"none\"},\"services\":[]}");
    check_refused(NULL, "s/open.json", "lets every agent join, so there is no agents file; write");
    agent_store_close(&store);
    unlink(unit_path("s/agents.json"));
    check_refused("s/agents.json", NULL, "agents.json does not exist; munnel init makes it");
    ck_assert_ptr_null(strstr(error.text, "--config"));
    agent_store_close(&store);
    check_refused(NULL, "s/munnel.json", "name it with --config FILE");
    agent_store_close(&store);
    unit_text_file("s/agents.json", "{");
    check_refused("s/agents.json", NULL, "agents.json");
}
END_TEST

START_TEST(a_change_is_locked_and_read_by_the_next) {
    ck_assert_int_eq(open_store("s/agents.json", NULL, AGENT_STORE_CHANGE), 0);
    ck_assert_int_ne(store.lock, LOCK_NONE);
    credentials_remove(store.credentials, "default");
    ck_assert_int_eq(agent_store_save(&store, &error), 0);
    agent_store_close(&store);
    ck_assert_int_eq(store.lock, LOCK_NONE);
    ck_assert_int_eq(open_store("s/agents.json", NULL, AGENT_STORE_READ), 0);
    ck_assert_uint_eq(credentials_count(store.credentials), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_named_with_what_to_do) {
    static const struct {
        int failure;
        const char *text;
    } failures[] = {{ENOSPC, "agents.json; make room on that disk"},
                    {EDQUOT, "agents.json; make room on that disk"},
                    {EACCES, "agents.json; run this command as root"},
                    {EIO, "agents.json"}};
    ck_assert_int_eq(open_store("s/agents.json", NULL, AGENT_STORE_CHANGE), 0);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        write_failure = failures[i].failure;
        ck_assert_int_eq(agent_store_save(&store, &error), -1);
        ck_assert_msg(strstr(error.text, failures[i].text), "%s", error.text);
    }
    write_failure = 0;
}
END_TEST

START_TEST(a_mistyped_name_is_answered_with_the_nearest) {
    ck_assert_int_eq(open_store("s/agents.json", NULL, AGENT_STORE_READ), 0);
    ck_assert_ptr_nonnull(agent_store_find(&store, "default", &error));
    ck_assert_ptr_null(agent_store_find(&store, "defualt", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "did you mean default?"));
    ck_assert_ptr_null(agent_store_find(&store, "web1", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "\"munnel agent list\" lists them"));
}
END_TEST

START_TEST(the_join_code_has_the_named_servers_or_the_own_one) {
    char text[JOIN_CODE_TEXT], named[] = "a.example:1", *items[] = {named};
    const struct strlist none = {NULL, 0}, one = {items, 1};
    struct auth_token token;
    struct join_code code;
    ck_assert_int_eq(open_store("s/agents.json", NULL, AGENT_STORE_READ), 0);
    ck_assert_int_eq(auth_token_make(&token, "web1"), 0);
    ck_assert_msg(agent_store_join_code(&store, &none, &token, text, &error) == 0, "%s", error.text);
    ck_assert_int_eq(join_code_parse(&code, text, &error), 0);
    ck_assert_str_eq(code.servers[0], "munnel.example:10001");
    ck_assert_int_eq(agent_store_join_code(&store, &one, &token, text, &error), 0);
    ck_assert_int_eq(join_code_parse(&code, text, &error), 0);
    ck_assert_str_eq(code.servers[0], "a.example:1");
}
END_TEST

static TCase *stores(void) {
    TCase *group = tcase_create("stores");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, an_agents_file_alone_has_the_certificate_beside_it);
    tcase_add_test(group, the_configuration_says_what_the_server_asks_for);
    tcase_add_test(group, the_command_lines_file_goes_before_that_of_the_configuration);
    tcase_add_test(group, what_cannot_be_opened_is_named_with_what_to_do);
    tcase_add_test(group, a_change_is_locked_and_read_by_the_next);
    tcase_add_test(group, a_file_that_cannot_be_written_is_named_with_what_to_do);
    tcase_add_test(group, a_mistyped_name_is_answered_with_the_nearest);
    tcase_add_test(group, the_join_code_has_the_named_servers_or_the_own_one);
    return group;
}

UNIT_MAIN("ctl/agent_store", stores)
