/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* service_system_posix: see service_system.h. */
#include "config.h"

#include "ctl/service_system.h"

#include <stdio.h>
#include <string.h>

const struct subcommand_table service_system_table = {"munnel service", NULL, NULL, 0};

static const struct {
    const char *word, *instead;
} advices[] = {
    {"install", "systemctl enable --now munnel-agent"}, {"uninstall", "systemctl disable --now munnel-agent"},
    {"start", "systemctl start munnel-agent"},          {"stop", "systemctl stop munnel-agent"},
    {"status", "systemctl status munnel-agent"},
};

bool service_system_run(const char *self, int argc, char **argv, int *code) {
    (void)self;
    for (size_t i = 0; argc > 1 && i < sizeof advices / sizeof *advices; i++) {
        if (strcmp(argv[1], advices[i].word) != 0)
            continue;
        fprintf(stderr,
                "munnel service %s is for Windows; here the system's own service manager does it, with systemd: %s "
                "(or munneld)\n",
                argv[1], advices[i].instead);
        *code = CMDLINE_USAGE_ERROR;
        return true;
    }
    return false;
}
