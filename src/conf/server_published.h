/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_published: services that agents offer, as part of a configuration: the last ones of it. No file has them, so
 * what is shown of a configuration, and its version, leave them out.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_SERVER_PUBLISHED_H
#define MUNNEL_CONF_SERVER_PUBLISHED_H

#include "conf/server_config.h"

#include <stdint.h>

/* The same without services that agents offer. NULL with `error` when out of memory. */
struct server_config *server_config_copy(const struct server_config *conf, struct error *error);

struct config_published {
    const char *name;
    const struct strlist *to;
    const char *host; /* "": it has a port of its own */
    unsigned port;
    const char *publisher; /* copied, as the others */
};
/* Adds one to a configuration that is not in force yet. 0, or -1 with `error`: nothing has changed. */
int server_config_publish(struct server_config *conf, const struct config_published *published, struct error *error);

/* Who has it in the configuration, for people; NULL: it is free. `text` is room for it. Those that agents offer are not
 * looked at, and private services not named. */
enum { CONFIG_HOLDER_TEXT = 128 };
const char *server_config_port_holder(const struct server_config *conf, unsigned port, char text[CONFIG_HOLDER_TEXT]);
const char *server_config_host_holder(const struct server_config *conf, const char *host,
                                      char text[CONFIG_HOLDER_TEXT]);
/* The ports for which that has an answer, to be asked for many of them; all zero: none. */
struct config_ports {
    uint8_t bits[(UINT16_MAX + 1) / 8];
};
void config_ports_add(struct config_ports *ports, unsigned port);
bool config_ports_have(const struct config_ports *ports, unsigned port);
void server_config_ports(const struct server_config *conf, struct config_ports *ports);
bool server_config_publishes_at(const struct server_config *conf, unsigned port); /* one that an agent offers */
/* Is it the name of none of its services? 0, or -1 with why it cannot be an agent's. */
int server_config_check_name(const struct server_config *conf, const char *name, struct error *error);

#endif
