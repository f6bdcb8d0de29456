/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_output: see publish_output.h.
 */
#include "config.h"

#include "agent/publish_output.h"

#include "lib/log/log.h"
#include "proto/json_fields.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int name_width(const struct publications *list) {
    size_t width = 0;

    for (const struct publication *entry = publications_first(list); entry; entry = publications_next(entry))
        if (!entry->is_withdrawn && strlen(entry->name) > width)
            width = strlen(entry->name);
    return (int)width;
}

static void print_json(const struct publication *entry, const struct publication_at *at, const char *server,
                       FILE *out) {
    bool is_published = at->state == PUBLICATION_PUBLISHED;
    json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s?,s:s?}", "name", entry->name, "to", entry->to, "server", server,
                             "state", publication_state_label(at->state), "address", is_published ? at->address : NULL,
                             "reason", is_published ? NULL : at->reason);
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    if (text)
        fprintf(out, "%s\n", text);
    free(text);
    json_decref(json);
}

/* The address on standard output, for scripts; the rest is for the person. */
static void print_shared(const struct publication *entry, const struct publication_at *at, const char *server,
                         FILE *out, FILE *errors) {
    char reason[sizeof at->reason];

    if (at->state == PUBLICATION_PUBLISHED) {
        fprintf(errors, "munnel share: %s is reached, until Ctrl-C, at\n", entry->to);
        fflush(errors);
        fprintf(out, "%s\n", at->address);
        return;
    }
    json_text_copy_clean(reason, sizeof reason, at->reason);
    fprintf(errors, "munnel share: %s is not published by %s: %s\n", entry->name, server, reason);
}

/* In the journal the line of the log would stand beside it. */
static bool is_wanted(const struct agent_options *options, FILE *out) {
    return strcmp(options->log.to, "stdout") != 0 && options->log.format != LOG_FORMAT_JSON &&
           !log_target_is_journal(fileno(out));
}

void publish_output_print(const struct agent_options *options, const struct publications *list,
                          const struct publication *entry, const struct publication_at *at, const char *server,
                          FILE *out, FILE *errors) {
    if (options->is_share && options->is_json)
        print_json(entry, at, server, out);
    else if (options->is_share)
        print_shared(entry, at, server, out, errors);
    else if (is_wanted(options, out) && at->state == PUBLICATION_PUBLISHED)
        fprintf(out, "%-*s  %s  ->  %s\n", name_width(list), entry->name, at->address, entry->to);
    fflush(out);
}

static bool is_refused_everywhere(const struct publications *list, const struct publication *entry) {
    for (size_t i = 0; i < publications_servers(list); i++)
        if (entry->at[i].state != PUBLICATION_REFUSED && entry->at[i].state != PUBLICATION_UNSUPPORTED)
            return false;
    return true;
}

bool publish_output_is_hopeless(const struct publications *list) {
    for (const struct publication *entry = publications_first(list); entry; entry = publications_next(entry))
        if (!is_refused_everywhere(list, entry))
            return false;
    return true;
}
