/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_certificate: see agent_certificate.h.
 *
 * The agents file gets the digest of the key and not the name: a later certificate of the same name is another one, so
 * that revoking an agent and adding it again leaves the old key outside.
 */
#include "config.h"

#include "ctl/agent_certificate.h"

#include "conf/advertised_addr.h"
#include "lib/base/file.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAYS = 825, FOLDER_MODE = 0700, CA_MODE = 0644, CA_LARGEST = 1 << 20 };

struct paths {
    char *ca, *ca_key, *server_ca, *agent, *agent_key, *agent_ca;
};

static int paths_make(struct paths *paths, const struct agent_store *store, const char *folder, const char *ca_key,
                      struct error *error) {
    *paths = (struct paths){
        .server_ca = file_beside(store->certificate, "ca.pem"),
        .agent = file_in(folder, "agent.pem"),
        .agent_key = file_in(folder, "agent.key"),
        .agent_ca = file_in(folder, "ca.pem"),
    };
    paths->ca = store->client_ca ? strdup(store->client_ca) : file_beside(store->certificate, "ca.pem");
    if (paths->ca)
        paths->ca_key = ca_key ? strdup(ca_key) : file_beside(paths->ca, "ca.key");
    return paths->server_ca && paths->agent && paths->agent_key && paths->agent_ca && paths->ca_key
               ? 0
               : error_set(error, "out of memory");
}

static void paths_done(struct paths *paths) {
    char *all[] = {paths->ca, paths->ca_key, paths->server_ca, paths->agent, paths->agent_key, paths->agent_ca};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static int check_paths(const struct paths *paths, struct error *error) {
    if (file_exists(paths->agent) || file_exists(paths->agent_key))
        return error_set(error, "%s exists already; name another folder with --certificate", paths->agent);
    if (!file_exists(paths->ca))
        return error_set(
            error,
            "%s does not exist, the certificate of the CA that signs; \"munnel init\" makes one beside munnel.json",
            paths->ca);
    if (!file_exists(paths->ca_key))
        return error_set(error, "%s does not exist; name the CA's key with --ca-key FILE", paths->ca_key);
    return 0;
}

/* The agent verifies the server with it. Without a ca.pem beside it the certificate was not made by "munnel init". */
static int copy_ca(const struct paths *paths, struct error *error) {
    size_t length;
    if (file_exists(paths->agent_ca) || !file_exists(paths->server_ca))
        return 0;
    char *text = file_read(paths->server_ca, CA_LARGEST, &length, error);
    int result = text ? file_write(paths->agent_ca, text, length, CA_MODE, error) : -1;
    free(text);
    return result;
}

static int make(const struct paths *paths, const char *name, const char *folder, struct error *error) {
    const struct cert_request request = {
        .common_name = name, .names = &name, .name_count = 1, .days = DAYS, .use = CERT_CLIENT};
    if (check_paths(paths, error) != 0 || file_make_folder(folder, FOLDER_MODE, error) != 0)
        return -1;
    return cert_issue(&request, paths->ca, paths->ca_key, paths->agent, paths->agent_key, error) == 0
               ? copy_ca(paths, error)
               : -1;
}

int agent_certificate_make(const struct agent_store *store, const char *name, const char *folder, const char *ca_key,
                           char pin[AGENT_PIN_TEXT], struct error *error) {
    struct paths paths;
    int result = paths_make(&paths, store, folder, ca_key, error);
    if (result == 0)
        result = make(&paths, name, folder, error);
    if (result == 0)
        result = certificate_read_pin(paths.agent, pin, error);
    paths_done(&paths);
    return result;
}

void agent_certificate_explain(const struct agent_store *store, const char *folder, bool has_code) {
    char server[ADVERTISED_ADDR_TEXT];
    advertised_addr(store->listen.items[0], NULL, store->certificate, server);
    fprintf(stderr,
            "%s holds its certificate (agent.pem), its secret key (agent.key) and ca.pem.\n"
            "Move them to one folder of the agent, and start it there with:\n"
            "  munnel-agent --ca ca.pem %s%s\n",
            folder, has_code ? "--join - " : "", server);
    if (store->client_ca || store->is_file_alone)
        return;
    fprintf(stderr, "The server does not ask for certificates yet. In munnel.json, with what is there already:\n"
                    "  \"agents\": { \"tls\": { ..., \"client_ca\": \"ca.pem\" },\n"
                    "              \"auth\": { ..., \"require\": \"either\" } }\n");
}
