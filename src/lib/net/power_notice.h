/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * power_notice: Windows' own notice that the machine has come back from sleep. Only files of Windows include it.
 * Runs on: any thread; on_resume() on one of the system's. Owns: nothing of the caller's.
 */
#ifndef MUNNEL_LIB_NET_POWER_NOTICE_H
#define MUNNEL_LIB_NET_POWER_NOTICE_H

struct power_notice;

/* NULL: out of memory, or the system gives no such notice. */
struct power_notice *power_notice_begin(void (*on_resume)(void *context), void *context);
void power_notice_end(struct power_notice *notice); /* on_resume() is not called any more; NULL is allowed */

/* What the system calls, with a PBT_ value; for tests. */
unsigned long power_notice_take(void *notice, unsigned long type, void *setting);

#endif
