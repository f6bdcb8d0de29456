/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* program_requests_windows: see program_requests.h. */
#include "config.h"

#include "lib/os/program_requests.h"

#include <stddef.h>
#include <windows.h>

static struct {
    SRWLOCK lock;
    unsigned pending; /* bits */
    void (*on_request)(void *context);
    void *context;
} requests = {.lock = SRWLOCK_INIT};

static void pass_on(void) {
    if (requests.on_request && requests.pending)
        requests.on_request(requests.context);
}

bool program_request(enum program_request request) {
    AcquireSRWLockExclusive(&requests.lock);
    bool is_received = requests.on_request;
    requests.pending |= 1U << request;
    pass_on();
    ReleaseSRWLockExclusive(&requests.lock);
    return is_received;
}

void program_requests_receive(void (*on_request)(void *context), void *context) {
    AcquireSRWLockExclusive(&requests.lock);
    requests.on_request = on_request;
    requests.context = context;
    pass_on();
    ReleaseSRWLockExclusive(&requests.lock);
}

bool program_requests_take(enum program_request request) {
    AcquireSRWLockExclusive(&requests.lock);
    bool is_pending = requests.pending & 1U << request;
    requests.pending &= ~(1U << request);
    ReleaseSRWLockExclusive(&requests.lock);
    return is_pending;
}
