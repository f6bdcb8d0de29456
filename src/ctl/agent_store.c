/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_store: see agent_store.h. The agents file is looked for where the server would.
 */
#include "config.h"

#include "ctl/agent_store.h"

#include "conf/join_code_issue.h"
#include "conf/places.h"
#include "conf/provision.h"
#include "conf/server_config.h"
#include "conf/suggest.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The configuration that counts; as munneld's own choice, and after it the one that "munnel init" made. */
static struct server_config *read_configuration(const char *named, struct error *error) {
    if (named)
        return server_config_read(named, error);
    char *file = places_configuration();
    if (file) {
        struct server_config *conf = server_config_read(file, error);
        free(file);
        return conf;
    }
    char *state = places_state_folder(error);
    if (!state)
        return NULL;
    char *made = file_in(state, "munnel.json");
    struct server_config *conf =
        made && file_exists(made) ? server_config_read(made, error) : server_config_default(error);
    if (!conf && !error->text[0])
        error_set(error, "out of memory");
    free(made);
    free(state);
    return conf;
}

/* A server that was started by its command line has left its address beside the agents file. */
static void take_kept_listen(struct agent_store *store, const char *agents) {
    char *kept = provision_kept_listen(agents);
    if (kept)
        (void)strlist_add(&store->listen, kept);
    free(kept);
}

static int add_groups(struct agent_store *store, const struct strlist *groups) {
    int result = 0;

    for (size_t i = 0; result == 0 && i < groups->count; i++)
        if (!strlist_has(&store->groups, groups->items[i]))
            result = strlist_add(&store->groups, groups->items[i]);
    return result;
}

static int take_groups(struct agent_store *store, const struct server_config *conf) {
    int result = 0;
    store->knows_services = conf->service_count > 0;
    for (size_t i = 0; i < conf->service_count && result == 0; i++)
        result =
            add_groups(store, &conf->services[i].groups) || add_groups(store, &conf->services[i].visitors) ? -1 : 0;
    return result;
}

static int from_configuration(struct agent_store *store, const struct agent_place *place, struct error *error) {
    struct server_config *conf = read_configuration(place->config, error);
    if (!conf)
        return -1;
    const char *agents = place->agents ? place->agents : conf->agents.tokens;
    int result = 0;
    if (!agents)
        result = error_set(error,
                           "%s: agents.auth: \"none\" lets every agent join, so there is no agents file; write { "
                           "\"tokens\": \"agents.json\" } there",
                           conf->path);
    else {
        store->path = strdup(agents);
        store->certificate = strdup(conf->agents.certificate);
        store->asks_both = conf->agents.require == CONFIG_REQUIRE_BOTH;
        store->client_ca = conf->agents.client_ca ? strdup(conf->agents.client_ca) : NULL;
        store->admin_socket = conf->admin_socket ? strdup(conf->admin_socket) : NULL;
        if (!conf->path)
            take_kept_listen(store, agents);
        if (!store->path || !store->certificate || (conf->agents.client_ca && !store->client_ca) ||
            (conf->admin_socket && !store->admin_socket) ||
            (store->listen.count == 0 && strlist_copy(&store->listen, &conf->agents.listen) != 0) ||
            take_groups(store, conf) != 0)
            result = error_set(error, "out of memory");
    }
    server_config_free(conf);
    return result;
}

/* Only an agents file was named: the certificate lies beside it, as "munnel init" puts it. */
static int from_file(struct agent_store *store, const char *agents, struct error *error) {
    store->is_file_alone = true;
    store->path = strdup(agents);
    store->certificate = file_beside(agents, "server.pem");
    take_kept_listen(store, agents);
    if (store->path && store->certificate && (store->listen.count > 0 || strlist_add(&store->listen, ":10001") == 0))
        return 0;
    return error_set(error, "out of memory");
}

int agent_store_open(struct agent_store *store, const struct agent_place *place, enum agent_store_use use,
                     struct error *error) {
    *store = (struct agent_store)AGENT_STORE_NONE;
    int result = place->agents && !place->config ? from_file(store, place->agents, error)
                                                 : from_configuration(store, place, error);
    if (result == 0 && !file_exists(store->path))
        result =
            error_set(error, "%s does not exist; munnel init makes it%s", store->path,
                      place->agents ? ""
                                    : "; if the server has its configuration elsewhere, name it with --config FILE");
    if (result == 0 && use == AGENT_STORE_CHANGE)
        result = (store->lock = lock_folder_of(store->path, error)) == LOCK_NONE ? -1 : 0;
    if (result == 0)
        store->credentials = credentials_read(store->path, error);
    return store->credentials ? 0 : -1;
}

const struct credential *agent_store_find(const struct agent_store *store, const char *name, struct error *error) {
    const struct credential *found = credentials_find(store->credentials, name);
    struct suggestion nearest = suggest_for(name);
    if (found)
        return found;
    for (size_t i = 0; i < credentials_count(store->credentials); i++)
        suggest_consider(&nearest, credentials_at(store->credentials, i)->name);
    if (nearest.best)
        error_set(error, "there is no agent %.64s in %s; did you mean %s?", name, store->path, nearest.best);
    else
        error_set(error, "there is no agent %.64s in %s; \"munnel agent list\" lists them", name, store->path);
    return NULL;
}

static const char *write_remedy(int failure) {
    if (error_is_disk_full(failure))
        return "; make room on that disk: the agents file is as it was";
    if (failure == EACCES || failure == EPERM)
        return "; run this command as root: the agents file is as it was";
    return "";
}

int agent_store_save(const struct agent_store *store, struct error *error) {
    struct error detail = {{0}};
    if (credentials_write(store->credentials, store->path, &detail) == 0)
        return 0;
    return error_set(error, "%s%s", detail.text, write_remedy(errno));
}

void agent_store_close(struct agent_store *store) {
    free(store->path);
    free(store->certificate);
    free(store->client_ca);
    free(store->admin_socket);
    strlist_done(&store->groups);
    strlist_done(&store->listen);
    credentials_free(store->credentials);
    lock_release(store->lock);
    *store = (struct agent_store)AGENT_STORE_NONE;
}

int agent_store_join_code(const struct agent_store *store, const struct strlist *servers,
                          const struct auth_token *token, char text[JOIN_CODE_TEXT], struct error *error) {
    const struct join_code_request request = {.certificate = store->certificate,
                                              .servers = servers,
                                              .listen = store->listen.items[0],
                                              .token = token};
    return join_code_issue(&request, text, error);
}
