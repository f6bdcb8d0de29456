/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_conf: what munneld was told, by munnel.json and its command line.
 * Runs on: the control thread. Owns: its strings; immutable once read.
 */
#ifndef MUNNEL_CONF_SERVER_CONF_H
#define MUNNEL_CONF_SERVER_CONF_H

#include "conf/conf_list.h"
#include "lib/error.h"
#include "lib/log.h"

#include <stdbool.h>
#include <stddef.h>

enum conf_balance { CONF_ROUND_ROBIN, CONF_LEAST_CONNECTIONS, CONF_SOURCE };
enum conf_no_agent { CONF_WAIT, CONF_REFUSE, CONF_CLOSE };
enum conf_tls_version { CONF_TLS_1_3, CONF_TLS_1_2 };
enum conf_require { CONF_REQUIRE_TOKEN, CONF_REQUIRE_CERTIFICATE, CONF_REQUIRE_BOTH, CONF_REQUIRE_EITHER };

struct conf_log {
    enum log_format format;
    enum log_level level;
    char *to;
};

struct service_conf {
    char *name;
    struct conf_list groups; /* empty: any agent */
    struct conf_list listen, connect;
    char *socket_mode, *socket_owner; /* of the Unix sockets in `listen`; octal digits; NULL: whoever makes them */
    enum conf_balance balance;
    enum conf_no_agent no_agent;
    unsigned pending_timeout_s, connect_timeout_s, idle_timeout_s, half_close_timeout_s;
    unsigned max_clients, max_per_source; /* 0: no limit */
    unsigned max_rate;                    /* new clients per second and source; 0: no limit */
    struct conf_list allow, deny;         /* patterns for lib/rules.h; `allow` empty: everybody */
};

struct server_conf {
    char *path; /* the file, or NULL when the command line said it all */
    struct {
        struct conf_list listen;
        char *certificate, *key, *client_ca; /* absolute or relative to the working directory; client_ca may be NULL */
        char *crl;                           /* NULL: none */
        enum conf_tls_version min_version;
        bool auth_none;
        enum conf_require require; /* of an agent; all but the token need client_ca */
        char *tokens;              /* agents.json; NULL with auth_none */
        unsigned ping_s, dead_after_s, idle_min, idle_max;
        unsigned unauthenticated_max, unauthenticated_per_source, unauthenticated_deadline_s;
        unsigned unauthenticated_penalty_s; /* the longest; 0: none */
    } agents;
    struct service_conf *services;
    size_t service_count, file_service_count; /* those of the file come first, then the command line's */
    unsigned threads;                         /* 0: one for two cores */
    char *admin_socket, *admin_http;          /* NULL: none */
    char *user, *group; /* whom the process becomes once its ports are open; NULL: it stays who it is */
    char *state;        /* the state folder */
    struct conf_log log;
};

/*
 * Reads and checks the file; relative paths in it are made relative to its folder. NULL with "FILE:LINE:COLUMN: ..." or
 * "FILE: services[2].listen: ...".
 */
struct server_conf *server_conf_read(const char *path, struct error *error);
/* Where the file is when nobody names it: /etc/munnel.json, else /etc/munnel/munnel.json; NULL if there is neither. */
const char *server_conf_default_file(void);
/* Nothing said: no services; certificate, key and agents file in the state folder. NULL when out of memory. */
struct server_conf *server_conf_default(void);
/* Adds a service from the command line: "NAME [GROUP] LISTEN:PORT DEST:PORT". 0 or -1. */
int server_conf_add_service(struct server_conf *conf, const char *text, struct error *error);
/*
 * What only makes sense as a whole: duplicate names and ports, limits that contradict each other, no service. Call it
 * when all has been said; the reader has looked at the file alone, which may leave the services to the command line.
 * 0 or -1.
 */
int server_conf_check(const struct server_conf *conf, struct error *error);
void server_conf_free(struct server_conf *conf);

#endif
