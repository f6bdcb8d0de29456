/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_store: finds the agents file where the server would look for it.
 * Runs on: the tool's only thread. Owns: what it read, until agent_store_close().
 */
#include "config.h"

#include "ctl/agent_store.h"

#include "conf/reachable.h"
#include "conf/server_conf.h"
#include "lib/file.h"
#include "lib/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_file[] = "/etc/munnel.json";

/* The configuration that counts; as munneld's own choice, and after it the one that "munnel init" made. */
static struct server_conf *read_configuration(const char *named, struct error *error) {
    if (named || file_exists(default_file))
        return server_conf_read(named ? named : default_file, error);
    char *state = file_state_folder();
    char *made = state ? file_in(state, "munnel.json") : NULL;
    struct server_conf *conf = made && file_exists(made) ? server_conf_read(made, error) : server_conf_default();
    if (!conf && !error->text[0])
        error_set(error, "out of memory");
    free(made);
    free(state);
    return conf;
}

static int from_configuration(struct agent_store *store, const struct agent_place *place, struct error *error) {
    struct server_conf *conf = read_configuration(place->config, error);
    if (!conf)
        return -1;
    const char *agents = place->agents ? place->agents : conf->agents.tokens;
    int result = 0;
    if (!agents)
        result = error_set(error, "%s says \"auth\": \"none\": everybody may join", conf->path ? conf->path : "it");
    else {
        store->path = strdup(agents);
        store->certificate = strdup(conf->agents.certificate);
        if (!store->path || !store->certificate || conf_list_copy(&store->listen, &conf->agents.listen) != 0)
            result = error_set(error, "out of memory");
    }
    server_conf_free(conf);
    return result;
}

/* Only an agents file was named: the certificate lies beside it, as "munnel init" puts it. */
static int from_file(struct agent_store *store, const char *agents, struct error *error) {
    store->path = strdup(agents);
    store->certificate = file_beside(agents, "server.pem");
    if (store->path && store->certificate && conf_list_add(&store->listen, ":10001") == 0)
        return 0;
    return error_set(error, "out of memory");
}

int agent_store_open(struct agent_store *store, const struct agent_place *place, enum agent_store_use use,
                     struct error *error) {
    *store = (struct agent_store)AGENT_STORE_NONE;
    int result = place->agents && !place->config ? from_file(store, place->agents, error)
                                                 : from_configuration(store, place, error);
    if (result == 0 && !file_exists(store->path))
        result = error_set(error, "%s is not there; munnel init makes it", store->path);
    if (result == 0 && use == AGENT_STORE_CHANGE)
        result = (store->lock = lock_folder_of(store->path, error)) == LOCK_NONE ? -1 : 0;
    if (result == 0)
        store->credentials = credentials_read(store->path, error);
    return store->credentials ? 0 : -1;
}

int agent_store_save(const struct agent_store *store, struct error *error) {
    return credentials_write(store->credentials, store->path, error);
}

void agent_store_close(struct agent_store *store) {
    free(store->path);
    free(store->certificate);
    conf_list_done(&store->listen);
    credentials_free(store->credentials);
    lock_release(store->lock);
    *store = (struct agent_store)AGENT_STORE_NONE;
}

static int add_servers(struct join_code *code, const struct conf_list *servers, struct error *error) {
    if (servers->count > JOIN_SERVERS)
        return error_set(error, "at most %d servers fit into a join code", JOIN_SERVERS);
    for (size_t i = 0; i < servers->count; i++) {
        if (strlen(servers->items[i]) >= JOIN_SERVER_TEXT)
            return error_set(error, "\"%.80s...\" is too long", servers->items[i]);
        snprintf(code->servers[code->server_count++], JOIN_SERVER_TEXT, "%s", servers->items[i]);
    }
    return 0;
}

int agent_store_join_code(const struct agent_store *store, const struct conf_list *servers,
                          const struct proof_token *token, char text[JOIN_TEXT], struct error *error) {
    struct join_code code = {.pin_count = 1, .token = *token};
    char guess[REACHABLE_TEXT], *guessed[] = {guess};
    int result = tls_pin_of_certificate(store->certificate, code.pins[0], error);
    if (result == 0 && servers->count == 0) {
        reachable_server(store->listen.items[0], NULL, store->certificate, guess);
        result = add_servers(&code, &(const struct conf_list){guessed, 1}, error);
    } else if (result == 0)
        result = add_servers(&code, servers, error);
    if (result == 0)
        result = join_format(&code, text, error);
    join_wipe(&code);
    return result;
}
