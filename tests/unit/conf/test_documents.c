/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_documents: the samples and the manuals state of every option in the tables (server_options.c, agent_cmdline.c)
 * what it takes and its default. Runs on: make check, which sets top_srcdir. Owns: nothing.
 */
#include "config.h"

#include "capture.h"
#include "conf/admin_places.h"
#include "conf/agent_cmdline.h"
#include "conf/server_config.h"
#include "lib/base/json.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 512 };

static char *read_source(const char *name) {
    char path[TEXT];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/%s", top ? top : ".", name);
    return unit_read(path, NULL);
}

/* Lines become one, without the comments' slashes, so that it does not matter where a line breaks. */
static void join_lines(char *text) {
    char *to = text;
    bool at_start = false;
    for (char *from = text; *from; from++) {
        if (*from == '\n') {
            *to++ = at_start ? '\n' : ' ';
            at_start = true;
        } else if (!(at_start && (*from == ' ' || *from == '/'))) {
            *to++ = *from;
            at_start = false;
        }
    }
    *to = '\0';
}

static void expect(const char *text, const char *needle, const char *option) {
    ck_assert_msg(strstr(text, needle), "of %s this should be written: %s\nbut there is: %s", option, needle, text);
}

/* The documents are the same for all systems. Sockets of the administration are presets of POSIX there; a manual names
 * those of Windows besides, in roff. */
static const struct {
    const char *spec, *written, *on_windows;
} sockets[] = {
    {ADMIN_SERVER_QUOTED, "\"/run/munnel/munneld.sock\"",
     "On Windows it is the name of a pipe, by default .Ql "
     "\\e\\e.\\epipe\\emunneld ."},
    {ADMIN_AGENT_QUOTED, "\"/run/munnel-agent/munnel-agent.sock\"",
     "On Windows it is the name of a pipe, by default .Ql \\e\\e.\\epipe\\emunnel-agent ,"},
};

static const char *written_preset(const struct option_spec *spec) {
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (strcmp(spec->preset, sockets[i].spec) == 0)
            return sockets[i].written;
    return spec->preset;
}

static void expect_pipe(const char *entry, const struct option_spec *spec) {
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (strcmp(spec->preset, sockets[i].spec) == 0)
            expect(entry, sockets[i].on_windows, spec->name);
}

/* What a text must have about an option, in each of its forms. */
static void expect_contents(const char *text, const struct option_spec *spec) {
    char needle[TEXT];
    if (spec->kind == OPTION_NUMBER || spec->kind == OPTION_SIZE) {
        snprintf(needle, sizeof needle, "%u to %u", spec->minimum, spec->maximum);
        expect(text, needle, spec->name);
    }
    for (size_t i = 0; spec->words && spec->words[i]; i++)
        expect(text, spec->words[i], spec->name);
}

/* Finds the option's key behind *at in a sample, moves *at behind it, and looks at the comment in front of it. */
static void look_at_sample(const char **at, const struct option_spec *spec) {
    char key[TEXT], needle[TEXT], comment[2048];
    const char *last = strrchr(spec->name, '.');
    snprintf(key, sizeof key, "\"%s\":", last ? last + 1 : spec->name);
    const char *found = *at;
    do { /* the key in code: only blanks stand before it in its line */
        found = strstr(found + 1, key);
        ck_assert_msg(found, "the sample has no %s where %s should be", key, spec->name);
    } while (found[-1] != ' ' || found[-2] != ' ');
    snprintf(comment, sizeof comment, "%.*s", (int)(found - *at), *at);
    join_lines(comment);
    expect_contents(comment, spec);
    if (spec->preset)
        snprintf(needle, sizeof needle, "[%s]", written_preset(spec));
    else
        snprintf(needle, sizeof needle, "(must be written)");
    if (spec->kind != OPTION_WORD && spec->kind != OPTION_TABLES)
        expect(comment, needle, spec->name);
    *at = found + strlen(key);
}

static void look_at_samples_of(const char **at, const struct option_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        look_at_sample(at, &table->specs[i]);
        if (table->specs[i].elements)
            look_at_samples_of(at, table->specs[i].elements);
    }
}

START_TEST(the_sample_explains_every_option) {
    char *text = read_source("conf/munnel.json");
    const char *at = text;
    look_at_samples_of(&at, &server_option_table);
    free(text);
}
END_TEST

START_TEST(the_agents_sample_explains_every_option) {
    char *text = read_source("conf/munnel-agent.json");
    const char *at = text;
    look_at_samples_of(&at, &agent_option_table);
    free(text);
}
END_TEST

