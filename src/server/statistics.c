/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * statistics: see statistics.h. What came in a second is the difference of two sums; a service's histograms are added
 * up only when its counts have changed.
 */
#include "config.h"

#include "server/statistics.h"

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/queue.h"
#include "lib/event/lag_probe.h"
#include "relay/plane.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND_US = 1000000,
    BUCKETS = 1024,          /* of services by their names: thousands are listed at once */
    TIMES = SERVICE_DURATION /* those before it have quantiles */
};

struct times {
    struct histogram_sum of[TIMES];
};

struct service_history {
    TAILQ_ENTRY(service_history) next;
    LIST_ENTRY(service_history) same; /* in the bucket of its name */
    char *name;
    struct history *history; /* NULL: one too many, or out of memory, until a later tick */
    struct service_sum before;
    uint64_t refused_before, failed_before;
    struct times times_before, window, next_window; /* window: when the present one began, and when the next */
    struct statistics_datagrams datagrams_window, datagrams_next_window; /* likewise; now they are those of `before` */
    bool is_there;                                                       /* it was in this tick */
};

struct statistics {
    struct statistics_options options;
    struct event *timer;
    uint64_t second; /* of the last tick */
    struct history *history;
    TAILQ_HEAD(, service_history) services;
    LIST_HEAD(name_bucket, service_history) by_name[BUCKETS];
    size_t histories; /* that services have of their own */
    struct histogram lag;
    struct lag_probe lag_probe;
    struct histogram_sum lag_before;
    struct times now;       /* of the tick: what came in all services */
    uint64_t window_end_us; /* of all services */
};

/* ---- services ---- */

static void free_service(struct statistics *statistics, struct service_history *service) {
    TAILQ_REMOVE(&statistics->services, service, next);
    LIST_REMOVE(service, same);
    statistics->histories -= service->history ? 1 : 0;
    history_free(service->history);
    free(service->name);
    free(service);
}

static size_t bucket_of(const char *name) {
    return hash_mix(hash_bytes(HASH_START, name, strlen(name))) % BUCKETS;
}

static struct service_history *find(const struct statistics *statistics, const char *name) {
    struct service_history *service;

    LIST_FOREACH (service, &statistics->by_name[bucket_of(name)], same)
        if (strcmp(service->name, name) == 0)
            break;
    return service;
}

/* NULL: out of memory; the next tick tries again. */
static struct service_history *make(struct statistics *statistics, const char *name) {
    struct service_history *service = calloc(1, sizeof *service);

    if (!service)
        return NULL;
    service->name = strdup(name);
    if (!service->name) {
        free(service);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&statistics->services, service, next);
    LIST_INSERT_HEAD(&statistics->by_name[bucket_of(name)], service, same);
    return service;
}

/* Once there is room: others may have gone, or memory may have lacked. */
static void make_history(struct statistics *statistics, struct service_history *service) {
    if (service->history || statistics->histories >= STATISTICS_SERVICES_MOST)
        return;
    service->history = history_new(HISTORY_SERVICE_SERIES);
    statistics->histories += service->history ? 1 : 0;
}

/* In the order of the configuration each is found at once. */
static struct service_history *find_or_make(struct statistics *statistics, struct service_history *guess,
                                            const char *name) {
    struct service_history *service = guess && strcmp(guess->name, name) == 0 ? guess : find(statistics, name);

    return service ? service : make(statistics, name);
}

static void forget_absent(struct statistics *statistics) {
    struct service_history *next;

    for (struct service_history *service = TAILQ_FIRST(&statistics->services); service; service = next) {
        next = TAILQ_NEXT(service, next);
        if (!service->is_there)
            free_service(statistics, service);
        else
            service->is_there = false;
    }
}

/* ---- a second of a service ---- */

/* Kilobytes, so that what is left of one is not lost, but counts with the next second. */
static uint64_t kilobytes(uint64_t now, uint64_t before) {
    return now / 1000 - before / 1000;
}

static bool has_changed(const struct service_sum *now, const struct service_sum *before) {
    return now->accepted != before->accepted || now->opened != before->opened || now->ended != before->ended ||
           now->out != before->out;
}

static void add_times(struct statistics *statistics, struct service_history *service,
                      const struct service_counts *counts) {
    for (unsigned which = 0; which < TIMES; which++) {
        struct histogram_sum now = {0}, *all = &statistics->now.of[which];
        service_counts_add_times(counts, (enum service_time)which, &now);
        struct histogram_sum since = histogram_sum_since(&now, &service->times_before.of[which]);
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
            all->buckets[i] += since.buckets[i];
        all->count += since.count;
        all->sum_us += since.sum_us;
        service->times_before.of[which] = now;
    }
}

