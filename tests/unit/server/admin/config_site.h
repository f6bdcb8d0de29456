/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * config_site: a server with a configuration file in the test's folder, and its administration's client on a thread of
 * its own, since the test's thread runs the server.
 */
#ifndef MUNNEL_TESTS_CONFIG_SITE_H
#define MUNNEL_TESTS_CONFIG_SITE_H

#include "server/server_fixture.h"

#include "lib/http/client.h"

enum { SITE_PORTS = 4 };

struct config_site {
    struct server_fixture fixture;
    uint16_t ports[SITE_PORTS]; /* free ones */
    const char *admin;          /* the members of "admin" */
    const char *socket;         /* the name of admin.socket, which is asked */
    struct http_reply reply;    /* the last */
};

/* munnel.json with these members more, each with a comma behind it, and the service "main" at ports[0]. */
void config_site_write(struct config_site *site, const char *more);
void config_site_begin(struct config_site *site, const char *more); /* writes it and starts the server */
void config_site_end(struct config_site *site);
void config_site_check(struct config_site *site);  /* the server looks at its files, as each second */
void config_site_settle(struct config_site *site); /* until nothing is being read */

/* A service at one of the ports, as JSON. */
const char *config_site_service(const struct config_site *site, const char *name, unsigned port, const char *more);

/* The status of the answer; `body` is JSON, NULL: none. */
unsigned config_site_ask(struct config_site *site, const char *method, const char *target, const char *body,
                         const char *if_match);
void config_site_expect(struct config_site *site, const char *method, const char *target, unsigned status);
const json_t *config_site_at(const struct config_site *site, const char *path); /* "a/0/b" of the answer */
void config_site_expect_text(const struct config_site *site, const char *path, const char *text);
const char *config_site_version(struct config_site *site); /* what runs; asks for it */
bool config_site_listens(struct config_site *site, unsigned port);

#endif
