/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ssh: see ssh.h.
 */
#include "config.h"

#include "harness/ssh.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/socket.h"

#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 15 * 1000 * 1000, FLOWS_MS = 30000, COPIED_MS = 60000 };

static const char *make_key(struct sandbox *sandbox, const char *name) {
    const char *path = sandbox_path(sandbox, "%s", name);
    int code = sandbox_do(sandbox, name, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL);
    ck_assert_int_eq(code, 0);
    return path;
}

uint16_t ssh_start_daemon(struct sandbox *sandbox, const char *sshd) {
    uint16_t port = port_take();
    const char *host = make_key(sandbox, "host_key"), *own = make_key(sandbox, "id");
    const char *file = sandbox_write(sandbox, "sshd_config",
                                     sandbox_text(sandbox,
                                                  "Port %u\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\n"
                                                  "AuthorizedKeysFile %s.pub\nStrictModes no\nUsePAM no\n"
                                                  "PasswordAuthentication no\nPermitRootLogin yes\n",
                                                  port, host, own),
                                     false);
    mkdir("/run/sshd", 0755); /* its service would make it */
    sandbox_run(sandbox, "sshd", sshd, "-D", "-e", "-f", file, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
    return port;
}

const char *ssh_configure(struct sandbox *sandbox, uint16_t port) {
    return sandbox_write(sandbox, "ssh_config",
                         sandbox_text(sandbox,
                                      "Port %u\nIdentityFile %s\nIdentitiesOnly yes\nBatchMode yes\n"
                                      "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n",
                                      port, sandbox_path(sandbox, "id")),
                         false);
}

/* ---- a copy that is disturbed ---- */

static bool has_come(const char *path, long long bytes) {
    struct stat found;

    return stat(path, &found) == 0 && found.st_size > bytes;
}

/* A reader waits for it. */
static bool open_gate(const char *path) {
    int gate = open(path, O_WRONLY | O_NONBLOCK);

    if (gate >= 0)
        close(gate);
    return gate >= 0;
}

/* The parts of `data` for standard output, a FIFO between two of them: whoever reads it waits until it is opened. */
static const char *make_source(struct sandbox *sandbox, const char *data) {
    const char *source = "";

    for (unsigned i = 0; i + 1 < SSH_COPY_PARTS; i++) {
        const char *gate = sandbox_path(sandbox, "gate%u", i);
        ck_assert_int_eq(mkfifo(gate, 0600), 0);
        source = sandbox_text(sandbox, "%shead -c %d; : < %s; ", source, PART, gate);
    }
    return sandbox_text(sandbox, "{ %scat; } < %s", source, data);
}

void ssh_copy_disturbed(struct sandbox *sandbox, const char *ssh, uint16_t port,
                        void (*disturb)(void *context, unsigned part), void *context) {
    const char *data = sandbox_path(sandbox, "data"), *there = sandbox_path(sandbox, "there");
    const char *make = sandbox_text(sandbox, "head -c %d /dev/urandom > %s", SSH_COPY_PARTS * PART, data);
    const char *copy =
        sandbox_text(sandbox,
                     "test \"$(%s | %s -F %s 127.0.0.1 'tee %s' | sha256sum)\" = \"$(sha256sum < %s)\" "
                     "&& test \"$(sha256sum < %s)\" = \"$(sha256sum < %s)\"",
                     make_source(sandbox, data), ssh, ssh_configure(sandbox, port), there, data, there, data);

    ck_assert_int_eq(sandbox_do(sandbox, "random", "sh", "-c", make, NULL), 0);
    struct process *process = sandbox_run(sandbox, "copy", "sh", "-c", copy, NULL);
    for (unsigned i = 0; i + 1 < SSH_COPY_PARTS; i++) {
        ck_assert_msg(HOLDS_WITHIN(FLOWS_MS, has_come(there, (long long)i * PART + PART / 8)), "part %u does not flow",
                      i);
        disturb(context, i);
        ck_assert_msg(HOLDS_WITHIN(FLOWS_MS, open_gate(sandbox_path(sandbox, "gate%u", i))), "part %u is not read", i);
    }
    ck_assert_int_eq(process_wait(process, COPIED_MS), 0);
}
