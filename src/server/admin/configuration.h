/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * configuration: what administration sees and asks of munneld's configuration, which the server's reload does.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_ADMIN_CONFIGURATION_H
#define MUNNEL_SERVER_ADMIN_CONFIGURATION_H

#include "conf/server_config.h"
#include "conf/server_diff.h"

#include <stdint.h>

struct config_state { /* times are milliseconds since 1970; 0: never, or not */
    char version[SERVER_VERSION_TEXT];
    int64_t loaded_ms; /* what runs */
    bool is_changed;   /* the files differ from it, or cannot be used */
    int64_t changed_ms;
    int64_t reloaded_ms; /* the last reload, also a refused one */
    bool was_refused;
    struct error error;        /* of the last reload, if it was refused */
    struct option_fault fault; /* where it is known */
    int64_t confirm_until_ms;  /* the configuration before comes back then */
};

/* RESULT(name): how an order ended. Nothing has changed but by DONE, and not by it if it was a dry run. */
enum config_result {
    CONFIG_DONE,
    CONFIG_WRONG,   /* a file, or the edit, cannot be used */
    CONFIG_WAITING, /* the last reload waits for its confirmation */
    CONFIG_MIXED,   /* the files have other changes, which this would apply, too */
    CONFIG_FAILED,  /* order->commit */
    CONFIG_BUSY,    /* too much is being read or written already */
    CONFIG_STOPPING
};

struct config_outcome;
typedef void config_done(void *context, struct config_outcome *outcome); /* takes over outcome->difference */

struct config_order { /* it is copied, but all that it points to has to live until it is done */
    bool is_dry_run;
    unsigned confirm_s;             /* goes back by itself after so many seconds; 0: it stays */
    const char *by;                 /* who asks, for the log; NULL: a signal */
    const struct config_edit *edit; /* NULL: the files as they are */
    const char *only;               /* the one service that may change; NULL: anything */
    /* Changes the files, when nothing else can fail any more. 0 or -1; NULL: there is nothing to do. */
    int (*commit)(void *context, struct error *error);
    config_done *done;
    void *context;
};

struct config_outcome {
    enum config_result result;
    struct error error;        /* but for DONE */
    struct option_fault fault; /* where it is known */
    char version[SERVER_VERSION_TEXT];
    json_t *difference; /* to what runs (before). NULL: not known, or out of memory */
};

/* The files are read on another thread: `done` is called later, or at once, and once. Orders are done one after the
 * other, each wholly before the files are read for the next. */
struct config_port {
    const struct config_state *state;
    const struct server_config *started; /* that of the start, which some options keep */
    void (*change)(void *context, const struct config_order *order);
    void (*compare)(void *context, config_done *done, void *done_context); /* the files with what runs */
    bool (*confirm)(void *context, const char *by);                        /* false: nothing waits for it */
    void *context;
};

#endif