/* The value at "agents.tls.cert", or NULL. */
static json_t *find(json_t *json, const char *path) {
    char key[TEXT];
    for (; json && *path; path += strspn(path, ".")) {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        json = json_object_get(json, key);
        path += length;
    }
    return json;
}

static void expect_defaults(json_t *sample, const struct option_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (!spec->preset || strcmp(spec->preset, "null") == 0)
            continue;
        json_t *preset = json_loads(written_preset(spec), JSON_DECODE_ANY, NULL);
        if (!spec->elements)
            ck_assert_msg(json_equal(find(sample, spec->name), preset), "%s is not %s", spec->name, spec->preset);
        else
            expect_defaults(json_array_get(find(sample, spec->name), 0), spec->elements);
        json_decref(preset);
    }
}

static void expect_sample_defaults(const char *name, const struct option_table *table) {
    struct error error = {""};
    char *text = read_source(name);
    json_t *sample = json_parse_file_text(text, strlen(text), name, &error);
    ck_assert_msg(sample, "%s", error.text);
    expect_defaults(sample, table);
    json_decref(sample);
    free(text);
}

START_TEST(the_samples_hold_the_defaults) {
    expect_sample_defaults("conf/munnel.json", &server_option_table);
    expect_sample_defaults("conf/munnel-agent.json", &agent_option_table);
}
END_TEST

/* Each `old` becomes `new`; `text` is freed. */
static char *replace(char *text, const char *old, const char *new) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, old)); at++)
        count++;
    char *result = calloc(1, strlen(text) + count * strlen(new) + 1), *to = result;
    ck_assert_ptr_nonnull(result);
    const char *from = text;
    for (const char *at; (at = strstr(from, old)); from = at + strlen(old)) {
        memcpy(to, from, (size_t)(at - from));
        to += at - from;
        memcpy(to, new, strlen(new));
        to += strlen(new);
    }
    memcpy(to, from, strlen(from));
    free(text);
    return result;
}

/* As it is passed on for this system. */
static char *read_sample(const char *name) {
    char *text = read_source(name);
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        text = replace(text, sockets[i].written, sockets[i].spec);
    return text;
}

START_TEST(the_sample_is_right) {
    struct error error = {""};
    char *text = read_sample("conf/munnel.json");
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", text), &error);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_msg(server_config_check(conf, &error) == 0, "%s", error.text);
    server_config_free(conf);
    free(text);
}
END_TEST

START_TEST(the_agents_sample_is_right) {
    char *text = read_sample("conf/munnel-agent.json");
    char program[] = "munnel-agent", config[] = "--config", path[TEXT];
    snprintf(path, sizeof path, "%s", unit_text_file("agent.json", text));
    char *argv[] = {program, config, path, NULL};
    struct agent_options options;
    struct capture capture;
    capture_begin(&capture);
    int code = agent_options_read(&options, 3, argv);
    capture_end(&capture);
    ck_assert_str_eq(capture.text[1], "");
    ck_assert_int_eq(code, -1);
    capture_done(&capture);
    agent_options_done(&options);
    free(text);
}
END_TEST

/* "check.type" is the property `type` in the line of `check`. */
static size_t object_length(const struct option_spec *spec) {
    const char *dot = strchr(spec->name, '.');
    return dot ? (size_t)(dot - spec->name) : 0;
}

static bool is_of_same_object(const struct option_spec *a, const struct option_spec *b) {
    size_t length = object_length(a);
    return length && length == object_length(b) && strncmp(a->name, b->name, length) == 0;
}

static void expect_property(const char *text, const struct option_spec *spec) {
    size_t object = object_length(spec);
    char start[TEXT], needle[TEXT], line[4096];
    snprintf(start, sizeof start, "\n        %.*s: ", object ? (int)object : (int)strlen(spec->name), spec->name);
    expect(text, start, spec->name);
    const char *from = strstr(text, start) + 1;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(from, "\n"), from);
    int length = snprintf(needle, sizeof needle, "%s: ", spec->name + object + (object > 0));
    if (spec->kind == OPTION_NUMBER)
        snprintf(needle + length, sizeof needle - (size_t)length, "{type: integer, minimum: %u, maximum: %u}",
                 spec->minimum, spec->maximum);
    expect(line, needle, spec->name);
    for (size_t k = 0; spec->words && spec->words[k]; k++)
        expect(line, spec->words[k], spec->name);
}

