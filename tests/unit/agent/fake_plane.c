/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fake_plane: see fake_plane.h.
 */
#include "config.h"

#include "agent/fake_plane.h"

#include "lib/base/clock.h"
#include "proto/auth_proof.h"
#include "proto/features.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct plane *the_plane;
static unsigned questions;
static struct resolver_question {
    resolver_callback callback;
    void *context;
} question;

const uint8_t FAKE_SESSION_KEY[SECRET_SIZE] = {5, 4, 3, 2, 1};
static const uint8_t EXPORTER[SECRET_SIZE] = {9, 8, 7};

/* ---- what the control plane calls ---- */

struct plane *fake_plane(void) {
    if (the_plane)
        return the_plane;
    the_plane = calloc(1, sizeof *the_plane);
    ck_assert_ptr_nonnull(the_plane);
    the_plane->threads = 1;
    the_plane->resume_s = 30;
    return the_plane;
}

static void free_dials(const struct fake_dial *dials, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        free((char *)dials[i].order.hello);
        free((char *)dials[i].order.server_name);
    }
}

void fake_plane_forget(void) {
    if (!the_plane)
        return;
    free_dials(the_plane->dials, the_plane->dial_count);
    free_dials(the_plane->links, the_plane->link_count);
    for (unsigned i = 0; i < the_plane->sent_count; i++)
        free(the_plane->sent[i].json);
    service_table_release(the_plane->services);
    free(the_plane);
    the_plane = NULL;
}

struct plane *plane_new(const struct plane_options *options, struct error *error) {
    (void)error;
    fake_plane()->options = *options;
    return fake_plane();
}

unsigned plane_threads(unsigned wanted) {
    return wanted;
}

void plane_free(struct plane *plane) {
    if (plane->on_free)
        plane->on_free();
    plane->options.events = NULL; /* no callback comes any more */
}

/* In a link_ref data links follow the control links. */
static struct fake_dial *dial_of(struct plane *plane, struct link_ref link) {
    return link.slot < FAKE_DIALS ? &plane->dials[link.slot] : &plane->links[link.slot - FAKE_DIALS];
}

static struct fake_dial *next_dial(struct plane *plane, bool is_control) {
    unsigned *count = is_control ? &plane->dial_count : &plane->link_count;
    struct fake_dial *dial = is_control ? &plane->dials[*count] : &plane->links[*count];

    ck_assert_uint_lt(*count, is_control ? FAKE_DIALS : FAKE_LINKS);
    dial->link = (struct link_ref){.slot = (is_control ? 0 : FAKE_DIALS) + *count, .generation = 1};
    ++*count;
    return dial;
}

void plane_dial(struct plane *plane, const struct dial_order *order) {
    struct fake_dial *dial = next_dial(plane, order->is_control);

    ck_assert_ptr_nonnull(order->tls);
    dial->order = *order;
    dial->order.hello = strdup(order->hello);
    dial->order.server_name = strdup(order->server_name);
    if (plane->on_dial)
        plane->on_dial();
}

void plane_accept_control(struct plane *plane, struct link_ref link, uint64_t tag, const char *json, const char *who,
                          unsigned ping_s, unsigned dead_after_s) {
    ck_assert_ptr_null(json);
    ck_assert_ptr_nonnull(who);
    ck_assert_uint_eq(tag, plane->dials[link.slot].order.tag);
    ck_assert_uint_gt(ping_s, 0);
    ck_assert_uint_gt(dead_after_s, ping_s);
    plane->dials[link.slot].accepted = true;
}

void plane_reject(struct plane *plane, struct link_ref link, const char *json) {
    ck_assert_ptr_null(json);
    dial_of(plane, link)->rejected = true;
}

void plane_close(struct plane *plane, struct link_ref link, const char *detail) {
    ck_assert_ptr_nonnull(detail);
    dial_of(plane, link)->closed = true;
}

bool plane_retire_session(struct plane *plane, uint64_t session) {
    plane->retired = session;
    plane->retired_count++;
    return !plane->is_full;
}

bool plane_disconnect(struct plane *plane, uint64_t session, enum relay_reason reason, const char *detail) {
    (void)reason;
    ck_assert_ptr_nonnull(detail);
    plane->disconnected = session;
    plane->disconnected_count++;
    return !plane->is_full;
}

void plane_send_control(struct plane *plane, struct link_ref link, const char *json) {
    ck_assert_uint_lt(plane->sent_count, FAKE_SENT);
    ck_assert(plane->dials[link.slot].accepted);
    plane->sent[plane->sent_count].dial = link.slot;
    plane->sent[plane->sent_count++].json = strdup(json);
}

bool plane_set_services(struct plane *plane, uint64_t session, struct service_table *table) {
    service_table_release(plane->services);
    plane->services = table ? service_table_hold(table) : NULL;
    plane->services_session = session;
    return true;
}

void plane_drain(struct plane *plane) {
    if (plane->drains++ == 0)
        plane->sent_before_drain = plane->sent_count;
}

bool plane_check_paths(struct plane *plane, enum network_event event) {
    (void)event;
    plane->path_checks++;
    return true;
}

