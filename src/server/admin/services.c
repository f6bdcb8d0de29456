/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: /v1/services, and what the server and each agent permit of one.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"
#include "server/service/published.h"

#include <string.h>

/* ---- numbers ---- */

static bool carries(const struct credential *credential, const struct strlist *groups) {
    for (size_t i = 0; i < groups->count; i++)
        if (credential_carries(credential, groups->items[i]))
            return true;
    return !groups->count;
}

size_t admin_service_known(const struct admin *admin, const struct service *service) {
    const struct credentials *credentials = admin->options.policy->credentials;
    const struct strlist *groups = &service_config(service)->groups;
    const struct session_table *sessions = admin->options.sessions;
    size_t carrying = 0, serving = 0;

    for (size_t i = 0; credentials && i < credentials_count(credentials); i++)
        carrying += carries(credentials_at(credentials, i), groups);
    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        serving += service_is_for(service, session);
    if (service_config(service)->publisher)
        return serving;
    return serving > carrying ? serving : carrying;
}

enum admin_service_state admin_service_state(const struct service_numbers *numbers, size_t known) {
    if (numbers->paused_by)
        return ADMIN_SERVICE_PAUSED;
    if (!numbers->agents)
        return numbers->is_settling ? ADMIN_SERVICE_LIMITED : ADMIN_SERVICE_UNREACHABLE;
    return numbers->ready < known || numbers->failing || !numbers->is_open ? ADMIN_SERVICE_LIMITED : ADMIN_SERVICE_OK;
}

static const char *state_label(enum admin_service_state state) {
    static const char *const labels[ADMIN_SERVICE_STATE_COUNT] = {
#define ADMIN_SERVICE_STATE_LABEL(name, label) label,
        ADMIN_SERVICE_STATES(ADMIN_SERVICE_STATE_LABEL)
#undef ADMIN_SERVICE_STATE_LABEL
    };
    return labels[state];
}

/* ---- a service ---- */

static json_t *quantiles(const struct admin *admin, const char *name, enum service_time which) {
    const struct statistics *statistics = admin->options.statistics;

    return json_pack("{s:o,s:o}", "p50_ms", value_ms(statistics_quantile(statistics, name, which, 0.5)), "p99_ms",
                     value_ms(statistics_quantile(statistics, name, which, 0.99)));
}

static json_t *refusals(const struct service_numbers *numbers) {
    json_t *json = json_object();

    for (unsigned i = ACCESS_ADMITTED + 1; i < ACCESS_VERDICT_COUNT; i++)
        if (numbers->refused[i])
            json_object_set_new(json, access_verdict_label((enum access_verdict)i),
                                json_integer((json_int_t)numbers->refused[i]));
    return json;
}

/* conf->service_count: it was removed, or is of another configuration. */
static size_t index_of(const struct server_config *conf, const struct service_config *service) {
    uintptr_t first = (uintptr_t)conf->services, at = (uintptr_t)service;
    size_t index = at >= first ? (at - first) / sizeof *service : conf->service_count;

    return index < conf->service_count ? index : conf->service_count;
}

const struct config_file *admin_service_file(const struct admin *admin, const struct service_config *service) {
    const struct server_config *conf = admin->options.policy->conf;
    size_t index = index_of(conf, service);

    for (size_t i = 0; index < conf->service_count && i < conf->file_count; i++)
        if (index - conf->files[i].first < conf->files[i].count)
            return &conf->files[i];
    return NULL;
}

static json_t *origin(const struct admin *admin, const struct service_config *service) {
    const struct config_file *file = admin_service_file(admin, service);

    return json_pack("{s:o,s:b}", "file", value_text(file ? file->path : NULL), "is_managed", file && file->is_managed);
}

static json_t *rates_part(const struct history *history) {
    return json_pack("{s:o,s:o,s:o}", "new_rate", value_rates(history, HISTORY_NEW, 1), "in_rate",
                     value_rates(history, HISTORY_IN, VALUE_KILOBYTE), "out_rate",
                     value_rates(history, HISTORY_OUT, VALUE_KILOBYTE));
}

static json_t *protocol_part(const struct service *service, const struct history *history) {
    const char *protocol = service_config(service)->protocol == SERVICE_UDP ? "udp" : "tcp";

    return json_pack("{s:s,s:o}", "protocol", protocol, "datagrams", admin_datagrams(service, history));
}

static json_t *limits_part(const struct service_config *conf) {
    return json_pack("{s:o,s:o}", "bandwidth_in", value_limit(conf->bandwidth.in), "bandwidth_out",
                     value_limit(conf->bandwidth.out));
}

static json_t *times_part(const struct admin *admin, const char *name) {
    return json_pack("{s:o,s:o,s:o}", "wait", quantiles(admin, name, SERVICE_WAIT), "dial",
                     quantiles(admin, name, SERVICE_DIAL), "first_byte", quantiles(admin, name, SERVICE_FIRST_BYTE));
}

