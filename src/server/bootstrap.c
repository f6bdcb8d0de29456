/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bootstrap: see bootstrap.h.
 */
#include "config.h"

#include "server/bootstrap.h"

#include "conf/advertised_addr.h"
#include "conf/places.h"
#include "conf/provision.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIN_TEXT = 72 };

static int point_at(char **path, const char *folder, const char *name, struct error *error) {
    char *found = file_in(folder, name);

    if (!found)
        return error_set(error, "out of memory");
    free(*path);
    *path = found;
    return 0;
}

static int point_at_files(struct server_config *conf, const char *folder, struct error *error) {
    if (point_at(&conf->agents.certificate, folder, "server.pem", error) ||
        point_at(&conf->agents.key, folder, "server.key", error))
        return -1;
    return conf->agents.auth_none ? 0 : point_at(&conf->agents.tokens, folder, "agents.json", error);
}

/* The join code holds the token, so it is printed to a terminal only: redirected stdout may end in a file or a log. */
static void print_join_code(const struct provision *setup, const struct server_config *conf, const char *group) {
    char code[JOIN_CODE_TEXT] = "", server[ADVERTISED_ADDR_TEXT];

    advertised_addr(setup->listen, NULL, conf->agents.certificate, server);
    printf("or, on another machine, with nothing to copy but a code that it asks for, once:\n  munnel-agent %s%s%s\n",
           server, *group ? " " : "", group);
    if (isatty(STDOUT_FILENO) && provision_join_code(setup, code, NULL) == 0)
        printf("its join code, which is a secret:\n  %s\n", code);
    else
        printf("munnel agent add NAME makes a join code\n");
    secret_wipe(code, sizeof code);
}

static void print_pin(const struct server_config *conf) {
    char pin[PIN_TEXT];

    if (certificate_read_pin(conf->agents.certificate, pin, NULL) == 0)
        printf("its key, for an agent's --pin:\n  %s\n", pin);
}

static void print_setup(const struct provision *setup, const struct server_config *conf, bool made) {
    const struct service_config *first = conf->service_count ? &conf->services[0] : NULL;
    const char *group = first && first->groups.count ? first->groups.items[0] : "";
    bool can_join = conf->agents.auth_none || provision_first_agent_can_join(setup);
    char *line = can_join ? provision_agent_line(setup, group) : NULL;

    printf("%s certificate, key and agents file in %s\n", made ? "made" : "using", setup->folder);
    if (!can_join)
        printf("munnel agent add NAME lets an agent in and prints its join code\n");
    if (line)
        printf("an agent joins with:\n  %s\n", line);
    if (made) {
        print_join_code(setup, conf, group);
        print_pin(conf);
    }
    fflush(stdout);
    free(line);
}

static int bootstrap_in(struct server_config *conf, const char *folder, struct error *error) {
    struct provision setup = {.folder = folder,
                              .listen = conf->agents.listen.count ? conf->agents.listen.items[0] : "0.0.0.0:10001"};
    bool made = false;

    if (provision_server(&setup, &made, error) || point_at_files(conf, folder, error))
        return -1;
    /* Optional, so errors are ignored: "munnel agent add" defaults to this address and prints the one it uses. */
    (void)provision_keep_listen(&setup, NULL);
    print_setup(&setup, conf, made);
    return 0;
}

int bootstrap(struct server_config *conf, struct error *error) {
    char *folder = conf->state ? NULL : places_state_folder(error);

    if (!conf->state && !folder)
        return -1;
    int result = bootstrap_in(conf, conf->state ? conf->state : folder, error);
    free(folder);
    return result;
}
