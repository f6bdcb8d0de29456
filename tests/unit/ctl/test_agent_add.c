/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_add: "munnel agent add" and "munnel agent rotate" with tokens, on the files of "munnel init": what each
 * lets in and prints. test_agent_certificate.c has those with certificates.
 */
#include "config.h"

#include "unit.h"

#include "conf/credentials.h"
#include "conf/provision.h"
#include "ctl/tool.h"
#include "lib/base/date.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY = 86400 };

START_TEST(the_join_code_holds_all_that_an_agent_needs) {
    char pin[72];
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_uint_eq(code.server_count, 1);
    ck_assert_str_eq(code.servers[0], "munnel.example:10001");
    ck_assert_int_eq(certificate_read_pin(unit_path("s/server.pem"), pin, NULL), 0);
    ck_assert_str_eq(code.pins[0], pin);
    ck_assert_str_eq(code.token.name, "web1");
    ck_assert(tool_admits(&code, time(NULL), "any"));
    ck_assert(tool_admits(&code, time(NULL) + 40L * 365 * DAY, ""));
}
END_TEST

START_TEST(a_server_started_by_its_command_line_is_found_where_it_listens) {
    const struct provision kept = {.folder = unit_path("s"), .listen = "0.0.0.0:4711"};
    ck_assert_int_eq(provision_keep_listen(&kept, NULL), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_str_eq(code.servers[0], "munnel.example:4711");
    ck_assert_ptr_nonnull(strstr(printed.text[1], "find the server at munnel.example:4711 (--server changes that)"));
}
END_TEST

START_TEST(the_line_for_a_packaged_agent_is_printed_too) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "  munnel-agent --join -\n"));
    ck_assert_ptr_nonnull(
        strstr(printed.text[1], "  STATE_DIRECTORY=/var/lib/munnel-agent munnel-agent --join-only -\n"));
}
END_TEST

START_TEST(the_file_keeps_no_token) {
    char digits[SECRET_HEX];
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    char *text = unit_read(unit_path("s/agents.json"), NULL);
    ck_assert_ptr_null(strstr(text, secret_to_hex(code.token.secret, SECRET_SIZE, digits)));
    ck_assert_ptr_null(strstr(printed.text[1], digits));
    free(text);
    struct stat status;
    ck_assert_int_eq(stat(unit_path("s/agents.json"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(groups_and_expiry_are_kept) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--group", "web", "--group=db", "--expires", "90d", NULL), 0);
    struct join_code code = tool_code();
    ck_assert(tool_admits(&code, time(NULL), "web"));
    ck_assert(tool_admits(&code, time(NULL) + 89 * DAY, "db"));
    ck_assert(!tool_admits(&code, time(NULL), "other"));
    ck_assert(!tool_admits(&code, time(NULL) + 91 * DAY, "web"));
}
END_TEST

static const char *configuration(const char *name, const char *services) {
    char text[512];
    snprintf(text, sizeof text, "{ \"services\": [ %s ] }", services);
    return unit_text_file(name, text);
}

#define SERVICE(name, group)                                                                                           \
    "{ \"name\": \"" name "\", " group "\"listen\": \"127.0.0." name ":1\", \"connect\": \"h:1\" }"

START_TEST(a_group_that_no_service_has_is_warned_of) {
    const char *two =
        configuration("s/two.json",
                      SERVICE("1", "\"group\": \"web\", ") ", " SERVICE("2", "\"group\": [\"web\", \"db\"], "));
    ck_assert_int_eq(tool_run(agent_add_run, "a1", "--config", two, "--group", "wbe", "--group", "db", NULL), 0);
    struct join_code code = tool_code();
    ck_assert(tool_admits(&code, time(NULL), "wbe"));
    ck_assert_ptr_nonnull(
        strstr(printed.text[1], "add: warning: no service has the group wbe; groups of services: web, db\n"));
    ck_assert_ptr_null(strstr(printed.text[1], "the group db"));
    const char *open = configuration("s/open.json", SERVICE("1", ""));
    ck_assert_int_eq(tool_run(agent_add_run, "a2", "--config", open, "--group", "web", NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "no service has the group web; no service has a group\n"));
    ck_assert_int_eq(tool_run(agent_add_run, "a3", "--config", two, NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[1], "no service"));
    const char *visited =
        configuration("s/visited.json", SERVICE("1", "\"group\": \"web\", \"visitors\": \"laptops\", "));
    ck_assert_int_eq(tool_run(agent_add_run, "a4", "--config", visited, "--group", "laptops", NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[1], "no service"));
    ck_assert_int_eq(tool_run(agent_add_run, "a5", "--config", two, "--group", "devs", "--publish-ports", "20000-20009",
                              NULL),
                     0);
    ck_assert_ptr_null(strstr(printed.text[1], "no service"));
}
END_TEST

/* They are on munneld's command line, or in a file that was not named. */
START_TEST(where_services_are_not_known_every_group_is_right) {
    const char *none = configuration("s/none.json", "");
    ck_assert_int_eq(tool_run(agent_add_run, "a1", "--config", none, "--group", "web", NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[1], "no service"));
    ck_assert_int_eq(tool_run(agent_add_run, "a2", "--group", "web", NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[1], "no service"));
}
END_TEST

START_TEST(servers_may_be_named) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--server", "a.example:1", "--server", "[::1]:2", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_uint_eq(code.server_count, 2);
    ck_assert_str_eq(code.servers[0], "a.example:1");
    ck_assert_str_eq(code.servers[1], "[::1]:2");
}
END_TEST

START_TEST(a_name_is_added_once) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 1);
    ck_assert_str_eq(printed.text[0], "");
    ck_assert_ptr_nonnull(strstr(printed.text[1], "agent web1 exists already; \"munnel agent rotate web1\""));
    ck_assert(tool_admits(&code, time(NULL), ""));
}
END_TEST

