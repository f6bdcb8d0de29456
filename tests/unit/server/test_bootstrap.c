/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bootstrap: what a server without keys makes at its first start, uses at its next ones, and prints.
 */
#include "config.h"

#include "server/bootstrap.h"

#include "conf/provision.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void replace(char **text, const char *by) {
    free(*text);
    *text = strdup(by);
    ck_assert_ptr_nonnull(*text);
}

/* Each test has a state folder of its own. */
static struct server_config *configuration(const char *state) {
    struct error error;
    struct server_config *conf = server_config_default(&error);

    ck_assert_msg(conf, "%s", error.text);
    replace(&conf->state, unit_path(state));
    strlist_done(&conf->agents.listen);
    ck_assert_int_eq(strlist_add(&conf->agents.listen, "127.0.0.1:10001"), 0);
    ck_assert_msg(server_config_add_service(conf, "Echo web 127.0.0.1:7777 localhost:7", &error) == 0, "%s",
                  error.text);
    return conf;
}

/* What bootstrap prints to a file; malloc'ed. */
static char *output_of(struct server_config *conf) {
    struct error error = {""};
    int before = dup(STDOUT_FILENO);
    int file = open(unit_path("output"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    fflush(stdout);
    ck_assert(before >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    int result = bootstrap(conf, &error);
    ck_assert_int_ge(dup2(before, STDOUT_FILENO), 0);
    close(file);
    close(before);
    ck_assert_msg(result == 0, "%s", error.text);
    return unit_read(unit_path("output"), NULL);
}

static void expect(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part), "no \"%s\" in: %s", part, text);
}

START_TEST(first_start_makes_the_files_and_points_at_them) {
    struct server_config *conf = configuration("first");
    char *output = output_of(conf), *listen;

    ck_assert_str_eq(conf->agents.certificate, unit_path("first/server.pem"));
    ck_assert_str_eq(conf->agents.key, unit_path("first/server.key"));
    ck_assert_str_eq(conf->agents.tokens, unit_path("first/agents.json"));
    ck_assert_int_eq(access(conf->agents.certificate, R_OK), 0);
    ck_assert_int_eq(access(conf->agents.key, R_OK), 0);
    ck_assert_int_eq(access(conf->agents.tokens, R_OK), 0);
    listen = provision_kept_listen(conf->agents.tokens);
    ck_assert_str_eq(listen, "127.0.0.1:10001");
    expect(output, "made certificate, key and agents file in");
    expect(output, " web\n"); /* the group of the first service, for the agent's line */
    expect(output, "for an agent's --pin:\n  sha256:");
    free(listen);
    free(output);
    server_config_free(conf);
}
END_TEST

/* Redirected output may end in a file or a log. */
START_TEST(no_secret_is_printed_to_a_file) {
    struct server_config *conf = configuration("secret");
    char *output = output_of(conf), *token = unit_read(unit_path("secret/agent.token"), NULL);
    const char *secret = strchr(token, ':');

    ck_assert_ptr_nonnull(secret);
    token[strcspn(token, "\n")] = '\0';
    ck_assert_ptr_null(strstr(output, secret + 1));
    ck_assert_ptr_null(strstr(output, "munnel1."));
    expect(output, "munnel agent add NAME makes a join code");
    free(token);
    free(output);
    server_config_free(conf);
}
END_TEST

START_TEST(next_start_uses_the_same_files) {
    struct server_config *conf = configuration("next");

    free(output_of(conf));
    server_config_free(conf);
    char *key = unit_read(unit_path("next/server.key"), NULL), *agents = unit_read(unit_path("next/agents.json"), NULL);
    conf = configuration("next");
    char *output = output_of(conf), *key_after = unit_read(conf->agents.key, NULL);
    char *agents_after = unit_read(conf->agents.tokens, NULL);
    ck_assert_str_eq(key_after, key);
    ck_assert_str_eq(agents_after, agents);
    expect(output, "using certificate, key and agents file in");
    ck_assert_ptr_null(strstr(output, "--pin"));
    free(key);
    free(agents);
    free(key_after);
    free(agents_after);
    free(output);
    server_config_free(conf);
}
END_TEST

/* Revoked, or its token ended after a rotation: the line would be rejected. */
START_TEST(line_of_the_first_agent_is_printed_only_while_it_can_join) {
    struct server_config *conf = configuration("revoked");

    free(output_of(conf));
    server_config_free(conf);
    ck_assert_int_eq(remove(unit_path("revoked/agent.token")), 0);
    conf = configuration("revoked");
    char *output = output_of(conf);
    expect(output, "munnel-agent --ca "); /* the token may have been moved to its agent */
    free(output);
    server_config_free(conf);
    unit_text_file("revoked/agents.json", "{\"agents\":[]}");
    conf = configuration("revoked");
    output = output_of(conf);
    ck_assert_ptr_null(strstr(output, "munnel-agent"));
    expect(output, "munnel agent add NAME lets an agent in");
    free(output);
    server_config_free(conf);
}
END_TEST

START_TEST(server_without_authentication_has_no_agents_file) {
    struct server_config *conf = configuration("open");

    conf->agents.auth_none = true;
    replace(&conf->agents.tokens, "/elsewhere");
    free(output_of(conf));
    ck_assert_str_eq(conf->agents.tokens, "/elsewhere");
    ck_assert_str_eq(conf->agents.certificate, unit_path("open/server.pem"));
    server_config_free(conf);
}
END_TEST

START_TEST(folder_that_cannot_be_made_is_named_and_changes_nothing) {
    struct server_config *conf = configuration("file");
    struct error error = {""};

    unit_text_file("file", "not a folder");
    replace(&conf->agents.certificate, "/elsewhere");
    ck_assert_int_eq(bootstrap(conf, &error), -1);
    expect(error.text, unit_path("file"));
    ck_assert_str_eq(conf->agents.certificate, "/elsewhere");
    server_config_free(conf);
}
END_TEST

START_TEST(state_folder_of_the_environment_is_used_without_one_in_the_configuration) {
    struct server_config *conf = configuration("");
    struct error error = {""};

    free(conf->state);
    conf->state = NULL;
    ck_assert_int_eq(setenv("STATE_DIRECTORY", "relative", 1), 0);
    ck_assert_int_eq(bootstrap(conf, &error), -1);
    expect(error.text, "relative");
    ck_assert_int_eq(setenv("STATE_DIRECTORY", unit_path("environment"), 1), 0);
    free(output_of(conf));
    ck_assert_str_eq(conf->agents.key, unit_path("environment/server.key"));
    server_config_free(conf);
}
END_TEST

static TCase *bootstrap_cases(void) {
    TCase *group = tcase_create("bootstrap");

    tcase_add_test(group, first_start_makes_the_files_and_points_at_them);
    tcase_add_test(group, no_secret_is_printed_to_a_file);
    tcase_add_test(group, next_start_uses_the_same_files);
    tcase_add_test(group, line_of_the_first_agent_is_printed_only_while_it_can_join);
    tcase_add_test(group, server_without_authentication_has_no_agents_file);
    tcase_add_test(group, folder_that_cannot_be_made_is_named_and_changes_nothing);
    tcase_add_test(group, state_folder_of_the_environment_is_used_without_one_in_the_configuration);
    return group;
}

UNIT_MAIN("server/bootstrap", bootstrap_cases)
