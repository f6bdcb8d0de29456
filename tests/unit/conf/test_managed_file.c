/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_managed_file: which files this program may replace, and where it puts them.
 */
#include "config.h"

#include "conf/managed_file.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct error error;

static char *make_text(void) {
    json_t *service = json_pack("{s:s,s:s,s:s}", "name", "web", "listen", ":1", "connect", "h:1");
    char *text = managed_file_format(service);

    json_decref(service);
    ck_assert_ptr_nonnull(text);
    return text;
}

START_TEST(any_edit_makes_it_a_persons) {
    char *text = make_text();
    size_t length = strlen(text), head = strcspn(text, "\n");

    ck_assert(managed_file_is_unchanged(text, length));
    for (size_t i = 0; i < length; i++) {
        text[i] ^= 1;
        ck_assert_msg(!managed_file_is_unchanged(text, length), "byte %zu", i);
        text[i] ^= 1;
    }
    ck_assert(!managed_file_is_unchanged(text, length - 1));
    ck_assert(!managed_file_is_unchanged(text, head));
    ck_assert(!managed_file_is_unchanged(text + head + 1, length - head - 1));
    ck_assert(!managed_file_is_unchanged("", 0));
    free(text);
}
END_TEST

START_TEST(what_was_written_is_read_again) {
    char *text = make_text();

    unit_make_folder(unit_path("services.d"));
    unit_text_file("services.d/web.json", text);
    struct server_config *conf =
        server_config_read(unit_text_file("munnel.json", "{\"include\": \"services.d/*.json\"}"), &error);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_str_eq(conf->services[0].name, "web");
    ck_assert(conf->files[1].is_managed && !conf->files[0].is_managed);
    server_config_free(conf);
    ck_assert_int_eq(rename(unit_path("services.d/web.json"), unit_path("services.d/copy.json")), 0);
    conf = server_config_read(unit_path("munnel.json"), &error);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert(!conf->files[1].is_managed); /* it has another name than its service */
    server_config_free(conf);
    free(text);
}
END_TEST

START_TEST(only_a_plain_file_of_its_own_is_its_own) {
    char *text = make_text();
    const char *path = unit_path("web.json");

    ck_assert_int_eq(managed_file_look(path, &error), MANAGED_ABSENT);
    unit_text_file("web.json", text);
    ck_assert_int_eq(managed_file_look(path, &error), MANAGED_OURS);
    if (unit_make_link(path, unit_path("link.json")))
        ck_assert_int_eq(managed_file_look(unit_path("link.json"), &error), MANAGED_FOREIGN);
    unit_text_file("web.json", "{}");
    ck_assert_int_eq(managed_file_look(path, &error), MANAGED_FOREIGN);
    ck_assert_ptr_nonnull(strstr(error.text, "by hand"));
    ck_assert_int_eq(managed_file_look(unit_folder(), &error), MANAGED_FOREIGN);
    free(text);
}
END_TEST

static const struct where {
    const char *include; /* JSON; %s is the test's folder */
    const char *path;    /* below it; NULL: it is not included */
} wheres[] = {
    {"\"services.d/*.json\"", "services.d/web.json"},
    {"[\"other/*.json\", \"services.d/*\"]", "services.d/web.json"},
    {"\"link/*.json\"", "link/web.json"}, /* the same folder by another name, as glob(3) will find it */
    {"\"*/*.json\"", "services.d/web.json"},
    {"\"other/*.json\"", NULL},
    {"\"services.d/*.conf\"", NULL},
    {"null", NULL},
};

START_TEST(it_is_where_an_include_finds_it) {
    const struct where *where = &wheres[_i];
    char text[200];

    unit_make_folder(unit_path("services.d"));
    unit_make_folder(unit_path("other"));
    if (!unit_make_link("services.d", unit_path("link")) && where->path && strncmp(where->path, "link", 4) == 0)
        return;
    snprintf(text, sizeof text, "{\"include\": %s}", where->include);
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    char *path = managed_file_path(conf, "web", &error);
    if (where->path)
        ck_assert_pstr_eq(path, unit_path(where->path));
    else
        ck_assert_msg(!path && strstr(error.text, "\"include\": \"services.d/*.json\""), "%s", error.text);
    free(path);
    ck_assert_ptr_null(managed_file_path(conf, ".web", &error)); /* no pattern finds a name that begins so */
    server_config_free(conf);
}
END_TEST

START_TEST(without_a_file_there_is_no_folder_beside_it) {
    struct server_config *conf = server_config_default(&error);

    ck_assert_ptr_nonnull(conf);
    ck_assert_ptr_null(managed_file_path(conf, "web", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "--config"));
    server_config_free(conf);
}
END_TEST

static TCase *whose(void) {
    TCase *group = tcase_create("whose it is");

    tcase_add_test(group, any_edit_makes_it_a_persons);
    tcase_add_test(group, what_was_written_is_read_again);
    tcase_add_test(group, only_a_plain_file_of_its_own_is_its_own);
    return group;
}

static TCase *where(void) {
    TCase *group = tcase_create("where it is");

    tcase_add_loop_test(group, it_is_where_an_include_finds_it, 0, sizeof wheres / sizeof *wheres);
    tcase_add_test(group, without_a_file_there_is_no_folder_beside_it);
    return group;
}

UNIT_MAIN("conf/managed_file", whose, where)
