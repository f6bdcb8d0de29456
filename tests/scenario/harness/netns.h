/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * netns: machines of a test: network namespaces with veth pairs between them, which need root and ip of iproute2.
 *
 * The test's thread is in one of them at each time, and what it starts is there too. They go with the test's process.
 * Runs on: a test's main thread. Owns: nothing; a namespace is a descriptor, which the caller closes.
 */
#ifndef MUNNEL_SCENARIO_NETNS_H
#define MUNNEL_SCENARIO_NETNS_H

#include <stdbool.h>

bool netns_may_be_made(void); /* or the test has to be skipped */
int netns_new(void);          /* and enters it */
void netns_enter(int netns);

/* A command of the shell, in the namespace that was entered last; false: it failed. */
bool netns_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes a pair: `device` in the namespace that was entered last, `other_device` in `other`. False: no veth here. */
bool netns_connect(const char *device, int other, const char *other_device);

#endif
