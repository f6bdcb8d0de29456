/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_client: finds the socket of a running munneld or munnel-agent, and asks it.
 * Runs on: the tool's only thread. Owns: nothing; what it returns is the caller's.
 */
#ifndef MUNNEL_CTL_ADMIN_CLIENT_H
#define MUNNEL_CTL_ADMIN_CLIENT_H

#include "conf/option.h"
#include "lib/http/client.h"

#include <stddef.h>

enum { ADMIN_WAIT_MS = 10000, ADMIN_TARGET = 1024 };

struct admin_place { /* from the command line */
    char *socket;    /* --socket PATH; may be NULL */
};

/* For the option table of a struct that holds a struct admin_place `member`. */
#define ADMIN_PLACE_SPECS(type, member)                                                                                \
    {                                                                                                                  \
        "socket", OPTION_TEXT, offsetof(type, member.socket), "null",                                                  \
            .wanted = "a socket's path", .flag = "socket", .argument = "PATH",                                         \
            .help = "of the program to ask [$MUNNEL_SOCKET, or found]"                                                 \
    }

/*
 * --socket, else MUNNEL_SOCKET, else munneld's default if it is there, else the agent's: munnel-agent.sock, or the only
 * one of several units. malloc'ed; NULL with error, which tells where it was looked for and what to do. `root`: "",
 * or for tests a folder in which the defaults are. ADMIN_AGENT: where none runs, the error stays as it is.
 */
enum admin_program { ADMIN_ANY, ADMIN_AGENT /* no munneld */ };
char *admin_find_socket(const struct admin_place *place, enum admin_program program, const char *root,
                        struct error *error);
const char *admin_chosen_socket(const struct admin_place *place); /* the first two of these; NULL: neither */
/* NULL with error. */
struct http_client *admin_connect(const struct admin_place *place, unsigned timeout_ms, struct error *error);

/* "BEFORE NAME AFTER" with the name encoded as one segment or value. False with error: it is too long, or no segment.
 */
bool admin_target(char target[ADMIN_TARGET], const char *before, const char *name, const char *after,
                  struct error *error);

/* 0 after 2xx: reply->json is clean for a terminal (display.h), reply->text is as it came. -1 with error, of no answer
 * or an answer that is none of these. In both cases http_reply_done() is the caller's. */
int admin_ask(struct http_client *client, const struct http_ask *ask, struct http_reply *reply, struct error *error);
/* Of a command that only munneld knows, if a munnel-agent has answered. Returns -1. */
int admin_refuse_agent(struct error *error);
/* GET, or another method, of a target and without a body. */
int admin_call(struct http_client *client, const char *method, const char *target, struct http_reply *reply,
               struct error *error);

#endif
