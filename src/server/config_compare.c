/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * config_compare: see config_compare.h.
 */
#include "config.h"

#include "server/config_compare.h"

#include "admin/values.h"
#include "lib/base/file.h"
#include "lib/event/background_queue.h"
#include "lib/event/file_watch.h"
#include "server/publishing.h"
#include "server/server_priv.h"
#include "server/transaction.h"

#include <stdlib.h>

struct waiter {
    struct waiter *next;
    config_done *done;
    void *context;
};

struct config_compare {
    struct config_compare_options options;
    struct file_watch *files; /* NULL: there is no file, or a look has it */
    unsigned generation;      /* of the configuration that they are of */
    bool must_read;           /* at the next look, also if no file has changed */
    bool is_looking;
    struct waiter *waiters; /* for the next look: the one that runs may have read the files before they asked */
    struct config_outcome last;
};

struct look {
    struct config_compare *compare;
    struct waiter *waiters;
    struct file_watch *files;
    unsigned generation;
    bool must_read, has_read;
    struct transaction transaction; /* its configuration alone */
    struct option_fault fault;
    struct error error;
};

/* ---- what is watched ---- */

static struct file_watch *watch_files(const struct server_config *conf) {
    size_t count = conf->file_count + conf->include.count + conf->value_files.count, used = 0;
    const char **paths = calloc(count + 1, sizeof *paths);
    char **folders = calloc(conf->include.count + 1, sizeof *folders);
    struct file_watch *watch = NULL;

    if (paths && folders) {
        for (size_t i = 0; i < conf->file_count; i++)
            paths[used++] = conf->files[i].path;
        for (size_t i = 0; i < conf->value_files.count; i++)
            paths[used++] = conf->value_files.items[i];
        for (size_t i = 0; i < conf->include.count; i++) /* files are added there */
            paths[used++] = folders[i] = file_beside(conf->include.items[i], ".");
        watch = file_watch_new(paths, used);
    }
    for (size_t i = 0; folders && i < conf->include.count; i++)
        free(folders[i]);
    free(folders);
    free(paths);
    return watch;
}

/* ---- what was read ---- */

static void compare_with(const struct server *server, struct server_config *conf, struct config_outcome *outcome) {
    if (conf != server->conf)
        publishing_merge(server->publishing, conf);
    struct server_diff *diff = server_diff_new(server->conf, conf, &outcome->error);
    struct server_diff *since_start = server_diff_new(server->started, conf, &outcome->error);

    if (diff && since_start && server_config_version(conf, outcome->version) == 0) {
        outcome->result = CONFIG_DONE;
        if (!server_diff_is_empty(diff))
            outcome->difference = server_diff_json(diff, server->conf, conf, &since_start->needs_restart);
    }
    server_diff_free(since_start);
    server_diff_free(diff);
}

static void note_changed(struct config_state *state, bool is_changed) {
    if (is_changed && !state->is_changed)
        state->changed_ms = value_wall_ms();
    state->is_changed = is_changed;
}

static void note_read(struct config_compare *compare, const struct look *look) {
    struct config_outcome *last = &compare->last;

    json_decref(last->difference);
    *last = (struct config_outcome){.result = CONFIG_WRONG, .error = look->error, .fault = look->fault};
    if (look->transaction.conf)
        compare_with(compare->options.server, look->transaction.conf, last);
    /* Files that the new configuration alone names are not watched: until it runs all are read each time. */
    compare->must_read = last->result != CONFIG_DONE || last->difference;
    note_changed(compare->options.state, last->result != CONFIG_DONE || last->difference);
    if (last->result == CONFIG_DONE && !last->difference)
        compare->options.on_equal(compare->options.context);
}

static void answer(const struct config_compare *compare, config_done *done, void *context) {
    struct config_outcome outcome = compare->last;

    json_incref(outcome.difference);
    done(context, &outcome);
}

static void answer_all(const struct config_compare *compare, struct waiter *waiters) {
    while (waiters) {
        struct waiter *waiter = waiters;
        waiters = waiter->next;
        answer(compare, waiter->done, waiter->context);
        free(waiter);
    }
}

/* ---- a look ---- */

static void look_at_files(void *context) {
    struct look *look = context;

    look->has_read = file_watch_has_changed(look->files) || look->must_read;
    if (look->has_read)
        (void)transaction_read(&look->transaction, look->compare->options.server, NULL, &look->fault, &look->error);
}

/* The files of a configuration that does not run any more are not those to watch. */
static void give_back(struct look *look) {
    struct config_compare *compare = look->compare;

    if (!compare->files && look->generation == compare->generation)
        compare->files = look->files;
    else
        file_watch_free(look->files);
}

static void begin_look(struct config_compare *compare);

static void on_looked(void *context, bool has_run) {
    struct look *look = context;
    struct config_compare *compare = look->compare;

    give_back(look);
    compare->is_looking = false;
    if (!has_run)
        compare->must_read = compare->must_read || look->must_read;
    else if (look->has_read)
        note_read(compare, look);
    transaction_done(&look->transaction);
    answer_all(compare, look->waiters);
    free(look);
    if (compare->waiters)
        begin_look(compare);
}

/* While the server stops nothing is loaded any more. */
static bool can_look(const struct config_compare *compare) {
    return compare->files && !compare->is_looking && !compare->options.server->stopping;
}

static struct look *make_look(struct config_compare *compare) {
    struct look *look = calloc(1, sizeof *look);

    if (!look)
        return NULL;
    *look = (struct look){.compare = compare,
                          .waiters = compare->waiters,
                          .files = compare->files,
                          .generation = compare->generation,
                          .must_read = compare->must_read,
                          .error = {"out of memory"}};
    transaction_begin(&look->transaction, compare->options.server, true);
    compare->waiters = NULL;
    compare->files = NULL;
    compare->must_read = false;
    compare->is_looking = true;
    return look;
}

/* Without memory those who wait get the last comparison. */
static void begin_look(struct config_compare *compare) {
    struct look *look = can_look(compare) ? make_look(compare) : NULL;
    struct waiter *waiters = compare->waiters;

    if (look && background_queue_run(compare->options.queue, look_at_files, on_looked, look)) {
        on_looked(look, false);
    } else if (!look && !compare->is_looking) {
        compare->waiters = NULL;
        answer_all(compare, waiters);
    }
}

/* ---- from outside ---- */

void config_compare_look(struct config_compare *compare) {
    begin_look(compare);
}

void config_compare_ask(struct config_compare *compare, config_done *done, void *context) {
    struct waiter *waiter = malloc(sizeof *waiter);

    if (!waiter) {
        answer(compare, done, context);
        return;
    }
    *waiter = (struct waiter){compare->waiters, done, context};
    compare->waiters = waiter;
    begin_look(compare);
}

void config_compare_again(struct config_compare *compare) {
    compare->must_read = true;
}

void config_compare_reset(struct config_compare *compare) {
    const struct server_config *conf = compare->options.server->conf;

    file_watch_free(compare->files);
    compare->files = conf->path ? watch_files(conf) : NULL;
    compare->generation++;
    compare->must_read = true; /* they may have changed since they were read */
}

struct config_compare *config_compare_new(const struct config_compare_options *options) {
    struct config_compare *compare = calloc(1, sizeof *compare);

    if (!compare)
        return NULL;
    compare->options = *options;
    return compare;
}

void config_compare_free(struct config_compare *compare) {
    if (!compare)
        return;
    file_watch_free(compare->files);
    json_decref(compare->last.difference);
    free(compare);
}
