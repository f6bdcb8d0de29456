/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* event_log_windows: see event_log.h. */
#include "config.h"

#include "lib/os/event_log.h"

#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <stdlib.h>
#include <windows.h>

struct event_log {
    HANDLE handle;
};

/* What messages.mc makes of its numbers 1 to 4: how grave it is stands in the upper bits, too. */
static const struct {
    WORD type;
    DWORD message;
} kinds[] = {
    [EVENT_LOG_ERROR] = {EVENTLOG_ERROR_TYPE, 0xC0000001},
    [EVENT_LOG_WARNING] = {EVENTLOG_WARNING_TYPE, 0x80000002},
    [EVENT_LOG_INFO] = {EVENTLOG_INFORMATION_TYPE, 0x40000003},
    [EVENT_LOG_DEBUG] = {EVENTLOG_INFORMATION_TYPE, 0x40000004},
};

struct event_log *event_log_open(const char *source, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    struct event_log *log = calloc(1, sizeof *log);
    wchar_t *name = log ? wide_of(source) : NULL;

    if (!name) {
        error_set(error, "out of memory for the Event Log");
        free(log);
        return NULL;
    }
    log->handle = RegisterEventSourceW(NULL, name);
    free(name);
    if (log->handle)
        return log;
    error_set(error, "cannot open the Event Log: %s", system_error_text(GetLastError(), words));
    free(log);
    return NULL;
}

void event_log_close(struct event_log *log) {
    if (!log)
        return;
    DeregisterEventSource(log->handle);
    free(log);
}

bool event_log_write(const struct event_log *log, enum event_log_level level, const char *text) {
    wchar_t *wide = wide_of(text);
    const wchar_t *texts[] = {wide};

    if (!wide) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return false;
    }
    bool is_taken = ReportEventW(log->handle, kinds[level].type, 0, kinds[level].message, NULL, 1, 0, texts, NULL);
    DWORD failure = GetLastError();
    free(wide);
    SetLastError(failure);
    return is_taken;
}
