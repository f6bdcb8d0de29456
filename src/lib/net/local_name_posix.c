/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_name_posix: see local_name.h. Some systems take fewer bytes than others.
 */
#include "config.h"

#include "lib/net/local_name.h"

#include "lib/net/socket_types.h"

#include <string.h>

int local_name_check(const char *name, struct error *error) {
    static const char scheme[] = "unix:";
    size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    if (strncmp(name, scheme, sizeof scheme - 1) == 0)
        return error_set(error, "\"%s\" is no path; write \"%s\"", name, name + sizeof scheme - 1);
    if (strlen(name) > most)
        return error_set(error, "\"%s\" is too long for a socket; write a path of %zu bytes at most", name, most);
    return 0;
}
