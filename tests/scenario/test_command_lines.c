/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_command_lines: command lines as people type them, what they answer and with which exit code; the original's own
 * lines.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, USAGE = 2 };

static unsigned lines_in(const char *text) {
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

START_TEST(help_and_version_of_all_three) {
    struct sandbox *sandbox = sandbox_new(__func__);
    static const char *const names[] = {"munneld", "munnel-agent", "munnel"};
    for (int i = 0; i < 3; i++) {
        const char *program = sandbox_program(sandbox, names[i]);
        const char *help = sandbox_text(sandbox, "%s-help", names[i]),
                   *version = sandbox_text(sandbox, "%s-version", names[i]);
        ck_assert_int_eq(sandbox_do(sandbox, help, program, "--help", NULL), 0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, help), names[i]));
        ck_assert_uint_gt(lines_in(sandbox_output(sandbox, help)), 5);
        ck_assert_int_eq(sandbox_do(sandbox, version, program, "--version", NULL), 0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, version), "0."));
    }
    ck_assert_int_eq(sandbox_do(sandbox, "help", sandbox_program(sandbox, "munnel"), "help", NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "help"), "init"));
    ck_assert_int_eq(sandbox_do(sandbox, "agent-help", sandbox_program(sandbox, "munnel"), "help", "agent", NULL), 0);
    const char *agent_help = sandbox_output(sandbox, "agent-help");
    ck_assert_ptr_nonnull(strstr(agent_help, "munnel agent rotate NAME"));
    ck_assert_ptr_nonnull(strstr(agent_help, "--token-file"));
    ck_assert_int_eq(sandbox_do(sandbox, "version", sandbox_program(sandbox, "munnel"), "version", NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "version"), "OpenSSL"));
    sandbox_free(sandbox);
}
END_TEST

/* One line with the fault, and exit code 2. */
START_TEST(usage_errors_are_one_line_and_exit_2) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *server = sandbox_program(sandbox, "munneld"), *agent = sandbox_program(sandbox, "munnel-agent");
    const char *tool = sandbox_program(sandbox, "munnel");
    const struct {
        const char *program, *one, *two, *three, *word;
    } wrongs[] = {
        {server, "--no-such-option", NULL, NULL, "no-such-option"},
        {server, "--threads", "many", "echo 127.0.0.1:1 127.0.0.1:2", "many"},
        {server, "--threads=100000", "echo 127.0.0.1:1 127.0.0.1:2", NULL, "100000"},
        {server, "--listen", "nonsense", "echo 127.0.0.1:1 127.0.0.1:2", "nonsense"},
        {server, "only-a-name", NULL, NULL, "only-a-name"},
        {server, "name group 127.0.0.1:5900 localhost:5900 more", NULL, NULL, "more"},
        {server, "echo 127.0.0.1:70000 127.0.0.1:2", NULL, NULL, "70000"},
        {server, "--config", "/no/such/file.json", NULL, "/no/such/file.json"},
        {server, "--config", NULL, NULL, "--config"},
        {agent, "--no-such-option", NULL, NULL, "no-such-option"},
        {agent, NULL, NULL, NULL, "server"},
        {agent, "no-port", NULL, NULL, "no-port"},
        {agent, "127.0.0.1:1", "web", "too-many", "too-many"},
        {agent, "--pin", "sha256:12", "127.0.0.1:1", "sha256:12"},
        {agent, "--token", "agent:0123", "127.0.0.1:1", "--token-file"}, /* a secret is never an argument */
        {tool, "no-such-command", NULL, NULL, "no-such-command"},
        {tool, NULL, NULL, NULL, "munnel"},
        {tool, "server", "--no-such-option", NULL, "no-such-option"},
        {tool, "agent", "no-port", NULL, "no-port"},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const char *name = sandbox_text(sandbox, "line-%zu", i);
        int code = sandbox_do(sandbox, name, wrongs[i].program, wrongs[i].one, wrongs[i].two, wrongs[i].three, NULL);
        const char *output = sandbox_output(sandbox, name);
        ck_assert_msg(code == USAGE, "line %zu: exit code %d: %s", i, code, output);
        ck_assert_msg(strstr(output, wrongs[i].word), "line %zu: no \"%s\" in: %s", i, wrongs[i].word, output);
        if (wrongs[i].one)
            ck_assert_msg(lines_in(output) == 1, "line %zu: not one line: %s", i, output);
    }
    sandbox_free(sandbox);
}
END_TEST

