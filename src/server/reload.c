/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reload: see reload.h.
 */
#include "config.h"

#include "server/reload.h"

#include "admin/recent_events.h"
#include "admin/values.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/event/file_watch.h"
#include "lib/event/service_manager.h"
#include "server/server_priv.h"
#include "server/transaction.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHECK_MS = 1000, REQUEST_INTERVAL_MS = 1000, RETURN_AGAIN_S = 1 };

struct reload {
    struct server *server;
    struct event *check, *request, *go_back;
    uint64_t requested_ms; /* when SIGHUP was last done */
    struct config_state state;
    struct file_watch *files;       /* munnel.json, what it includes, and those folders; NULL: there is no file */
    bool must_compare;              /* the files may have changed before they were watched */
    struct config_outcome compared; /* the files with what runs, when they were last read */
    struct transaction waits;       /* for its confirmation; all zero: none does */
};

static bool is_waiting(const struct reload *reload) {
    return reload->state.confirm_until_ms;
}

/* --- the files and what runs --- */

static struct file_watch *watch_files(const struct server_config *conf) {
    size_t count = conf->file_count + conf->include.count, used = 0;
    const char **paths = calloc(count + 1, sizeof *paths);
    char **folders = calloc(conf->include.count + 1, sizeof *folders);
    struct file_watch *watch = NULL;