/* Null: its clients' TLS, if they have any, is not ended here. */
static json_t *tls_json(const struct service_numbers *numbers) {
    json_t *handshakes = numbers->has_tls ? json_object() : NULL;

    for (unsigned i = 0; handshakes && i < CLIENT_TLS_RESULT_COUNT; i++)
        if (numbers->handshakes[i])
            json_object_set_new(handshakes, client_tls_label((enum client_tls_result)i),
                                json_integer((json_int_t)numbers->handshakes[i]));
    if (!handshakes)
        return json_null();
    return json_pack("{s:o,s:o,s:o}", "expires", value_time((int64_t)numbers->tls_expires_at * 1000), "refused",
                     value_text(numbers->tls_refusal), "handshakes", handshakes);
}

static json_t *tls_part(const struct service_numbers *numbers) {
    return json_pack("{s:o}", "tls", tls_json(numbers));
}

/* Null: it is configured. */
static json_t *published_json(const struct admin *admin, const struct service_config *conf) {
    const struct published_entry *entry = conf->publisher ? published_find(admin->options.published, conf->name) : NULL;

    if (!entry)
        return json_null();
    return json_pack("{s:o,s:o,s:o,s:o}", "agent", value_text(entry->agent), "credential",
                     value_text(entry->credential), "since", value_time((int64_t)entry->since * 1000), "gone_since",
                     value_time_of(entry->gone_us));
}

static json_t *published_part(const struct admin *admin, const struct service_config *conf) {
    return json_pack("{s:o}", "published_by", published_json(admin, conf));
}

/* Takes over `part`. False: one of both is missing. */
static bool merge(json_t *json, json_t *part) {
    bool is_whole = json && part && json_object_update(json, part) == 0;

    json_decref(part);
    return is_whole;
}

static json_t *service_json(const struct admin *admin, const struct service *service) {
    const struct service_config *conf = service_config(service);
    const struct history *history = statistics_service(admin->options.statistics, conf->name);
    size_t known = admin_service_known(admin, service);
    struct service_numbers numbers;

    service_read(service, &numbers);
    size_t relays = numbers.clients - numbers.waiting;
    uint64_t peak = history ? history_peak(history, HISTORY_RELAYS) : 0;
    json_t *json =
        json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "name", conf->name,
                  "state", state_label(admin_service_state(&numbers, known)), "since", value_time_of(numbers.since_us),
                  "paused_by", value_text(numbers.paused_by), "listen", value_texts(&conf->listen), "visitors",
                  value_texts(&conf->visitors), "hosts", value_texts(&conf->hosts), "groups",
                  value_texts(&conf->groups), "connect", value_texts(&conf->connect), "proxy_protocol",
                  proxy_version_name(conf->proxy_protocol), "accept_proxy", value_texts(&conf->accept_proxy), "able",
                  (json_int_t)numbers.ready, "known", (json_int_t)known, "relays", (json_int_t)relays, "peak",
                  (json_int_t)(peak > relays ? peak : relays), "waiting", (json_int_t)numbers.waiting,
                  "balancer_checks", (json_int_t)numbers.balancer_checks, "refused", refusals(&numbers), "origin",
                  origin(admin, conf));
    if (merge(json, rates_part(history)) && merge(json, protocol_part(service, history)) &&
        merge(json, limits_part(conf)) && merge(json, times_part(admin, conf->name)) &&
        merge(json, tls_part(&numbers)) && merge(json, published_part(admin, conf)))
        return json;
    json_decref(json);
    return NULL;
}

/* ---- both keys ---- */

static bool may_serve(const struct session *session, const struct service *service) {
    return service_is_for(service, session);
}

/* The groups of the service by which it may. */
static json_t *matching_groups(const struct session *session, const struct service *service) {
    const struct strlist *own = session_groups(session), *groups = &service_config(service)->groups;
    char text[256] = "";
    size_t used = 0;

    if (!own)
        return json_string("*");
    for (size_t i = 0; i < groups->count && used < sizeof text; i++)
        if (strlist_has(own, groups->items[i]))
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", groups->items[i]);
    return value_text(*text ? text : "any agent");
}

static const char *answer_of(const struct session *session, const struct service_agent *agent) {
    if (agent->refusal)
        return "refuses";
    if (agent->is_permitted)
        return "permits";
    return session_is_connected(session) ? "unanswered" : "offline";
}

static const char *result_of(const struct session *session, const struct service_agent *agent) {
    if (agent->refusal)
        return "refused";
    if (!session_is_connected(session))
        return "offline";
    if (session_is_draining(session))
        return "draining";
    if (session_is_silent(session))
        return "silent";
    if (!agent->is_permitted)
        return "unanswered";
    if (agent->is_unhealthy)
        return "unhealthy";
    return agent->ejected_until_us > clock_us() ? "ejected" : "serves";
}