START_TEST(without_a_service_the_server_ends_with_an_error) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *listen = sandbox_text(sandbox, "127.0.0.1:%u", port_take());
    ck_assert_int_ne(sandbox_do(sandbox, "line", sandbox_program(sandbox, "munneld"), "--listen", listen, NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "line"), "service"));
    ck_assert_int_ne(sandbox_do(sandbox, "original", sandbox_program(sandbox, "munnel"), "server", listen, NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "original"), "service"));
    const char *file = sandbox_write(sandbox, "empty.json", "{ 'services': [] }", true);
    ck_assert_int_ne(sandbox_do(sandbox, "file", sandbox_program(sandbox, "munneld"), "--config", file, NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "file"), "service"));
    sandbox_free(sandbox);
}
END_TEST

START_TEST(init_makes_what_a_server_and_an_agent_need) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *folder = sandbox_pki(sandbox, "new"), *said = sandbox_output(sandbox, "init-new");
    static const struct {
        const char *name;
        mode_t others; /* these bits may not be set */
    } files[] = {{"ca.pem", 0},        {"ca.key", 077},      {"server.pem", 0}, {"server.key", 007},
                 {"agents.json", 007}, {"agent.token", 077}, {"munnel.json", 0}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct stat status;
        const char *path = sandbox_text(sandbox, "%s/%s", folder, files[i].name);
        ck_assert_msg(stat(path, &status) == 0, "%s is missing", path);
        ck_assert_msg((status.st_mode & files[i].others) == 0, "%s has mode %o", path, status.st_mode);
    }
    ck_assert_ptr_nonnull(strstr(said, "munnel-agent"));
    ck_assert_ptr_nonnull(strstr(said, "ca.pem"));
    const char *file = sandbox_text(sandbox, "%s/munnel.json", folder);
    int code = sandbox_do(sandbox, "check", sandbox_program(sandbox, "munneld"), "--check", "--config", file, NULL);
    ck_assert_msg(code == 0, "its own munnel.json: exit code %d: %s", code, sandbox_output(sandbox, "check"));

    /* A second time it makes nothing new and destroys nothing. */
    ck_assert_int_eq(sandbox_do(sandbox, "before", "sha256sum", sandbox_text(sandbox, "%s/ca.key", folder),
                                sandbox_text(sandbox, "%s/agent.token", folder), NULL),
                     0);
    sandbox_do(sandbox, "again", sandbox_program(sandbox, "munnel"), "init", folder, NULL);
    ck_assert_int_eq(sandbox_do(sandbox, "after", "sha256sum", sandbox_text(sandbox, "%s/ca.key", folder),
                                sandbox_text(sandbox, "%s/agent.token", folder), NULL),
                     0);
    ck_assert_str_eq(sandbox_output(sandbox, "before"), sandbox_output(sandbox, "after"));
    sandbox_free(sandbox);
}
END_TEST

START_TEST(share_of_udp_is_refused_with_the_reason) {
    struct sandbox *sandbox = sandbox_new(__func__);
    ck_assert_int_ne(sandbox_do(sandbox, "share", sandbox_program(sandbox, "munnel"), "share", "53/udp", NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "share"), "UDP cannot be shared"));
    sandbox_free(sandbox);
}
END_TEST

/* A single one is the control thread itself. */
static unsigned relay_threads_of(const struct process *process) {
    char name[80], pattern[64];
    unsigned count = 0;
    glob_t names;
    snprintf(pattern, sizeof pattern, "/proc/%d/task/*/comm", (int)process_pid(process));
    ck_assert_int_eq(glob(pattern, 0, NULL, &names), 0);
    for (size_t i = 0; i < names.gl_pathc; i++) {
        FILE *file = fopen(names.gl_pathv[i], "r");
        count += file && fgets(name, sizeof name, file) && strncmp(name, "relay-", 6) == 0;
        if (file)
            fclose(file);
    }
    globfree(&names);
    return count;
}

static unsigned relay_threads_for_all_cores(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 3 ? (unsigned)cores / 2 : 0;
}

