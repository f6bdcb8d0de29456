/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag: "munnel diag": one archive with all that a report of a fault needs, and no secret. It works without a running
 * program, too; the archive is then smaller, and its MANIFEST tells why.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/archive_file.h"
#include "ctl/commands.h"
#include "ctl/diag_parts.h"
#include "ctl/subcommand.h"
#include "lib/base/file.h"
#include "lib/os/host_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOST_TEXT = 40, NAME_TEXT = 80, WAIT_MS = 20000 /* a check takes 15 s */ };

struct diag_arguments {
    struct admin_place place;
    char *config;
};

static const struct option_spec specs[] = {
    ADMIN_PLACE_SPECS(struct diag_arguments, place),
    {"config", OPTION_TEXT, offsetof(struct diag_arguments, config), "null", .wanted = "a file's path",
     .flag = "config", .argument = "FILE", .help = "the configuration to check [that of the running server]"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct diag_arguments)};
static const struct cmdline_flag flags[] = {
    {"output", 'o', "FILE", "the archive; - is standard output [munnel-diag-HOST-DATE.tar]", NULL}};
static const struct cmdline_spec command = {
    .program = "munnel diag",
    .usage = "munnel diag puts into one tar file what a report of a fault needs: status,\n"
             "services, agents, relays, events, configuration, metrics, log, checks, versions\n"
             "and limits, and a MANIFEST that tells what is missing and why. Keys, tokens and\n"
             "join codes are left out; names and addresses are in it. A check connects to\n"
             "each service's destination.\n\n"
             "usage: munnel diag [OPTION]...\n",
    .table = &table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

/* "munnel-diag-web1-20261129-175503" */
static void make_name(char name[NAME_TEXT]) {
    char host[HOST_TEXT], date[32] = "";
    time_t now = time(NULL);
    struct tm parts;

    host_name(host, sizeof host);
    for (char *at = host; *at; at++)
        if (*at == '/')
            *at = '-';
    if (localtime_r(&now, &parts))
        (void)strftime(date, sizeof date, "%Y%m%d-%H%M%S", &parts);
    snprintf(name, NAME_TEXT, "munnel-diag-%s-%s", *host ? host : "host", date);
}

static FILE *open_archive(const char *path, struct error *error) {
    FILE *file = archive_file_open(path);

    if (!file)
        diag_archive_refuse(path, errno, error);
    return file;
}

static int write_archive(FILE *file, const char *path, const char *name, struct diag_source *source,
                         struct diag_archive *archive, struct error *error) {
    diag_archive_begin(archive, file, path, name);
    diag_add_parts(archive, source);
    return diag_archive_end(archive, error);
}

static int run(const char *self, const struct cmdline *line, struct diag_arguments *arguments, struct error *error) {
    struct diag_source source = {.self = self, .config = arguments->config};
    struct diag_archive archive;
    char name[NAME_TEXT], preset[NAME_TEXT + 8];
    const char *output = cmdline_value(line, "output"), *path = output ? output : preset;

    make_name(name);
    snprintf(preset, sizeof preset, "%s.tar", name);
    FILE *file = open_archive(path, error);
    if (!file)
        return -1;
    source.client = admin_connect(&arguments->place, WAIT_MS, &source.why);
    int result = write_archive(file, path, name, &source, &archive, error);
    http_client_free(source.client);
    if (fclose(file) != 0 && result == 0)
        result = diag_archive_refuse(path, errno, error);
    if (result != 0 && strcmp(path, "-") != 0)
        (void)file_remove(path, NULL);
    if (result == 0)
        fprintf(stderr, "%s: %u parts, %u of them missing%s\n", path, archive.count, archive.failed,
                archive.failed ? "; MANIFEST in it tells why" : "");
    return result;
}

int diag_run(const char *self, int argc, char **argv) {
    struct diag_arguments arguments = {.config = NULL};
    struct cmdline line;
    struct error error = {{0}};
    int code = subcommand_read(&line, &command, &arguments, 0, 0, argc, argv);

    if (code < 0)
        code = run(self, &line, &arguments, &error) == 0 ? 0 : subcommand_fail(&command, &error);
    cmdline_done(&line);
    option_done(&table, &arguments);
    return code;
}
