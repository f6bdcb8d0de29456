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
#include "lib/event/background_queue.h"
#include "lib/event/service_manager.h"
#include "server/config_compare.h"
#include "server/server_priv.h"
#include "server/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_MS = 1000, REQUEST_INTERVAL_MS = 1000, RETURN_AGAIN_S = 1 };

/* What the last reload was refused for, which may be mended without another one. */
enum refusal_cause { CAUSE_NONE, CAUSE_CONFIG, CAUSE_TRUST, CAUSE_OTHER };

struct reload {
    struct server *server;
    struct event *check, *request, *go_back;
    uint64_t requested_ms; /* when SIGHUP was last done */
    struct config_state state;
    enum refusal_cause cause;
    struct background_queue *queue; /* of all that reads the configuration */
    struct config_compare *compare;
    struct transaction waits; /* for its confirmation; all zero: none does */
};

struct reading { /* for an order */
    struct reload *reload;
    struct config_order order;
    struct transaction transaction;
    struct config_outcome outcome;
    bool is_read;
};

static bool is_waiting(const struct reload *reload) {
    return reload->state.confirm_until_ms;
}

/* Another configuration runs. */
static void note_loaded(struct reload *reload) {
    const struct server_config *conf = reload->server->conf;

    (void)server_config_version(conf, reload->state.version);
    reload->state.loaded_ms = value_wall_ms();
    config_compare_reset(reload->compare);
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
    const struct timeval wait = clock_timeval((uint64_t)seconds * 1000000);

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

static void forget_refusal(struct reload *reload) {
    reload->state.was_refused = false;
    reload->state.error = (struct error){""};
    reload->state.fault = (struct option_fault){.line = 0};
    reload->cause = CAUSE_NONE;
}

static enum refusal_cause cause_of(const struct reload *reload, const struct transaction *transaction) {
    char version[SERVER_VERSION_TEXT] = "";

    if (!transaction->conf || server_config_version(transaction->conf, version) ||
        strcmp(version, reload->state.version) != 0)
        return CAUSE_CONFIG;
    return transaction->is_trust_wrong ? CAUSE_TRUST : CAUSE_OTHER;
}

/* How the last reload of the files ended, for status and metrics. */
static void note_result(struct reload *reload, const struct reading *reading) {
    const struct config_outcome *outcome = &reading->outcome;
    const struct config_order *order = &reading->order;
    struct config_state *state = &reload->state;

    if (order->is_dry_run || order->edit || (outcome->result != CONFIG_DONE && outcome->result != CONFIG_WRONG))
        return;
    state->reloaded_ms = value_wall_ms();
    forget_refusal(reload);
    if (outcome->result == CONFIG_DONE)
        return;
    state->was_refused = true;
    state->error = outcome->error;
    state->fault = outcome->fault;
    reload->cause = cause_of(reload, &reading->transaction);
    config_compare_again(reload->compare); /* they may be put back before the next look */
    log_failure(reload->server, outcome);
}

/* The problem of a refused reload ends with its cause. */
static void note_mended(struct reload *reload) {
    log_write(reload->server->log, LOG_LEVEL_INFO, "server",
              "the files that a reload was refused for are as they run again");
    recent_events_add(reload->server->events, EVENT_KIND_SERVER, EVENT_INFO, "server",
                      "the files that a reload was refused for are as they run again", NULL);
    forget_refusal(reload);
}

static void on_equal(void *context) {
    struct reload *reload = context;

    if (reload->cause == CAUSE_CONFIG)
        note_mended(reload);
}

static enum config_result refuse(struct config_outcome *outcome, enum config_result result, const char *detail) {
    error_set(&outcome->error, "%s", detail);
    return result;
}

static enum config_result put_into_force(struct reload *reload, const struct config_order *order,
                                         struct transaction *transaction, struct config_outcome *outcome) {
    if (set_timer(reload, order->confirm_s, &outcome->error))
        return CONFIG_FAILED;
    if (order->commit && order->commit(order->context, &outcome->error)) {
        (void)event_del(reload->go_back);
        return CONFIG_FAILED;
    }
    if (order->by)
        log_event(reload->server->log, LOG_LEVEL_INFO, "server", "another configuration is applied",
                  LOG_FIELDS(LOG_TEXT("by", order->by), LOG_TEXT("service", order->only ? order->only : "all")));
    transaction_apply(transaction, reload->server);
    note_loaded(reload);
    if (order->confirm_s)
        begin_wait(reload, transaction, order->confirm_s);
    return CONFIG_DONE;
}

static enum config_result prepare_and_apply(struct reload *reload, struct reading *reading) {
    const struct config_order *order = &reading->order;
    struct config_outcome *outcome = &reading->outcome;
    struct transaction *transaction = &reading->transaction;
    const struct transaction_options options = {.is_trial = order->is_dry_run,
                                                .may_return = order->confirm_s && !order->is_dry_run};

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

static enum config_result change(struct reload *reload, struct reading *reading) {
    if (reload->server->stopping)
        return refuse(&reading->outcome, CONFIG_STOPPING, "the server is stopping");
    if (is_waiting(reload) && !reading->order.is_dry_run)
        return refuse(&reading->outcome, CONFIG_WAITING,
                      "the last reload waits for its confirmation; confirm it (munnel reload confirm), or wait until "
                      "the configuration before is back");
    return reading->is_read ? prepare_and_apply(reload, reading) : CONFIG_WRONG;
}

static void read_files(void *context) {
    struct reading *reading = context;

    reading->is_read = transaction_read(&reading->transaction, reading->reload->server, reading->order.edit,
                                        &reading->outcome.fault, &reading->outcome.error) == 0;
}

static void on_read(void *context, bool has_run) {
    struct reading *reading = context;
    struct reload *reload = reading->reload;
    struct config_outcome *outcome = &reading->outcome;

    outcome->result = has_run || reload->server->stopping
                          ? change(reload, reading)
                          : refuse(outcome, CONFIG_BUSY, "too much is being read already; try again in a second");
    note_result(reload, reading);
    transaction_done(&reading->transaction);
    reading->order.done(reading->order.context, outcome);
    free(reading);
}

void reload_change(struct reload *reload, const struct config_order *order) {
    struct reading *reading = calloc(1, sizeof *reading);

    if (!reading) {
        order->done(order->context, &(struct config_outcome){.result = CONFIG_BUSY, .error = {"out of memory"}});
        return;
    }
    *reading = (struct reading){.reload = reload, .order = *order, .outcome = {.error = {"out of memory"}}};
    transaction_begin(&reading->transaction, reload->server, order->edit);
    if (reload->server->stopping || background_queue_run(reload->queue, read_files, on_read, reading))
        on_read(reading, false);
}

static void change_by_port(void *context, const struct config_order *order) {
    reload_change(context, order);
}

static void compare_by_port(void *context, config_done *done, void *done_context) {
    const struct reload *reload = context;

    config_compare_ask(reload->compare, done, done_context);
}

struct config_port reload_port(struct reload *reload) {
    return (struct config_port){.state = &reload->state,
                                .started = reload->server->started,
                                .change = change_by_port,
                                .compare = compare_by_port,
                                .confirm = confirm,
                                .context = reload};
}

const struct config_state *reload_state(const struct reload *reload) {
    return &reload->state;
}

/* --- SIGHUP --- */

static void on_requested(void *context, struct config_outcome *outcome) {
    struct reload *reload = context;

    json_decref(outcome->difference);
    if (outcome->result == CONFIG_WAITING || outcome->result == CONFIG_BUSY)
        log_write(reload->server->log, LOG_LEVEL_ERROR, "server", "not reloaded: %s", outcome->error.text);
    service_manager_ready(reload->server->service_manager);
}

static void on_request(evutil_socket_t fd, short what, void *context) {
    struct reload *reload = context;
    struct server *server = reload->server;

    (void)fd;
    (void)what;
    if (server->stopping)
        return;
    reload->requested_ms = clock_ms();
    service_manager_reloading(server->service_manager);
    log_reopen(server->log);
    log_write(server->log, LOG_LEVEL_INFO, "server", "reloading the configuration, certificates and the agents file");
    reload_change(reload, &(struct config_order){.done = on_requested, .context = reload});
}

void reload_request(struct reload *reload) {
    uint64_t now_ms = clock_ms();
    uint64_t free_ms = reload->requested_ms ? reload->requested_ms + REQUEST_INTERVAL_MS : 0;
    uint64_t wait_ms = free_ms > now_ms ? free_ms - now_ms : 0;
    struct timeval wait = clock_timeval(wait_ms * 1000);

    if (!event_pending(reload->request, EV_TIMEOUT, NULL) && event_add(reload->request, &wait))
        event_active(reload->request, EV_TIMEOUT, 0); /* no memory for a timer: at once, rather than never */
}

/* --- from start to end --- */

void reload_check(struct reload *reload) {
    trust_files_check(reload->server->trust);
    if (reload->cause == CAUSE_TRUST && trust_files_are_in_force(reload->server->trust))
        note_mended(reload);
    config_compare_look(reload->compare);
}

bool reload_is_idle(const struct reload *reload) {
    return background_queue_is_idle(reload->queue);
}

static void on_check(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    reload_check(context);
}

static struct config_compare *make_compare(struct reload *reload) {
    return config_compare_new(&(struct config_compare_options){.server = reload->server,
                                                               .queue = reload->queue,
                                                               .state = &reload->state,
                                                               .on_equal = on_equal,
                                                               .context = reload});
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
    reload->queue = background_queue_new(server->background);
    reload->compare = reload->queue ? make_compare(reload) : NULL;
    if (reload->check && reload->request && reload->go_back && reload->compare) {
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
    config_compare_free(reload->compare);
    background_queue_free(reload->queue);
    free(reload);
}

int reload_open(struct reload *reload, struct error *error) {
    static const struct timeval every = {CHECK_MS / 1000, CHECK_MS % 1000 * 1000};

    const struct service_list *services = &reload->server->services;

    if (trust_files_check_readable(reload->server->trust, error))
        return -1;
    for (size_t i = 0; i < services->count; i++)
        if (service_check_readable(services->items[i], error))
            return -1;
    return event_add(reload->check, &every) ? error_set(error, "out of memory") : 0;
}
