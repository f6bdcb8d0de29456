/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_cmdline: munnel-agent's command line and, with --config, its file; both take the same options.
 */
#ifndef MUNNEL_CONF_AGENT_CMDLINE_H
#define MUNNEL_CONF_AGENT_CMDLINE_H

#include "conf/option.h"
#include "conf/server_config.h"

struct agent_options {
    struct strlist servers; /* "host:port"; empty: those that were joined */
    char *group;            /* NULL: all that the credential carries */
    char *name;             /* NULL: the host's name */
    char *ca;
    struct strlist pins, allow;
    struct strlist publish;               /* of publish_spec.h */
    struct strlist visits;                /* "NAME=ADDRESS:PORT" */
    char *token_file, *certificate, *key; /* NULL: not set */
    char *proxy, *proxy_password_file;    /* a URL or "none"; NULL: not set */
    char *end_to_end_keys;                /* a file's path; NULL: none */
    char *file;                           /* that was read; NULL: none */
    struct {
        bool ca, token_file, certificate, key, proxy, proxy_password_file;
    } by_flag;         /* set on the command line; else by the file */
    char *join;        /* FILE or "-" */
    bool check;        /* check, and exit */
    bool check_config; /* likewise: the configuration only, without connecting */
    bool is_json;      /* of --check and --share: JSON instead of texts */
    bool is_share;     /* --share: as munnel share needs it */
    unsigned check_s;  /* of --check: for all of it */
    bool join_only;    /* store what the join code holds, and exit */
    unsigned retry_s;  /* longest pause between attempts [5] */
    unsigned threads;
    struct config_log log;
    char *admin_socket; /* NULL or "": none */
    char *admin_preset; /* what it is by default */
};

extern const struct option_table agent_option_table; /* fills a struct agent_options */

int agent_options_read(struct agent_options *options, int argc, char **argv); /* as server_options_read */
void agent_options_done(struct agent_options *options);

#endif
