/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lists: services, agents, relays and other lists of the administration API as tables for people.
 *
 * All take an array of the API, or NULL for an empty one, and return 0, or -1 with error.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_LISTS_H
#define MUNNEL_CTL_LISTS_H

#include "lib/base/error.h"
#include "lib/display/display.h"

int list_services(const struct display *display, const json_t *services, struct error *error);
int list_agents(const struct display *display, const json_t *agents, struct error *error);
int list_relays(const struct display *display, const json_t *relays, struct error *error);
int list_sources(const struct display *display, const json_t *sources, struct error *error);
int list_bans(const struct display *display, const json_t *bans, struct error *error);
/* What the server and each agent permit of a service. */
int list_keys(const struct display *display, const json_t *keys, struct error *error);

/* Of an agent: the servers that it serves, and what they ask of it. */
int list_servers(const struct display *display, const json_t *servers, struct error *error);
int list_published(const struct display *display, const json_t *published, struct error *error);
int list_visits(const struct display *display, const json_t *visits, struct error *error);
int list_asked_services(const struct display *display, const json_t *services, struct error *error);

/* Of a state of any of them. */
enum tone list_tone(const char *state);

#endif
