/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_metrics: what is counted of each service. See server_metrics.h.
 *
 * A service alone has up to 30 KB of text, most of it histograms and reasons, and a scrape takes the control thread
 * some 10 ms for each 4 MB. So the first services of the configuration have all of it, more have the plain numbers
 * alone, and what is beyond is one part, the sum of those services: no sum over all services misses one.
 */
#include "config.h"

#include "server/server_metrics.h"

#include "relay/service_counts.h"
#include "server/service/service.h"

enum { DETAILED_MOST = 250, PLAIN_MOST = 5000 };

static const char others[] = "(others)"; /* no name of a service has parentheses */

struct part { /* of the services: one, or all that have no part of their own */
    const char *label;
    struct service *const *services;
    size_t count;
};

static size_t part_count(const struct service_list *services, size_t most) {
    return services->count > most ? most + 1 : services->count;
}

static struct part part_at(const struct service_list *services, size_t most, size_t index) {
    struct service *const *first = &services->items[index];

    if (index < most)
        return (struct part){service_config(*first)->name, first, 1};
    return (struct part){others, first, services->count - most};
}

static struct metric_label label_of(const struct part *part) {
    return METRIC_LABEL("service", part->label);
}

static void write_parts(const struct service_list *services, size_t most, struct metrics *to,
                        void (*write)(const struct part *part, struct metrics *to)) {
    for (size_t i = 0; i < part_count(services, most); i++) {
        struct part part = part_at(services, most, i);
        write(&part, to);
    }
}

/* One value for each service. */
static void write_each(const struct service_list *services, struct metrics *to,
                       uint64_t (*value)(const struct service *service)) {
    for (size_t i = 0; i < part_count(services, PLAIN_MOST); i++) {
        struct part part = part_at(services, PLAIN_MOST, i);
        uint64_t sum = 0;
        for (size_t k = 0; k < part.count; k++)
            sum += value(part.services[k]);
        metrics_value(to, METRIC_LABELS(label_of(&part)), sum);
    }
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

static uint64_t balancer_checks(const struct service *service) {
    return numbers_of(service).balancer_checks;
}

static void write_refused(const struct part *part, struct metrics *to) {
    uint64_t refused[ACCESS_VERDICT_COUNT] = {0};

    for (size_t k = 0; k < part->count; k++) {
        struct service_numbers numbers = numbers_of(part->services[k]);
        for (unsigned i = 0; i < ACCESS_VERDICT_COUNT; i++)
            refused[i] += numbers.refused[i];
    }
    for (unsigned i = ACCESS_ADMITTED + 1; i < ACCESS_VERDICT_COUNT; i++)
        metrics_value(to,
                      METRIC_LABELS(label_of(part),
                                    METRIC_LABEL("reason", access_verdict_label((enum access_verdict)i))),
                      refused[i]);
}

static void write_refused_requests(const struct part *part, struct metrics *to) {
    uint64_t misdirected = 0, malformed = 0;

    for (size_t k = 0; k < part->count; k++) {
        struct service_numbers numbers = numbers_of(part->services[k]);
        misdirected += numbers.misdirected;
        malformed += numbers.malformed;
    }
    metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("reason", "misdirected")), misdirected);
    metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("reason", "malformed")), malformed);
}

static void write_ended(const struct part *part, struct metrics *to) {
    uint64_t ended[REASON_COUNT] = {0};

    for (size_t k = 0; k < part->count; k++) {
        struct service_sum sum = sum_of(part->services[k]);
        for (unsigned i = 0; i < REASON_COUNT; i++)
            ended[i] += sum.ended_by[i];
    }
    for (unsigned i = 0; i < REASON_COUNT; i++)
        metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("reason", reason_label((enum relay_reason)i))),
                      ended[i]);
}

static void write_bytes(const struct part *part, struct metrics *to) {
    uint64_t in = 0, out = 0;

    for (size_t k = 0; k < part->count; k++) {
        struct service_sum sum = sum_of(part->services[k]);
        in += sum.in;
        out += sum.out;
    }
    metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("direction", "in")), in);
    metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("direction", "out")), out);
}