START_TEST(what_is_wrong_is_one_line_and_2) {
    static const char *const lines[][3] = {{NULL},
                                           {"a b"},
                                           {"a", "b"},
                                           {"a", "--expires", "soon"},
                                           {"a", "--expires=2020-01-01"},
                                           {"a", "--server", "nowhere"},
                                           {"a", "--token=x"},
                                           {"a", "--group="}};
    char *before = unit_read(unit_path("s/agents.json"), NULL);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *third = lines[i][0] && lines[i][1] ? lines[i][2] : NULL;
        int code = tool_run(agent_add_run, lines[i][0], lines[i][0] ? lines[i][1] : NULL, third, NULL);
        ck_assert_msg(code == 2, "line %zu: %d", i, code);
        ck_assert_str_eq(printed.text[0], "");
        ck_assert_msg(strcspn(printed.text[1], "\n") + 1 == strlen(printed.text[1]), "%s", printed.text[1]);
    }
    char *after = unit_read(unit_path("s/agents.json"), NULL);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(without_the_certificate_nothing_is_added) {
    ck_assert_int_eq(remove(unit_path("s/server.pem")), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "server.pem"));
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[0], "web1"));
}
END_TEST

START_TEST(the_configuration_says_where_the_file_and_the_port_are) {
    unit_text_file("s/munnel.json", "{\"agents\":{\"listen\":\"munnel2.example:4711\","
                                    "\"auth\":{\"tokens\":\"others.json\"}},\"services\":[]}");
    unit_text_file("s/others.json", "{\"agents\":[]}");
    char *argv[] = {strdup("x"), strdup("--config"), strdup(unit_path("s/munnel.json")), strdup("web9"), NULL};
    char *words[5];
    memcpy(words, argv, sizeof words);
    capture_begin(&printed);
    int code = agent_add_run("munnel", 4, words);
    fflush(stdout);
    capture_end(&printed);
    ck_assert_msg(code == 0, "%s", printed.text[1]);
    struct join_code got = tool_code();
    ck_assert_str_eq(got.servers[0], "munnel2.example:4711");
    char *text = unit_read(unit_path("s/others.json"), NULL);
    ck_assert_ptr_nonnull(strstr(text, "web9"));
    free(text);
    for (int i = 0; i < 4; i++)
        free(argv[i]);
}
END_TEST

/* ---- rotate ---- */

