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
#include <sys/stat.h>

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
