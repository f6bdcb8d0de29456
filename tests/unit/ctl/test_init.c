/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_init: what "munnel init" prints of what it made and found; tests/unit/conf/test_provision.c looks into the
 * files.
 */
#include "config.h"

#include "unit.h"

#include "conf/capture.h"
#include "ctl/commands.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct capture printed;

static int run(char *first, char *second, char *third) {
    char name[] = "init", *argv[] = {name, first, second, third, NULL};
    int argc = 1;
    while (argv[argc])
        argc++;
    capture_done(&printed);
    capture_begin(&printed);
    int code = init_run("munnel", argc, argv);
    fflush(stdout);
    capture_end(&printed);
    return code;
}

static char *copy(const char *text) {
    static char copies[4][512];
    static int next;
    char *to = copies[next++ % 4];
    snprintf(to, sizeof copies[0], "%s", text);
    return to;
}

static bool says(const char *text) {
    return strstr(printed.text[0], text);
}

START_TEST(it_names_what_it_made_and_the_two_command_lines) {
    char line[512];
    ck_assert_int_eq(run(copy(unit_path("s")), copy("--name"), copy("munnel.example")), 0);
    ck_assert(says("made    ca.pem") && says("made    agent.token") && says("made    munnel.json"));
    snprintf(line, sizeof line, "  munnel-agent --ca %s munnel.example:10001\n", unit_path("s/ca.pem"));
    ck_assert_msg(says(line), "%s", printed.text[0]);
    snprintf(line, sizeof line, "  munneld --config %s\n", unit_path("s/munnel.json"));
    ck_assert(says(line));
    ck_assert(says("--pin") && says("\n  sha256:"));
    ck_assert_str_eq(printed.text[1], "");
}
END_TEST

/* As the system joins folder and name: one separator, and its own. */
START_TEST(the_configuration_is_named_as_a_path) {
    char line[512];
    ck_assert_int_eq(run(copy(unit_path("s/")), copy("--name"), copy("munnel.example")), 0);
    snprintf(line, sizeof line, "  munneld --config %s\n", unit_path("s/munnel.json"));
    ck_assert_msg(says(line), "%s", printed.text[0]);
}
END_TEST

START_TEST(a_second_time_it_finds_all) {
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0);
    char *before = unit_read(unit_path("s/server.key"), NULL);
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0);
    ck_assert(says("found   ca.pem") && says("found   munnel.json") && !says("made "));
    ck_assert(says("nothing has been changed"));
    char *after = unit_read(unit_path("s/server.key"), NULL);
    ck_assert_str_eq(before, after);
    ck_assert(says("munnel-agent --ca"));
    free(before);
    free(after);
}
END_TEST

START_TEST(the_agents_line_has_the_port_of_the_configuration_that_is_there) {
    ck_assert_int_eq(run(copy(unit_path("d")), copy("--listen=127.0.0.1:12345"), NULL), 0);
    ck_assert(says(" 127.0.0.1:12345\n"));
    ck_assert_int_eq(run(copy(unit_path("d")), NULL, NULL), 0);
    ck_assert(says("found   munnel.json") && says(" 127.0.0.1:12345\n"));
}
END_TEST

START_TEST(the_line_of_a_revoked_agent_is_not_printed) {
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0);
    unit_text_file("s/agents.json", "{\"agents\":[]}");
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0);
    ck_assert_msg(!says("munnel-agent") && says("\n  munnel agent add --config "), "%s", printed.text[0]);
}
END_TEST

START_TEST(what_is_absent_made_and_found_is_distinguished) {
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0);
    unlink(unit_path("s/munnel.json"));
    unlink(unit_path("s/agent.token"));
    ck_assert_int_eq(run(copy(unit_path("s")), copy("--listen=127.0.0.1:4711"), NULL), 0);
    ck_assert(says("found   ca.pem") && says("made    munnel.json") && says("absent  agent.token"));
    ck_assert(says(" 127.0.0.1:4711\n"));
}
END_TEST

