/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_parts: see diag_parts.h. A part that cannot be had is noted with the reason, and the others go on.
 */
#include "config.h"

#include "ctl/diag_parts.h"

#include "conf/cmdline.h"
#include "ctl/answer.h"
#include "ctl/diag_machine.h"
#include "ctl/diag_named.h"
#include "ctl/diag_output.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/text_buffer.h"
#include "lib/net/sock.h"

#include <stdlib.h>

enum { SYSTEM_TEXT = 300, FILE_MOST = 256 * 1024, CHECKS_MS = 60000, PATIENCE_MS = 15000 };

/* ---- what a running program answers ---- */

/* A program that hangs is not asked again and again: its report is needed most. 0, or -1 with error. */
static int call(struct diag_source *source, const char *method, const char *target, struct http_reply *reply,
                struct error *error) {
    uint64_t asked_ms = clock_ms();

    if (!source->client) {
        *error = source->why;
        return -1;
    }
    if (source->waited_ms >= PATIENCE_MS)
        return error_set(error, "left out: the program has not answered for too long");
    int result = admin_call(source->client, method, target, reply, error);
    if (reply->status == 0)
        source->waited_ms += clock_ms() - asked_ms;
    return result;
}

static void add_answer(struct diag_archive *archive, struct diag_source *source, const char *name, const char *method,
                       const char *target) {
    struct http_reply reply = {0};
    struct error error = {{0}};

    if (call(source, method, target, &reply, &error) == 0)
        diag_archive_add(archive, name, reply.text, reply.length, NULL);
    else
        diag_archive_add(archive, name, NULL, 0, &error);
    http_reply_done(&reply);
}

/* The JSON of an answer, which is a part already; NULL: none. */
static json_t *ask(struct diag_source *source, const char *target) {
    struct http_reply reply = {0};
    struct error error = {{0}};
    json_t *json = NULL;

    if (call(source, "GET", target, &reply, &error) == 0)
        json = json_incref(reply.json);
    http_reply_done(&reply);
    return json;
}

static void add_answers(struct diag_archive *archive, struct diag_source *source, bool is_agent) {
    static const struct {
        const char *name, *target;
        enum { OF_BOTH, OF_SERVERS, OF_AGENTS } of;
    } answers[] = {{"status.json", "/v1/status", OF_BOTH},
                   {"services.json", "/v1/services", OF_BOTH},
                   {"published.json", "/v1/published", OF_AGENTS},
                   {"agents.json", "/v1/agents", OF_SERVERS},
                   {"relays.json", "/v1/relays?limit=1000&sort=-bytes", OF_BOTH},
                   {"relays-ended.json", "/v1/relays?limit=1000&state=ended", OF_BOTH},
                   {"events.json", "/v1/events?limit=1000", OF_BOTH},
                   {"sources.json", "/v1/sources", OF_SERVERS},
                   {"history.json", "/v1/history?span=24h", OF_SERVERS},
                   {"configuration.json", "/v1/config", OF_SERVERS},
                   {"log-level.json", "/v1/log", OF_BOTH},
                   {"metrics.txt", "/metrics", OF_BOTH}};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (answers[i].of != (is_agent ? OF_SERVERS : OF_AGENTS))
            add_answer(archive, source, answers[i].name, "GET", answers[i].target);
}

/* A real connection through each service, as long as that takes no longer than a person waits. */
static void add_checks(struct diag_archive *archive, struct diag_source *source) {
    json_t *answer = ask(source, "/v1/services");
    uint64_t deadline_ms = clock_ms() + CHECKS_MS;
    const json_t *services = answer_at(answer, "services"), *service;
    size_t i;

    json_array_foreach (services, i, service) {
        const char *name = answer_text(service, "name", "");
        char part[96], target[ADMIN_TARGET];
        struct error error = {"left out: the checks before it have taken a minute"};
        snprintf(part, sizeof part, "checks/%.64s.json", name);
        if (clock_ms() < deadline_ms && admin_target(target, "/v1/services/", name, "/check", &error))
            add_answer(archive, source, part, "POST", target);
        else
            diag_archive_add(archive, part, NULL, 0, &error);
    }
    json_decref(answer);
}

/* ---- files and programs ---- */

static void add_file(struct diag_archive *archive, const char *name, const char *path) {
    struct error error = {{0}};
    size_t length = 0;
    char *bytes = file_read(path, FILE_MOST, &length, &error);

    if (bytes)
        diag_redact(bytes, length);
    diag_archive_add(archive, name, bytes, length, &error);
    free(bytes);
}

static void add_named(struct diag_archive *archive, struct diag_source *source, const json_t *status) {
    json_t *configuration = ask(source, "/v1/config");
    const struct diag_named named = {.self = source->self,
                                     .config = source->config,
                                     .is_server_there = status,
                                     .file = answer_text(status, "configuration.file", NULL),
                                     .log = answer_text(configuration, "running.log.to", NULL),
                                     .socket = source->client ? http_client_fd(source->client) : -1};

    diag_add_named(archive, &named);
    json_decref(configuration);
}

/* ---- the process and the machine ---- */

static void add_process(struct diag_archive *archive, const struct diag_source *source) {
    const struct error unknown = {"the process is not known, since no program has answered on a socket that it opened"};
    pid_t process =
        source->client && http_client_fd(source->client) >= 0 ? sock_peer_process(http_client_fd(source->client)) : 0;

    for (const struct diag_machine_file *file = diag_process_files; file->name; file++) {
        char path[64];
        diag_process_path(path, sizeof path, process, file->path);
        if (process > 1) /* 1 has opened the sockets that it passes to services */
            add_file(archive, file->name, path);
        else
            diag_archive_add(archive, file->name, NULL, 0, &unknown);
    }
}

static void add_machine(struct diag_archive *archive) {
    for (const struct diag_machine_file *file = diag_machine_files; file->name; file++)
        add_file(archive, file->name, file->path);
}

static void add_versions(struct diag_archive *archive) {
    struct text_buffer versions = {0};
    char system[SYSTEM_TEXT];
    struct error error = {"out of memory"};

    cmdline_add_version(&versions, "munnel");
    diag_machine_name(system, sizeof system);
    text_buffer_add(&versions, "%s\n", system);
    size_t length = versions.length;
    char *text = text_buffer_take(&versions);
    diag_archive_add(archive, "versions.txt", text, length, &error);
    free(text);
}

void diag_add_parts(struct diag_archive *archive, struct diag_source *source) {
    json_t *status = ask(source, "/v1/status");
    bool is_agent = answer_is(status, "program", "munnel-agent");

    add_versions(archive);
    add_answers(archive, source, is_agent);
    add_process(archive, source);
    if (!is_agent) {
        add_checks(archive, source);
        add_named(archive, source, status);
    }
    diag_add_system_log(archive);
    add_machine(archive);
    json_decref(status);
}
