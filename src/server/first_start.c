/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * first_start: see first_start.h.
 * Runs on: start only. Owns: nothing.
 */
#include "config.h"

#include "server/first_start.h"

#include "conf/reachable.h"
#include "conf/setup.h"
#include "lib/file.h"
#include "lib/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int point_at(char **path, const char *folder, const char *name, struct error *error) {
    char *found = file_in(folder, name);

    if (!found)
        return error_set(error, "out of memory");
    free(*path);
    *path = found;
    return 0;
}

static int point_at_files(struct server_conf *conf, const char *folder, struct error *error) {
    if (point_at(&conf->agents.certificate, folder, "server.pem", error) ||
        point_at(&conf->agents.key, folder, "server.key", error))
        return -1;
    return conf->agents.auth_none ? 0 : point_at(&conf->agents.tokens, folder, "agents.json", error);
}

/* The service manager says which file leads into its journal. */
static bool is_journal(int fd) {
    const char *said = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return said && sscanf(said, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

/* Is what stdout gets for people alone? Not if it is a log. */
static bool people_read(const struct server_conf *conf) {
    return isatty(STDOUT_FILENO) || (strcmp(conf->log.to, "stdout") != 0 && !is_journal(STDOUT_FILENO));
}

/* The join code is said once, at the very first start: it holds the token. */
static void say_code(const struct setup *setup, const struct server_conf *conf, const char *group) {
    char code[JOIN_TEXT] = "", server[REACHABLE_TEXT];

    reachable_server(setup->listen, NULL, conf->agents.certificate, server);
    printf("or, on another machine, with nothing to copy but a code that it asks for, once:\n  munnel-agent %s%s%s\n",
           server, *group ? " " : "", group);
    if (people_read(conf) && setup_join_code(setup, code, NULL) == 0)
        printf("its join code, which is a secret:\n  %s\n", code);
    else
        printf("its join code is printed by:\n  munnel agent add NAME\n");
    secret_wipe(code, sizeof code);
}

static void say(const struct setup *setup, const struct server_conf *conf, bool made) {
    const struct service_conf *first = conf->service_count ? &conf->services[0] : NULL;
    const char *group = first && first->groups.count ? first->groups.items[0] : "";
    char *line = setup_agent_line(setup, group);

    printf("%s certificate, key and agents file in %s\n", made ? "made" : "using", setup->folder);
    if (line)
        printf("an agent joins with:\n  %s\n", line);
    if (made)
        say_code(setup, conf, group);
    fflush(stdout);
    free(line);
}

static int first_start_in(struct server_conf *conf, const char *folder, struct error *error) {
    struct setup setup = {.folder = folder,
                          .listen = conf->agents.listen.count ? conf->agents.listen.items[0] : "0.0.0.0:10001"};
    bool made = false;

    if (setup_server(&setup, &made, error) || point_at_files(conf, folder, error))
        return -1;
    say(&setup, conf, made);
    return 0;
}

int first_start(struct server_conf *conf, struct error *error) {
    char *folder = conf->state ? NULL : file_state_folder();

    if (!conf->state && !folder)
        return error_set(error, "there is no state folder: set HOME, or name one as \"state\"");
    int result = first_start_in(conf, conf->state ? conf->state : folder, error);
    free(folder);
    return result;
}