static void write_throttled(const struct part *part, struct metrics *to) {
    double seconds[BANDWIDTH_SCOPE_COUNT][BANDWIDTH_WAYS] = {{0}};

    for (size_t k = 0; k < part->count; k++) {
        struct service_sum sum = sum_of(part->services[k]);
        for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
            for (unsigned way = 0; way < BANDWIDTH_WAYS; way++)
                seconds[scope][way] += (double)sum.throttled_us[scope][way] / 1e6;
    }
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
        for (unsigned way = 0; way < BANDWIDTH_WAYS; way++)
            metrics_real(to,
                         METRIC_LABELS(label_of(part),
                                       METRIC_LABEL("limit", bandwidth_scope_label((enum bandwidth_scope)scope)),
                                       METRIC_LABEL("direction", bandwidth_way_label((enum bandwidth_way)way))),
                         seconds[scope][way]);
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
    write_parts(services, DETAILED_MOST, to, write_refused);
    metrics_family(to, "munnel_balancer_checks_total", METRIC_COUNTER,
                   "Connections of balancers in accept_proxy that ended before they were clients: health checks.");
    write_each(services, to, balancer_checks);
    metrics_family(to, "munnel_client_requests_refused_total", METRIC_COUNTER,
                   "Later HTTP requests that were not passed on: for another host, or malformed.");
    write_parts(services, DETAILED_MOST, to, write_refused_requests);
    metrics_family(to, "munnel_clients_ended_total", METRIC_COUNTER,
                   "Accepted clients that have ended, by the reason.");
    write_parts(services, DETAILED_MOST, to, write_ended);
}

static void write_handshakes(const struct part *part, struct metrics *to) {
    uint64_t results[CLIENT_TLS_RESULT_COUNT] = {0};
    bool has_tls = false;

    for (size_t k = 0; k < part->count; k++) {
        struct service_numbers numbers = numbers_of(part->services[k]);
        has_tls = has_tls || numbers.has_tls;
        for (unsigned i = 0; i < CLIENT_TLS_RESULT_COUNT; i++)
            results[i] += numbers.handshakes[i];
    }
    for (unsigned i = 0; has_tls && i < CLIENT_TLS_RESULT_COUNT; i++)
        metrics_value(to,
                      METRIC_LABELS(label_of(part),
                                    METRIC_LABEL("result", client_tls_label((enum client_tls_result)i))),
                      results[i]);
}

/* Of services beyond those that are listed, the one that expires first. */
static void write_expiry(const struct part *part, struct metrics *to) {
    time_t first = 0;

    for (size_t k = 0; k < part->count; k++) {
        struct service_numbers numbers = numbers_of(part->services[k]);
        if (numbers.has_tls && (!first || numbers.tls_expires_at < first))
            first = numbers.tls_expires_at;
    }
    if (first)
        metrics_value(to, METRIC_LABELS(label_of(part)), (uint64_t)first);
}

static void write_tls(const struct service_list *services, struct metrics *to) {
    metrics_family(to, "munnel_client_tls_handshakes_total", METRIC_COUNTER,
                   "TLS handshakes of clients, of services that end TLS, by the result.");
    write_parts(services, DETAILED_MOST, to, write_handshakes);
    metrics_family(to, "munnel_service_certificate_expiry_timestamp_seconds", METRIC_GAUGE,
                   "When the certificate of a service that ends TLS expires, the first of several, since 1970.");
    write_parts(services, PLAIN_MOST, to, write_expiry);
}

static void write_relays(const struct service_list *services, struct metrics *to) {
    metrics_family(to, "munnel_relays_opened_total", METRIC_COUNTER, "Relays whose destination was reached.");
    write_each(services, to, opened);
    metrics_family(to, "munnel_relay_bytes_total", METRIC_COUNTER,
                   "Bytes from clients to destinations (in) and back (out).");
    write_parts(services, PLAIN_MOST, to, write_bytes);
    metrics_family(to, "munnel_relay_throttled_seconds_total", METRIC_COUNTER,
                   "Seconds for which relays were held back by a limit of bandwidth, by whose it is.");
    write_parts(services, DETAILED_MOST, to, write_throttled);
}

/* ---- datagrams ---- */

