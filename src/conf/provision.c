/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * provision: makes the files of a new server, each only if it is missing.
 *
 * ca.pem and ca.key sign; server.pem and server.key are the agent port's; agent.token and agents.json belong together
 * as a key and its lock. A half of a pair is never made for the other half: it would not fit.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/provision.h"

#include "conf/advertised_addr.h"
#include "conf/agents_file.h"
#include "conf/credentials.h"
#include "conf/join_code_issue.h"
#include "conf/local_addrs.h"
#include "conf/managed_file.h"
#include "conf/validators.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/base/text_buffer.h"
#include "lib/net/addr.h"
#include "lib/os/host_name.h"
#include "lib/tls/cert_issue.h"
#include "proto/auth_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CA_DAYS = 3650,
    SERVER_DAYS = 825,
    FOLDER_MODE = 0700,
    TOKEN_MODE = 0600,
    CONFIGURATION_MODE = 0640,
    SERVICES_MODE = 0750
};
enum { LISTEN_TEXT = 512, LISTEN_MODE = 0644 };

static const char default_listen[] = "0.0.0.0:10001";
static const char listen_file[] = "agents.listen";
static const char first_credential[] = "default";

struct paths {
    char *ca, *ca_key, *server, *server_key, *agents, *token, *configuration, *services, *tokens;
};