bool plane_probe_liveness(struct plane *plane) {
    return !plane->is_stuck;
}

void plane_count(const struct plane *plane, struct plane_counts *counts) {
    *counts = plane->counts;
}

unsigned plane_thread_count(const struct plane *plane) {
    (void)plane;
    return 1;
}

const struct thread_counts *plane_thread_counts(const struct plane *plane, unsigned thread) {
    ck_assert_uint_eq(thread, 0);
    return &plane->thread_counts;
}

const struct service_part *plane_thread_part(const struct plane *plane, unsigned thread) {
    ck_assert_uint_eq(thread, 0);
    return &plane->part;
}

bool plane_view_relays(struct plane *plane, const struct relay_query *query) {
    plane->viewed = query->ticket;
    return true;
}

bool plane_end_relay(struct plane *plane, const char *id, uint64_t ticket) {
    snprintf(plane->ended, sizeof plane->ended, "%s", id);
    plane->viewed = ticket;
    return true;
}

/* ---- the server's side ---- */

struct trust *fake_trust(void) {
    char pin[] = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    char *pins[] = {pin};
    struct error error = {""};
    struct trust *trust =
        trust_new(&(struct trust_choice){.pins = &(const struct strlist){.items = pins, .count = 1}}, &error);

    ck_assert_msg(trust, "%s", error.text);
    return trust;
}

static struct fake_dial *dial_at(unsigned index) {
    ck_assert_uint_lt(index, fake_plane()->dial_count);
    ck_assert(!fake_plane()->dials[index].gone);
    return &fake_plane()->dials[index];
}

static struct fake_dial *link_at(unsigned index) {
    ck_assert_uint_lt(index, fake_plane()->link_count);
    ck_assert(!fake_plane()->links[index].gone);
    return &fake_plane()->links[index];
}

static void greet(const struct fake_dial *dial, bool rejected, const char *json) {
    struct greeting greeting = {.link = dial->link,
                                .tag = dial->order.tag,
                                .rejected = rejected,
                                .text = json,
                                .length = strlen(json),
                                .peer = &dial->order.address};

    memcpy(greeting.exporter, EXPORTER, sizeof greeting.exporter);
    the_plane->options.events->on_greeting(the_plane->options.context, &greeting);
}

void fake_greet(unsigned index, bool rejected, const char *json) {
    greet(dial_at(index), rejected, json);
}

const char *fake_session(unsigned index) {
    static char id[PROTO_INSTANCE_HEX];

    snprintf(id, sizeof id, "%032x", index + 1);
    return id;
}

/* The id of the session that its HELLO would go on with, or a new one. */
static void choose_session(unsigned index, char id[PROTO_INSTANCE_HEX]) {
    const char *text = dial_at(index)->order.hello;
    struct hello hello;

    ck_assert_int_eq(hello_parse(&hello, text, strlen(text), NULL), 0);
    snprintf(id, PROTO_INSTANCE_HEX, "%s",
             *hello.resume && !fake_plane()->forgets_sessions ? hello.resume : fake_session(index));
    hello_done(&hello);
}

void fake_welcome_from(unsigned index, const uint8_t *key, const char *server) {
    char id[PROTO_INSTANCE_HEX], *json;
    struct welcome welcome = {.session = id,
                              .server = server,
                              .ping_s = 10,
                              .dead_after_s = 30,
                              .threads = fake_plane()->threads,
                              .resume_s = fake_plane()->resume_s,
                              .features = FEATURES_ALL,
                              .has_proof = key};

    choose_session(index, id);
    memcpy(welcome.session_key, FAKE_SESSION_KEY, sizeof welcome.session_key);
    if (key)
        ck_assert_int_eq(auth_proof_make(welcome.proof, key, AUTH_PROOF_SERVER, EXPORTER), 0);
    json = welcome_format(&welcome);
    fake_greet(index, false, json);
    free(json);
}

void fake_welcome(unsigned index, const uint8_t *key) {
    fake_welcome_from(index, key, FAKE_SERVER);
}

static void end(struct fake_dial *dial, const char *detail, struct link_end gone) {
    gone.link = dial->link;
    gone.tag = dial->order.tag;
    gone.is_control = dial->accepted;
    gone.was_accepted = dial->accepted || dial->is_carrier;
    gone.is_carrier = dial->is_carrier;
    gone.role = dial->order.role;
    gone.peer = dial->order.address;
    dial->gone = true;
    snprintf(gone.detail, sizeof gone.detail, "%s", detail);
    the_plane->options.events->on_gone(the_plane->options.context, &gone);
}

static void reject(struct fake_dial *dial, enum reject_code code, const char *reason, unsigned retry_after_s) {
    char *json = reject_format(code, reason, retry_after_s);

    greet(dial, true, json);
    free(json);
    ck_assert(dial->rejected); /* else its link would stay for ever */
    end(dial, "turned away", (struct link_end){0});
}

void fake_reject(unsigned index, enum reject_code code, const char *reason, unsigned retry_after_s) {
    reject(dial_at(index), code, reason, retry_after_s);
}

void fake_gone(unsigned index, const char *detail) {
    end(dial_at(index), detail, (struct link_end){0});
}

