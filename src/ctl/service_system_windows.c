/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* service_system_windows: see service_system.h. */
#include "config.h"

#include "ctl/service_system.h"

#include "ctl/admin_command.h"
#include "ctl/commands.h"
#include "ctl/service_system_priv.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, PAUSE_MS = 100 };

static const struct system_service services[] = {
    {"munneld", L"munneld", L"NT SERVICE\\munneld", L"Munnel server",
     L"Relays clients to destinations behind firewalls, which its agents reach.", "--check", true, true},
    {"munnel-agent", L"munnel-agent", L"NT SERVICE\\munnel-agent", L"Munnel agent",
     L"Connects clients of its servers to destinations that it can reach.", "--check-config", false, false},
};
enum { SERVICES = sizeof services / sizeof *services };

/* ---- the service manager ---- */

int system_service_error(const struct system_service *service, const char *call, DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];

    if (number == ERROR_ACCESS_DENIED)
        return error_set(error, "%s: access is denied; run munnel as administrator", call);
    if (number == ERROR_SERVICE_DOES_NOT_EXIST)
        return error_set(error, "%s is not installed; munnel service install %s does that", service->program,
                         service->program);
    return error_set(error, "%s: %s", call, system_error_text(number, words));
}

SC_HANDLE system_service_open(const struct system_service *service, DWORD access, struct error *error) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE handle = manager ? OpenServiceW(manager, service->name, access) : NULL;
    DWORD failure = GetLastError();

    if (manager)
        CloseServiceHandle(manager);
    if (!handle)
        system_service_error(service, manager ? "OpenService" : "OpenSCManager", failure, error);
    return handle;
}

static int query(const struct system_service *service, SC_HANDLE handle, SERVICE_STATUS_PROCESS *status,
                 struct error *error) {
    DWORD size;

    if (QueryServiceStatusEx(handle, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof *status, &size))
        return 0;
    return system_service_error(service, "QueryServiceStatusEx", GetLastError(), error);
}

static int wait_for(const struct system_service *service, SC_HANDLE handle, DWORD wanted, struct error *error) {
    ULONGLONG deadline = GetTickCount64() + PATIENCE_MS;
    SERVICE_STATUS_PROCESS status;

    while (query(service, handle, &status, error) == 0) {
        if (status.dwCurrentState == wanted)
            return 0;
        if (status.dwCurrentState == SERVICE_STOPPED)
            return error_set(error,
                             "%s has ended at once, with exit code %lu; the Event Log (Application) has the reason",
                             service->program, status.dwServiceSpecificExitCode);
        if (GetTickCount64() >= deadline)
            return error_set(error, "%s takes longer than %d s; look later: munnel service status %s", service->program,
                             PATIENCE_MS / 1000, service->program);
        Sleep(PAUSE_MS);
    }
    return -1;
}

int system_service_stop(const struct system_service *service, SC_HANDLE handle, struct error *error) {
    SERVICE_STATUS status;

    if (!ControlService(handle, SERVICE_CONTROL_STOP, &status) && GetLastError() != ERROR_SERVICE_NOT_ACTIVE &&
        GetLastError() != ERROR_SERVICE_CANNOT_ACCEPT_CTRL) /* it stops already */
        return system_service_error(service, "ControlService", GetLastError(), error);
    return wait_for(service, handle, SERVICE_STOPPED, error);
}

