/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_install_windows: makes munneld or munnel-agent a service: an account of its own with no rights but to its
 * folder, a delayed start with Windows, restarts after failures, and its name in the Event Log.
 */
#include "config.h"

#include "ctl/commands.h"
#include "ctl/service_system_priv.h"
#include "lib/base/file.h"
#include "lib/base/wide.h"
#include "lib/os/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORGET_FAILURES_S = 24 * 60 * 60,
    SHUTDOWN_MS = 40000, /* its relays are given 30 s */
    PATH_ROOM = 1024,
    ABOUT_ROOM = 128
};

#define EVENT_SOURCES L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"

struct installation {
    const struct system_service *service;
    char *folder, *program;     /* of its state; the .exe */
    char *option;               /* by which the program knows that it is a service, and its folder */
    const char *join;           /* of --join; NULL: none */
    const char **line, **check; /* what the service is started with, and what checks that before; end with NULL */
};

/* ---- what it is started with ---- */

/* The .exe beside munnel's own, which is known even if `self` is a word that was found in PATH. */
static char *find_program(const char *program, struct error *error) {
    wchar_t self[PATH_ROOM];
    char name[32];
    DWORD length = GetModuleFileNameW(NULL, self, PATH_ROOM);
    char *path = length > 0 && length < PATH_ROOM ? path_of_wide(self) : NULL;

    snprintf(name, sizeof name, "%s.exe", program);
    char *found = path ? file_beside(path, name) : NULL;
    free(path);
    if (found && file_exists(found))
        return found;
    error_set(error, "there is no %s beside munnel.exe; put both into one folder, like C:\\Program Files\\Munnel",
              name);
    free(found);
    return NULL;
}

/* A join code is used up here: the service finds what it has brought. */
static size_t copy_arguments(struct installation *made, const char **to, int argc, char **argv) {
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--join=", 7) == 0)
            made->join = argv[i] + 7;
        else if (strcmp(argv[i], "--join") == 0 && i + 1 < argc)
            made->join = argv[++i];
        else
            to[count++] = argv[i];
    }
    return count;
}

static int set_lines(struct installation *made, int argc, char **argv, struct error *error) {
    made->line = calloc((size_t)argc + 3, sizeof *made->line);
    made->check = calloc((size_t)argc + 3, sizeof *made->check);
    size_t size = strlen(made->folder) + sizeof "--service=";
    made->option = malloc(size);
    if (!made->line || !made->check || !made->option)
        return error_set(error, "out of memory");
    snprintf(made->option, size, "--service=%s", made->folder);
    made->line[0] = made->check[0] = made->program;
    made->line[1] = made->option;
    made->check[1] = made->service->check;
    copy_arguments(made, made->line + 2, argc, argv);
    copy_arguments(made, made->check + 2, argc, argv);
    return 0;
}

/* ---- the program, run once ---- */

static wchar_t *wide_line(const char *const *argv) {
    char *line = command_line_of(argv);
    wchar_t *wide = line ? wide_of(line) : NULL;

    free(line);
    return wide;
}

/* On this console, and with the folder that the service will have. 0, or -1 when it fails, which it tells itself. */
static int run_once(const struct installation *made, const char *const *argv, struct error *error) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code = EXIT_FAILURE;
    wchar_t *folder = wide_of(made->folder), *line = wide_line(argv);
    bool is_started = folder && line && SetEnvironmentVariableW(L"STATE_DIRECTORY", folder) &&
                      CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process);
    DWORD failure = GetLastError();

    free(folder);
    free(line);
    if (!is_started)
        return system_service_error(made->service, "CreateProcess", failure, error);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code ? error_set(error, "%s is not installed, because of the above", made->service->program) : 0;
}

static int join(const struct installation *made, struct error *error) {
    const char *const line[] = {made->program, "--join-only", made->join, NULL};

    return made->join ? run_once(made, line, error) : 0;
}

/* ---- the service manager ---- */

/* Also for one that is there, which is then started otherwise the next time. */
static SC_HANDLE create(const struct system_service *service, const wchar_t *line, struct error *error) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    SC_HANDLE handle = manager ? CreateServiceW(manager, service->name, service->title, SERVICE_ALL_ACCESS,
                                                SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                                                line, NULL, NULL, NULL, service->account, NULL)
                               : NULL;
    DWORD failure = GetLastError();

    if (manager)
        CloseServiceHandle(manager);
    if (handle)
        return handle;
    if (!manager || failure != ERROR_SERVICE_EXISTS) {
        system_service_error(service, manager ? "CreateService" : "OpenSCManager", failure, error);
        return NULL;
    }
    handle = system_service_open(service, SERVICE_ALL_ACCESS, error);
    if (!handle || ChangeServiceConfigW(handle, SERVICE_NO_CHANGE, SERVICE_AUTO_START, SERVICE_NO_CHANGE, line, NULL,
                                        NULL, NULL, service->account, NULL, service->title))
        return handle;
    system_service_error(service, "ChangeServiceConfig", GetLastError(), error);
    CloseServiceHandle(handle);
    return NULL;
}