START_TEST(the_old_token_holds_for_a_while_after_a_rotation) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--group", "web", "--expires", "90d", NULL), 0);
    struct join_code old = tool_code();
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--keep", "2d", NULL), 0);
    struct join_code new = tool_code();
    time_t now = time(NULL);
    ck_assert(tool_admits(&old, now + DAY, "web"));
    ck_assert(!tool_admits(&old, now + 3 * DAY, "web"));
    ck_assert(tool_admits(&new, now + 3 * DAY, "web"));
    ck_assert(!tool_admits(&new, now, "db"));
    ck_assert(!tool_admits(&new, now + 91 * DAY, "web"));
}
END_TEST

/* The first is that by which the agent is joined; the code of the first rotation was perhaps never taken. */
START_TEST(a_second_rotation_keeps_the_token_in_use_until_its_own_date) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code old = tool_code();
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--keep", "2d", NULL), 0);
    struct join_code new = tool_code();
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", NULL), 0);
    struct join_code newest = tool_code();
    time_t now = time(NULL);
    ck_assert(tool_admits(&old, now + DAY, ""));
    ck_assert(!tool_admits(&old, now + 3 * DAY, ""));
    ck_assert(tool_admits(&new, now + 6 * DAY, ""));
    ck_assert(!tool_admits(&new, now + 8 * DAY, ""));
    ck_assert(tool_admits(&newest, now + 8 * DAY, ""));
}
END_TEST

START_TEST(a_rotation_that_would_drop_a_valid_token_is_refused) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code first = tool_code();
    for (int i = 1; i < CREDENTIAL_KEYS; i++)
        ck_assert_int_eq(tool_run(agent_rotate_run, "web1", NULL), 0);
    struct join_code last = tool_code();
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", NULL), 1);
    ck_assert_str_eq(printed.text[0], "");
    ck_assert_ptr_nonnull(strstr(printed.text[1], "web1 has 4 tokens that are still valid, and no more are kept; "
                                                  "rotate it when the first of them has ended, at 2"));
    ck_assert(tool_admits(&first, time(NULL), ""));
    ck_assert(tool_admits(&last, time(NULL) + 40L * 365 * DAY, ""));
}
END_TEST

#define KEY(last, until) "{\"key\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee" last "\"" until "}"
#define UNTIL(year)      ",\"until\":\"" year "-01-02T00:00:00Z\""

static const char *file_after_rotation(const char *keys) {
    static char text[4096];
    snprintf(text, sizeof text, "{\"agents\":[{\"name\":\"web1\",\"groups\":[\"*\"],\"keys\":[%s]}]}", keys);
    unit_text_file("s/agents.json", text);
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", NULL), 0);
    char *file = unit_read(unit_path("s/agents.json"), NULL);
    snprintf(text, sizeof text, "%s", file);
    free(file);
    return text;
}

START_TEST(a_rotation_drops_the_tokens_that_have_ended) {
    const char *file = file_after_rotation(
        KEY("00", "") "," KEY("01", UNTIL("2020")) "," KEY("02", UNTIL("2099")) "," KEY("03", UNTIL("2021")));
    ck_assert_ptr_nonnull(strstr(file, "ccddee00"));
    ck_assert_ptr_null(strstr(file, "ccddee01"));
    ck_assert_ptr_nonnull(strstr(file, "ccddee02"));
    ck_assert_ptr_nonnull(strstr(file, "2099-01-02T00:00:00Z"));
    ck_assert_ptr_null(strstr(file, "ccddee03"));
}
END_TEST

/* The dates may be set by hand. */
START_TEST(a_rotation_never_makes_a_token_valid_for_longer) {
    ck_assert_ptr_null(strstr(file_after_rotation(KEY("00", UNTIL("2020"))), "ccddee00"));
    char date[DATE_TEXT], until[DATE_TEXT + 16], keys[256];
    snprintf(until, sizeof until, ",\"until\":\"%s\"", date_format(time(NULL) + DAY, date));
    snprintf(keys, sizeof keys, KEY("01", "%s"), until);
    const char *file = file_after_rotation(keys);
    ck_assert_ptr_nonnull(strstr(file, "ccddee01"));
    ck_assert_ptr_nonnull(strstr(file, date));
}
END_TEST

