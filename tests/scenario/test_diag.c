/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_diag: the archive of "munnel diag" has what a report needs and no secret, neither of the server's nor, if that
 * was broken into, of the user who asks.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/tool.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 10000, TOKEN_DIGITS = 64, ARCHIVE_MOST = 8 << 20 };

static char *read_whole(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(ARCHIVE_MOST);

    ck_assert_msg(file && bytes, "cannot read %s", path);
    *length = fread(bytes, 1, ARCHIVE_MOST, file);
    fclose(file);
    return bytes;
}

/* Each run of 64 digits in a file of secrets is one, and so is a join code. */
static void expect_no_secret_of(const char *archive, size_t length, const char *path) {
    size_t size = 0, found = 0;
    char *secrets = read_whole(path, &size);

    for (size_t at = 0; at + TOKEN_DIGITS <= size; at++) {
        if (strspn(secrets + at, "0123456789abcdef") < TOKEN_DIGITS)
            continue;
        ck_assert_msg(!memmem(archive, length, secrets + at, TOKEN_DIGITS), "a secret of %s is in it", path);
        at += TOKEN_DIGITS;
        found++;
    }
    ck_assert_msg(found > 0, "no secret in %s", path);
    free(secrets);
}

static void expect_part(struct tooled *tooled, const char *archive, const char *part, const char *text) {
    const char *name = sandbox_text(tooled->sandbox, "tar-%u", tooled->runs++);

    ck_assert_int_eq(sandbox_do(tooled->sandbox, name, "tar", "-xOf", archive, "--wildcards",
                                sandbox_text(tooled->sandbox, "*/%s", part), NULL),
                     0);
    tooled->output = sandbox_output(tooled->sandbox, name);
    prints(tooled, text);
}

/* The token of the agent, its key, a join code, and the key of the server. */
START_TEST(diag_has_what_a_report_needs_and_no_secret) {
    struct tooled tooled = tooled_start("diag");
    const char *path = sandbox_path(tooled.sandbox, "d.tar"), *pki = tooled.server.pki;
    struct stat status;
    size_t length;
    int fd = tooled_converse(&tooled, "hello");

    EXPECT(&tooled, 0, "agent", "add", "beta", "--config", tooled.server.file, "--server", "127.0.0.1:1");
    const char *code = sandbox_text(tooled.sandbox, "%.60s", strstr(tooled.output, "munnel1.") + 8);
    EXPECT(&tooled, 0, "diag", "-o", path);
    prints(&tooled, "MANIFEST in it tells why"); /* no journal of this server */
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    expect_part(&tooled, path, "status.json", "\"program\":\"munneld\"");
    expect_part(&tooled, path, "relays.json", "\"service\":\"echo\"");
    expect_part(&tooled, path, "configuration.json", "/agents.json\"");
    expect_part(&tooled, path, "metrics.txt", "munnel_clients_accepted_total");
    expect_part(&tooled, path, "process-limits.txt", "Max open files");
    expect_part(&tooled, path, "configuration-check.txt", "configuration OK");
    expect_part(&tooled, path, "MANIFEST", "ok      services.json");
    char *archive = read_whole(path, &length);
    expect_no_secret_of(archive, length, sandbox_text(tooled.sandbox, "%s/agents.json", pki));
    expect_no_secret_of(archive, length, sandbox_text(tooled.sandbox, "%s/agent.token", pki));
    ck_assert(!memmem(archive, length, code, strlen(code)));
    ck_assert(!memmem(archive, length, "PRIVATE KEY", 11));
    EXPECT(&tooled, 1, "diag", "-o", path); /* never over a file */
    prints(&tooled, "File exists");
    free(archive);
    close(fd);
    tooled_end(&tooled);
}
END_TEST

START_TEST(diag_of_an_agent_is_of_the_agent) {
    struct tooled tooled = {.sandbox = sandbox_new("diag-agent")};
    uint16_t port = port_take();
    struct server server =
        server_start(tooled.sandbox, (struct server_plan){.services = service_to(tooled.sandbox, "echo", port, 9, "")});
    const char *file = sandbox_write(tooled.sandbox, "agent.json", "{ 'admin': { 'socket': 'agent.sock' } }", true);
    const char *path = sandbox_path(tooled.sandbox, "a.tar");

    agent_start(&server, "beta", NULL, "--config", file, NULL);
    agent_await(&server, 0, "beta", JOIN_MS);
    EXPECT(&tooled, 0, "diag", "--socket", sandbox_path(tooled.sandbox, "agent.sock"), "-o", path);
    expect_part(&tooled, path, "status.json", "munnel-agent");
    expect_part(&tooled, path, "published.json", "\"total\"");
    sandbox_free(tooled.sandbox);
}
END_TEST

