/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * power_notice_windows: see power_notice.h. By a callback, since that needs neither a window nor the handler of a
 * service, and works in both.
 */
#include "config.h"

#include "lib/net/power_notice.h"

#include <stdlib.h>

#include <winsock2.h>

#include <windows.h>

/* Of <powrprof.h>; the headers of mingw-w64 lack them. */
struct subscription {
    ULONG(CALLBACK *routine)(PVOID context, ULONG type, PVOID setting);
    PVOID context;
};
enum { AS_CALLBACK = 2 };
DWORD WINAPI PowerRegisterSuspendResumeNotification(DWORD flags, HANDLE recipient, PVOID *registration);
DWORD WINAPI PowerUnregisterSuspendResumeNotification(PVOID registration);

struct power_notice {
    SRWLOCK lock;
    void (*on_resume)(void *context); /* NULL: it has ended */
    void *context;
    void *registration;
};

/* PBT_APMRESUMEAUTOMATIC comes after each sleep, whether a user or a timer has ended it. */
unsigned long power_notice_take(void *context, unsigned long type, void *setting) {
    struct power_notice *notice = context;
    (void)setting;
    AcquireSRWLockExclusive(&notice->lock);
    if (type == PBT_APMRESUMEAUTOMATIC && notice->on_resume)
        notice->on_resume(notice->context);
    ReleaseSRWLockExclusive(&notice->lock);
    return ERROR_SUCCESS;
}

static ULONG CALLBACK on_power(PVOID context, ULONG type, PVOID setting) {
    return power_notice_take(context, type, setting);
}

struct power_notice *power_notice_begin(void (*on_resume)(void *context), void *context) {
    struct power_notice *notice = calloc(1, sizeof *notice);
    struct subscription how = {on_power, notice};
    if (!notice)
        return NULL;
    InitializeSRWLock(&notice->lock);
    notice->on_resume = on_resume;
    notice->context = context;
    if (PowerRegisterSuspendResumeNotification(AS_CALLBACK, &how, &notice->registration) == ERROR_SUCCESS)
        return notice;
    free(notice);
    return NULL;
}

/* The few bytes stay: nothing promises that no callback runs after the call. */
void power_notice_end(struct power_notice *notice) {
    if (!notice)
        return;
    (void)PowerUnregisterSuspendResumeNotification(notice->registration);
    AcquireSRWLockExclusive(&notice->lock);
    notice->on_resume = NULL;
    ReleaseSRWLockExclusive(&notice->lock);
}
