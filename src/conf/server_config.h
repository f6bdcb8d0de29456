/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_config: munneld's configuration, from munnel.json and the command line.
 * Runs on: the control thread. Owns: its strings; immutable once read.
 */
#ifndef MUNNEL_CONF_SERVER_CONFIG_H
#define MUNNEL_CONF_SERVER_CONFIG_H

#include "conf/option.h"
#include "lib/base/error.h"
#include "lib/base/strlist.h"
#include "lib/log/log.h"
#include "proto/health.h"
#include "proto/proxy_protocol.h"
#include "proto/services.h"

#include <stdbool.h>
#include <stddef.h>

enum config_balance { CONFIG_ROUND_ROBIN, CONFIG_LEAST_CONNECTIONS, CONFIG_SOURCE };
enum config_no_agent { CONFIG_WAIT, CONFIG_REFUSE, CONFIG_CLOSE };
enum config_tls_version { CONFIG_TLS_1_3, CONFIG_TLS_1_2 };
enum config_client_auth { CONFIG_CLIENT_NONE, CONFIG_CLIENT_REQUEST, CONFIG_CLIENT_REQUIRE };
enum config_require { CONFIG_REQUIRE_TOKEN, CONFIG_REQUIRE_CERTIFICATE, CONFIG_REQUIRE_BOTH, CONFIG_REQUIRE_EITHER };

struct config_log {
    enum log_format format;
    enum log_level level;
    char *to;
};

struct config_bandwidth {
    unsigned in, out; /* bytes per second, from clients and back; 0: no limit */
    unsigned burst;   /* bytes; 0: those of a tenth of a second */
};

struct service_config {
    char *name;
    struct strlist groups; /* empty: any agent */
    enum service_protocol protocol;
    struct strlist listen, connect;
    struct strlist visitors; /* groups whose agents may open it on their side, "*": any agent's; empty: it has a port */
    bool end_to_end;         /* with TLS between the two agents */
    struct strlist hosts;    /* empty: it does not share its ports, or gets what no name leads to */
    char *interface;         /* by which alone clients come in; NULL: by any */
    bool freebind;
    unsigned backlog, keepalive_idle_s, keepalive_interval_s, keepalive_probes; /* keepalive_idle_s 0: none */
    char *socket_mode, *socket_owner; /* of the Unix sockets in `listen`; octal digits; NULL: the process */
    enum config_balance balance;
    enum config_no_agent no_agent;
    enum proxy_version proxy_protocol;
    bool agent_bans;
    enum connect_from connect_from;
    unsigned pending_timeout_s, connect_timeout_s, half_close_timeout_s;
    unsigned idle_timeout_s;                 /* see server_config_idle_s */
    unsigned answer_timeout_s, reply_factor; /* of UDP; 0: none */
    unsigned max_clients;                    /* see server_config_clients_most */
    unsigned max_per_source;                 /* 0: no limit */
    unsigned max_rate;                       /* new clients per second and source; 0: no limit */
    struct config_bandwidth bandwidth;       /* its own; the burst is that of the next, too */
    struct config_bandwidth source_bandwidth;
    struct strlist allow, deny;  /* patterns for lib/net/acl.h; `allow` empty: everybody */
    struct strlist accept_proxy; /* likewise: who sends a PROXY header; empty: nobody */
    struct config_check {
        enum health_check_type type;
        char *path, *host, *status; /* host NULL: that of the destination */
        unsigned interval_s, timeout_s, rise, fall;
    } check;
    struct {                               /* of its clients, and ended here */
        struct strlist certificates, keys; /* PEM files, one key or as many; empty: clients have none that ends here */
        char *client_ca, *crl;             /* NULL: none */
        enum config_client_auth client_auth;
        enum config_tls_version min_version;
        struct strlist alpn;
    } tls;
    char *publisher; /* the id of the session that alone serves it, and offers it: see server_published.h; NULL: none */
};

struct config_file { /* one that was read */
    char *path;
    size_t first, count; /* its services */
    bool is_service;     /* it is one service itself, and not an object with a list of them */
    bool is_managed;     /* written by this program, and unchanged since: see managed_file.h */
};

struct config_edit { /* a file of services that is about to be written, or removed: read as if it had been */
    const char *path;
    const char *text; /* NULL: it is not there */
};

