/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_access_windows: who may connect to a Unix socket is for its folder to say, since there are neither modes nor
 * owners by name here: what asks for them is refused, rather than served by anybody.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/net/sock.h"

int sock_check_owner(const char *owner, struct error *error) {
    return error_set(error,
                     "\"%s\": a socket has no owner on Windows; leave it out, and let the rights of its folder say "
                     "who may connect",
                     owner);
}

int sock_check_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error) {
    const char *path = addr_unix_path(addr);

    if (!path)
        return 0;
    if (owner)
        return sock_check_owner(owner, error);
    if (mode)
        return error_set(error,
                         "cannot give unix:%s the mode %04o: Windows has none; leave it out, and let the rights of "
                         "its folder say who may connect",
                         path, mode);
    return 0;
}

int sock_set_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error) {
    return sock_check_access(addr, owner, mode, error);
}