static void paths_done(struct paths *paths) {
    char *all[] = {paths->ca,    paths->ca_key,        paths->server,   paths->server_key, paths->agents,
                   paths->token, paths->configuration, paths->services, paths->tokens};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static int paths_make(struct paths *paths, const struct provision *setup, struct error *error) {
    const char *folder = setup->folder;
    *paths = (struct paths){
        .ca = file_in(folder, "ca.pem"),
        .ca_key = file_in(folder, "ca.key"),
        .server = file_in(folder, "server.pem"),
        .server_key = file_in(folder, "server.key"),
        .agents = setup->agents ? strdup(setup->agents) : file_in(folder, AGENTS_FILE),
        .token = file_in(folder, "agent.token"),
        .configuration = file_in(folder, "munnel.json"),
        .services = file_in(folder, MANAGED_FOLDER),
        .tokens = file_in(folder, PROVISION_TOKENS),
    };
    if (paths->agents)
        path_to_slashes(paths->agents); /* it is written into the configuration */
    if (paths->ca && paths->ca_key && paths->server && paths->server_key && paths->agents && paths->token &&
        paths->configuration && paths->services && paths->tokens)
        return 0;
    paths_done(paths);
    return error_set(error, "out of memory");
}

/* 1: the pair is to be made; 0: both are there; -1: only one is. `price`: what making both anew costs. */
static int look_at_pair(const char *certificate, const char *key, const char *price, struct error *error) {
    bool has_certificate = file_exists(certificate), has_key = file_exists(key);
    if (has_certificate == has_key)
        return has_key ? 0 : 1;
    const char *there = has_key ? key : certificate, *missing = has_key ? certificate : key;
    return error_set(error, "%s is there without %s; put %s back, or remove %s as well (%s)", there, missing,
                     path_name(missing), path_name(there), price);
}

static int make_ca(const struct paths *paths, bool *made, struct error *error) {
    if (file_exists(paths->ca) && !file_exists(paths->ca_key))
        return 0; /* the key may be kept elsewhere; it is needed only to sign */
    int missing = look_at_pair(paths->ca, paths->ca_key, "every agent then needs the new ca.pem", error);
    if (missing <= 0)
        return missing;
    char host[200], name[256];
    host_name(host, sizeof host);
    if (!*host)
        snprintf(host, sizeof host, "this host");
    snprintf(name, sizeof name, "Munnel CA of %s", host);
    const struct cert_request request = {.common_name = name, .days = CA_DAYS, .use = CERT_CA};
    *made = true;
    return cert_issue(&request, NULL, NULL, paths->ca, paths->ca_key, error);
}

static int make_server(const struct provision *setup, const struct paths *paths, bool *made, struct error *error) {
    int missing =
        look_at_pair(paths->server, paths->server_key, "agents that joined by a code then need a new one", error);
    if (missing <= 0)
        return missing;
    if (!file_exists(paths->ca_key))
        return error_set(
            error, "%s cannot be signed, since %s is missing; put it back, or remove ca.pem, too, for a new authority",
            paths->server, paths->ca_key);
    struct strlist names = {NULL, 0};
    int result = setup->names.count > 0 ? strlist_copy(&names, &setup->names) : local_addrs_add(&names);
    if (result != 0)
        error_set(error, "out of memory");
    else {
        const struct cert_request request = {.common_name = names.items[0],
                                             .names = (const char *const *)names.items,
                                             .name_count = names.count,
                                             .days = SERVER_DAYS,
                                             .use = CERT_SERVER};
        *made = true;
        result = cert_issue(&request, paths->ca, paths->ca_key, paths->server, paths->server_key, error);
    }
    strlist_done(&names);
    return result;
}

static int read_token(struct auth_token *token, const char *path, struct error *error) {
    size_t length;
    char *text = file_read_secret(path, AUTH_TOKEN_TEXT + 16, &length, error);
    if (!text)
        return -1;
    struct error detail = {{0}};
    int result = auth_token_parse(token, text, &detail);
    if (result != 0)
        error_set(error, "%s: %s", path, detail.text);
    secret_wipe(text, length);
    free(text);
    return result;
}

int provision_write_token(const char *path, const struct auth_token *token, struct error *error) {
    char text[AUTH_TOKEN_TEXT];
    auth_token_format(token, text);
    size_t length = strlen(text);
    text[length] = '\n';
    int result = file_write(path, text, length + 1, TOKEN_MODE, error);
    secret_wipe(text, sizeof text);
    return result;
}

static int make_token(struct auth_token *token, const char *path, struct error *error) {
    if (auth_token_make(token, first_credential) != 0)
        return error_set(error, "OpenSSL could not generate random bytes; try again");
    return provision_write_token(path, token, error);
}

static int write_agents(const struct auth_token *token, const char *path, struct error *error) {
    char star[] = "*", *every[] = {star};
    struct credential credential = {.name = (char *)token->name, .key_count = 1, .groups = {every, 1}};
    struct credentials *credentials = credentials_new();
    auth_token_key(token, credential.keys[0].key);
    int result = -1;
    if (!credentials)
        error_set(error, "out of memory");
    else if (credentials_put(credentials, &credential, error) == 0)
        result = credentials_write(credentials, path, error);
    credentials_free(credentials);
    secret_wipe(&credential, sizeof credential);
    return result;
}

static int make_folder_of(const char *path, struct error *error) {
    char *folder = file_beside(path, ".");
    int result = folder ? file_make_folder(folder, FOLDER_MODE, error) : error_set(error, "out of memory");
    free(folder);
    return result;
}

/* The token first: nothing is overwritten, so an agents file whose token was not written would stay for ever. */
static int make_credentials(const struct paths *paths, bool *made, struct error *error) {
    if (file_exists(paths->agents))
        return 0; /* a missing token may have been moved to its agent */
    if (make_folder_of(paths->agents, error))
        return -1;
    struct auth_token token = {{0}, {0}};
    int result =
        file_exists(paths->token) ? read_token(&token, paths->token, error) : make_token(&token, paths->token, error);
    if (result == 0)
        result = write_agents(&token, paths->agents, error);
    *made = true;
    secret_wipe(&token, sizeof token);
    return result;
}

static int make_admin_token(const struct provision *setup, const struct paths *paths, bool *made, struct error *error) {
    uint8_t bytes[SECRET_SIZE];
    char digits[SECRET_HEX], text[SECRET_HEX + 64];
    if (!setup->http || file_exists(paths->tokens))
        return 0;
    if (secret_random(bytes, sizeof bytes) != 0)
        return error_set(error, "OpenSSL could not generate random bytes; try again");
    snprintf(text, sizeof text, "# role name token\nadmin init %s\n", secret_to_hex(bytes, sizeof bytes, digits));
    *made = true;
    int result = file_write(paths->tokens, text, strlen(text), TOKEN_MODE, error);
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(digits, sizeof digits);
    secret_wipe(text, sizeof text);
    return result;
}

static const char configuration_form[] = "{\n"
                                         "  \"agents\": {\n"
                                         "    \"listen\": [\"%s\"],\n"
                                         "    \"tls\": { \"cert\": \"server.pem\", \"key\": \"server.key\" },\n"
                                         "    \"auth\": { \"tokens\": \"%s\" }\n"
                                         "  },\n"
                                         "  \"services\": [\n"
                                         "    {\n"
                                         "      \"name\": \"example\",\n"
                                         "      \"listen\": \"127.0.0.1:8080\",\n"
                                         "      \"connect\": \"localhost:80\"\n"
                                         "    }\n"
                                         "  ],\n"
                                         "  \"include\": \"" MANAGED_FOLDER "/*.json\"%s\n"
                                         "}\n";

static const char *listen_of(const struct provision *setup) {
    return setup->listen ? setup->listen : default_listen;
}

/* Numeric, so nothing in it has to be escaped. malloc'ed; NULL: out of memory. */
static char *admin_part(const struct provision *setup) {
    if (!setup->http)
        return strdup("");
    return text_buffer_format(",\n  \"admin\": { \"http\": \"%s\", \"tokens\": \"" PROVISION_TOKENS "\" }",
                              setup->http);
}

static int make_configuration(const struct provision *setup, const struct paths *paths, bool *made,
                              struct error *error) {
    if (!setup->with_configuration || file_exists(paths->configuration))
        return 0;
    struct endpoint endpoint; /* also refuses what JSON would have to escape */
    if (endpoint_parse(&endpoint, listen_of(setup), error) != 0)
        return -1;
    if (strpbrk(listen_of(setup), "\"\\"))
        return error_set(error, "\"%s\" has a quotation mark or a backslash in it; choose another path",
                         listen_of(setup));
    char *admin = admin_part(setup);
    char *text = admin ? text_buffer_format(configuration_form, listen_of(setup),
                                            agents_file_shown(paths->agents, setup->folder), admin)
                       : NULL;
    free(admin);
    if (!text)
        return error_set(error, "out of memory");
    *made = true;
    int result = file_make_folder(paths->services, SERVICES_MODE, error) ||
                         file_write(paths->configuration, text, strlen(text), CONFIGURATION_MODE, error)
                     ? -1
                     : 0;
    free(text);
    return result;
}

int provision_server(const struct provision *setup, bool *made, struct error *error) {
    struct paths paths;
    *made = false;
    if (file_make_folder(setup->folder, FOLDER_MODE, error) != 0 || paths_make(&paths, setup, error) != 0)
        return -1;
    int result = make_ca(&paths, made, error) == 0 && make_server(setup, &paths, made, error) == 0 &&
                         make_credentials(&paths, made, error) == 0 &&
                         make_admin_token(setup, &paths, made, error) == 0 &&
                         make_configuration(setup, &paths, made, error) == 0
                     ? 0
                     : -1;
    paths_done(&paths);
    return result;
}

int provision_keep_listen(const struct provision *setup, struct error *error) {
    char *path = file_in(setup->folder, listen_file), text[LISTEN_TEXT];
    int length = snprintf(text, sizeof text, "%s\n", listen_of(setup));
    int result = path && length < LISTEN_TEXT ? file_write(path, text, (size_t)length, LISTEN_MODE, error)
                                              : error_set(error, "%s cannot be kept", listen_of(setup));
    free(path);
    return result;
}

char *provision_kept_listen(const char *agents) {
    size_t length;
    char *path = file_beside(agents, listen_file);
    char *text = path ? file_read(path, LISTEN_TEXT, &length, NULL) : NULL;
    free(path);
    if (!text)
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    if (validate_listen(text, NULL) == 0)
        return text;
    free(text);
    return NULL;
}

/* `token` NULL: it was moved to its agent, and may be any. */
static bool has_valid_key(const struct credential *credential, const struct auth_token *token, time_t now) {
    uint8_t key[SECRET_SIZE];
    bool found = false;
    if (token)
        auth_token_key(token, key);
    for (int i = 0; i < credential->key_count && !found; i++)
        found = !credential_key_has_ended(credential, i, now) &&
                (!token || secret_equal(credential->keys[i].key, key, SECRET_SIZE));
    secret_wipe(key, sizeof key);
    return found && (credential->expires == 0 || now < credential->expires);
}

static bool first_agent_is_in(const struct paths *paths) {
    struct auth_token token = {{0}, {0}};
    bool has_token = file_exists(paths->token);
    if (has_token && read_token(&token, paths->token, NULL) != 0)
        return false;
    struct credentials *credentials = credentials_read(paths->agents, NULL);
    const struct credential *credential =
        credentials ? credentials_find(credentials, has_token ? token.name : first_credential) : NULL;
    bool result = credential && has_valid_key(credential, has_token ? &token : NULL, time(NULL));
    credentials_free(credentials);
    secret_wipe(&token, sizeof token);
    return result;
}

bool provision_first_agent_can_join(const struct provision *setup) {
    struct paths paths;
    if (paths_make(&paths, setup, NULL) != 0)
        return false;
    bool result = first_agent_is_in(&paths);
    paths_done(&paths);
    return result;
}

static const char *name_of(const struct provision *setup) {
    return setup->names.count > 0 ? setup->names.items[0] : NULL;
}

char *provision_agent_line(const struct provision *setup, const char *group) {
    char server[ADVERTISED_ADDR_TEXT], *line = NULL;
    char *ca = file_in(setup->folder, "ca.pem"), *certificate = file_in(setup->folder, "server.pem");
    if (ca && certificate) {
        advertised_addr(listen_of(setup), name_of(setup), certificate, server);
        line = text_buffer_format("munnel-agent --ca %s %s%s%s", ca, server, group && *group ? " " : "",
                                  group ? group : "");
    }
    free(ca);
    free(certificate);
    return line;
}

int provision_join_code(const struct provision *setup, char text[JOIN_CODE_TEXT], struct error *error) {
    char *certificate = file_in(setup->folder, "server.pem"), *path = file_in(setup->folder, "agent.token");
    struct auth_token token = {{0}, {0}};
    int result = certificate && path ? read_token(&token, path, error) : error_set(error, "out of memory");
    if (result == 0) {
        const struct join_code_request request = {.certificate = certificate,
                                                  .listen = listen_of(setup),
                                                  .name = name_of(setup),
                                                  .token = &token};
        result = join_code_issue(&request, text, error);
    }
    secret_wipe(&token, sizeof token);
    free(certificate);
    free(path);
    return result;
}
