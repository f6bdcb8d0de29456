/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * child_windows: see child.h.
 */
#include "config.h"

#include "ctl/child.h"

#include "lib/base/path.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"
#include "lib/os/command_line.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MOST = 32768, FILE_TEXT = 128, STREAMS = 3 };

/* ---- where it is ---- */

/* A path whose folder is meant; malloc'ed, NULL without memory. */
static char *path_in(enum child_place place) {
    wchar_t *wide = malloc(PATH_MOST * sizeof *wide);
    char *path = NULL;
    if (!wide)
        return NULL;
    DWORD length =
        place == CHILD_BESIDE ? GetModuleFileNameW(NULL, wide, PATH_MOST) : GetSystemDirectoryW(wide, PATH_MOST - 2);
    if (length > 0 && length < PATH_MOST - 2) {
        wcscpy(wide + length, place == CHILD_BESIDE ? L"" : L"\\.");
        path = wide_to_utf8(wide);
    }
    free(wide);
    return path;
}

static bool is_file(const char *path) {
    wchar_t *wide = path_to_wide(path);
    DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    free(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

char *child_find(const char *name, enum child_place place) {
    char file[FILE_TEXT], *folder = path_in(place);
    snprintf(file, sizeof file, "%s.exe", name);
    char *path = folder ? path_beside(folder, file) : NULL;
    free(folder);
    if (path && is_file(path))
        return path;
    free(path);
    return NULL;
}

/* ---- starting ---- */

static int fail(const char *call, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "%s: %s", call, system_error_text(GetLastError(), words));
}

static HANDLE make_job(void) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
        .BasicLimitInformation = {.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE}};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job && !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits)) {
        CloseHandle(job);
        return NULL;
    }
    return job;
}

/* Copies that a child may inherit. Returns how many there are. */
static DWORD copy_streams(const struct child_streams *streams, HANDLE copies[STREAMS], HANDLE list[STREAMS]) {
    const HANDLE all[STREAMS] = {streams->input, streams->output, streams->error};
    DWORD count = 0;
    for (size_t i = 0; i < STREAMS; i++) {
        copies[i] = NULL;
        if (all[i] && all[i] != INVALID_HANDLE_VALUE &&
            DuplicateHandle(GetCurrentProcess(), all[i], GetCurrentProcess(), &copies[i], 0, TRUE,
                            DUPLICATE_SAME_ACCESS))
            list[count++] = copies[i];
    }
    return count;
}

/* Suspended, so that it is in the job before it can start another one. */
static bool create(PROCESS_INFORMATION *made, const wchar_t *path, wchar_t *line, STARTUPINFOEXW *start, HANDLE *list,
                   DWORD count) {
    SIZE_T size = 0;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = malloc(size);
    bool is_made = false;
    if (attributes && InitializeProcThreadAttributeList(attributes, 1, 0, &size)) {
        start->lpAttributeList = attributes;
        is_made = (count == 0 || UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, list,
                                                           count * sizeof *list, NULL, NULL)) &&
                  CreateProcessW(path, line, NULL, NULL, count > 0, CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT,
                                 NULL, NULL, &start->StartupInfo, made);
        DWORD number = GetLastError();
        DeleteProcThreadAttributeList(attributes);
        SetLastError(number);
    }
    free(attributes);
    return is_made;
}

static bool start_suspended(PROCESS_INFORMATION *made, const wchar_t *path, wchar_t *line,
                            const struct child_streams *streams) {
    HANDLE copies[STREAMS], list[STREAMS];
    DWORD count = copy_streams(streams, copies, list);
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start,
                                            .dwFlags = STARTF_USESTDHANDLES,
                                            .hStdInput = copies[0],
                                            .hStdOutput = copies[1],
                                            .hStdError = copies[2]}};
    bool is_made = create(made, path, line, &start, list, count);
    DWORD number = GetLastError();
    for (DWORD i = 0; i < count; i++)
        CloseHandle(list[i]);
    SetLastError(number);
    return is_made;
}

static int start_in_job(struct child *child, const wchar_t *path, wchar_t *line, const struct child_streams *streams,
                        struct error *error) {
    PROCESS_INFORMATION made;
    child->job = make_job();
    if (!child->job)
        return fail("CreateJobObject", error);
    if (!start_suspended(&made, path, line, streams)) {
        (void)fail("CreateProcess", error);
        CloseHandle(child->job);
        return -1;
    }
    child->process = made.hProcess;
    bool is_in = AssignProcessToJobObject(child->job, made.hProcess);
    if (is_in)
        (void)ResumeThread(made.hThread);
    else
        (void)fail("AssignProcessToJobObject", error);
    CloseHandle(made.hThread);
    if (is_in)
        return 0;
    child_done(child);
    return -1;
}

int child_start(struct child *child, const char *path, char *const *argv, const struct child_streams *streams,
                struct error *error) {
    char *text = command_line_of((const char *const *)argv);
    wchar_t *line = text ? wide_of(text) : NULL, *wide = path_to_wide(path);
    int result = line && wide ? start_in_job(child, wide, line, streams, error) : error_set(error, "out of memory");
    free(text);
    free(line);
    free(wide);
    return result;
}

int child_wait(const struct child *child, DWORD ms) {
    DWORD code;
    if (WaitForSingleObject(child->process, ms) != WAIT_OBJECT_0 || !GetExitCodeProcess(child->process, &code))
        return -1;
    return (int)(code & INT32_MAX);
}

void child_done(struct child *child) {
    (void)TerminateProcess(child->process, EXIT_FAILURE); /* fails for one that has ended */
    CloseHandle(child->process);
    CloseHandle(child->job);
}