struct server_config {
    char *path; /* the file, or NULL when only the command line was used */
    struct {
        struct strlist listen;
        struct strlist accept_proxy; /* patterns for lib/net/acl.h: who sends a PROXY header; empty: nobody */
        char *interface;
        bool freebind;
        char *certificate, *key, *client_ca; /* absolute or relative to the working directory; client_ca may be NULL */
        char *crl;                           /* NULL: none */
        enum config_tls_version min_version;
        bool auth_none;
        enum config_require require; /* of an agent; all but the token need client_ca */
        char *tokens;                /* agents.json; NULL with auth_none */
        unsigned ping_s, dead_after_s;
        struct config_bandwidth bandwidth; /* of each */
        unsigned resume_s;                 /* 0: relays do not outlive their links */
        unsigned unauthenticated_max, unauthenticated_per_source, unauthenticated_deadline_s;
        unsigned unauthenticated_penalty_s; /* the longest; 0: none */
    } agents;
    struct {                               /* what services that agents offer are made of */
        struct strlist listen;             /* addresses without a port */
        struct strlist hosts_listen;       /* shared by those that have a host; empty: none can have one */
        char *address;                     /* the host that people are told for ports; NULL: the best that is known */
        struct strlist certificates, keys; /* as tls of a service */
        unsigned max, linger_s;            /* of each agent; for which one outlives its agent */
    } publish;
    struct service_config *services;
    size_t service_count, file_service_count; /* those of the files come first, then the command line's */
    size_t published_count;                   /* that agents offer: the last of them */
    struct strlist include;                   /* patterns of the files that have more services */
    struct config_file *files;                /* `path`, then those that it includes, in the order of their services */
    size_t file_count;
    json_t *expanded; /* what is written where a value came from a variable or a file, by option_place_key() */
    struct strlist value_files;                     /* from which values came */
    struct strlist shared;                          /* addresses that services with hosts share: shared_listen.h */
    unsigned threads;                               /* 0: one for two cores */
    char *admin_socket, *admin_http, *admin_tokens; /* NULL: none */
    char *user, *group; /* the user that the process becomes once its ports are open; NULL: it keeps its own */
    char *state;        /* the state folder */
    struct config_log log;
    unsigned holders; /* besides the one that it was made for */
};

extern const struct option_table server_option_table;  /* fills a struct server_config */
extern const struct option_table service_option_table; /* fills a struct service_config */

/*
 * Reads and checks the file and those that it includes; relative paths in them are made relative to their folders. NULL
 * with "FILE:LINE:COLUMN: ..." or "FILE: services[2].listen: ...".
 */
struct server_config *server_config_read(const char *path, struct error *error);
/* The same for a program that asks where the error is. */
struct server_config *server_config_load(const char *path, struct option_fault *fault, struct error *error);
/* The same as if the files were changed already; `edit` may be NULL. */
struct server_config *server_config_load_edited(const char *path, const struct config_edit *edit,
                                                struct option_fault *fault, struct error *error);
/* All defaults: no services; certificate, key and agents file in the state folder. NULL with `error`. */
struct server_config *server_config_default(struct error *error);
/* Adds a service from the command line: "NAME [GROUP] LISTEN:PORT DEST:PORT". 0 or -1. */
int server_config_add_service(struct server_config *conf, const char *text, struct error *error);
/*
 * What only makes sense as a whole: duplicate names and ports, limits that contradict each other, no service. Call it
 * when file and command line are read; the reader has checked the file alone, which may leave the services to the
 * command line. 0 or -1.
 */
int server_config_check(const struct server_config *conf, struct error *error);
int server_config_check_at(const struct server_config *conf, struct option_fault *fault, struct error *error);
/* A configuration is counted: it lives until server_config_free() was called once more than server_config_hold(). Only
 * one thread may do so. */
struct server_config *server_config_hold(struct server_config *conf);
void server_config_free(struct server_config *conf);

/* After how long without a byte, or a datagram, a relay ends; 0: never. */
unsigned server_config_idle_s(const struct service_config *service);
/* How many clients at once; 0: no limit. */
unsigned server_config_clients_most(const struct service_config *service);

/* The places of the whole and of a service, for errors about them; `fault` may be NULL, `name` has to live as long. */
enum { CONFIG_PLACE_NAME = 96 };
struct option_place server_config_top(const struct server_config *conf, struct option_fault *fault,
                                      struct error *error);
struct option_place server_config_place(const struct server_config *conf, size_t service, char name[CONFIG_PLACE_NAME],
                                        const struct option_place *top);
struct option_place server_config_option_place(const struct server_config *conf, size_t service, const char *key,
                                               char name[CONFIG_PLACE_NAME], const struct option_place *top);

/*
 * server_shown: what may be seen of a configuration. A value that came from a variable or a file, which may be a
 * secret, is shown as it is written: "${file:PATH}". NULL when out of memory.
 */
json_t *server_config_value(const struct server_config *conf, const struct option_spec *spec);
json_t *server_config_service_value(const struct server_config *conf, size_t service, const struct option_spec *spec);
json_t *server_config_service_json(const struct server_config *conf, size_t service); /* all options of it */
/* All of it, as a file would have it, with defaults; options that need a restart as they were at the start. */
json_t *server_config_json(const struct server_config *conf, const struct server_config *started);

#endif