/* Those that have ended have failed, but for those that were opened, of which there is a duration. The threads count
 * on: a client that ends between the two sums has a duration only, and would make one fewer than before. */
static uint64_t take_failed(struct service_history *service, const struct service_counts *counts, uint64_t ended) {
    struct histogram_sum durations = {0};

    service_counts_add_times(counts, SERVICE_DURATION, &durations);
    uint64_t failed = ended > durations.count ? ended - durations.count : 0, before = service->failed_before;
    if (failed <= before)
        return 0;
    service->failed_before = failed;
    return failed - before;
}

/* The service was made anew, and counts from 0. */
static void restart_if_new(struct service_history *service, const struct service_sum *now, uint64_t refused) {
    if (now->accepted < service->before.accepted || now->ended < service->before.ended ||
        now->datagrams[DATAGRAM_IN] < service->before.datagrams[DATAGRAM_IN]) {
        service->before = (struct service_sum){0};
        service->times_before = service->window = service->next_window = (struct times){0};
        service->datagrams_window = service->datagrams_next_window = (struct statistics_datagrams){0};
        service->failed_before = 0;
    }
    if (refused < service->refused_before)
        service->refused_before = 0;
}

static struct statistics_datagrams datagrams_of(const struct service_sum *sum) {
    struct statistics_datagrams all = {0};

    for (unsigned way = 0; way < DATAGRAM_WAYS; way++) {
        all.count += sum->datagrams[way];
        for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
            all.dropped[drop] += sum->dropped[way][drop];
    }
    return all;
}

static struct statistics_datagrams datagrams_since(const struct statistics_datagrams *now,
                                                   const struct statistics_datagrams *before) {
    struct statistics_datagrams since = {.count = now->count - before->count};

    for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
        since.dropped[drop] = now->dropped[drop] - before->dropped[drop];
    return since;
}

static void take_datagrams(const struct service_history *of, const struct service_sum *now, uint64_t *values) {
    struct statistics_datagrams all = datagrams_of(now), before = datagrams_of(&of->before);
    struct statistics_datagrams since = datagrams_since(&all, &before);

    values[HISTORY_DATAGRAMS] = since.count;
    for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
        values[HISTORY_DROPPED] += since.dropped[drop];
}

static void take_service(struct statistics *statistics, struct service_history *of, const struct service *service,
                         uint64_t second, uint64_t *server) {
    uint64_t values[HISTORY_SERVER_SERIES] = {0}, refused = service_refused(service);
    const struct service_counts *counts = service_counts(service);
    struct service_numbers numbers;
    struct service_sum now;

    service_read(service, &numbers);
    service_counts_sum(counts, &now);
    restart_if_new(of, &now, refused);
    if (has_changed(&now, &of->before)) {
        add_times(statistics, of, counts);
        values[HISTORY_FAILED] = take_failed(of, counts, now.ended);
    }
    values[HISTORY_IN] = kilobytes(now.in, of->before.in);
    values[HISTORY_OUT] = kilobytes(now.out, of->before.out);
    values[HISTORY_NEW] = now.accepted - of->before.accepted;
    values[HISTORY_REFUSED] = refused - of->refused_before;
    values[HISTORY_RELAYS] = numbers.clients - numbers.waiting;
    values[HISTORY_WAITING] = numbers.waiting;
    take_datagrams(of, &now, values);
    of->before = now;
    of->refused_before = refused;
    if (of->history)
        history_add(of->history, second, values);
    for (unsigned i = 0; i < HISTORY_SERVICE_SERIES; i++)
        server[i] += values[i];
}

/* ---- a second of the server ---- */

static void take_services(struct statistics *statistics, uint64_t second, uint64_t *values) {
    const struct service_list *services = statistics->options.services;
    struct service_history *guess = TAILQ_FIRST(&statistics->services);

    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = services->items[i];
        struct service_history *of = find_or_make(statistics, guess, service_config(service)->name);
        if (!of)
            continue;
        of->is_there = true;
        make_history(statistics, of);
        take_service(statistics, of, service, second, values);
        guess = TAILQ_NEXT(of, next);
    }
    forget_absent(statistics);
}

static void take_times(struct statistics *statistics, uint64_t *values) {
    for (unsigned which = 0; which < TIMES; which++) {
        values[HISTORY_WAIT_P50 + 2 * which] = histogram_quantile(&statistics->now.of[which], 0.5);
        values[HISTORY_WAIT_P99 + 2 * which] = histogram_quantile(&statistics->now.of[which], 0.99);
    }
    statistics->now = (struct times){0};
}

