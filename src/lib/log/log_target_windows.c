/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_target_windows: a stream, a file, or the Event Log. log_target_posix.c is its counterpart.
 *
 * Others may rename or remove a file of the log while it is open, for a rotation. The Event Log has an entry for each
 * record; its level is that of the priority which stands before the text, as for a stream that systemd's journal reads.
 * Runs on: see log_target.h. Owns: the handle that it opened.
 */
#include "config.h"

#include "lib/log/log_target.h"

#include "lib/base/path.h"
#include "lib/base/system_errno.h"
#include "lib/base/wide.h"
#include "lib/os/event_log.h"
#include "lib/os/program_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <windows.h>

enum { SOURCE_TEXT = 64, MOST_AT_ONCE = 1 << 20, PRIORITY_LENGTH = 3 /* "<4>" */ };
#define EVENT_LOG "eventlog"

struct windows_target {
    struct log_target common; /* first */
    HANDLE handle;
    bool is_own;                 /* to be closed */
    struct event_log *event_log; /* instead of the handle */
};

static bool is_event_log(const char *to) {
    return strcmp(to, EVENT_LOG) == 0;
}

static bool is_stream(const char *to) {
    return strcmp(to, "stderr") == 0 || strcmp(to, "stdout") == 0;
}

/* Of other systems: no file is meant. */
static bool is_foreign(const char *to) {
    return strcmp(to, "syslog") == 0 || strcmp(to, "journal") == 0;
}

static int refuse_foreign(const char *to, struct error *error) {
    return error_set(error, "there is no %s on Windows; write \"" EVENT_LOG "\" or a file", to);
}

bool log_target_is_file(const char *to) {
    return !is_stream(to) && !is_event_log(to) && !is_foreign(to);
}

bool log_target_is_journal(int fd) {
    (void)fd;
    return false;
}

static HANDLE open_path(const char *path, DWORD rights, DWORD creation, DWORD flags) {
    wchar_t *wide = path_to_wide(path);
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (wide)
        handle = CreateFileW(wide, rights, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, creation,
                             FILE_ATTRIBUTE_NORMAL | flags, NULL);
    else
        SetLastError(ERROR_INVALID_NAME);
    free(wide);
    return handle;
}

static HANDLE open_file(const char *path) {
    return open_path(path, FILE_APPEND_DATA | SYNCHRONIZE, OPEN_ALWAYS, 0);
}

/* ---- could it be opened? ---- */

