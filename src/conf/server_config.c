/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_config: reads munnel.json by the option table, adds the command line's services, checks the whole.
 * Runs on: the control thread. Owns: the configuration's strings.
 */
#include "config.h"

#include "conf/expand.h"
#include "conf/include.h"
#include "conf/places.h"
#include "conf/server_check.h"
#include "conf/server_config.h"
#include "conf/shared_listen.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20, WORDS_MAX = 5, UDP_IDLE_S = 60, UDP_CLIENTS = 4096 };

/* Everything the table knows a default for; paths are relative to the folder of place->beside. */
static struct server_config *new_conf(const struct option_place *place) {
    struct server_config *conf = calloc(1, sizeof *conf);
    if (conf && option_defaults(&server_option_table, conf, place) == 0)
        return conf;
    if (!conf)
        option_error(place, "out of memory");
    server_config_free(conf);
    return NULL;
}

struct server_config *server_config_default(struct error *error) {
    char *state = places_state_folder(error);
    if (!state)
        return NULL;
    char *beside = file_in(state, "munnel.json");
    struct option_place place = {.beside = beside, .error = error};
    struct server_config *conf = beside ? new_conf(&place) : NULL;
    free(beside);
    if (!conf) {
        free(state);
        return NULL;
    }
    conf->state = state;
    return conf;
}

/* The file itself, without what it includes. */
static int read_main(struct server_config *conf, struct option_place *place) {
    size_t length;
    json_t *written = NULL;
    char *text = file_read(place->file, FILE_MAX, &length, place->error);
    json_t *json = text ? expand_parse(text, length, place, &written) : NULL;
    free(text);
    int result = json ? option_read(&server_option_table, conf, json, place) : -1;
    json_decref(json);
    json_decref(written);
    place->written = NULL;
    return result;
}

/* What follows from the options together. */
static int settle(struct server_config *conf, const struct config_edit *edit, const struct option_place *top) {
    if (include_note_file(conf, &(struct config_file){.path = conf->path}))
        return option_error(top, "out of memory");
    if (include_services(conf, edit, top))
        return -1;
    if (shared_listen_note(conf))
        return option_error(top, "out of memory");
    conf->file_service_count = conf->service_count;
    if (conf->agents.auth_none) {
        free(conf->agents.tokens);
        conf->agents.tokens = NULL;
    }
    return server_check_file(conf, top);
}

struct server_config *server_config_load_edited(const char *path, const struct config_edit *edit,
                                                struct option_fault *fault, struct error *error) {
    struct option_place place = {.file = path, .beside = path, .error = error, .fault = fault};
    struct server_config *conf = new_conf(&place);
    if (!conf)
        return NULL;
    conf->path = strdup(path);
    place.expanded = conf->expanded = json_object();
    place.value_files = &conf->value_files;
    if (!conf->path || !conf->expanded)
        option_error(&place, "out of memory");
    else if (read_main(conf, &place) == 0 && settle(conf, edit, &place) == 0)
        return conf;
    server_config_free(conf);
    return NULL;
}

struct server_config *server_config_load(const char *path, struct option_fault *fault, struct error *error) {
    return server_config_load_edited(path, NULL, fault, error);
}

struct server_config *server_config_read(const char *path, struct error *error) {
    return server_config_load(path, NULL, error);
}

/* Splits at white space; returns how many words there are, of which at most WORDS_MAX are stored. */
static int split(char *text, char *words[WORDS_MAX]) {
    static const char white[] = " \t\r\n";
    int count = 0;
    for (text += strspn(text, white); *text && count < WORDS_MAX; text += strspn(text, white)) {
        words[count++] = text;
        text += strcspn(text, white);
        if (*text)
            *text++ = '\0';
    }
    return count;
}

/* Sets the service's options from the words of the command line, NAME [GROUP] LISTEN DEST. */
static int set_service(struct service_config *service, char *const words[], int count,
                       const struct option_place *place) {
    static const char *const names[] = {"name", "group", "listen", "connect"};
    for (int i = 0; i < count; i++) {
        const char *name = names[i == 0 || count == 4 ? i : i + 1];
        const struct option_place inner = option_member(place, name);
        if (option_set_text(option_find(&service_option_table, name), service, words[i], false, &inner))
            return -1;
    }
    return 0;
}

static int add_words(struct server_config *conf, char *const words[], int count, const struct option_place *place) {
    const struct option_spec *services = option_find(&server_option_table, "services");
    struct service_config *service = option_add_element(services, conf, place);
    if (!service)
        return -1;
    if (set_service(service, words, count, place) == 0)
        return 0;
    option_done(&service_option_table, service);
    conf->service_count--;
    return -1;
}

/* No address: without a port, and no port alone. */
static bool is_a_word(const char *text) {
    return !strchr(text, ':') && text[strspn(text, "0123456789")] != '\0';
}

static int complain_words(const char *text, int count, struct error *error) {
    bool lacks_quotes = count == 1 || count == 2; /* then the shell has made several arguments of it */
    return error_set(error, "service \"%s\" has %s%d word%s; %s \"NAME [GROUP] LISTEN:PORT DEST:PORT\"", text,
                     count == WORDS_MAX ? "at least " : "", count, count == 1 ? "" : "s",
                     lacks_quotes ? "put the whole service in quotes," : "write");
}

int server_config_add_service(struct server_config *conf, const char *text, struct error *error) {
    char *words[WORDS_MAX], name[80];
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "out of memory");
    int count = split(copy, words), failed;
    if (count == 3 && is_a_word(words[1])) { /* a group, more likely than a listener without a port */
        failed =
            error_set(error,
                      "service \"%s\" lacks LISTEN:PORT or DEST:PORT; write \"NAME [GROUP] LISTEN:PORT DEST:PORT\"",
                      text);
    } else if (count == 3 || count == 4) {
        snprintf(name, sizeof name, "service \"%.64s\"", words[0]);
        failed = add_words(conf, words, count, &(struct option_place){.file = name, .error = error});
    } else {
        failed = complain_words(text, count, error);
    }
    free(copy);
    return failed;
}

/* Nothing else tells that a client of UDP has gone. */
unsigned server_config_idle_s(const struct service_config *service) {
    return service->protocol == SERVICE_UDP && service->idle_timeout_s == 0 ? UDP_IDLE_S : service->idle_timeout_s;
}

/* Forged sources make as many clients as there may be, each of which is a descriptor of an agent. */
unsigned server_config_clients_most(const struct service_config *service) {
    return service->protocol == SERVICE_UDP && service->max_clients == 0 ? UDP_CLIENTS : service->max_clients;
}

struct server_config *server_config_hold(struct server_config *conf) {
    conf->holders++;
    return conf;
}

void server_config_free(struct server_config *conf) {
    if (!conf || conf->holders-- > 0)
        return;
    for (size_t i = 0; i < conf->service_count; i++)
        free(conf->services[i].publisher);
    option_done(&server_option_table, conf);
    for (size_t i = 0; i < conf->file_count; i++)
        free(conf->files[i].path);
    free(conf->files);
    json_decref(conf->expanded);
    strlist_done(&conf->value_files);
    strlist_done(&conf->shared);
    free(conf->path);
    free(conf);
}
