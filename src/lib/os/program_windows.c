/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_windows: see program.h.
 * Ctrl-C asks to stop as SIGINT does elsewhere. When the console's window is closed, the user logs off or the machine
 * shuts down, Windows ends the process five seconds later: a second request to stop comes before that.
 */
#include "config.h"

#include "lib/os/program.h"

#include "lib/base/system_error.h"
#include "lib/base/wide.h"
#include "lib/os/privilege.h"
#include "lib/os/program_requests.h"
#include "lib/os/program_service.h"
#include "lib/os/standard_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <winsock2.h>

#include <shellapi.h>
#include <windows.h>

enum { GRACE_MS = 4000, REST_MS = 60000 };

/* ---- the console ---- */

static BOOL WINAPI on_console(DWORD event) {
    if (program_service_is_one()) /* someone else logs off; what concerns it, the service manager asks */
        return TRUE;
    if (!program_request(PROGRAM_STOP)) /* nothing could finish in order: the process ends at once */
        return FALSE;
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT)
        return TRUE;
    Sleep(GRACE_MS);
    program_request(PROGRAM_STOP);
    Sleep(REST_MS); /* once this returns, the process ends */
    return TRUE;
}

/* UTF-8, and the escape sequences for colours. Returns the code page that the console had; 0: there is none. */
static UINT prepare_console(void) {
    static const DWORD streams[] = {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    UINT before = GetConsoleOutputCP();
    DWORD mode;

    if (before)
        SetConsoleOutputCP(CP_UTF8);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        HANDLE stream = GetStdHandle(streams[i]);
        if (GetConsoleMode(stream, &mode))
            SetConsoleMode(stream, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    }
    return before;
}

/* ---- arguments ---- */

static void free_arguments(char **argv) {
    for (size_t i = 0; argv && argv[i]; i++)
        free(argv[i]);
    free(argv);
}

static char **copy_arguments(wchar_t **wide, int count) {
    char **argv = calloc((size_t)count + 1, sizeof *argv);

    for (int i = 0; argv && i < count; i++) {
        argv[i] = wide_to_utf8(wide[i]);
        if (!argv[i]) {
            free_arguments(argv);
            return NULL;
        }
    }
    return argv;
}

/* Those of main() are in the machine's code page, which lacks characters. */
static char **read_arguments(int *argc) {
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argc);
    char **argv = wide ? copy_arguments(wide, *argc) : NULL;

    LocalFree(wide);
    return argv;
}

/* ---- the start ---- */

static int start_sockets(struct error *error) {
    WSADATA data;
    char words[SYSTEM_ERROR_TEXT];
    int failure = WSAStartup(MAKEWORD(2, 2), &data);

    return failure ? error_set(error, "WSAStartup: %s", system_error_text((DWORD)failure, words)) : 0;
}

static int prepare(const struct program *program, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];

    if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32))
        return error_set(error, "SetDefaultDllDirectories: %s", system_error_text(GetLastError(), words));
    if (standard_streams_open(error) || start_sockets(error))
        return -1;
    if (!program->is_daemon)
        return 0;
    privilege_seal();
    return SetConsoleCtrlHandler(on_console, TRUE)
               ? 0
               : error_set(error, "SetConsoleCtrlHandler: %s", system_error_text(GetLastError(), words));
}

static int run(const struct program *program) {
    int argc;
    char **argv = read_arguments(&argc);

    if (!argv) {
        fprintf(stderr, "%s: its arguments are no text, or memory lacks for them\n", program->name);
        return EXIT_FAILURE;
    }
    int code = program->is_daemon && program_service_is_asked(argc, argv) ? program_service_run(program, argc, argv)
                                                                          : program->run(argc, argv);
    free_arguments(argv);
    return code;
}

int program_run(const struct program *program, int argc, char **argv) {
    struct error error = {""};

    (void)argc, (void)argv;
    if (prepare(program, &error)) {
        fprintf(stderr, "%s: %s\n", program->name, error.text);
        return EXIT_FAILURE;
    }
    UINT code_page = prepare_console();
    int code = run(program);
    fflush(stdout);
    if (code_page)
        SetConsoleOutputCP(code_page);
    return code;
}