static bool is_folder(const char *path) {
    wchar_t *wide = path_to_wide(path);
    DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    free(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

static bool can_open(const char *path, DWORD rights, DWORD flags) {
    HANDLE handle = open_path(path, rights, OPEN_EXISTING, flags);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(handle);
    return true;
}

static int check_folder(const char *path, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    char *folder = path_beside(path, ".");
    int result = 0;
    if (!folder)
        return error_set(error, "out of memory");
    if (!is_folder(folder))
        result = error_set(error, "there is no folder for \"%s\"; make it first", path);
    else if (!can_open(folder, FILE_ADD_FILE, FILE_FLAG_BACKUP_SEMANTICS))
        result = error_set(error,
                           "cannot make \"%s\": its folder: %s; make the file for the account that writes it, or name "
                           "another",
                           path, system_error_text(GetLastError(), words));
    free(folder);
    return result;
}

int log_check_target(const char *to, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    if (is_foreign(to))
        return refuse_foreign(to, error);
    if (!log_target_is_file(to))
        return 0;
    if (is_folder(to))
        return error_set(error, "\"%s\" is a folder; name a file in it", to);
    if (can_open(to, FILE_APPEND_DATA, 0))
        return 0;
    if (GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)
        return check_folder(to, error);
    return error_set(error, "cannot write \"%s\": %s; give it to the account that writes it, or name another", to,
                     system_error_text(GetLastError(), words));
}

/* ---- opening ---- */

/* Consoles print escape sequences as text until ENABLE_VIRTUAL_TERMINAL_PROCESSING is set (Windows 10). */
static void open_stream(struct windows_target *target, const char *to) {
    DWORD mode;
    target->handle = GetStdHandle(strcmp(to, "stderr") == 0 ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    target->common.has_colours = GetConsoleMode(target->handle, &mode) && !getenv("NO_COLOR") &&
                                 SetConsoleMode(target->handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

/* "munneld" of C:\Program Files\Munnel\munneld.exe. */
static void find_source(char source[SOURCE_TEXT]) {
    wchar_t wide[MAX_PATH] = L"";
    DWORD length = GetModuleFileNameW(NULL, wide, MAX_PATH);
    char *path = length < MAX_PATH ? wide_to_utf8(wide) : NULL;
    const char *name = path ? path_name(path) : "munnel";
    snprintf(source, SOURCE_TEXT, "%.*s", (int)strcspn(name, "."), name);
    free(path);
}

static int open_event_log(struct windows_target *target, struct error *error) {
    char source[SOURCE_TEXT];
    find_source(source);
    target->event_log = event_log_open(source, error);
    target->common.envelope = LOG_ENVELOPE_PRIORITY;
    return target->event_log ? 0 : -1;
}

static int set_file(struct windows_target *target, const char *to, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    target->common.path = strdup(to);
    if (!target->common.path)
        return error_set(error, "out of memory for the log");
    target->handle = open_file(to);
    target->is_own = target->handle != INVALID_HANDLE_VALUE;
    return target->is_own
               ? 0
               : error_set(error, "cannot open the log %s: %s", to, system_error_text(GetLastError(), words));
}

struct log_target *log_target_open(enum log_format format, const char *to, struct error *error) {
    struct windows_target *target = calloc(1, sizeof *target);
    int result = 0;
    (void)format;
    if (!target) {
        error_set(error, "out of memory for the log");
        return NULL;
    }
    if (is_foreign(to))
        result = refuse_foreign(to, error);
    else if (is_event_log(to) || (is_stream(to) && program_service_is_one())) /* nothing reads its streams */
        result = open_event_log(target, error);
    else if (is_stream(to))
        open_stream(target, to);
    else
        result = set_file(target, to, error);
    if (result == 0)
        return &target->common;
    log_target_free(&target->common);
    return NULL;
}

static struct windows_target *windows_of(struct log_target *target) {
    return (struct windows_target *)target;
}

void log_target_free(struct log_target *common) {
    struct windows_target *target = windows_of(common);
    if (!target)
        return;
    if (target->is_own)
        CloseHandle(target->handle);
    event_log_close(target->event_log);
    free(common->path);
    free(target);
}

/* ---- the log's thread ---- */

int log_target_reopen(struct log_target *common) {
    struct windows_target *target = windows_of(common);
    if (!common->path)
        return 0;
    HANDLE handle = open_file(common->path);
    if (handle == INVALID_HANDLE_VALUE)
        return system_errno_set();
    CloseHandle(target->handle);
    target->handle = handle;
    return 0;
}

static ssize_t write_stream(HANDLE handle, const struct iovec *part) {
    DWORD size = part->iov_len > MOST_AT_ONCE ? MOST_AT_ONCE : (DWORD)part->iov_len, written = 0;
    return WriteFile(handle, part->iov_base, size, &written, NULL) ? (ssize_t)written : -1;
}

static enum event_log_level level_of(char severity) {
    return severity <= '3'   ? EVENT_LOG_ERROR
           : severity == '4' ? EVENT_LOG_WARNING
           : severity <= '6' ? EVENT_LOG_INFO
                             : EVENT_LOG_DEBUG;
}

/* Copies the record at `skip`, without its newline. Returns its length with it; 0: there is none. */
static size_t copy_record(char record[LOG_RECORD_SIZE], const struct iovec *parts, int count, size_t skip) {
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        const char *bytes = parts[i].iov_base;
        size_t at = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        skip -= at;
        for (; at < parts[i].iov_len && length < LOG_RECORD_SIZE; at++) {
            record[length++] = bytes[at];
            if (bytes[at] != '\n')
                continue;
            record[length - 1] = '\0';
            return length;
        }
    }
    return 0;
}

static ssize_t write_events(const struct event_log *event_log, const struct iovec *parts, int count) {
    char record[LOG_RECORD_SIZE];
    size_t done = 0, length;
    while ((length = copy_record(record, parts, count, done)) > 0) {
        size_t prefix = length > PRIORITY_LENGTH ? PRIORITY_LENGTH : 0;
        if (!event_log_write(event_log, level_of(record[1]), record + prefix))
            return done > 0 ? (ssize_t)done : -1;
        done += length;
    }
    return (ssize_t)done;
}

ssize_t log_target_write(const struct log_target *common, const struct iovec *parts, int count, unsigned *lost) {
    const struct windows_target *target = (const struct windows_target *)common;
    *lost = 0;
    return target->event_log ? write_events(target->event_log, parts, count) : write_stream(target->handle, &parts[0]);
}
