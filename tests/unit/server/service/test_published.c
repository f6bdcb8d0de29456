/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_published: the table of services that agents offer.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "server/service/published.h"
#include "unit.h"

#include <string.h>

static unsigned stopped;

static void count_stopped(void *context) {
    ++*(unsigned *)context;
}

static struct published_entry *put(struct published_table *published, const char *name, const char *credential,
                                   unsigned port) {
    struct published_entry *entry = published_add(published, name);

    strbuf_copy(entry->credential, sizeof entry->credential, credential);
    strbuf_copy(entry->agent, sizeof entry->agent, "a");
    entry->port = port;
    return entry;
}

START_TEST(entries_are_found_and_counted) {
    struct published_table *published = published_new();
    struct published_entry *web = put(published, "web", "x", 80), *ssh = put(published, "ssh", "x", 22);

    struct published_entry *other = put(published, "other", "y", 0);

    strbuf_copy(other->host, sizeof other->host, "h.example");
    web->is_active = true;
    ck_assert_ptr_eq(published_find(published, "web"), web);
    ck_assert_ptr_null(published_find(published, "we"));
    ck_assert_ptr_eq(published_at_port(published, 22, NULL), ssh);
    ck_assert_ptr_null(published_at_port(published, 22, ssh));
    ck_assert_ptr_nonnull(published_at_host(published, "h.example", web));
    ck_assert_uint_eq(published_count_of(published, "x"), 2);
    ck_assert_uint_eq(published_active(published), 1);
    ck_assert(published_is_of(web, "x", "a") && !published_is_of(web, "x", "b") && !published_is_of(web, "y", "a"));
    published_remove(published, web);
    ck_assert_uint_eq(published->count, 2);
    ck_assert_ptr_null(published_find(published, "web"));
    published_free(published);
}
END_TEST

START_TEST(operator_stops_one_once) {
    struct published_table *published = published_new();

    published->on_stopped = count_stopped;
    published->context = &stopped;
    put(published, "web", "x", 80);
    ck_assert(!published_stop(published, "ssh", "root"));
    ck_assert(published_stop(published, "web", "root"));
    ck_assert(!published_stop(published, "web", "root"));
    ck_assert_uint_eq(stopped, 1);
    ck_assert_str_eq(published_find(published, "web")->stopped_by, "root");
    published_free(published);
}
END_TEST

START_TEST(refusals_are_trouble_once_they_are_often) {
    const struct published_trouble what = {.who = "agent laptop", .name = "web", .detail = "no"};
    struct published_table *published = published_new();
    const uint64_t second = 1000000, start = 5000 * second;

    for (unsigned i = 0; i < PUBLISHED_TROUBLE_LEAST; i++) {
        ck_assert_ptr_null(published_trouble(published, start + i * second));
        published_note_refused(published, PUBLISH_TAKEN, &what, start + i * second);
        published_note_refused(published, PUBLISH_STOPPED, &what, start + i * second);
    }
    const struct published_trouble *trouble = published_trouble(published, start + 60 * second);
    ck_assert_ptr_nonnull(trouble);
    ck_assert_uint_eq(trouble->count, PUBLISHED_TROUBLE_LEAST);
    ck_assert_uint_eq(trouble->first_us, start);
    ck_assert_int_eq(trouble->refusal, PUBLISH_TAKEN);
    ck_assert_ptr_null(published_trouble(published, start + (PUBLISHED_TROUBLE_S + 3) * second));
    published_note_refused(published, PUBLISH_TAKEN, &what, start + 2 * PUBLISHED_TROUBLE_S * second);
    ck_assert_ptr_null(published_trouble(published, start + 2 * PUBLISHED_TROUBLE_S * second));
    ck_assert_uint_eq(published->refused[PUBLISH_TAKEN], PUBLISHED_TROUBLE_LEAST + 1);
    published_free(published);
}
END_TEST

START_TEST(every_refusal_has_a_label) {
    for (unsigned i = 0; i < PUBLISH_REFUSAL_COUNT; i++)
        ck_assert_ptr_nonnull(publish_refusal_label((enum publish_refusal)i));
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");

    tcase_add_test(group, entries_are_found_and_counted);
    tcase_add_test(group, operator_stops_one_once);
    tcase_add_test(group, refusals_are_trouble_once_they_are_often);
    tcase_add_test(group, every_refusal_has_a_label);
    return group;
}

UNIT_MAIN("server/service/published", tables)