/* False: none of the services is of UDP. */
static bool sum_datagrams(const struct part *part, struct service_sum *all) {
    bool is_udp = false;

    *all = (struct service_sum){0};
    for (size_t k = 0; k < part->count; k++) {
        struct service_sum sum = sum_of(part->services[k]);
        is_udp = is_udp || service_config(part->services[k])->protocol == SERVICE_UDP;
        for (unsigned way = 0; way < DATAGRAM_WAYS; way++) {
            all->datagrams[way] += sum.datagrams[way];
            for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
                all->dropped[way][drop] += sum.dropped[way][drop];
        }
    }
    return is_udp;
}

static const char *const ways[DATAGRAM_WAYS] = {[DATAGRAM_IN] = "in", [DATAGRAM_OUT] = "out"};

static void write_datagrams(const struct part *part, struct metrics *to) {
    struct service_sum sum;
    bool is_udp = sum_datagrams(part, &sum);

    for (unsigned way = 0; is_udp && way < DATAGRAM_WAYS; way++)
        metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("direction", ways[way])), sum.datagrams[way]);
}

static void write_dropped(const struct part *part, struct metrics *to) {
    struct service_sum sum;
    bool is_udp = sum_datagrams(part, &sum);

    for (unsigned way = 0; is_udp && way < DATAGRAM_WAYS; way++)
        for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
            metrics_value(to,
                          METRIC_LABELS(label_of(part),
                                        METRIC_LABEL("reason", datagram_drop_label((enum datagram_drop)drop)),
                                        METRIC_LABEL("direction", ways[way])),
                          sum.dropped[way][drop]);
}

static void write_all_datagrams(const struct service_list *services, struct metrics *to) {
    metrics_family(to, "munnel_datagrams_total", METRIC_COUNTER,
                   "Datagrams of UDP services, from clients (in) and back (out), with those that were dropped.");
    write_parts(services, PLAIN_MOST, to, write_datagrams);
    metrics_family(to, "munnel_datagrams_dropped_total", METRIC_COUNTER, "Datagrams that were dropped, by the reason.");
    write_parts(services, DETAILED_MOST, to, write_dropped);
}

/* ---- times ---- */

static void write_times(const struct service_list *services, struct metrics *to, enum service_time which,
                        const struct metric_bounds *bounds) {
    for (size_t i = 0; i < part_count(services, DETAILED_MOST); i++) {
        struct part part = part_at(services, DETAILED_MOST, i);
        struct histogram_sum sum = {0};
        for (size_t k = 0; k < part.count; k++)
            service_counts_add_times(service_counts(part.services[k]), which, &sum);
        metrics_histogram(to, METRIC_LABELS(label_of(&part)), bounds, &sum);
    }
}

static void write_all_times(const struct service_list *services, struct metrics *to) {
    static const struct {
        enum service_time which;
        const char *name, *help;
        const struct metric_bounds *bounds;
    } all[] = {{SERVICE_WAIT, "munnel_client_wait_seconds",
                "From accept, or the end of its TLS handshake, until an agent got the client, or its end before.",
                &metric_bounds_latency},
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

static void write_service_agents(const struct part *part, struct metrics *to) {
    struct {
        const char *state;
        size_t count;
    } all[] = {{"ready", 0}, {"busy", 0}, {"asked", 0}, {"refusing", 0}, {"unhealthy", 0}};

    for (size_t k = 0; k < part->count; k++) {
        struct service_numbers numbers = numbers_of(part->services[k]);
        all[0].count += numbers.ready;
        all[1].count += numbers.agents - numbers.ready;
        all[2].count += numbers.asked;
        all[3].count += numbers.refusing;
        all[4].count += numbers.unhealthy;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        metrics_value(to, METRIC_LABELS(label_of(part), METRIC_LABEL("state", all[i].state)), all[i].count);
}

void service_metrics_write(const struct service_list *services, struct metrics *to) {
    write_clients(services, to);
    write_tls(services, to);
    write_relays(services, to);
    write_all_datagrams(services, to);
    write_all_times(services, to);
    metrics_family(
        to, "munnel_service_agents", METRIC_GAUGE,
        "Agents of the service: ready for a client, busy, asked and not answered yet, refusing it by a rule, "
        "with an unhealthy destination.");
    write_parts(services, PLAIN_MOST, to, write_service_agents);
}