/* For an agent that has ca.pem and agent.token in a folder: a join code would not take the file's place. */
START_TEST(a_rotation_may_write_the_token_over_its_file) {
    struct stat status;
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    const char *path = unit_text_file("agent.token", "old");
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--token-file", path, NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[0], "munnel1."));
    ck_assert_ptr_nonnull(strstr(printed.text[0], path));
    ck_assert(tool_admits(&code, time(NULL), ""));
    char *text = unit_read(path, NULL);
    ck_assert_int_eq(auth_token_parse(&code.token, text, NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[0], strchr(text, ':') + 1));
    free(text);
    ck_assert(tool_admits(&code, time(NULL) + 40L * 365 * DAY, ""));
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
}
END_TEST

/* Else they would be without effect, and nobody would know until the agent does not find its server. */
START_TEST(options_that_would_be_ignored_are_refused) {
    static const struct {
        command what;
        const char *words[5], *error;
    } vain[] = {
        {agent_rotate_run, {"web1", "--token-file", "t", "--server", "a:1"}, "--server goes into a join code"},
        {agent_rotate_run, {"web1", "--certificate", "c", "--server", "a:1"}, "--server goes into a join code"},
        {agent_rotate_run, {"web1", "--certificate", "c", "--token-file", "t"}, "--certificate makes no token"},
        {agent_rotate_run, {"web1", "--ca-key", "k"}, "--ca-key signs a certificate"},
        {agent_rotate_run, {"web1", "--drop-old"}, "--drop-old is for certificates"},
        {agent_add_run, {"web2", "--certificate-name", "n", "--server", "a:1"}, "--server goes into a join code"},
        {agent_add_run, {"web2", "--ca-key", "k"}, "--ca-key signs a certificate"},
    };
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    char *before = unit_read(unit_path("s/agents.json"), NULL);
    for (size_t i = 0; i < sizeof vain / sizeof *vain; i++) {
        const char *const *words = vain[i].words;
        ck_assert_int_eq(tool_run(vain[i].what, words[0], words[1], words[2], words[3], words[4], NULL), 1);
        ck_assert_msg(strstr(printed.text[1], vain[i].error), "%zu: %s", i, printed.text[1]);
    }
    char *after = unit_read(unit_path("s/agents.json"), NULL);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(a_token_file_that_cannot_be_written_leaves_the_old_token_valid) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--token-file", unit_path("none/agent.token"), NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "none/agent.token"));
    ck_assert_ptr_nonnull(strstr(printed.text[1], "run munnel agent rotate web1 again"));
    ck_assert(tool_admits(&code, time(NULL), ""));
}
END_TEST

static TCase *adding(void) {
    TCase *group = tcase_create("adding");
    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, the_join_code_holds_all_that_an_agent_needs);
    tcase_add_test(group, a_server_started_by_its_command_line_is_found_where_it_listens);
    tcase_add_test(group, the_line_for_a_packaged_agent_is_printed_too);
    tcase_add_test(group, the_file_keeps_no_token);
    tcase_add_test(group, groups_and_expiry_are_kept);
    tcase_add_test(group, a_group_that_no_service_has_is_warned_of);
    tcase_add_test(group, where_services_are_not_known_every_group_is_right);
    tcase_add_test(group, servers_may_be_named);
    tcase_add_test(group, a_name_is_added_once);
    tcase_add_test(group, what_is_wrong_is_one_line_and_2);
    tcase_add_test(group, without_the_certificate_nothing_is_added);
    tcase_add_test(group, the_configuration_says_where_the_file_and_the_port_are);
    return group;
}

static TCase *rotating(void) {
    TCase *group = tcase_create("rotating");
    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, the_old_token_holds_for_a_while_after_a_rotation);
    tcase_add_test(group, a_second_rotation_keeps_the_token_in_use_until_its_own_date);
    tcase_add_test(group, a_rotation_that_would_drop_a_valid_token_is_refused);
    tcase_add_test(group, a_rotation_drops_the_tokens_that_have_ended);
    tcase_add_test(group, a_rotation_never_makes_a_token_valid_for_longer);
    tcase_add_test(group, a_rotation_may_write_the_token_over_its_file);
    tcase_add_test(group, options_that_would_be_ignored_are_refused);
    tcase_add_test(group, a_token_file_that_cannot_be_written_leaves_the_old_token_valid);
    return group;
}

UNIT_MAIN("ctl/agent_add", adding, rotating)