/* null: it is not checked. */
static json_t *health_json(const struct service *service, const struct service_agent *agent) {
    if (service_config(service)->check.type == HEALTH_CHECK_NONE || !agent->is_permitted)
        return json_null();
    return json_pack("{s:s,s:o}", "state",
                     agent->is_unhealthy      ? "unhealthy"
                     : agent->health_since_us ? "healthy"
                                              : "unknown",
                     "since", value_time_of(agent->health_since_us));
}

static const char *because_of(const struct service_agent *agent) {
    if (agent->is_unhealthy)
        return agent->health_detail;
    return agent->is_failing ? agent->failure : agent->refusal;
}

static json_t *session_key_json(const struct session *session, const struct service *service) {
    struct service_agent agent;

    service_read_agent(service, session, &agent);
    return json_pack("{s:o,s:o,s:s,s:s,s:o,s:o}", "agent", value_text(session_label(session)), "server",
                     matching_groups(session, service), "answer", answer_of(session, &agent), "result",
                     result_of(session, &agent), "because", value_text(because_of(&agent)), "health",
                     health_json(service, &agent));
}

static json_t *offline_key_json(const struct credential *credential) {
    return json_pack("{s:o,s:s,s:s,s:s,s:n,s:n}", "agent", value_text(credential->name), "server", "credential",
                     "answer", "offline", "result", "offline", "because", "health");
}

static json_t *keys_json(const struct admin *admin, const struct service *service) {
    const struct session_table *sessions = admin->options.sessions;
    const struct credentials *credentials = admin->options.policy->credentials;
    json_t *keys = json_array(), *present = admin_present(admin);

    for (struct session *session = session_table_first(sessions); session && json_array_size(keys) < ADMIN_LISTED_MOST;
         session = session_table_after(sessions, session))
        if (may_serve(session, service))
            json_array_append_new(keys, session_key_json(session, service));
    for (size_t i = 0; credentials && i < credentials_count(credentials) && json_array_size(keys) < ADMIN_LISTED_MOST;
         i++) {
        const struct credential *credential = credentials_at(credentials, i);
        if (carries(credential, &service_config(service)->groups) && !json_object_get(present, credential->name))
            json_array_append_new(keys, offline_key_json(credential));
    }
    json_decref(present);
    return keys;
}

static json_t *configuration_json(const struct admin *admin, const struct service *service) {
    const struct server_config *conf = admin->options.policy->conf;
    size_t index = index_of(conf, service_config(service));

    return index < conf->service_count ? server_config_service_json(conf, index) : json_null();
}

/* ---- operations ---- */

void admin_list_services(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct service_list *services = admin->options.services;
    json_t *list = json_array();

    for (size_t i = 0; i < services->count; i++)
        if (admin_lists_service(admin, services->items[i]))
            json_array_append_new(list, service_json(admin, services->items[i]));
    http_answer_json(request, 200, json_pack("{s:o}", "services", list));
}

bool admin_lists_service(const struct admin *admin, const struct service *service) {
    return !service_is_shut(service) || *admin->options.is_stopping;
}

struct service *admin_find_service(const struct admin *admin, const char *name) {
    const struct service_list *services = admin->options.services;

    for (size_t i = 0; i < services->count; i++)
        if (strcmp(service_config(services->items[i])->name, name) == 0 &&
            admin_lists_service(admin, services->items[i]))
            return services->items[i];
    return NULL;
}

/* NULL: 404 has been answered. */
static struct service *find_or_refuse(const struct admin *admin, struct http_request *request) {
    const char *name = http_request_param(request, "service");
    struct service *service = admin_find_service(admin, name);

    if (!service)
        http_answer_error(request, 404, "there is no service %s", name);
    return service;
}

void admin_get_service(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct service *service = find_or_refuse(admin, request);

    if (!service)
        return;
    json_t *json = service_json(admin, service);
    if (json)
        json_object_set_new(json, "keys", keys_json(admin, service));
    if (json)
        json_object_set_new(json, "configuration", configuration_json(admin, service));
    http_request_set_version(request, admin->options.config.state->version);
    http_answer_json(request, 200, json);
}

void admin_pause_service(struct http_request *request, void *context) {
    const struct admin *admin = context;
    struct service *service = find_or_refuse(admin, request);

    if (!service)
        return;
    (void)service_pause(service, http_request_actor(request)); /* it may be so already */
    http_answer_empty(request, 204);
}

void admin_resume_service(struct http_request *request, void *context) {
    const struct admin *admin = context;
    struct service *service = find_or_refuse(admin, request);

    if (!service)
        return;
    (void)service_resume(service, http_request_actor(request));
    http_answer_empty(request, 204);
}
