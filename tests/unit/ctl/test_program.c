/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program: the original's two command lines, as munneld and munnel-agent get them by program_become(). Scripts
 * stand in for the two.
 */
#include "config.h"

#include "unit.h"

#include "ctl/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 12 };

static void install(const char *name) {
    char text[128];
    snprintf(text, sizeof text, "#!/bin/sh\nprintf '%s'\nprintf '|%%s' \"$@\"\nexit 7\n", name);
    ck_assert_int_eq(chmod(unit_text_file(name, text), 0700), 0);
}

/* Runs it in a process of its own, as it does not come back; returns what was printed, malloc'ed. */
static char *run(bool is_server, const char *self, const char *const *words, int *code) {
    const char *output = unit_path("output");
    char *argv[ARGUMENTS + 1] = {NULL};
    int argc = 0, status;
    for (; words[argc]; argc++)
        argv[argc] = strdup(words[argc]);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        _exit(is_server ? program_run_server(self, argc, argv) : program_run_agent(self, argc, argv));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    *code = WEXITSTATUS(status);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return unit_read(output, NULL);
}

#define SERVICE "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900"
static const struct {
    bool is_server;
    const char *words[ARGUMENTS];
    const char *passed;
} lines[] = {
    {true, {"server", "0.0.0.0:10001", SERVICE, NULL}, "munneld|--listen|0.0.0.0:10001|" SERVICE},
    {true, {"server", ":10001", SERVICE, "b c:1 d:2", NULL}, "munneld|--listen|:10001|" SERVICE "|b c:1 d:2"},
    {true, {"server", "[::]:10001", NULL}, "munneld|--listen|[::]:10001"},
    {true, {"server", NULL}, "munneld|"},
    {true, {"server", SERVICE, NULL}, "munneld|" SERVICE},
    {true, {"server", "--config", "x.json", NULL}, "munneld|--config|x.json"},
    {true, {"server", "--config=x.json", "1.2.3.4:5", NULL}, "munneld|--config=x.json|--listen|1.2.3.4:5"},
    {true,
     {"server", "--threads", "2", "-v", "1.2.3.4:5", SERVICE, NULL},
     "munneld|--threads|2|-v|--listen|1.2.3.4:5|" SERVICE},
    {true, {"server", "--listen", "1.2.3.4:5", SERVICE, NULL}, "munneld|--listen|1.2.3.4:5|" SERVICE},
    {true, {"server", "--check", "1.2.3.4:5", NULL}, "munneld|--check|--listen|1.2.3.4:5"},
    {true, {"server", "--help", NULL}, "munneld|--help"},
    {true, {"server", "--", SERVICE, NULL}, "munneld|--|" SERVICE},
    {false, {"agent", "10.0.0.143:10001", "WinVNCGroup", NULL}, "munnel-agent|10.0.0.143:10001|WinVNCGroup"},
    {false, {"agent", "--ca", "ca.pem", "a:1,b:2", NULL}, "munnel-agent|--ca|ca.pem|a:1,b:2"},
    {false, {"agent", NULL}, "munnel-agent|"},
};

START_TEST(the_arguments_arrive) {
    int code = 0;
    install("munneld");
    install("munnel-agent");
    char *output = run(lines[_i].is_server, unit_path("munnel"), lines[_i].words, &code);
    ck_assert_str_eq(output, lines[_i].passed);
    ck_assert_int_eq(code, 7);
    free(output);
}
END_TEST

START_TEST(a_link_leads_to_where_the_programs_are) {
    static const char *const words[] = {"agent", "a:1", NULL};
    int code = 0;
    install("munnel-agent");
    unit_text_file("munnel", "");
    ck_assert_int_eq(mkdir(unit_path("bin"), 0700), 0);
    ck_assert_int_eq(symlink("../munnel", unit_path("bin/munnel")), 0);
    char *output = run(false, unit_path("bin/munnel"), words, &code);
    ck_assert_str_eq(output, "munnel-agent|a:1");
    free(output);
}
END_TEST

START_TEST(without_a_folder_the_path_is_searched) {
    static const char *const words[] = {"agent", "a:1", NULL};
    int code = 0;
    install("munnel-agent");
    setenv("PATH", unit_folder(), 1);
    char *output = run(false, "munnel", words, &code);
    ck_assert_str_eq(output, "munnel-agent|a:1");
    free(output);
}
END_TEST

START_TEST(a_missing_program_is_named) {
    static const char *const words[] = {"agent", "a:1", NULL};
    int code = 0;
    setenv("PATH", unit_folder(), 1);
    char *output = run(false, unit_path("munnel"), words, &code);
    ck_assert_str_eq(
        output,
        "munnel: cannot start munnel-agent: No such file or directory; it is looked for beside munnel, then in PATH\n");
    ck_assert_int_eq(code, 1);
    free(output);
}
END_TEST

static TCase *modes(void) {
    TCase *group = tcase_create("modes");
    tcase_add_loop_test(group, the_arguments_arrive, 0, (int)(sizeof lines / sizeof lines[0]));
    tcase_add_test(group, a_link_leads_to_where_the_programs_are);
    tcase_add_test(group, without_a_folder_the_path_is_searched);
    tcase_add_test(group, a_missing_program_is_named);
    return group;
}

UNIT_MAIN("ctl/program", modes)
