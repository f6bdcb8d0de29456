/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_install: a life of a service in the service manager. The service is this test once more: a copy beside
 * it plays munnel-agent.
 */
#include "config.h"

#include "conf/capture.h"
#include "ctl/service_system.h"
#include "unit.h"

#include "lib/os/program.h"
#include "lib/os/program_requests.h"
#include "lib/os/program_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { WORDS = 5, PATH_ROOM = 1024, USAGE_ERROR = 2 };

static struct capture printed;

/* ---- the service ---- */

static void wake(void *event) {
    SetEvent(event);
}

/* Its account of what it was started with is its exit code. */
static int serve(void) {
    const char *folder = getenv("STATE_DIRECTORY");
    HANDLE woken = CreateEventW(NULL, FALSE, FALSE, NULL);

    if (!folder || !strstr(folder, "\\Munnel\\munnel-agent"))
        return EXIT_FAILURE;
    program_requests_receive(wake, woken);
    program_service_report(PROGRAM_SERVICE_RUNNING);
    while (!program_requests_take(PROGRAM_STOP))
        WaitForSingleObject(woken, INFINITE);
    program_service_report(PROGRAM_SERVICE_STOPPING);
    return 0;
}

static int run_agent(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--check-config") == 0)
        return argc == 3 && strcmp(argv[2], "a server:10001") == 0 ? 0 : USAGE_ERROR;
    return serve();
}

/* ---- the test ---- */

static void forget(void) {
    capture_done(&printed);
}

/* "munnel service WORD munnel-agent [OPTION]"; its exit code. */
static int run(const char *word, const char *option) {
    char self[] = "munnel", words[WORDS][32] = {"service", "", "munnel-agent", ""};
    char *argv[] = {words[0], words[1], words[2], option ? words[3] : NULL, NULL};
    int code = -1;

    snprintf(words[1], sizeof words[1], "%s", word);
    snprintf(words[3], sizeof words[3], "%s", option ? option : "");
    capture_done(&printed);
    capture_begin(&printed);
    ck_assert(service_system_run(self, option ? 4 : 3, argv, &code));
    capture_end(&printed);
    return code;
}

/* What an earlier run has left, which was cut, would run and keep its file from being written. */
static void copy_itself(void) {
    wchar_t self[PATH_ROOM], copy[PATH_ROOM];

    (void)run("uninstall", NULL);
    ck_assert(GetModuleFileNameW(NULL, self, PATH_ROOM) > 0);
    wcscpy(copy, self);
    wcscpy(wcsrchr(copy, L'\\') + 1, L"munnel-agent.exe");
    ck_assert(CopyFileW(self, copy, FALSE));
}

#define EXPECT(code, word, option)                                                                                     \
    ck_assert_msg(run(word, option) == (code), "%s: %s%s", word, printed.text[0], printed.text[1])

START_TEST(it_is_installed_started_stopped_and_removed) {
    copy_itself();
    EXPECT(0, "install", "a server:10001");
    EXPECT(SUBCOMMAND_FAILED, "status", NULL);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "munnel-agent: stopped"));
    EXPECT(0, "start", NULL);
    EXPECT(0, "status", NULL);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "munnel-agent: running, process "));
    ck_assert_ptr_nonnull(strstr(printed.text[0], "\\Munnel\\munnel-agent \"a server:10001\""));
    EXPECT(0, "start", NULL);
    EXPECT(0, "stop", NULL);
    EXPECT(0, "stop", NULL);
    EXPECT(0, "start", NULL);
    EXPECT(0, "uninstall", NULL);
    EXPECT(SUBCOMMAND_FAILED, "status", NULL);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "is not installed"));
}
END_TEST

START_TEST(what_its_program_refuses_is_not_installed) {
    copy_itself();
    EXPECT(SUBCOMMAND_FAILED, "install", "wrong");
    ck_assert_ptr_nonnull(strstr(printed.text[1], "is not installed, because of the above"));
    EXPECT(SUBCOMMAND_FAILED, "start", NULL);
}
END_TEST

static TCase *services(void) {
    TCase *group = tcase_create("services");

    tcase_add_checked_fixture(group, NULL, forget);
    tcase_set_timeout(group, 120);
    tcase_add_test(group, what_its_program_refuses_is_not_installed);
    tcase_add_test(group, it_is_installed_started_stopped_and_removed);
    return group;
}

int main(int argc, char **argv) {
    static const unit_group groups[] = {services};

    if (argc > 1) /* the service manager, or the installation's check, starts it */
        return program_run(&(struct program){.name = "munnel-agent", .is_daemon = true, .run = run_agent}, argc, argv);
    return unit_main("ctl/service_install", groups, 1);
}
