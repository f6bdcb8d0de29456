/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_table: columns that are aligned, and shortened where the terminal is narrow.
 */
#include "config.h"

#include "lib/display/table.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column columns[] = {{.title = "ID", .is_whole = true},
                                              {.title = "NAME"},
                                              {.title = "RELAYS", .is_right = true},
                                              {.title = "WHY"}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void be_utf8(void) {
    ck_assert(unit_use_utf8(true));
}

static void expect(unsigned width, const char *name, const char *why, const char *lines) {
    struct display display = {.file = unit_stream_begin(), .width = width, .is_utf8 = true};
    struct table table = table_begin(columns, COLUMNS);

    table_add(&table, TONE_PLAIN, "3f2a91c0-17");
    table_add(&table, TONE_PLAIN, name);
    table_format(&table, TONE_PLAIN, "%d", 12);
    table_add(&table, TONE_BAD, why);
    ck_assert_int_eq(table_print(&table, &display), 0);
    char *bytes = unit_stream_end(display.file);
    ck_assert_str_eq(bytes, lines);
    free(bytes);
    table_done(&table);
}

START_TEST(columns_are_as_wide_as_their_widest_cell) {
    expect(0, "web", "",
           "ID           NAME  RELAYS  WHY\n"
           "3f2a91c0-17  web       12  -\n");
    expect(0, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "x",
           "ID           NAME    RELAYS  WHY\n"
           "3f2a91c0-17  \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e      12  x\n");
}
END_TEST

START_TEST(the_widest_column_is_shortened_with_a_mark_to_fit) {
    expect(40, "postgres", "no agent of its groups is connected",
           "ID           NAME      RELAYS  WHY\n"
           "3f2a91c0-17  postgres      12  no agent\xe2\x80\xa6\n");
    expect(40, "postgres-primary-of-all", "down",
           "ID           NAME           RELAYS  WHY\n"
           "3f2a91c0-17  postgres-pri\xe2\x80\xa6      12  down\n");
}
END_TEST

START_TEST(an_id_is_never_shortened) {
    expect(10, "postgres", "no agent",
           "ID           NAME    RELAYS  WHY\n"
           "3f2a91c0-17  postg\xe2\x80\xa6      12  no ag\xe2\x80\xa6\n");
}
END_TEST

START_TEST(a_file_gets_whole_lines) {
    expect(0, "postgres-primary-of-all", "no agent of its groups is connected and takes clients",
           "ID           NAME                     RELAYS  WHY\n"
           "3f2a91c0-17  postgres-primary-of-all      12  no agent of its groups is connected and takes clients\n");
}
END_TEST

/* No column is left without a readable part of its cells as long as there is a spare one. */
START_TEST(spare_columns_are_left_out_before_others_are_unreadable) {
    static const struct table_column spare[] = {{.title = "AGENT"},
                                                {.title = "FOR", .is_right = true, .spare = 1},
                                                {.title = "ADDRESS"},
                                                {.title = "OUT", .is_right = true, .spare = 2}};
    static const struct {
        unsigned width;
        const char *lines;
    } cases[] = {{48, "AGENT              FOR  ADDRESS              OUT\n"
                      "an-agent-in-ber+  12 m  192.0.2.7:36766  0 bit/s\n"},
                 {38, "AGENT          ADDRESS             OUT\n"
                      "an-agent-in-+  192.0.2.7:367+  0 bit/s\n"},
                 {28, "AGENT          ADDRESS\n"
                      "an-agent-in-+  192.0.2.7:36+\n"}};

    if (!unit_use_utf8(false))
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct display display = {.file = unit_stream_begin(), .width = cases[i].width};
        struct table table = table_begin(spare, sizeof spare / sizeof *spare);
        table_add(&table, TONE_PLAIN, "an-agent-in-berlin");
        table_add(&table, TONE_PLAIN, "12 m");
        table_add(&table, TONE_PLAIN, "192.0.2.7:36766");
        table_add(&table, TONE_PLAIN, "0 bit/s");
        ck_assert_int_eq(table_print(&table, &display), 0);
        char *bytes = unit_stream_end(display.file);
        ck_assert_str_eq(bytes, cases[i].lines);
        free(bytes);
        table_done(&table);
    }
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");
    tcase_add_checked_fixture(group, be_utf8, NULL);
    tcase_add_test(group, columns_are_as_wide_as_their_widest_cell);
    tcase_add_test(group, the_widest_column_is_shortened_with_a_mark_to_fit);
    tcase_add_test(group, an_id_is_never_shortened);
    tcase_add_test(group, a_file_gets_whole_lines);
    tcase_add_test(group, spare_columns_are_left_out_before_others_are_unreadable);
    return group;
}

UNIT_MAIN("lib/display/table", tables)