START_TEST(page_gets_an_address_and_a_token_that_is_not_printed_into_a_file) {
    ck_assert_int_eq(run(copy(unit_path("s")), copy("--http=127.0.0.1:10002"), NULL), 0);
    char *tokens = unit_read(unit_path("s/admin.tokens"), NULL), *conf = unit_read(unit_path("s/munnel.json"), NULL);
    ck_assert_msg(strncmp(tokens, "# role name token\nadmin init ", 29) == 0 && strlen(tokens + 29) == 65, "%s",
                  tokens);
    ck_assert(strstr(conf, "\"admin\": { \"http\": \"127.0.0.1:10002\", \"tokens\": \"admin.tokens\" }"));
    ck_assert(says("made    admin.tokens") && says("\n  http://127.0.0.1:10002/\n"));
    tokens[29 + 64] = '\0';
    ck_assert(!says(tokens + 29));
    ck_assert_int_eq(run(copy(unit_path("s")), copy("--http=127.0.0.1:10002"), NULL), 0);
    ck_assert(says("nothing has been changed") && says("add to "));
    ck_assert_int_eq(run(copy(unit_path("t")), copy("--http=localhost:10002"), NULL), 0);
    ck_assert(says("\n  http://localhost:10002/\n"));
    free(tokens);
    free(conf);
}
END_TEST

START_TEST(an_agents_file_elsewhere_is_made_there_and_found_again) {
    char flag[600], made[600], found[600];
    snprintf(flag, sizeof flag, "--agents=%s", unit_path("var/agents.json"));
    snprintf(made, sizeof made, "made    %s", unit_path("var/agents.json"));
    snprintf(found, sizeof found, "found   %s", unit_path("var/agents.json"));
    ck_assert_int_eq(run(copy(unit_path("s")), flag, NULL), 0);
    ck_assert_msg(says(made) && says("agent.token in one folder"), "%s", printed.text[0]);
    ck_assert_int_eq(run(copy(unit_path("s")), NULL, NULL), 0); /* munnel.json names it */
    ck_assert_msg(says(found) && says("nothing has been changed"), "%s", printed.text[0]);
    ck_assert(file_exists(unit_path("var/agents.json")) && !file_exists(unit_path("s/agents.json")));
}
END_TEST

START_TEST(without_a_folder_it_is_the_state_folder) {
    setenv("STATE_DIRECTORY", unit_path("state"), 1);
    ck_assert_int_eq(run(NULL, NULL, NULL), 0);
    ck_assert(file_exists(unit_path("state/agents.json")));
}
END_TEST

START_TEST(what_is_wrong_is_one_line) {
    static const char *const bad[] = {"--name=host:80",   "--name=http://x",  "--name=[::1]",  "--name=",
                                      "--name=a b",       "--listen=nix",     "--nam=x",       "--token=x",
                                      "--listen=a:99999", "--http=0.0.0.0:1", "--http=host:1", "--http=127.0.0.1",
                                      "--agents=x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(run(copy(unit_path("s")), copy(bad[i]), NULL) == 2, "%s", bad[i]);
        ck_assert_msg(strcspn(printed.text[1], "\n") + 1 == strlen(printed.text[1]), "%s", printed.text[1]);
        ck_assert_msg(!file_exists(unit_path("s")), "%s", bad[i]);
    }
    ck_assert_int_eq(run(copy("a"), copy("b"), NULL), 2);
    unit_text_file("file", "");
    ck_assert_int_eq(run(copy(unit_path("file/s")), NULL, NULL), 1);
}
END_TEST

START_TEST(names_and_addresses_of_all_kinds_are_taken) {
    static const char *const good[] = {"--name=munnel", "--name=10.0.0.143", "--name=fd00::1", "--name=*.example"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "s%zu", i);
        ck_assert_msg(run(copy(unit_path(folder)), copy(good[i]), NULL) == 0, "%s: %s", good[i], printed.text[1]);
    }
}
END_TEST

static void forget(void) {
    capture_done(&printed);
}

static TCase *init(void) {
    TCase *group = tcase_create("init");
    tcase_add_checked_fixture(group, NULL, forget);
    tcase_add_test(group, it_names_what_it_made_and_the_two_command_lines);
    tcase_add_test(group, the_configuration_is_named_as_a_path);
    tcase_add_test(group, a_second_time_it_finds_all);
    tcase_add_test(group, the_agents_line_has_the_port_of_the_configuration_that_is_there);
    tcase_add_test(group, the_line_of_a_revoked_agent_is_not_printed);
    tcase_add_test(group, what_is_absent_made_and_found_is_distinguished);
    tcase_add_test(group, page_gets_an_address_and_a_token_that_is_not_printed_into_a_file);
    tcase_add_test(group, an_agents_file_elsewhere_is_made_there_and_found_again);
    tcase_add_test(group, without_a_folder_it_is_the_state_folder);
    tcase_add_test(group, what_is_wrong_is_one_line);
    tcase_add_test(group, names_and_addresses_of_all_kinds_are_taken);
    return group;
}

UNIT_MAIN("ctl/init", init)
