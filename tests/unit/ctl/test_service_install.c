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

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <winsvc.h>

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

/* ---- what is asked for ---- */

/* wine keeps little of it: the test reads it on its way. Of what is behind pointers each has a copy here. */
static struct {
    SERVICE_DELAYED_AUTO_START_INFO delayed;
    SERVICE_PRESHUTDOWN_INFO shutdown;
    SERVICE_SID_INFO sid;
    SERVICE_FAILURE_ACTIONS_FLAG also_by_code;
    wchar_t privileges[64]; /* the first, and whether there is a second */
    bool has_more_privileges;
    DWORD forget_s, action_count;
    SC_ACTION actions[8];
} asked;

static void note_privileges(const wchar_t *list) {
    ck_assert_uint_lt(wcslen(list), sizeof asked.privileges / sizeof *list);
    wcscpy(asked.privileges, list);
    asked.has_more_privileges = list[wcslen(list) + 1];
}

static void note_failures(const SERVICE_FAILURE_ACTIONSW *failures) {
    ck_assert_uint_le(failures->cActions, sizeof asked.actions / sizeof *asked.actions);
    asked.forget_s = failures->dwResetPeriod;
    asked.action_count = failures->cActions;
    memcpy(asked.actions, failures->lpsaActions, failures->cActions * sizeof *asked.actions);
}

static void note(DWORD what, const void *value) {
    switch (what) {
    case SERVICE_CONFIG_DELAYED_AUTO_START_INFO:
        asked.delayed = *(const SERVICE_DELAYED_AUTO_START_INFO *)value;
        break;
    case SERVICE_CONFIG_PRESHUTDOWN_INFO:
        asked.shutdown = *(const SERVICE_PRESHUTDOWN_INFO *)value;
        break;
    case SERVICE_CONFIG_SERVICE_SID_INFO:
        asked.sid = *(const SERVICE_SID_INFO *)value;
        break;
    case SERVICE_CONFIG_FAILURE_ACTIONS_FLAG:
        asked.also_by_code = *(const SERVICE_FAILURE_ACTIONS_FLAG *)value;
        break;
    case SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO:
        note_privileges(((const SERVICE_REQUIRED_PRIVILEGES_INFOW *)value)->pmszRequiredPrivileges);
        break;
    case SERVICE_CONFIG_FAILURE_ACTIONS:
        note_failures(value);
        break;
    default:
        break;
    }
}

/* The import, through which the call goes. */
typedef BOOL(WINAPI change_config)(SC_HANDLE service, DWORD what, LPVOID value);
extern change_config *__real___imp_ChangeServiceConfig2W;
extern change_config *__wrap___imp_ChangeServiceConfig2W;

static BOOL WINAPI note_config(SC_HANDLE service, DWORD what, LPVOID value) {
    note(what, value);
    return __real___imp_ChangeServiceConfig2W(service, what, value);
}

change_config *__wrap___imp_ChangeServiceConfig2W = note_config;

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

START_TEST(its_start_its_restarts_and_its_rights_are_asked_for) {
    memset(&asked, 0, sizeof asked);
    copy_itself();
    EXPECT(0, "install", "a server:10001");
    EXPECT(0, "uninstall", NULL);
    ck_assert(asked.delayed.fDelayedAutostart);
    ck_assert_uint_ge(asked.shutdown.dwPreshutdownTimeout, 30000); /* its relays finish in that */
    ck_assert_uint_eq(asked.sid.dwServiceSidType, SERVICE_SID_TYPE_UNRESTRICTED);
    ck_assert(wcscmp(asked.privileges, L"SeChangeNotifyPrivilege") == 0 && !asked.has_more_privileges);
    ck_assert(asked.also_by_code.fFailureActionsOnNonCrashFailures);
    ck_assert_uint_gt(asked.forget_s, 0);
    ck_assert_uint_gt(asked.action_count, 0);
    for (DWORD i = 0; i < asked.action_count; i++)
        ck_assert(asked.actions[i].Type == SC_ACTION_RESTART && asked.actions[i].Delay > 0);
}
END_TEST

static TCase *services(void) {
    TCase *group = tcase_create("services");

    tcase_add_checked_fixture(group, NULL, forget);
    tcase_set_timeout(group, 120);
    tcase_add_test(group, what_its_program_refuses_is_not_installed);
    tcase_add_test(group, its_start_its_restarts_and_its_rights_are_asked_for);
    tcase_add_test(group, it_is_installed_started_stopped_and_removed);
    return group;
}

int main(int argc, char **argv) {
    static const unit_group groups[] = {services};

    if (argc > 1) /* the service manager, or the installation's check, starts it */
        return program_run(&(struct program){.name = "munnel-agent", .is_daemon = true, .run = run_agent}, argc, argv);
    return unit_main("ctl/service_install", groups, 1);
}