/* The files of init work unchanged but for the ports. They do not set "threads": one for two cores. */
START_TEST(init_s_own_files_relay_a_request) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *folder = sandbox_pki(sandbox, "new");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), agents = port_take();
    const char *server = sandbox_program(sandbox, "munneld"), *agent = sandbox_program(sandbox, "munnel-agent");
    const char *at = sandbox_text(sandbox, "127.0.0.1:%u", agents);
    const char *text =
        sandbox_text(sandbox,
                     "// comments are allowed\n{ 'agents': { 'listen': '%s' }, // here too\n 'services': "
                     "[ %s ], 'admin': {'socket':null} }\n",
                     at, service_to(sandbox, "echo", port, destination_port(echo), "'group': 'grp',"));
    const char *file = sandbox_write(sandbox, "new/mine.json", text, true);
    struct process *process = sandbox_run(sandbox, "server", server, "--config", file, NULL);
    process_await(process, 0, START_MS, "listening for", at, NULL);
    struct process *joined =
        sandbox_run(sandbox, "agent", agent, "--ca", sandbox_text(sandbox, "%s/ca.pem", folder), at, "grp", NULL);
    ck_assert(HOLDS_WITHIN(JOIN_MS, socket_echoes(port, ASK_MS)));
    ck_assert_uint_eq(relay_threads_of(process), relay_threads_for_all_cores());
    ck_assert_uint_eq(relay_threads_of(joined), relay_threads_for_all_cores());
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* Runs each program behind `prefix`; none may take a folder of the current one for the state folder. */
static void assert_state_folder_unknown(struct sandbox *sandbox, const char *name, const char *const *prefix,
                                        const char *detail) {
    const char *server = sandbox_program(sandbox, "munneld"), *tool = sandbox_program(sandbox, "munnel");
    const char *agent = sandbox_program(sandbox, "munnel-agent");
    const char *code = sandbox_write(sandbox, "code", "munnel1.x", false);
    const char *const lines[][5] = {{server, "a 127.0.0.1:1 localhost:1"},
                                    {server, "--check", "a 127.0.0.1:1 localhost:1"},
                                    {tool, "init"},
                                    {tool, "agent", "add", "x"},
                                    {agent},
                                    {agent, "--check"},
                                    {agent, "--join", code},
                                    {agent, "--join-only", code}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *arguments[20] = {NULL};
        size_t count = 0;
        for (; prefix[count]; count++)
            arguments[count] = prefix[count];
        memcpy(arguments + count, lines[i], sizeof lines[i]);
        const char *run = sandbox_text(sandbox, "%s-%zu", name, i);
        struct process *process = sandbox_run_plan(sandbox, (struct process_plan){.name = run,
                                                                                  .arguments = arguments,
                                                                                  .folder = sandbox_folder(sandbox)});
        ck_assert_int_ne(process_wait(process, ASK_MS), 0);
        const char *output = sandbox_output(sandbox, run);
        ck_assert_msg(strstr(output, detail), "line %zu: %s", i, output);
    }
}

#define WITHOUT_HOME "env", "-u", "HOME", "-u", "XDG_STATE_HOME", "-u", "STATE_DIRECTORY"

/* Keys landed in ./.local of wherever the program was started. Root's state folder does not depend on HOME. */
START_TEST(without_a_known_state_folder_nothing_is_made) {
    static const char *const relative[] = {"env", "STATE_DIRECTORY=keys", NULL};
    static const char *const homeless[] = {WITHOUT_HOME, NULL};
    static const char *const homeless_not_root[] = {"unshare", "-U", "--map-user=1000", WITHOUT_HOME, NULL};
    struct sandbox *sandbox = sandbox_new(__func__);
    assert_state_folder_unknown(sandbox, "relative", relative, "STATE_DIRECTORY is \"keys\"");
    if (geteuid() != 0)
        assert_state_folder_unknown(sandbox, "homeless", homeless, "set HOME, or STATE_DIRECTORY");
    else if (sandbox_do(sandbox, "namespace", "sh", "-c", "unshare -U --map-user=1000 true", NULL) == 0)
        assert_state_folder_unknown(sandbox, "homeless", homeless_not_root, "set HOME, or STATE_DIRECTORY");
    else
        printf("# no user namespaces for root here: HOME not tried\n");
    ck_assert_int_ne(access(sandbox_path(sandbox, "keys"), F_OK), 0);
    ck_assert_int_ne(access(sandbox_path(sandbox, ".local"), F_OK), 0);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(check_names_place_and_fault) {
    struct sandbox *sandbox = sandbox_new(__func__);
    sandbox_pki(sandbox, "pki");
    static const char rest[] = "'agents': { 'tls': { 'cert': 'pki/server.pem', 'key': 'pki/server.key' }, "
                               "'auth': { 'tokens': 'pki/agents.json' } }, ";
    static const char *const services[][2] = {
        {"{ 'name': 'a', 'listen': '127.0.0.1:1', 'connect': 'b:2', 'lisen': 1 }", "lisen"},
        {"{ 'name': 'a', 'listen': '127.0.0.1:1', 'connect': 'b:2' }, "
         "{ 'name': 'c', 'listen': '127.0.0.1:1', 'connect': 'b:2' }",
         "127.0.0.1:1"},
        {"{ 'name': 'a', 'listen': '127.0.0.1:1', 'connect': 'b:2' ", ":"}, /* line and column */
    };
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        const char *name = sandbox_text(sandbox, "wrong-%zu.json", i), *label = sandbox_text(sandbox, "check-%zu", i);
        const char *file =
            sandbox_write(sandbox, name, sandbox_text(sandbox, "{ %s 'services': [ %s ] }", rest, services[i][0]),
                          true);
        int code = sandbox_do(sandbox, label, sandbox_program(sandbox, "munneld"), "--config", file, "--check", NULL);
        const char *output = sandbox_output(sandbox, label);
        ck_assert_msg(code == USAGE, "%s: exit code %d: %s", services[i][0], code, output);
        ck_assert_msg(strstr(output, name) && strstr(output, services[i][1]), "%s: %s", services[i][0], output);
    }
    const char *right =
        sandbox_write(sandbox, "right.json",
                      sandbox_text(sandbox,
                                   "{ %s 'services': [ { 'name': 'a', 'listen': '127.0.0.1:1', 'connect': 'b:2' } ] }",
                                   rest),
                      true);
    ck_assert_int_eq(sandbox_do(sandbox, "right", sandbox_program(sandbox, "munneld"), "--config", right, "--check",
                                NULL),
                     0);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_port_in_use_is_reported) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t taken = port_take();
    int listener = socket_listen("127.0.0.1", taken, 1);
    const char *service = service_to(sandbox, "echo", taken, 9, NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .may_fail = true});
    ck_assert_int_ne(process_wait(server.process, ASK_MS), 0);
    process_await(server.process, 0, ASK_MS, sandbox_text(sandbox, "127.0.0.1:%u", taken), "in use", NULL);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

