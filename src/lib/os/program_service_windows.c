/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* program_service_windows: see program_service.h. */
#include "config.h"

#include "lib/os/program_service.h"

#include "lib/base/system_error.h"
#include "lib/base/wide.h"
#include "lib/os/program_output.h"
#include "lib/os/program_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum {
    PENDING_MS = 30000, /* the next report comes before that, or it counts as stuck */
    REOPEN_LOG = 128    /* the first of the controls that are left to services */
};

static const char option[] = "--service";

static struct {
    SRWLOCK lock;
    const struct program *program;
    int argc, code;
    char **argv;
    SERVICE_STATUS_HANDLE handle; /* NULL: no service */
    SERVICE_STATUS status;
} service = {.lock = SRWLOCK_INIT, .status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS}};

/* ---- reports ---- */

static bool is_pending(DWORD state) {
    return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
}

/* What has begun to stop is not reported as running any more, whatever the order of the threads. */
static void report(DWORD state) {
    SERVICE_STATUS *status = &service.status;

    AcquireSRWLockExclusive(&service.lock);
    bool is_stopping = status->dwCurrentState == SERVICE_STOP_PENDING && state != SERVICE_STOPPED;
    if (is_stopping)
        state = SERVICE_STOP_PENDING;
    status->dwCheckPoint = !is_pending(state) ? 0 : state == status->dwCurrentState ? status->dwCheckPoint + 1 : 1;
    status->dwCurrentState = state;
    status->dwWaitHint = is_pending(state) ? PENDING_MS : 0;
    status->dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE : 0;
    if (state == SERVICE_STOPPED && service.code == EXIT_FAILURE)
        status->dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
    status->dwServiceSpecificExitCode = (DWORD)service.code;
    if (service.handle)
        SetServiceStatus(service.handle, status);
    ReleaseSRWLockExclusive(&service.lock);
}

bool program_service_is_one(void) {
    return service.handle;
}

void program_service_report(enum program_service_state state) {
    static const DWORD states[] = {SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_STOP_PENDING};

    if (service.handle)
        report(states[state]);
}

/* ---- controls ---- */

static DWORD WINAPI on_control(DWORD control, DWORD event, void *data, void *context) {
    (void)event, (void)data, (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
        report(SERVICE_STOP_PENDING);
        program_request(PROGRAM_STOP);
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        program_request(PROGRAM_RELOAD);
        return NO_ERROR;
    case REOPEN_LOG:
        program_request(PROGRAM_REOPEN_LOG);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* ---- the service ---- */

/* The first argument of the service is its name; those that were typed for this start are ignored. */
static void WINAPI run_service(DWORD count, wchar_t **arguments) {
    (void)count;
    service.handle = RegisterServiceCtrlHandlerExW(arguments[0], on_control, NULL);
    if (!service.handle)
        return;
    report(SERVICE_START_PENDING);
    struct program_output *output = program_output_to_event_log(service.program->name);
    service.code = service.program->run(service.argc, service.argv);
    program_output_end(output);
    report(SERVICE_STOPPED);
}

/* NULL: it is another argument; else what is behind it, "=FOLDER" or nothing. */
static const char *after_option(int argc, char **argv) {
    size_t length = strlen(option);
    bool is_option = argc > 1 && strncmp(argv[1], option, length) == 0;

    return is_option && (!argv[1][length] || argv[1][length] == '=') ? argv[1] + length : NULL;
}

bool program_service_is_asked(int argc, char **argv) {
    return after_option(argc, argv);
}

static bool set_state_folder(const char *folder) {
    wchar_t *wide = wide_of(folder);
    bool is_set = wide && _wputenv_s(L"STATE_DIRECTORY", wide) == 0;

    free(wide);
    return is_set;
}

int program_service_run(const struct program *program, int argc, char **argv) {
    wchar_t any_name[] = L"";
    const SERVICE_TABLE_ENTRYW services[] = {{any_name, run_service}, {NULL, NULL}};
    const char *rest = after_option(argc, argv);
    char words[SYSTEM_ERROR_TEXT], *first = argv[1];

    if (*rest && !set_state_folder(rest + 1))
        return EXIT_FAILURE;
    argv[1] = argv[0]; /* they change places, so that each stays to be freed */
    argv[0] = first;
    service.program = program;
    service.argc = argc - 1;
    service.argv = argv + 1;
    if (StartServiceCtrlDispatcherW(services))
        return service.code;
    if (GetLastError() == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
        fprintf(stderr, "%s: --service is what the service manager starts it with; see munnel service install\n",
                program->name);
    else
        fprintf(stderr, "%s: StartServiceCtrlDispatcher: %s\n", program->name,
                system_error_text(GetLastError(), words));
    return EXIT_FAILURE;
}