static int start(const struct system_service *service, SC_HANDLE handle, struct error *error) {
    if (!StartServiceW(handle, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
        return system_service_error(service, "StartService", GetLastError(), error);
    return wait_for(service, handle, SERVICE_RUNNING, error);
}

/* ---- words ---- */

static const struct system_service *find_service(const char *name) {
    for (size_t i = 0; name && i < SERVICES; i++)
        if (strcmp(services[i].program, name) == 0)
            return &services[i];
    return NULL;
}

/* argv[0] is the command, argv[1] which of both. NULL after a line on standard error. */
static const struct system_service *read_service(int argc, char **argv, bool takes_more) {
    const struct system_service *service = find_service(argc > 1 ? argv[1] : NULL);

    if (!service)
        fprintf(stderr, "munnel service %s: name what it is for: munnel service %s munnel-agent, or munneld\n", argv[0],
                argv[0]);
    if (!service || takes_more || argc == 2)
        return service;
    fprintf(stderr, "munnel service %s: \"%.40s\" is one argument too many\n", argv[0], argv[2]);
    return NULL;
}

static int finish(const char *command, const struct system_service *service, int failed, const char *done,
                  const struct error *error) {
    if (failed) {
        fprintf(stderr, "munnel service %s: %s\n", command, error->text);
        return SUBCOMMAND_FAILED;
    }
    printf("%s %s\n", service->program, done);
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

static int run_with(int argc, char **argv, DWORD access,
                    int (*act)(const struct system_service *, SC_HANDLE, struct error *), const char *done) {
    const struct system_service *service = read_service(argc, argv, false);
    struct error error = {""};

    if (!service)
        return CMDLINE_USAGE_ERROR;
    SC_HANDLE handle = system_service_open(service, access | SERVICE_QUERY_STATUS, &error);
    int failed = handle ? act(service, handle, &error) : -1;
    if (handle)
        CloseServiceHandle(handle);
    return finish(argv[0], service, failed, done, &error);
}

static int run_start(const char *self, int argc, char **argv) {
    (void)self;
    return run_with(argc, argv, SERVICE_START, start, "runs");
}

static int run_stop(const char *self, int argc, char **argv) {
    (void)self;
    return run_with(argc, argv, SERVICE_STOP, system_service_stop, "is stopped");
}

static int run_install(const char *self, int argc, char **argv) {
    const struct system_service *service = read_service(argc, argv, true);
    struct error error = {""};

    if (!service)
        return CMDLINE_USAGE_ERROR;
    char done[256];
    int failed = system_service_install(service, self, argc - 1, argv + 1, &error);
    snprintf(done, sizeof done, "is installed and starts with Windows; now: munnel service start %s%s",
             service->program,
             service->has_clients ? "\nWindows Firewall keeps other machines from it until a rule lets them in; "
                                    "munnel(8) has one"
                                  : "");
    return finish(argv[0], service, failed, done, &error);
}

static int run_uninstall(const char *self, int argc, char **argv) {
    const struct system_service *service = read_service(argc, argv, false);
    struct error error = {""};

    (void)self;
    if (!service)
        return CMDLINE_USAGE_ERROR;
    int failed = system_service_uninstall(service, &error);
    return finish(argv[0], service, failed, "is no service any more; its files are left", &error);
}

/* ---- status ---- */

static const char *state_text(DWORD state) {
    switch (state) {
    case SERVICE_STOPPED:
        return "stopped";
    case SERVICE_START_PENDING:
        return "starting";
    case SERVICE_STOP_PENDING:
        return "stopping: its relays finish";
    case SERVICE_RUNNING:
        return "running";
    default:
        return "paused";
    }
}

static void print_configuration(SC_HANDLE handle) {
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192]; /* the most that there can be */
    } room;
    DWORD size;

    if (!QueryServiceConfigW(handle, &room.config, sizeof room, &size))
        return;
    char *line = wide_to_utf8(room.config.lpBinaryPathName), *account = wide_to_utf8(room.config.lpServiceStartName);
    printf("  as %s: %s\n", account ? account : "?", line ? line : "?");
    free(line);
    free(account);
}

/* True: it runs. */
static bool print_status(const struct system_service *service) {
    SERVICE_STATUS_PROCESS status;
    struct error error = {""};
    SC_HANDLE handle = system_service_open(service, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG, &error);

    if (!handle || query(service, handle, &status, &error)) {
        printf("%s: %s\n", service->program, error.text);
        if (handle)
            CloseServiceHandle(handle);
        return false;
    }
    printf("%s: %s", service->program, state_text(status.dwCurrentState));
    if (status.dwProcessId)
        printf(", process %lu", status.dwProcessId);
    else if (status.dwServiceSpecificExitCode)
        printf(", with exit code %lu", status.dwServiceSpecificExitCode);
    putchar('\n');
    print_configuration(handle);
    CloseServiceHandle(handle);
    return status.dwCurrentState == SERVICE_RUNNING;
}

/* One of them, or both. */
static int run_status(const char *self, int argc, char **argv) {
    const struct system_service *service = argc > 1 ? read_service(argc, argv, false) : NULL;
    bool runs = true;

    (void)self;
    if (argc > 1 && !service)
        return CMDLINE_USAGE_ERROR;
    for (size_t i = 0; i < SERVICES; i++)
        if (!service || service == &services[i])
            runs = print_status(&services[i]) && runs;
    return fflush(stdout) == 0 && runs ? 0 : SUBCOMMAND_FAILED;
}

/* ---- the table ---- */

static const struct subcommand commands[] = {
    {"install", .run = run_install, .arguments = "PROGRAM [OPTION]...",
     .help = "munneld or munnel-agent as a service of Windows"},
    {"uninstall", .run = run_uninstall, .arguments = "PROGRAM", .help = "no service any more; its files are left"},
    {"start", .run = run_start, .arguments = "PROGRAM", .help = "and wait until it runs"},
    {"stop", .run = run_stop, .arguments = "PROGRAM", .help = "its relays finish first, for up to 30 s"},
    {"status", .run = run_status, .arguments = "[PROGRAM]", .help = "of one or both"},
};
const struct subcommand_table service_system_table = {"munnel service", "Services of Windows:", commands,
                                                      sizeof commands / sizeof *commands};

static int print_help(void) {
    printf("%s\n\n", service_system_table.about);
    for (size_t i = 0; i < service_system_table.count; i++)
        printf("  munnel service %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    printf("\nPROGRAM is munneld or munnel-agent; options of install are those that it starts with.\n");
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

/* "remove munnel-agent" is meant for it, too; other names are those of services of the running server. */
static const struct subcommand *find_command(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "remove") == 0 && argc == 3 && find_service(argv[2]))
        word = "uninstall";
    return subcommand_find(commands, sizeof commands / sizeof *commands, word);
}

bool service_system_run(const char *self, int argc, char **argv, int *code) {
    const struct subcommand *command = find_command(argc, argv);

    if (!command)
        return false;
    bool wants_help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    *code = wants_help ? print_help() : command->run(self, argc - 1, argv + 1);
    return true;
}
