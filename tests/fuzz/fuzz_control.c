/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_control: CONTROL, as either side sends it: what was parsed, written again, is the same.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/ban_changes.h"
#include "proto/control.h"
#include "proto/frame.h"
#include "proto/publish.h"
#include "proto/services.h"
#include "proto/visits.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What was parsed, written again, is the same; as far as it fits, since a peer may send larger parts than this writes.
 */
static void check_services(const json_t *json) {
    struct services_part part, again;
    struct services_writer writer;
    struct error error = {{0}};
    size_t count = 0;
    if (services_parse(&part, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    services_write(&writer, part.version);
    for (struct service_offer offer; count < part.add_count; count++) {
        services_get(&part, count, &offer);
        if (!services_write_offer(&writer, &offer))
            break;
    }
    FUZZ_REQUIRE(services_parse(&again, writer.json, &error) == 0);
    FUZZ_REQUIRE(again.version == part.version && again.add_count == count);
    for (size_t i = 0; i < count; i++) {
        struct service_offer offer, same;
        services_get(&part, i, &offer);
        services_get(&again, i, &same);
        FUZZ_REQUIRE(offer.proxy == same.proxy);
        FUZZ_REQUIRE(json_equal(json_array_get(json_object_get(json_array_get(part.add, i), "to"), 0),
                                json_array_get(json_object_get(json_array_get(again.add, i), "to"), 0)));
        FUZZ_REQUIRE(offer.check.type == same.check.type && strcmp(offer.check.path, same.check.path) == 0 &&
                     strcmp(offer.check.status, same.check.status) == 0 && offer.check.fall == same.check.fall);
    }
    char *text = services_finish(&writer, part.more);
    FUZZ_REQUIRE(text && strlen(text) <= FRAME_JSON_MAX);
    free(text);
}

/* What was parsed, written again, is the same. */
static void check_reports(const json_t *json) {
    struct health_reports reports, again;
    struct health_report report, same;
    struct error error = {{0}};
    if (health_reports_take(&reports, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    json_t *message = health_message_new();
    for (size_t i = 0; i < reports.count; i++) {
        health_reports_get(&reports, i, &report);
        FUZZ_REQUIRE(health_report_put(message, &report));
    }
    FUZZ_REQUIRE(health_reports_take(&again, message, &error) == 0 && again.count == reports.count);
    for (size_t i = 0; i < reports.count; i++) {
        health_reports_get(&reports, i, &report);
        health_reports_get(&again, i, &same);
        FUZZ_REQUIRE(report.id == same.id && report.is_healthy == same.is_healthy &&
                     strcmp(report.detail, same.detail) == 0);
    }
    json_decref(message);
}

static void check_services_ack(const json_t *json) {
    struct services_ack ack;
    struct error error = {{0}};
    if (services_ack_parse(&ack, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    for (size_t i = 0; i < ack.count; i++) {
        json_int_t id = json_integer_value(json_object_get(json_array_get(ack.refused, i), "id"));
        FUZZ_REQUIRE(services_ack_find(&ack, (uint32_t)id));
    }
    check_reports(json);
}

static void check_bans(const json_t *json) {
    struct ban_changes changes, again;
    struct ban_changes_writer writer;
    struct ban_change change;
    struct error error = {{0}};
    size_t count = 0;
    if (ban_changes_parse(&changes, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    ban_changes_write(&writer);
    for (bool has_room = true; count < changes.add_count && has_room; count += has_room) {
        ban_changes_added(&changes, count, &change);
        FUZZ_REQUIRE(change.seconds > 0 && change.seconds <= BAN_CHANGE_SECONDS && !addr_is_unix(&change.address));
        has_room = ban_changes_put(&writer, &change);
    }
    for (size_t i = 0; i < changes.remove_count; i++) {
        ban_changes_removed(&changes, i, &change);
        FUZZ_REQUIRE(change.seconds == 0);
    }
    FUZZ_REQUIRE(ban_changes_parse(&again, writer.json, &error) == 0 && again.add_count == count);
    char *text = ban_changes_finish(&writer);
    FUZZ_REQUIRE(text && strlen(text) <= FRAME_JSON_MAX);
    free(text);
}

static void check_publish(const json_t *json) {
    struct publish publish, again;
    struct publish_writer writer;
    struct publish_offer offer;
    struct error error = {{0}};
    size_t count = 0;
    if (publish_parse(&publish, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    publish_write(&writer);
    for (bool has_room = true; count < publish.add_count && has_room; count += has_room) {
        publish_added(&publish, count, &offer);
        FUZZ_REQUIRE(offer.to_count > 0 && offer.to_count <= SERVICE_DESTINATIONS_MAX && offer.port <= UINT16_MAX);
        has_room = publish_write_offer(&writer, &offer);
    }
    for (size_t i = 0; i < publish.remove_count; i++)
        FUZZ_REQUIRE(publish_removed(&publish, i));
    FUZZ_REQUIRE(publish_parse(&again, writer.json, &error) == 0 && again.add_count == count);
    char *text = publish_finish(&writer);
    FUZZ_REQUIRE(text && strlen(text) <= FRAME_JSON_MAX);
    free(text);
}

static void check_published(const json_t *json) {
    struct published published, again;
    struct publish_writer writer;
    struct published_service service;
    struct error error = {{0}};
    if (published_parse(&published, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    published_write(&writer);
    for (size_t i = 0; i < published.count; i++) {
        published_get(&published, i, &service);
        FUZZ_REQUIRE(!service.refusal != !service.address);
        if (!published_write_service(&writer, &service))
            break;
    }
    FUZZ_REQUIRE(published_parse(&again, writer.json, &error) == 0);
    char *text = publish_finish(&writer);
    FUZZ_REQUIRE(text && strlen(text) <= FRAME_JSON_MAX);
    free(text);
}

/* What was written, as it is read; the caller's. */
static json_t *read_again(char *text) {
    FUZZ_REQUIRE(text && strlen(text) <= FRAME_JSON_MAX);
    json_t *json = json_parse_object(text, strlen(text), FRAME_JSON_MAX, NULL);
    FUZZ_REQUIRE(json);
    free(text);
    return json;
}

static void check_visit(const json_t *json) {
    struct visit_name names[VISITS_MAX], again[VISITS_MAX];
    struct error error = {{0}};
    size_t count = 0, same = 0;
    if (visit_names_parse(names, &count, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0] && !count);
        return;
    }
    json_t *written = read_again(visit_names_format(names, count));
    FUZZ_REQUIRE(visit_names_parse(again, &same, written, &error) == 0 && same == count);
    for (size_t i = 0; i < count; i++)
        FUZZ_REQUIRE(names[i].id == again[i].id && strcmp(names[i].name, again[i].name) == 0);
    json_decref(written);
}

static void check_visit_state(const json_t *json) {
    struct visit_state states[VISITS_MAX], again[VISITS_MAX];
    struct error error = {{0}};
    size_t count = 0, same = 0;
    if (visit_states_parse(states, &count, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0] && !count);
        return;
    }
    json_t *written = read_again(visit_states_format(states, count));
    FUZZ_REQUIRE(visit_states_parse(again, &same, written, &error) == 0 && same == count);
    for (size_t i = 0; i < count; i++)
        FUZZ_REQUIRE(states[i].id == again[i].id && !states[i].refusal == !again[i].refusal &&
                     (states[i].refusal || states[i].end_to_end == again[i].end_to_end));
    json_decref(written);
}

static bool is_same_address(const struct open_address *a, const struct open_address *b) {
    return a->port == b->port && memcmp(a->host, b->host, sizeof a->host) == 0;
}

static void check_visit_open(const json_t *json) {
    struct visit_open open, again;
    struct error error = {{0}};
    if (visit_open_parse(&open, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0] && !open.count);
        return;
    }
    FUZZ_REQUIRE(open.count > 0 && open.count <= VISIT_CLIENTS_MAX && open.visit);
    json_t *written = read_again(visit_open_format(&open));
    FUZZ_REQUIRE(visit_open_parse(&again, written, &error) == 0 && again.count == open.count);
    FUZZ_REQUIRE(again.visit == open.visit && is_same_address(&again.local, &open.local));
    for (size_t i = 0; i < open.count; i++)
        FUZZ_REQUIRE(open.arrivals[i].ticket && again.arrivals[i].ticket == open.arrivals[i].ticket &&
                     is_same_address(&again.arrivals[i].client, &open.arrivals[i].client));
    json_decref(written);
}

static void check_visit_refused(const json_t *json) {
    struct visit_refused refused, again;
    struct error error = {{0}};
    if (visit_refused_parse(&refused, json, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    FUZZ_REQUIRE(refused.count > 0 && refused.count <= VISIT_CLIENTS_MAX);
    json_t *written = read_again(visit_refused_format(&refused));
    FUZZ_REQUIRE(visit_refused_parse(&again, written, &error) == 0 && again.count == refused.count);
    FUZZ_REQUIRE(memcmp(again.tickets, refused.tickets, refused.count * sizeof refused.tickets[0]) == 0);
    json_decref(written);
}

static void (*const checks[])(const json_t *) = {
    [CONTROL_OP_SERVICES] = check_services,
    [CONTROL_OP_SERVICES_ACK] = check_services_ack,
    [CONTROL_OP_HEALTH] = check_reports,
    [CONTROL_OP_BANS] = check_bans,
    [CONTROL_OP_PUBLISH] = check_publish,
    [CONTROL_OP_PUBLISHED] = check_published,
    [CONTROL_OP_VISIT] = check_visit,
    [CONTROL_OP_VISIT_STATE] = check_visit_state,
    [CONTROL_OP_VISIT_OPEN] = check_visit_open,
    [CONTROL_OP_VISIT_REFUSED] = check_visit_refused,
    [CONTROL_OP_UNKNOWN] = NULL,
};

void fuzz_control(const uint8_t *bytes, size_t length) {
    struct control_message control, again;
    struct error error = {{0}};
    if (control_parse(&control, (const char *)bytes, length, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    if (checks[control.op])
        checks[control.op](control.json);
    if (control.op != CONTROL_OP_UNKNOWN) {
        bool links = control.op == CONTROL_OP_LINKS;
        char *text = links ? control_format_links(control.count, control.server_thread, control.is_exclusive)
                           : control_format(control.op, control.reason);
        FUZZ_REQUIRE(text && control_parse(&again, text, strlen(text), &error) == 0);
        FUZZ_REQUIRE(again.op == control.op && (links || strcmp(again.reason, control.reason) == 0));
        FUZZ_REQUIRE(again.count == control.count && again.server_thread == control.server_thread &&
                     again.is_exclusive == control.is_exclusive);
        free(text);
        control_done(&again);
    }
    control_done(&control);
}