/* The longest of all threads, to a bucket. */
static uint64_t take_lag(struct statistics *statistics) {
    struct histogram_sum now = {0};

    histogram_sum_add(&now, &statistics->lag);
    for (unsigned i = 0; i < plane_thread_count(statistics->options.plane); i++)
        histogram_sum_add(&now, &plane_thread_counts(statistics->options.plane, i)->lag);
    struct histogram_sum since = histogram_sum_since(&now, &statistics->lag_before);
    statistics->lag_before = now;
    return histogram_quantile(&since, 1);
}

static void shift_windows(struct statistics *statistics, uint64_t now_us) {
    struct service_history *service;

    if (now_us < statistics->window_end_us)
        return;
    statistics->window_end_us = now_us + HISTORY_WINDOW_S * (uint64_t)SECOND_US;
    TAILQ_FOREACH (service, &statistics->services, next) {
        service->window = service->next_window;
        service->next_window = service->times_before;
        service->datagrams_window = service->datagrams_next_window;
        service->datagrams_next_window = datagrams_of(&service->before);
    }
}

void statistics_tick(struct statistics *statistics, uint64_t now_us) {
    uint64_t values[HISTORY_SERVER_SERIES] = {0}, second = now_us / SECOND_US;

    if (second <= statistics->second) /* what came belongs to the next one then */
        return;
    statistics->second = second;
    take_services(statistics, second, values);
    take_times(statistics, values);
    values[HISTORY_LAG] = take_lag(statistics);
    history_add(statistics->history, second, values);
    shift_windows(statistics, now_us);
}

uint64_t statistics_wait_us(uint64_t now_us) {
    return SECOND_US + SECOND_US / 2 - now_us % SECOND_US;
}

/* It is pending already when it runs (EV_PERSIST), so that it goes on if there is no memory. */
static int set_timer(struct statistics *statistics) {
    const struct timeval wait = clock_timeval(statistics_wait_us(clock_us()));

    return event_add(statistics->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    (void)set_timer(context);
    statistics_tick(context, clock_us());
}

/* ---- life ---- */

struct statistics *statistics_new(const struct statistics_options *options) {
    struct statistics *statistics = calloc(1, sizeof *statistics);

    if (!statistics)
        return NULL;
    statistics->options = *options;
    TAILQ_INIT(&statistics->services);
    statistics->window_end_us = clock_us() + HISTORY_WINDOW_S * (uint64_t)SECOND_US;
    statistics->history = history_new(HISTORY_SERVER_SERIES);
    statistics->timer = event_new(options->base, -1, EV_PERSIST, on_timer, statistics);
    if (statistics->history && statistics->timer && set_timer(statistics) == 0 &&
        lag_probe_start(&statistics->lag_probe, options->base, &statistics->lag) == 0)
        return statistics;
    statistics_free(statistics);
    return NULL;
}

void statistics_free(struct statistics *statistics) {
    if (!statistics)
        return;
    lag_probe_stop(&statistics->lag_probe);
    if (statistics->timer)
        event_free(statistics->timer);
    while (!TAILQ_EMPTY(&statistics->services))
        free_service(statistics, TAILQ_FIRST(&statistics->services));
    history_free(statistics->history);
    free(statistics);
}

/* ---- what is asked for ---- */

const struct history *statistics_server(const struct statistics *statistics) {
    return statistics->history;
}

const struct history *statistics_service(const struct statistics *statistics, const char *name) {
    const struct service_history *service = find(statistics, name);

    return service ? service->history : NULL;
}

static void add_window(struct histogram_sum *sum, const struct service_history *service, enum service_time which) {
    struct histogram_sum since = histogram_sum_since(&service->times_before.of[which], &service->window.of[which]);

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum->buckets[i] += since.buckets[i];
    sum->count += since.count;
}

uint64_t statistics_quantile(const struct statistics *statistics, const char *name, enum service_time which, double q) {
    struct histogram_sum sum = {0};
    const struct service_history *service = name ? find(statistics, name) : TAILQ_FIRST(&statistics->services);

    if ((unsigned)which >= TIMES)
        return 0;
    for (; service; service = name ? NULL : TAILQ_NEXT(service, next))
        add_window(&sum, service, which);
    return histogram_quantile(&sum, q);
}

bool statistics_datagrams(const struct statistics *statistics, const char *name, struct statistics_datagrams *sum) {
    const struct service_history *service = find(statistics, name);

    if (!service)
        return false;
    struct statistics_datagrams now = datagrams_of(&service->before);
    *sum = datagrams_since(&now, &service->datagrams_window);
    return true;
}

const struct histogram *statistics_lag(const struct statistics *statistics) {
    return &statistics->lag;
}
