/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_metrics: what is counted of each service. See server_metrics.h.
 */
#include "config.h"

#include "server/server_metrics.h"

#include "relay/service_counts.h"
#include "server/service/service.h"

static struct metric_label label_of(const struct service *service) {
    return METRIC_LABEL("service", service_config(service)->name);
}

/* One value for each service. */
static void write_each(const struct service_list *services, struct metrics *to,
                       uint64_t (*value)(const struct service *service)) {
    for (size_t i = 0; i < services->count; i++)
        metrics_value(to, METRIC_LABELS(label_of(services->items[i])), value(services->items[i]));
}

/* ---- clients ---- */

static struct service_sum sum_of(const struct service *service) {
    struct service_sum sum;

    service_counts_sum(service_counts(service), &sum);
    return sum;
}

static uint64_t accepted(const struct service *service) {
    return sum_of(service).accepted;
}

static uint64_t opened(const struct service *service) {
    return sum_of(service).opened;
}

static struct service_numbers numbers_of(const struct service *service) {
    struct service_numbers numbers;

    service_read(service, &numbers);
    return numbers;
}

static uint64_t clients(const struct service *service) {
    return numbers_of(service).clients;
}

static uint64_t waiting(const struct service *service) {
    return numbers_of(service).waiting;
}

static void write_refused(const struct service *service, struct metrics *to) {
    struct service_numbers numbers = numbers_of(service);

    for (unsigned i = ACCESS_ADMITTED + 1; i < ACCESS_VERDICT_COUNT; i++)
        metrics_value(to,
                      METRIC_LABELS(label_of(service),
                                    METRIC_LABEL("reason", access_verdict_label((enum access_verdict)i))),
                      numbers.refused[i]);
}

static void write_ended(const struct service *service, struct metrics *to) {
    struct service_sum sum = sum_of(service);

    for (unsigned i = 0; i < REASON_COUNT; i++)
        metrics_value(to, METRIC_LABELS(label_of(service), METRIC_LABEL("reason", reason_label((enum relay_reason)i))),
                      sum.ended_by[i]);
}

static void write_bytes(const struct service *service, struct metrics *to) {
    struct service_sum sum = sum_of(service);

    metrics_value(to, METRIC_LABELS(label_of(service), METRIC_LABEL("direction", "in")), sum.in);
    metrics_value(to, METRIC_LABELS(label_of(service), METRIC_LABEL("direction", "out")), sum.out);
}

static void write_clients(const struct service_list *services, struct metrics *to) {
    metrics_family(to, "munnel_clients", METRIC_GAUGE, "Clients that are connected, those that wait included.");
    write_each(services, to, clients);
    metrics_family(to, "munnel_clients_waiting", METRIC_GAUGE, "Clients that wait for an agent.");
    write_each(services, to, waiting);
    metrics_family(to, "munnel_clients_accepted_total", METRIC_COUNTER, "Clients that were accepted.");
    write_each(services, to, accepted);
    metrics_family(to, "munnel_clients_refused_total", METRIC_COUNTER,
                   "Clients that were refused by a rule or a limit of the service.");
    for (size_t i = 0; i < services->count; i++)
        write_refused(services->items[i], to);
    metrics_family(to, "munnel_clients_ended_total", METRIC_COUNTER,
                   "Accepted clients that have ended, by the reason.");
    for (size_t i = 0; i < services->count; i++)
        write_ended(services->items[i], to);
}

static void write_relays(const struct service_list *services, struct metrics *to) {
    metrics_family(to, "munnel_relays_opened_total", METRIC_COUNTER, "Relays whose destination was reached.");
    write_each(services, to, opened);
    metrics_family(to, "munnel_relay_bytes_total", METRIC_COUNTER,
                   "Bytes from clients to destinations (in) and back (out).");
    for (size_t i = 0; i < services->count; i++)
        write_bytes(services->items[i], to);
}

/* ---- times ---- */

static void write_times(const struct service_list *services, struct metrics *to, enum service_time which,
                        const struct metric_bounds *bounds) {
    for (size_t i = 0; i < services->count; i++) {
        struct histogram_sum sum = {0};
        service_counts_add_times(service_counts(services->items[i]), which, &sum);
        metrics_histogram(to, METRIC_LABELS(label_of(services->items[i])), bounds, &sum);
    }
}

static void write_all_times(const struct service_list *services, struct metrics *to) {
    static const struct {
        enum service_time which;
        const char *name, *help;
        const struct metric_bounds *bounds;
    } all[] = {{SERVICE_WAIT, "munnel_client_wait_seconds",
                "From accept until an agent got the client, or its end before.", &metric_bounds_latency},
               {SERVICE_DIAL, "munnel_relay_dial_seconds", "From then until the agent had reached the destination.",
                &metric_bounds_latency},
               {SERVICE_FIRST_BYTE, "munnel_relay_first_byte_seconds",
                "From accept until the destination's first byte.", &metric_bounds_latency},
               {SERVICE_DURATION, "munnel_relay_duration_seconds",
                "From accept to the end, of relays that were opened.", &metric_bounds_duration}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        metrics_family(to, all[i].name, METRIC_HISTOGRAM, all[i].help);
        write_times(services, to, all[i].which, all[i].bounds);
    }
}

/* ---- agents ---- */

static void write_service_agents(const struct service *service, struct metrics *to) {
    struct service_numbers numbers = numbers_of(service);
    const struct {
        const char *state;
        size_t count;
    } all[] = {{"ready", numbers.ready},
               {"busy", numbers.agents - numbers.ready},
               {"asked", numbers.asked},
               {"refusing", numbers.refusing}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        metrics_value(to, METRIC_LABELS(label_of(service), METRIC_LABEL("state", all[i].state)), all[i].count);
}

void service_metrics_write(const struct service_list *services, struct metrics *to) {
    write_clients(services, to);
    write_relays(services, to);
    write_all_times(services, to);
    metrics_family(
        to, "munnel_service_agents", METRIC_GAUGE,
        "Agents of the service: ready for a client, busy, asked and not answered yet, refusing it by a rule.");
    for (size_t i = 0; i < services->count; i++)
        write_service_agents(services->items[i], to);
}
