/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_named: see diag_named.h.
 */
#include "config.h"

#include "ctl/diag_named.h"

#include "ctl/diag_output.h"
#include "ctl/diag_rights.h"
#include "ctl/program_start.h"
#include "lib/base/path.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_TEXT = 512 };

static struct diag_rights find_rights(const struct diag_named *named) {
    if (!named->is_server_there) /* nothing was named but by the user of this tool */
        return (struct diag_rights){.is_given = true};
    return diag_rights_of_server(named->socket);
}

static void add_log(struct diag_archive *archive, const struct diag_rights *rights, const char *log) {
    char program[] = "tail", option[] = "-c", most[] = "524288", path[PATH_TEXT];
    char *argv[] = {program, option, most, path, NULL};

    snprintf(path, sizeof path, "%s", log);
    if (rights->is_given)
        diag_add_output(archive, "log.txt", argv, rights->is_other ? &rights->user : NULL, DIAG_FAILURE_COUNTS);
    else
        diag_archive_add(archive, "log.txt", NULL, 0, &rights->why);
}

static void add_configuration_check(struct diag_archive *archive, const struct diag_rights *rights,
                                    const struct diag_named *named) {
    static const char name[] = "configuration-check.txt";
    char program[] = "munneld", check[] = "--check", config[] = "--config", path[PATH_TEXT];
    const char *file = named->config ? named->config : named->file;
    char *beside = program_beside(named->self, program);
    char *argv[] = {beside ? beside : program, check, file ? config : NULL, path, NULL};

    snprintf(path, sizeof path, "%s", file ? file : "");
    if (rights->is_given || named->config)
        diag_add_output(archive, name, argv, rights->is_other ? &rights->user : NULL, DIAG_FAILURE_TELLS);
    else
        diag_archive_add(archive, name, NULL, 0, &rights->why);
    free(beside);
}

void diag_add_named(struct diag_archive *archive, const struct diag_named *named) {
    const struct diag_rights rights = find_rights(named);

    add_configuration_check(archive, &rights, named);
    if (named->log && path_is_absolute(named->log))
        add_log(archive, &rights, named->log);
}
