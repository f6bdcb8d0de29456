/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_store: the agents file that a tool works on, found, locked and read; and what is handed out of it.
 * Runs on: the tool's only thread. Owns: what it read, until agent_store_close().
 */
#ifndef MUNNEL_CTL_AGENT_STORE_H
#define MUNNEL_CTL_AGENT_STORE_H

#include "conf/credentials.h"
#include "conf/lock.h"
#include "conf/option.h"
#include "conf/places.h"
#include "proto/auth_proof.h"
#include "proto/join_code.h"

#include <stddef.h>

struct agent_place { /* from the command line; each may be NULL */
    char *agents;    /* --agents FILE */
    char *config;    /* --config FILE */
};

/* For the option table of a struct that holds a struct agent_place `member`. */
#define AGENT_PLACE_SPECS(type, member)                                                                                \
    {"agents",                                                                                                         \
     OPTION_TEXT,                                                                                                      \
     offsetof(type, member.agents),                                                                                    \
     "null",                                                                                                           \
     .wanted = "a file's path",                                                                                        \
     .flag = "agents",                                                                                                 \
     .argument = "FILE",                                                                                               \
     .help = "the agents file [that of the server's configuration]"},                                                  \
    {                                                                                                                  \
        "config", OPTION_TEXT, offsetof(type, member.config), "null",                                                  \
            .wanted = "a file's path", .flag = "config", .argument = "FILE",                                           \
            .help = "the server's configuration [" PLACES_CONFIGURATION ", or else the "                               \
                    "state folder's]"                                                                                  \
    }

struct agent_store {
    char *path; /* the agents file */
    struct credentials *credentials;
    char *certificate;     /* the server's */
    char *client_ca;       /* who signs those of the agents; NULL: the server asks for none */
    bool is_file_alone;    /* only the agents file was named: what the server asks for is not known */
    bool asks_both;        /* token and certificate */
    bool knows_services;   /* the configuration has some */
    struct strlist groups; /* those of its services, and of who visits them */
    struct strlist listen;
    char *admin_socket; /* of the configuration; NULL: it has none, or only the agents file was named */
    int lock;
};
#define AGENT_STORE_NONE                                                                                               \
    { .lock = LOCK_NONE }

enum agent_store_use { AGENT_STORE_READ, AGENT_STORE_CHANGE };

/* All return 0, or -1 with `error`. */
int agent_store_open(struct agent_store *store, const struct agent_place *place, enum agent_store_use use,
                     struct error *error);
/* NULL with `error`: there is none of this name. Valid until the credentials change. */
const struct credential *agent_store_find(const struct agent_store *store, const char *name, struct error *error);
int agent_store_save(const struct agent_store *store, struct error *error);
void agent_store_close(struct agent_store *store);

/* The join code for an agent; `servers` empty: what the configuration and the certificate have. */
int agent_store_join_code(const struct agent_store *store, const struct strlist *servers,
                          const struct auth_token *token, char text[JOIN_CODE_TEXT], struct error *error);

#endif