/*
 *     munnel server 0.0.0.0:10001 "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900"
 *     munnel agent 10.0.0.143:10001 WinVNCGroup
 */
START_TEST(the_original_s_lines) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *vnc = destination_start(handle_echo, NULL);
    const char *tool = sandbox_program(sandbox, "munnel");
    uint16_t agents = port_take(), port = port_take(), other = port_take();
    const char *listen = sandbox_text(sandbox, "0.0.0.0:%u", agents);
    const char *service =
        sandbox_text(sandbox, "WinVNC WinVNCGroup 0.0.0.0:%u localhost:%u", port, destination_port(vnc));
    const char *more = sandbox_text(sandbox, "Other 127.0.0.1:%u 127.0.0.1:%u", other, destination_port(vnc));
    struct process *server = sandbox_run(sandbox, "server", tool, "server", listen, service, more, NULL);
    process_await(server, 0, START_MS, "listening for agents on", listen, NULL);
    process_await(server, 0, START_MS, "munnel-agent", NULL); /* the line that an agent needs */
    char *output = process_output(server, 0);
    ck_assert_msg(strstr(output, sandbox_path(sandbox, "state")), "it does not say where its files are: %s", output);
    free(output);
    struct process *agent = sandbox_run(sandbox, "agent", tool, "agent", sandbox_text(sandbox, "127.0.0.1:%u", agents),
                                        "WinVNCGroup", NULL);
    ck_assert(HOLDS_WITHIN(JOIN_MS, socket_echoes(port, ASK_MS)));
    ck_assert(socket_echoes(other, ASK_MS));
    ck_assert(!process_is_over(agent));

    /* Everything is there at the second start: the agent's files still fit. */
    sandbox_end(sandbox, server);
    server = sandbox_run(sandbox, "server-again", tool, "server", listen, service, NULL);
    process_await(server, 0, START_MS, "listening for agents on", listen, NULL);
    ck_assert(HOLDS_WITHIN(JOIN_MS, socket_echoes(port, ASK_MS)));
    destination_free(vnc);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(the_agent_line_that_the_server_prints_works) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t agents = port_take(), port = port_take();
    const char *listen = sandbox_text(sandbox, "127.0.0.1:%u", agents);
    const char *service = sandbox_text(sandbox, "Echo Grp 127.0.0.1:%u 127.0.0.1:%u", port, destination_port(echo));
    struct process *server =
        sandbox_run(sandbox, "server", sandbox_program(sandbox, "munneld"), "--listen", listen, service, NULL);
    char *line = process_expect(server, 0, START_MS, "munnel-agent", "--ca", NULL);
    const char *command = strstr(line, "munnel-agent");
    const char *shell = sandbox_text(sandbox, "PATH=\"%s:$PATH\"; exec %s", getenv("MUNNEL_BIN"), command);
    struct process *agent = sandbox_run(sandbox, "agent", "sh", "-c", shell, NULL);
    ck_assert_msg(HOLDS_WITHIN(JOIN_MS, socket_echoes(port, ASK_MS)), "%s", command);
    ck_assert(!process_is_over(agent));
    free(line);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(the_environment_s_credentials_folder_holds_the_token) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    const char *folder = sandbox_path(sandbox, "credentials"), *elsewhere = sandbox_path(sandbox, "ca-only");
    ck_assert(mkdir(folder, 0700) == 0 && mkdir(elsewhere, 0700) == 0);
    ck_assert_int_eq(sandbox_do(sandbox, "move", "mv", sandbox_text(sandbox, "%s/agent.token", server.pki), folder,
                                NULL),
                     0);
    ck_assert_int_eq(sandbox_do(sandbox, "copy", "cp", sandbox_text(sandbox, "%s/ca.pem", server.pki), elsewhere, NULL),
                     0);
    const char *const arguments[] = {sandbox_program(sandbox, "munnel-agent"),
                                     "--ca",
                                     sandbox_text(sandbox, "%s/ca.pem", elsewhere),
                                     "--name",
                                     "alpha",
                                     sandbox_text(sandbox, "127.0.0.1:%u", server.port),
                                     NULL};
    const char *const environment[] = {sandbox_text(sandbox, "CREDENTIALS_DIRECTORY=%s", folder),
                                       sandbox_text(sandbox, "HOME=%s", sandbox_folder(sandbox)), NULL};
    sandbox_run_plan(sandbox,
                     (struct process_plan){.name = "agent", .arguments = arguments, .environment = environment});
    agent_await(&server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(port, ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* The server may have "auth": "none", so the agent tries without a token. */
START_TEST(without_a_token_the_agent_lists_where_it_looked) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *pki = sandbox_pki(sandbox, "pki");
    ck_assert_int_eq(unlink(sandbox_text(sandbox, "%s/agent.token", pki)), 0);
    struct process *agent = sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--ca",
                                        sandbox_text(sandbox, "%s/ca.pem", pki), "127.0.0.1:9", NULL);
    process_await(agent, 0, ASK_MS, "token", sandbox_text(sandbox, "%s/agent.token", pki), NULL);
    sandbox_free(sandbox);
}
END_TEST