void fake_tls_failed(unsigned index, const char *detail) {
    end(dial_at(index), detail, (struct link_end){.tls_failed = true});
}

void fake_untrusted(unsigned index, const char *detail) {
    end(dial_at(index), detail, (struct link_end){.tls_failed = true, .untrusted = true});
}

void fake_path_lost(unsigned index, const char *detail) {
    end(dial_at(index), detail, (struct link_end){.path_lost = true});
}

void fake_closed_silently(unsigned index) {
    end(dial_at(index), "cut", (struct link_end){.received_nothing = true});
}

void fake_met_proxy(unsigned index, enum proxy_fault fault, const char *detail) {
    end(dial_at(index), detail, (struct link_end){.proxy_fault = fault});
}

void fake_control_text(unsigned index, const char *json) {
    const struct fake_dial *dial = dial_at(index);

    ck_assert(dial->accepted);
    the_plane->options.events->on_control(the_plane->options.context, dial->link, dial->order.tag, json, strlen(json));
}

void fake_control(unsigned index, enum control_op op) {
    char *json = control_format(op, NULL);

    fake_control_text(index, json);
    free(json);
}

void fake_order_links(unsigned index, unsigned count, unsigned server_thread, bool is_exclusive) {
    char *json = control_format_links(count, server_thread, is_exclusive);

    fake_control_text(index, json);
    free(json);
}

void fake_pong(unsigned index, unsigned us) {
    const struct fake_dial *dial = dial_at(index);

    the_plane->options.events->on_pong(the_plane->options.context, dial->link, dial->order.tag, clock_us() - us);
}

void fake_services_set(void) {
    the_plane->options.events->on_services_set(the_plane->options.context, the_plane->services_session);
}

void fake_health(uint32_t service, bool is_healthy, const char *detail) {
    struct health_event event = {.session = the_plane->services_session, .service = service, .is_healthy = is_healthy};

    snprintf(event.detail, sizeof event.detail, "%s", detail);
    the_plane->options.events->on_health(the_plane->options.context, &event);
}

void fake_session_over(uint64_t session) {
    the_plane->options.events->on_session_over(the_plane->options.context, session);
}

void fake_link_up(unsigned index) {
    struct fake_dial *dial = link_at(index);

    ck_assert(!dial->is_carrier);
    dial->is_carrier = true;
    the_plane->options.events->on_carrier(the_plane->options.context, dial->order.tag, &dial->order.role);
}

void fake_link_gone(unsigned index, const char *detail) {
    end(link_at(index), detail, (struct link_end){0});
}

void fake_link_met_proxy(unsigned index, enum proxy_fault fault, const char *detail) {
    end(link_at(index), detail, (struct link_end){.proxy_fault = fault});
}

void fake_link_reject(unsigned index, enum reject_code code, const char *reason, unsigned retry_after_s) {
    reject(link_at(index), code, reason, retry_after_s);
}

void fake_want_links(const struct carrier_role *role, unsigned count) {
    the_plane->options.events->on_want_carriers(the_plane->options.context, role, count);
}

unsigned fake_sent(unsigned index, enum control_op op) {
    const struct plane *plane = fake_plane();
    unsigned count = 0;

    for (unsigned i = 0; i < plane->sent_count; i++) {
        struct control_message control;
        struct error error;
        const char *json = plane->sent[i].json;

        ck_assert_int_eq(control_parse(&control, json, strlen(json), &error), 0);
        count += plane->sent[i].dial == index && control.op == op;
        control_done(&control);
    }
    return count;
}

/* ---- the resolver ---- */

struct resolver *resolver_new(void) {
    return (struct resolver *)&question; /* nothing looks into it */
}

void resolver_free(struct resolver *resolver) {
    (void)resolver;
}

struct resolver_question *resolver_ask(struct resolver *resolver, struct loop *loop, const struct endpoint *endpoint,
                                       unsigned timeout_ms, resolver_callback callback, void *context) {
    (void)resolver, (void)loop, (void)endpoint, (void)timeout_ms;
    ck_assert(!question.callback);
    question = (struct resolver_question){callback, context};
    questions++;
    return &question;
}

void resolver_cancel(struct resolver_question *asked) {
    ck_assert_ptr_eq(asked, &question);
    question.callback = NULL;
}

unsigned fake_questions(void) {
    return questions;
}

bool fake_question_waits(void) {
    return question.callback;
}

static void answer_with(const struct resolver_answer *answer) {
    resolver_callback callback = question.callback;

    ck_assert(callback);
    question.callback = NULL;
    callback(question.context, answer);
}

void fake_answer(const char *const *addresses) {
    struct resolver_answer answer = {0};

    for (; addresses[answer.count]; answer.count++) {
        struct endpoint endpoint;
        struct error error;

        ck_assert_int_eq(endpoint_parse(&endpoint, addresses[answer.count], &error), 0);
        ck_assert(addr_from_endpoint(&answer.addresses[answer.count], &endpoint));
    }
    answer_with(&answer);
}

void fake_no_answer(const char *detail) {
    answer_with(&(struct resolver_answer){.detail = detail});
}