START_TEST(diag_works_when_no_server_runs) {
    struct tooled tooled = {.sandbox = sandbox_new("diag-down")};
    const char *path = sandbox_path(tooled.sandbox, "d.tar");

    EXPECT(&tooled, 0, "diag", "-o", path, "--socket", "/no/such.sock");
    expect_part(&tooled, path, "MANIFEST", "FAILED  status.json                  cannot connect to unix:/no/such.sock");
    expect_part(&tooled, path, "versions.txt", "OpenSSL");
    EXPECT(&tooled, 1, "diag", "-o", "/dev/full");
    prints(&tooled, "File exists");
    sandbox_free(tooled.sandbox);
}
END_TEST

/* What hangs is asked for some parts, not for each. */
START_TEST(diag_ends_soon_when_the_server_hangs) {
    struct tooled tooled = tooled_start("diag-hang");
    const char *path = sandbox_path(tooled.sandbox, "d.tar");

    ck_assert_int_eq(kill(process_pid(tooled.server.process), SIGSTOP), 0);
    EXPECT(&tooled, 0, "diag", "-o", path);
    ck_assert_int_eq(kill(process_pid(tooled.server.process), SIGCONT), 0);
    expect_part(&tooled, path, "MANIFEST", "left out: the program has not answered for too long");
    tooled_end(&tooled);
}
END_TEST

/* ---- a server that was broken into ---- */

static const char secret[] = "of-root-alone-4711";

/* "nobody" on the server's machine, with a log and services of its own; root runs the tool. */
static struct tooled start_as_nobody(const struct passwd *nobody) {
    struct tooled tooled = {.sandbox = sandbox_new("diag-nobody"), .port = port_take()};
    const char *own[] = {sandbox_path(tooled.sandbox, "run"), sandbox_path(tooled.sandbox, "services.d")};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        ck_assert(mkdir(own[i], 0755) == 0 && chown(own[i], nobody->pw_uid, nobody->pw_gid) == 0);
    setenv("MUNNEL_SOCKET", sandbox_path(tooled.sandbox, "admin.sock"), 1);
    tooled.server =
        server_start(tooled.sandbox,
                     (struct server_plan){.services = service_to(tooled.sandbox, "echo", tooled.port, 9, ""),
                                          .log = sandbox_path(tooled.sandbox, "run/own.log"),
                                          .more =
                                              "'user': 'nobody', 'include': 'services.d/*.json', 'admin': {'socket': "
                                              "'admin.sock'},"});
    ck_assert_int_ne(process_wait(tooled.server.process, SOON_MS), 0); /* it cannot read its keys */
    server_share(&tooled.server, nobody->pw_gid);
    sandbox_share(tooled.server.file, nobody->pw_gid, 0640);
    server_start_again(&tooled.server);
    return tooled;
}

static bool has_answer(struct tooled *tooled) {
    return tooled_run(tooled, "log-level", NULL) == 0;
}

static void replace(struct tooled *tooled, const char *name, const char *target) {
    const char *path = sandbox_path(tooled->sandbox, "%s", name);

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink(target, path), 0);
}

/* Its log leads to a file of root's, and a service of its own quotes it. */
START_TEST(a_server_cannot_have_files_of_roots_put_into_the_archive) {
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || !nobody) {
        printf("# skipped: only root reads with the rights of others\n");
        return;
    }
    struct tooled tooled = start_as_nobody(nobody);
    const char *path = sandbox_write(tooled.sandbox, "secret", secret, false);
    const char *first = sandbox_path(tooled.sandbox, "1.tar"), *second = sandbox_path(tooled.sandbox, "2.tar");
    size_t length;

    ck_assert(HOLDS_WITHIN(SOON_MS, has_answer(&tooled)));
    EXPECT(&tooled, 0, "diag", "-o", first);
    expect_part(&tooled, first, "log.txt", "listening for agents on");
    expect_part(&tooled, first, "configuration-check.txt", "configuration OK");

    replace(&tooled, "run/own.log", path);
    sandbox_write(tooled.sandbox, "services.d/own.json",
                  sandbox_text(tooled.sandbox, "{'name': 'own', 'listen': '${file:%s}', 'connect': 'a:1'}", path),
                  true);
    ck_assert_int_eq(chown(sandbox_path(tooled.sandbox, "services.d/own.json"), nobody->pw_uid, nobody->pw_gid), 0);
    EXPECT(&tooled, 0, "diag", "-o", second);
    expect_part(&tooled, second, "MANIFEST", "Permission denied");
    expect_part(&tooled, second, "configuration-check.txt", "Permission denied");
    char *archive = read_whole(second, &length);
    ck_assert(!memmem(archive, length, secret, strlen(secret)));
    free(archive);
    unsetenv("MUNNEL_SOCKET");
    sandbox_free(tooled.sandbox);
}
END_TEST

SCENARIO_MAIN("diag", SCENARIO(a_server_cannot_have_files_of_roots_put_into_the_archive, 60),
              SCENARIO(diag_has_what_a_report_needs_and_no_secret, 60), SCENARIO(diag_of_an_agent_is_of_the_agent, 60),
              SCENARIO(diag_works_when_no_server_runs, 60), SCENARIO(diag_ends_soon_when_the_server_hangs, 90))