/* What the API takes for a service is what the option table has. */
START_TEST(the_api_takes_every_option_of_a_service) {
    char *text = read_source("docs/openapi.yaml"), *from = strstr(text, "\n    ServiceConfiguration:\n");
    size_t members = 0, wanted = 0;
    ck_assert_ptr_nonnull(from);
    *strstr(from, "\n    Configuration:\n") = '\0';
    for (const char *at = strstr(from, "\n      properties:\n"); at && (at = strstr(at, "\n        ")); at++)
        members++;
    for (size_t i = 0; i < service_option_table.count; i++) {
        const struct option_spec *spec = &service_option_table.specs[i];
        wanted += i == 0 || !is_of_same_object(spec - 1, spec);
        expect_property(from, spec);
    }
    ck_assert_uint_eq(members, wanted);
    free(text);
}
END_TEST

/* The text of a manual behind ".It Cm name", up to the next such line. */
static void look_at_manual(const char *manual, const char *prefix, const struct option_spec *spec) {
    char start[TEXT], needle[TEXT], entry[4096];
    snprintf(start, sizeof start, "\n.It Cm %s%s\n", prefix, spec->name);
    const char *from = strstr(manual, start);
    ck_assert_msg(from, "the manual has no line%s", start);
    from += strlen(start);
    const char *end = strstr(from, "\n.It Cm "), *list_end = strstr(from, "\n.El");
    snprintf(entry, sizeof entry, "%.*s", (int)((end && end < list_end ? end : list_end) - from), from);
    join_lines(entry);
    expect_contents(entry, spec);
    if (spec->preset)
        snprintf(needle, sizeof needle, "Default: %s.", written_preset(spec));
    else
        snprintf(needle, sizeof needle, "It must be written.");
    if (spec->kind != OPTION_WORD)
        expect(entry, needle, spec->name);
    if (spec->preset)
        expect_pipe(entry, spec);
}

static void look_at_manual_of(const char *name, const char *prefix, const struct option_table *table) {
    char *manual = read_source(name);
    for (size_t i = 0; i < table->count; i++) {
        look_at_manual(manual, prefix, &table->specs[i]);
        if (table->specs[i].elements)
            look_at_manual_of(name, "services[].", table->specs[i].elements);
    }
    free(manual);
}

START_TEST(munnel_json_5_explains_every_option) {
    look_at_manual_of("man/munnel.json.5", "", &server_option_table);
}
END_TEST

START_TEST(munnel_agent_8_explains_every_option_of_its_file) {
    look_at_manual_of("man/munnel-agent.8", "", &agent_option_table);
}
END_TEST

static void look_for_flags(const char *name, const struct option_table *table) {
    char *manual = read_source(name), needle[TEXT];
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (!spec->flag)
            continue;
        snprintf(needle, sizeof needle, "Fl -%s %s ", spec->flag, strchr(spec->argument, '|') ? "Cm" : "Ar");
        ck_assert_msg(strstr(manual, needle), "%s has no %s", name, needle);
    }
    free(manual);
}

START_TEST(the_manuals_explain_every_flag) {
    look_for_flags("man/munneld.8", &server_option_table);
    look_for_flags("man/munnel-agent.8", &agent_option_table);
}
END_TEST

START_TEST(the_examples_of_munnel_json_5_are_right) {
    static const char begin[] = "\n.Bd -literal -offset indent\n{";
    char *manual = read_source("man/munnel.json.5"), example[2048];
    struct error error = {""};
    int count = 0;
    for (char *at = strstr(manual, begin); at; at = strstr(at + 1, begin), count++) {
        const char *from = at + sizeof begin - 2, *end = strstr(from, "\n.Ed");
        snprintf(example, sizeof example, "%.*s", (int)(end - from), from);
        struct server_config *conf = server_config_read(unit_text_file("munnel.json", example), &error);
        ck_assert_msg(conf, "%s\n%s", error.text, example);
        ck_assert_int_eq(server_config_check(conf, &error), 0);
        server_config_free(conf);
    }
    ck_assert_int_ge(count, 4);
    free(manual);
}
END_TEST

static TCase *samples(void) {
    TCase *group = tcase_create("samples");
    tcase_add_test(group, the_sample_explains_every_option);
    tcase_add_test(group, the_agents_sample_explains_every_option);
    tcase_add_test(group, the_samples_hold_the_defaults);
    tcase_add_test(group, the_api_takes_every_option_of_a_service);
    tcase_add_test(group, the_sample_is_right);
    tcase_add_test(group, the_agents_sample_is_right);
    return group;
}

static TCase *manuals(void) {
    TCase *group = tcase_create("manuals");
    tcase_add_test(group, munnel_json_5_explains_every_option);
    tcase_add_test(group, munnel_agent_8_explains_every_option_of_its_file);
    tcase_add_test(group, the_manuals_explain_every_flag);
    tcase_add_test(group, the_examples_of_munnel_json_5_are_right);
    return group;
}

UNIT_MAIN("conf/documents", samples, manuals)
