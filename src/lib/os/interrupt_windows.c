/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * interrupt_windows: see interrupt.h. interrupt_posix.c is its counterpart.
 */
#include "config.h"

#include "lib/os/interrupt.h"

#include "lib/os/program_requests.h"

#include <windows.h>

enum { LOOK_MS = 50, GRACE_MS = 2000 /* in which the tool ends when its console is closed */ };

static BOOL WINAPI on_console(DWORD event) {
    (void)program_request(PROGRAM_STOP);
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        Sleep(GRACE_MS);
    return TRUE;
}

void interrupt_hold(void) {
    (void)SetConsoleCtrlHandler(on_console, TRUE);
}

bool interrupt_wait(unsigned most_ms) {
    for (unsigned waited_ms = 0; !program_requests_take(PROGRAM_STOP); waited_ms += LOOK_MS) {
        if (waited_ms >= most_ms)
            return false;
        Sleep(LOOK_MS);
    }
    return true;
}