/* Nothing that is secret is ever printed. */
START_TEST(no_log_holds_a_token_or_a_key) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .more = "'threads': 2,"});
    struct process *agent = agent_start(&server, "alpha", NULL, "-v", NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    ck_assert(socket_echoes(port, ASK_MS));
    char token[256] = "", key[4096];
    FILE *file = fopen(sandbox_text(sandbox, "%s/agent.token", server.pki), "r");
    ck_assert(file && fgets(token, sizeof token, file));
    fclose(file);
    file = fopen(sandbox_text(sandbox, "%s/agents.json", server.pki), "r");
    ck_assert_ptr_nonnull(file);
    key[fread(key, 1, sizeof key - 1, file)] = '\0';
    fclose(file);
    token[strcspn(token, "\n")] = '\0';
    const char *secret = strchr(token, ':') ? strchr(token, ':') + 1 : token;
    sandbox_end(sandbox, agent);
    char *said = process_output(server.process, 0);
    ck_assert_ptr_null(strstr(said, secret));
    free(said);
    for (const char *at = key; *at; at++) { /* no run of 64 digits of the agents file either */
        size_t digits = strspn(at, "0123456789abcdefABCDEF");
        if (digits == 64)
            ck_assert_uint_eq(process_count(server.process, 0, sandbox_text(sandbox, "%.64s", at), NULL), 0);
        at += digits > 0 ? digits - 1 : 0;
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("command_lines", SCENARIO(help_and_version_of_all_three, 30),
              SCENARIO(usage_errors_are_one_line_and_exit_2, 30),
              SCENARIO(without_a_service_the_server_ends_with_an_error, 30),
              SCENARIO(share_of_udp_is_refused_with_the_reason, 30),
              SCENARIO(init_makes_what_a_server_and_an_agent_need, 30), SCENARIO(init_s_own_files_relay_a_request, 30),
              SCENARIO(without_a_known_state_folder_nothing_is_made, 60), SCENARIO(check_names_place_and_fault, 30),
              SCENARIO(a_port_in_use_is_reported, 30), SCENARIO(the_original_s_lines, 60),
              SCENARIO(the_agent_line_that_the_server_prints_works, 30),
              SCENARIO(the_environment_s_credentials_folder_holds_the_token, 30),
              SCENARIO(without_a_token_the_agent_lists_where_it_looked, 30),
              SCENARIO(no_log_holds_a_token_or_a_key, 30))