    if (paths && folders) {
        for (size_t i = 0; i < conf->file_count; i++)
            paths[used++] = conf->files[i].path;
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

static void read_and_compare(struct server *server, struct config_outcome *outcome) {
    struct server_diff *diff = NULL, *since_start = NULL;

    *outcome = (struct config_outcome){.result = CONFIG_WRONG, .error = {"out of memory"}};
    struct server_config *conf = server->read_config
                                     ? server->read_config(server->read_context, NULL, &outcome->fault, &outcome->error)
                                     : server_config_hold(server->conf);
    if (conf) {
        diff = server_diff_new(server->conf, conf, &outcome->error);
        since_start = server_diff_new(server->started, conf, &outcome->error);
    }
    if (diff && since_start && server_config_version(conf, outcome->version) == 0) {
        outcome->result = CONFIG_DONE;
        if (!server_diff_is_empty(diff))
            outcome->difference = server_diff_json(diff, server->conf, conf, &since_start->needs_restart);
    }
    server_diff_free(since_start);
    server_diff_free(diff);
    server_config_free(conf);
}

static void note_changed(struct reload *reload, bool is_changed) {
    if (is_changed && !reload->state.is_changed)
        reload->state.changed_ms = value_wall_ms();
    reload->state.is_changed = is_changed;
}

static void check_files(struct reload *reload) {
    if (!reload->files || !(file_watch_has_changed(reload->files) || reload->must_compare))
        return;
    reload->must_compare = false;
    json_decref(reload->compared.difference);
    read_and_compare(reload->server, &reload->compared);
    note_changed(reload, reload->compared.result != CONFIG_DONE || reload->compared.difference);
}

/* The role view may ask as often as it likes: the files are read only if they have changed since. */
static void compare(void *context, struct config_outcome *outcome) {
    struct reload *reload = context;

    check_files(reload);
    *outcome = reload->compared;
    json_incref(outcome->difference);
}

/* Another configuration runs. */
static void note_loaded(struct reload *reload) {
    const struct server_config *conf = reload->server->conf;

    (void)server_config_version(conf, reload->state.version);
    reload->state.loaded_ms = value_wall_ms();
    file_watch_free(reload->files);
    reload->files = conf->path ? watch_files(conf) : NULL;
    reload->must_compare = true;
}

/* --- confirmation --- */

static void forget_return(struct reload *reload) {
    struct server *server = reload->server;

    reload->state.confirm_until_ms = 0;
    (void)event_del(reload->go_back);
    transaction_done(&reload->waits);
    listener_group_free(server->reserve);
    server->reserve = NULL;
}

/* Before anything is applied, so that only this can fail. */
static int set_timer(struct reload *reload, unsigned seconds, struct error *error) {
    const struct timeval wait = {(time_t)seconds, 0};

    return seconds && event_add(reload->go_back, &wait) ? error_set(error, "out of memory") : 0;
}

/* Takes over what was in force before. */
static void begin_wait(struct reload *reload, struct transaction *applied, unsigned seconds) {
    reconfigure_free(applied->change);
    applied->change = NULL;
    reload->waits = *applied;
    *applied = (struct transaction){.conf = NULL};
    reload->state.confirm_until_ms = value_wall_ms() + (int64_t)seconds * 1000;
    log_event(reload->server->log, LOG_LEVEL_WARNING, "server", "configuration waits for its confirmation",
              LOG_FIELDS(LOG_NUMBER("seconds", seconds),
                         LOG_TEXT("detail", "without it the configuration before comes back")));
    recent_events_add(reload->server->events, EVENT_KIND_SERVER, EVENT_WARNING, "server",
                      "the configuration waits for its confirmation", NULL);
}

static bool confirm(void *context, const char *by) {
    struct reload *reload = context;

    if (!is_waiting(reload))
        return false;
    forget_return(reload);
    log_event(reload->server->log, LOG_LEVEL_INFO, "server", "configuration confirmed", LOG_FIELDS(LOG_TEXT("by", by)));
    recent_events_add(reload->server->events, EVENT_KIND_SERVER, EVENT_INFO, "server", "configuration confirmed", by);
    return true;
}

/* Its ports are there still; what remains is memory, which may be there a second later. */
static void retry_return(struct reload *reload, const struct error *error) {
    static const struct timeval again = {RETURN_AGAIN_S, 0};

    log_event(reload->server->log, LOG_LEVEL_ERROR, "server", "cannot go back to the configuration before; retrying",
              LOG_FIELDS(LOG_TEXT("detail", error->text)));
    (void)event_add(reload->go_back, &again);
}

static void on_go_back(evutil_socket_t fd, short what, void *context) {
    struct reload *reload = context;
    struct server *server = reload->server;
    struct transaction transaction = {.conf = NULL};
    struct option_fault fault;
    struct error error = {"out of memory"};

    (void)fd;
    (void)what;
    if (server->stopping)
        return;
    if (transaction_prepare_return(&transaction, server, &reload->waits, &fault, &error)) {
        transaction_done(&transaction);
        retry_return(reload, &error);
        return;
    }
    log_write(server->log, LOG_LEVEL_WARNING, "server",
              "the reload was not confirmed: the configuration before is back");
    recent_events_add(server->events, EVENT_KIND_SERVER, EVENT_WARNING, "server",
                      "the reload was not confirmed: the configuration before is back", NULL);
    transaction_apply(&transaction, server);
    transaction_done(&transaction);
    forget_return(reload);
    note_loaded(reload);
}

/* --- one reload --- */

static void log_failure(const struct server *server, const struct config_outcome *outcome) {
    const struct option_fault *fault = &outcome->fault;
    char place[OPTION_FILE_SIZE + 32] = "";

    if (fault->line)
        snprintf(place, sizeof place, "%s:%u:%u", fault->file, fault->line, fault->column);
    log_event(server->log, LOG_LEVEL_ERROR, "server", "reload refused, everything stays as it is",
              !*fault->pointer ? LOG_FIELDS(LOG_TEXT("detail", outcome->error.text))
              : !*place ? LOG_FIELDS(LOG_TEXT("detail", outcome->error.text), LOG_TEXT("pointer", fault->pointer))
                        : LOG_FIELDS(LOG_TEXT("detail", outcome->error.text), LOG_TEXT("place", place),
                                     LOG_TEXT("pointer", fault->pointer)));
    recent_events_add(server->events, EVENT_KIND_SERVER, EVENT_ERROR, "server", "reload refused", outcome->error.text);
}

/* How the last reload of the files ended, for status and metrics. */
static void note_result(struct reload *reload, const struct config_order *order, const struct config_outcome *outcome) {
    struct config_state *state = &reload->state;

    if (order->is_dry_run || order->edit || (outcome->result != CONFIG_DONE && outcome->result != CONFIG_WRONG))
        return;
    state->reloaded_ms = value_wall_ms();
    state->was_refused = outcome->result == CONFIG_WRONG;
    state->error = state->was_refused ? outcome->error : (struct error){""};
    state->fault = outcome->fault;
    if (state->was_refused)
        log_failure(reload->server, outcome);
}

static enum config_result refuse(struct config_outcome *outcome, enum config_result result, const char *detail) {
    error_set(&outcome->error, "%s", detail);
    return result;
}

static enum config_result put_into_force(struct reload *reload, const struct config_order *order,
                                         struct transaction *transaction, struct config_outcome *outcome) {
    if (set_timer(reload, order->confirm_s, &outcome->error) ||
        (order->commit && order->commit(order->context, &outcome->error)))
        return CONFIG_FAILED;
    if (order->by)
        log_event(reload->server->log, LOG_LEVEL_INFO, "server", "another configuration is applied",
                  LOG_FIELDS(LOG_TEXT("by", order->by), LOG_TEXT("service", order->only ? order->only : "all")));
    transaction_apply(transaction, reload->server);
    note_loaded(reload);
    if (order->confirm_s)
        begin_wait(reload, transaction, order->confirm_s);
    return CONFIG_DONE;
}

static enum config_result change(struct reload *reload, const struct config_order *order,
                                 struct transaction *transaction, struct config_outcome *outcome) {
    const struct transaction_options options = {.edit = order->edit,
                                                .is_trial = order->is_dry_run,
                                                .keeps_ports = order->confirm_s && !order->is_dry_run};

    if (reload->server->stopping)
        return refuse(outcome, CONFIG_STOPPING, "the server is stopping");
    if (is_waiting(reload) && !order->is_dry_run)
        return refuse(outcome, CONFIG_WAITING,
                      "the last reload waits for its confirmation; confirm it (munnel reload confirm), or wait until "
                      "the configuration before is back");
    if (transaction_prepare(transaction, reload->server, &options, &outcome->fault, &outcome->error))
        return CONFIG_WRONG;
    if (order->only && transaction_changes_others(transaction, order->only))
        return refuse(outcome, CONFIG_MIXED,
                      "the files have changes besides, which would be applied, too; apply or undo them first: munnel "
                      "reload --dry-run shows them");
    (void)server_config_version(transaction->conf, outcome->version);
    outcome->difference = transaction_difference(transaction, reload->server);
    return order->is_dry_run ? CONFIG_DONE : put_into_force(reload, order, transaction, outcome);
}

void reload_change(struct reload *reload, const struct config_order *order, struct config_outcome *outcome) {
    struct transaction transaction = {.conf = NULL};

    *outcome = (struct config_outcome){.error = {"out of memory"}};
    outcome->result = change(reload, order, &transaction, outcome);
    note_result(reload, order, outcome);
    transaction_done(&transaction);
}

static void change_by_port(void *context, const struct config_order *order, struct config_outcome *outcome) {
    reload_change(context, order, outcome);
}

struct config_port reload_port(struct reload *reload) {
    return (struct config_port){.state = &reload->state,
                                .started = reload->server->started,
                                .change = change_by_port,
                                .compare = compare,
                                .confirm = confirm,
                                .context = reload};
}

const struct config_state *reload_state(const struct reload *reload) {
    return &reload->state;
}

/* --- SIGHUP --- */

static void on_request(evutil_socket_t fd, short what, void *context) {
    struct reload *reload = context;
    struct server *server = reload->server;
    struct config_outcome outcome;

    (void)fd;
    (void)what;
    if (server->stopping)
        return;
    reload->requested_ms = clock_ms();
    service_manager_reloading(server->service_manager);
    log_reopen(server->log);
    log_write(server->log, LOG_LEVEL_INFO, "server", "reloading the configuration, certificates and the agents file");
    reload_change(reload, &(struct config_order){.by = NULL}, &outcome);
    if (outcome.result == CONFIG_WAITING)
        log_write(server->log, LOG_LEVEL_ERROR, "server", "not reloaded: %s", outcome.error.text);
    json_decref(outcome.difference);
    service_manager_ready(server->service_manager);
}

void reload_request(struct reload *reload) {
    uint64_t now_ms = clock_ms();
    uint64_t free_ms = reload->requested_ms ? reload->requested_ms + REQUEST_INTERVAL_MS : 0;
    uint64_t wait_ms = free_ms > now_ms ? free_ms - now_ms : 0;
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};

    if (!event_pending(reload->request, EV_TIMEOUT, NULL) && event_add(reload->request, &wait))
        event_active(reload->request, EV_TIMEOUT, 0); /* no memory for a timer: at once, rather than never */
}

/* --- from start to end --- */

void reload_check(struct reload *reload) {
    trust_files_check(reload->server->trust);
    check_files(reload);
}

static void on_check(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    reload_check(context);
}

struct reload *reload_new(struct server *server) {
    struct event_base *base = loop_base(server->loop);
    struct reload *reload = calloc(1, sizeof *reload);

    if (!reload)
        return NULL;
    reload->server = server;
    reload->check = event_new(base, -1, EV_PERSIST, on_check, reload);
    reload->request = evtimer_new(base, on_request, reload);
    reload->go_back = evtimer_new(base, on_go_back, reload);
    if (reload->check && reload->request && reload->go_back) {
        note_loaded(reload);
        return reload;
    }
    reload_free(reload);
    return NULL;
}

void reload_free(struct reload *reload) {
    if (!reload)
        return;
    if (reload->go_back)
        forget_return(reload);
    if (reload->check)
        event_free(reload->check);
    if (reload->request)
        event_free(reload->request);
    if (reload->go_back)
        event_free(reload->go_back);
    file_watch_free(reload->files);
    json_decref(reload->compared.difference);
    free(reload);
}

int reload_open(struct reload *reload, struct error *error) {
    static const struct timeval every = {CHECK_MS / 1000, CHECK_MS % 1000 * 1000};

    if (trust_files_check_readable(reload->server->trust, error))
        return -1;
    return event_add(reload->check, &every) ? error_set(error, "out of memory") : 0;
}
