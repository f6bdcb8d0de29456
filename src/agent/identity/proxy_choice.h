/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_choice: by which proxy the agent reaches a server: the configured one for every server, else that of the
 * environment for those that its no_proxy does not have.
 *
 * Of the environment, as curl has it: https_proxy, else HTTPS_PROXY, all_proxy, ALL_PROXY; one that is set and empty is
 * none. no_proxy, else NO_PROXY.
 * Runs on: start, then the control thread. Owns: the proxy, with its password, and its copy of no_proxy.
 */
#ifndef MUNNEL_AGENT_IDENTITY_PROXY_CHOICE_H
#define MUNNEL_AGENT_IDENTITY_PROXY_CHOICE_H

#include "conf/agent_cmdline.h"
#include "lib/event/file_watch.h"
#include "lib/log/log.h"
#include "proto/proxy.h"

struct proxy_choice { /* all zero: none */
    bool has_proxy;
    struct proxy proxy;
    const char *from;    /* "--proxy", or the variable's name */
    char *no_proxy;      /* NULL: every server by the proxy */
    char *password_file; /* NULL: none */
    struct file_watch *watch;
};

/* 0, or -1 with `error`: a URL or the password's file is wrong. proxy_choice_done() in both cases. */
int proxy_choice_make(struct proxy_choice *choice, const struct agent_options *options, struct error *error);
/* Takes another password from its file, if that has changed; what cannot be used changes nothing, and is logged once.
 */
void proxy_choice_recheck(struct proxy_choice *choice, struct log *log);
void proxy_choice_done(struct proxy_choice *choice);
/* NULL: directly. It lives as long as `choice`. */
const struct proxy *proxy_choice_for(const struct proxy_choice *choice, const struct endpoint *server);

#endif
