/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ssh: an SSH server of the test's own, and how a client gets into it.
 * Runs on: a test's main thread. Owns: nothing but what the sandbox owns.
 */
#ifndef MUNNEL_SCENARIO_SSH_H
#define MUNNEL_SCENARIO_SSH_H

#include "harness/sandbox.h"

uint16_t ssh_start_daemon(struct sandbox *sandbox, const char *sshd); /* its port of 127.0.0.1, where it listens */
/* The file for "ssh -F FILE 127.0.0.1 COMMAND", which connects to `port` and is let in by that daemon. */
const char *ssh_configure(struct sandbox *sandbox, uint16_t port);
/*
 * Copies a file to the far side and back by one session, in parts: once a part flows, `disturb` is called with its
 * number, and the next part begins after that. Fails the test unless the SHA-256 of what has come is right on both
 * sides.
 */
enum { SSH_COPY_PARTS = 4 }; /* the last one is not disturbed */
void ssh_copy_disturbed(struct sandbox *sandbox, const char *ssh, uint16_t port,
                        void (*disturb)(void *context, unsigned part), void *context);

#endif
