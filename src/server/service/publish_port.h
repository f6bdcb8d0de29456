/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_port: can a port be opened for a service that an agent offers? Tried by bind() alone: a whole configuration
 * with it, which is given up, costs as much as there are services.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_PUBLISH_PORT_H
#define MUNNEL_SERVER_SERVICE_PUBLISH_PORT_H

#include "conf/server_config.h"

/* `conf` is the one in force: what a service of it that an agent offers has open may go to another one. */
bool publish_port_can_open(const struct server_config *conf, unsigned port);

#endif