/* A version of Windows that does not know the one or the other leaves it out, as wine does. */
static int configure(const struct system_service *service, SC_HANDLE handle, struct error *error) {
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 5000}, {SC_ACTION_RESTART, 30000}, {SC_ACTION_RESTART, 60000}};
    SERVICE_FAILURE_ACTIONSW failures = {.dwResetPeriod = FORGET_FAILURES_S,
                                         .cActions = sizeof actions / sizeof *actions,
                                         .lpsaActions = actions};
    SERVICE_FAILURE_ACTIONS_FLAG also_by_code = {TRUE};
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_PRESHUTDOWN_INFO shutdown = {SHUTDOWN_MS};
    wchar_t about[ABOUT_ROOM], privileges[] = L"SeChangeNotifyPrivilege\0";
    SERVICE_DESCRIPTIONW description = {about};
    SERVICE_REQUIRED_PRIVILEGES_INFOW required = {privileges};
    const struct {
        DWORD what;
        void *value;
    } settings[] = {{SERVICE_CONFIG_DESCRIPTION, &description},
                    {SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed},
                    {SERVICE_CONFIG_PRESHUTDOWN_INFO, &shutdown},
                    {SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required},
                    {SERVICE_CONFIG_SERVICE_SID_INFO, &sid},
                    {SERVICE_CONFIG_FAILURE_ACTIONS, &failures},
                    {SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_by_code}};

    snwprintf(about, ABOUT_ROOM, L"%ls", service->about);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!ChangeServiceConfig2W(handle, settings[i].what, settings[i].value) &&
            GetLastError() != ERROR_INVALID_LEVEL)
            return system_service_error(service, "ChangeServiceConfig2", GetLastError(), error);
    return 0;
}

/* ---- the registry ---- */

/* The .exe has the words for the Event Log. */
static int register_source(const struct installation *made, struct error *error) {
    DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    wchar_t source[PATH_ROOM], *program = wide_of(made->program);
    LSTATUS failure = ERROR_NOT_ENOUGH_MEMORY;

    snwprintf(source, PATH_ROOM, EVENT_SOURCES L"%ls", made->service->name);
    if (program)
        failure = RegSetKeyValueW(HKEY_LOCAL_MACHINE, source, L"EventMessageFile", REG_EXPAND_SZ, program,
                                  (DWORD)((wcslen(program) + 1) * sizeof *program));
    free(program);
    if (!failure)
        failure = RegSetKeyValueW(HKEY_LOCAL_MACHINE, source, L"TypesSupported", REG_DWORD, &types, sizeof types);
    return failure ? system_service_error(made->service, "RegSetKeyValue", (DWORD)failure, error) : 0;
}

/* ---- all of it ---- */

static int install(const struct installation *made, struct error *error) {
    wchar_t *line = wide_line(made->line);
    SC_HANDLE handle = NULL;

    if (!line)
        return error_set(error, "out of memory");
    handle = create(made->service, line, error);
    free(line);
    if (!handle)
        return -1;
    int failed = configure(made->service, handle, error) || register_source(made, error) ? -1 : 0;
    CloseServiceHandle(handle);
    return failed;
}

int system_service_install(const struct system_service *service, const char *self, int argc, char **argv,
                           struct error *error) {
    struct installation made = {.service = service};
    int failed = -1;

    (void)self;
    made.program = find_program(service->program, error);
    made.folder = made.program ? system_service_folder(service, error) : NULL;
    if (made.folder && set_lines(&made, argc, argv, error) == 0 && join(&made, error) == 0 &&
        run_once(&made, made.check, error) == 0 && install(&made, error) == 0) {
        free(made.folder); /* what was made meanwhile is to be the service's, too */
        made.folder = system_service_folder(service, error);
        failed = made.folder ? 0 : -1;
    }
    free(made.program);
    free(made.folder);
    free(made.option);
    free(made.line);
    free(made.check);
    return failed;
}

int system_service_uninstall(const struct system_service *service, struct error *error) {
    wchar_t source[PATH_ROOM];
    SC_HANDLE handle = system_service_open(service, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, error);
    int failed = handle ? system_service_stop(service, handle, error) : -1;

    if (!failed && !DeleteService(handle))
        failed = system_service_error(service, "DeleteService", GetLastError(), error);
    if (handle)
        CloseServiceHandle(handle);
    snwprintf(source, PATH_ROOM, EVENT_SOURCES L"%ls", service->name);
    if (!failed)
        (void)RegDeleteTreeW(HKEY_LOCAL_MACHINE, source);
    return failed;
}
