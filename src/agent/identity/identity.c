/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * identity: see identity.h.
 */
#include "config.h"

#include "agent/identity/identity.h"

#include "conf/option.h"
#include "conf/places.h"
#include "lib/base/file.h"
#include "lib/net/addr.h"
#include "lib/os/host_name.h"
#include "proto/auth_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCHED_TEXT = 1024, PLACE_TEXT = 256 };

struct identity { /* towards one server */
    char *address;
    struct token token;
    struct trust *trust;
    const char *certificate;      /* that this server is sent, or NULL */
    char searched[SEARCHED_TEXT]; /* the places of a token, for the log */
    char file_before_code[TOKEN_PATH];
};

struct identity_set {
    struct own_certificate own;
    struct proxy_choice proxy;
    size_t count;
    struct identity items[IDENTITY_SERVERS_MAX];
    struct server_identity servers[IDENTITY_SERVERS_MAX];
};

/* What is the same for all servers: the options, and where credentials are looked for. */
struct sources {
    const struct agent_options *options;
    struct credential_places places;
    const struct own_certificate *own;
    const char *state_folder;
};

/* Errors are left to the search that counts. */
static void find_file_before_code(struct identity *identity, const struct credential_places *places) {
    struct credential_places later = *places;
    struct token code = {0}, token = {0};

    later.named_code = NULL;
    if (places->stored_code && token_from_text(&code, places->stored_code, NULL) == 0 &&
        token_find(&token, &later, NULL) == 0 && token.from[0] != '\0' && !token_equal(&code, &token))
        memcpy(identity->file_before_code, token.from, sizeof identity->file_before_code);
    token_wipe(&code);
    token_wipe(&token);
}

static int find_token(struct identity *identity, const struct sources *sources, const struct known_server *joined,
                      bool uses_stored, struct error *error) {
    struct credential_places places = sources->places;
    const char *code = joined ? joined->token : NULL;

    places.named_code = sources->options->join ? code : NULL;
    places.stored_code = code;
    if (!uses_stored)
        places.state_folder = NULL;
    credential_places_describe(&places, identity->searched, sizeof identity->searched);
    find_file_before_code(identity, &places);
    return token_find(&identity->token, &places, error);
}

/*
 * What the state folder holds beside a ca.pem (a server keeps it there for agents on its own machine) was made for the
 * servers of that authority. It is not sent to others: a server that
 * requires no token cannot prove that it knows it.
 */
static int find_proofs(struct identity *identity, const struct sources *sources, const struct known_server *joined,
                       struct error *error) {
    const struct agent_options *options = sources->options;
    const struct own_certificate *own = sources->own;
    bool is_given = options->ca || options->pins.count > 0;
    struct trust_choice choice = {.ca = options->ca,
                                  .pins = joined && !is_given ? &joined->pins : &options->pins,
                                  .state_folder = sources->state_folder};
    bool uses_stored = trust_fits_stored(&choice);

    if (uses_stored || !own->is_stored) {
        identity->certificate = choice.certificate = own->certificate;
        choice.key = own->key;
    }
    identity->trust = trust_new(&choice, error);
    return identity->trust ? find_token(identity, sources, joined, uses_stored, error) : -1;
}

static int add(struct identity_set *identities, const struct sources *sources, const char *address,
               const struct known_server *joined, struct error *error) {
    struct identity *identity = &identities->items[identities->count];
    struct server_identity *server = &identities->servers[identities->count];
    struct endpoint endpoint;

    if (identities->count == IDENTITY_SERVERS_MAX)
        return error_set(error, "an agent serves no more than %d servers", IDENTITY_SERVERS_MAX);
    identities->count++;
    identity->address = strdup(address);
    if (!identity->address)
        return error_set(error, "out of memory");
    if (endpoint_parse(&endpoint, address, error) || find_proofs(identity, sources, joined, error) != 0)
        return -1;
    *server = (struct server_identity){.text = identity->address,
                                       .token = &identity->token,
                                       .trust = identity->trust,
                                       .proxy = proxy_choice_for(&identities->proxy, &endpoint),
                                       .file_before_code = identity->file_before_code};
    return 0;
}

static int add_named(struct identity_set *identities, const struct sources *sources, const struct known_servers *joined,
                     struct error *error) {
    const struct strlist *named = &sources->options->servers;

    for (size_t i = 0; i < named->count; i++)
        if (add(identities, sources, named->items[i], known_servers_find(joined, named->items[i]), error) != 0)
            return -1;
    return 0;
}

static int add_joined(struct identity_set *identities, const struct sources *sources,
                      const struct known_servers *joined, struct error *error) {
    for (size_t i = 0; i < known_servers_count(joined); i++) {
        const struct known_server *server = known_servers_at(joined, i);

        if (add(identities, sources, server->address, server, error) != 0)
            return -1;
    }
    return 0;
}

static int add_all(struct identity_set *identities, const struct sources *sources, const struct known_servers *joined,
                   struct error *error) {
    if (sources->options->servers.count > 0)
        return add_named(identities, sources, joined, error);
    if (known_servers_count(joined) > 0)
        return add_joined(identities, sources, joined, error);
    return error_set(error, "no server is named, and none was joined; write munnel-agent SERVER:PORT [GROUP], or "
                            "munnel-agent --join FILE with a join code");
}

/* The service manager's; set but empty is as good as not set. */
static const char *credentials_folder(void) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    return folder && folder[0] != '\0' ? folder : NULL;
}

/* Where the option stands: on the command line, or in the file. */
static const char *place(const struct agent_options *options, bool by_flag, const char *flag, const char *name,
                         char text[PLACE_TEXT]) {
    if (by_flag || !options->file)
        return flag;
    snprintf(text, PLACE_TEXT, "%s: %s", options->file, name);
    return text;
}

static void name_file(const struct agent_options *options, struct error *error) {
    char ca[PLACE_TEXT], certificate[PLACE_TEXT], key[PLACE_TEXT], token[PLACE_TEXT], password[PLACE_TEXT];
    const struct option_file files[] = {
        {place(options, options->by_flag.ca, "--ca", "ca", ca), options->ca},
        {place(options, options->by_flag.certificate, "--cert", "cert", certificate), options->certificate},
        {place(options, options->by_flag.key, "--key", "key", key), options->key},
        {place(options, options->by_flag.token_file, "--token-file", "token_file", token), options->token_file},
        {place(options, options->by_flag.proxy_password_file, "--proxy-password-file", "proxy_password_file", password),
         options->proxy_password_file}};

    option_name_file(&(struct option_place){.error = error}, files, sizeof files / sizeof *files);
}

const char *identity_agent_name(const struct agent_options *options, char name[PROTO_NAME_MAX + 1]) {
    if (options->name)
        snprintf(name, PROTO_NAME_MAX + 1, "%s", options->name);
    else
        host_name(name, PROTO_NAME_MAX + 1);
    /* sethostname(2) takes any bytes, but the server refuses a HELLO with them. */
    if (!auth_proof_name_is_valid(name))
        snprintf(name, PROTO_NAME_MAX + 1, "agent");
    return name;
}

int identity_state_folder(const struct agent_options *options, char **folder, struct error *error) {
    struct error detail = {""};

    *folder = places_state_folder(&detail);
    if (*folder || (!options->join && options->servers.count > 0))
        return 0;
    return error_set(error, "%s", detail.text);
}

struct identity_set *identity_make(const struct agent_options *options, const struct known_servers *joined,
                                   const char *state_folder, struct error *error) {
    struct identity_set *identities = calloc(1, sizeof *identities);
    struct sources sources = {.options = options,
                              .places = {.token_file = options->token_file,
                                         .credentials_folder = credentials_folder(),
                                         .ca = options->ca,
                                         .state_folder = state_folder},
                              .state_folder = state_folder};

    if (!identities) {
        error_set(error, "out of memory");
        return NULL;
    }
    sources.own = &identities->own;
    if (proxy_choice_make(&identities->proxy, options, error) == 0 &&
        own_certificate_find(&identities->own, options, &sources.places, error) == 0 &&
        add_all(identities, &sources, joined, error) == 0)
        return identities;
    name_file(options, error);
    identity_free(identities);
    return NULL;
}

void identity_free(struct identity_set *identities) {
    if (!identities)
        return;
    for (size_t i = 0; i < identities->count; i++) {
        free(identities->items[i].address);
        token_wipe(&identities->items[i].token);
        trust_free(identities->items[i].trust);
    }
    own_certificate_done(&identities->own);
    proxy_choice_done(&identities->proxy);
    free(identities);
}

size_t identity_count(const struct identity_set *identities) {
    return identities->count;
}

const struct server_identity *identity_servers(const struct identity_set *identities) {
    return identities->servers;
}

const char *identity_unproved(const struct identity_set *identities) {
    for (size_t i = 0; i < identities->count; i++)
        if (!identities->items[i].token.present && !identities->items[i].certificate)
            return identities->items[i].address;
    return NULL;
}

static const char *token_origin(const struct token *token) {
    return token->from[0] != '\0' ? token->from : "join code";
}

static void log_one(const struct identity *identity, const struct proxy *proxy, const char *from, struct log *log) {
    const struct token *token = &identity->token;
    struct log_field fields[7] = {LOG_TEXT("verified_by", trust_description(identity->trust))}, *field = &fields[1];
    char who[ENDPOINT_HOST + 32];

    snprintf(who, sizeof who, "server %s", identity->address);
    if (token->present) {
        *field++ = LOG_TEXT("credential", token->credential);
        *field++ = LOG_TEXT("token", token_origin(token));
    }
    if (identity->certificate)
        *field++ = LOG_TEXT("certificate", identity->certificate);
    if (proxy) {
        *field++ = LOG_TEXT("proxy", proxy->text);
        *field++ = LOG_TEXT("proxy_from", from);
    }
    log_event(log, LOG_LEVEL_INFO, who, "configured", fields);
    if (!token->present && !identity->certificate)
        log_event(log, LOG_LEVEL_WARNING, who,
                  "no token and no certificate: most servers will reject this agent; give it a join code (--join) or "
                  "--token-file",
                  identity->searched[0] != '\0' ? LOG_FIELDS(LOG_TEXT("looked_in", identity->searched)) : NULL);
    if (identity->file_before_code[0] != '\0')
        log_event(
            log, LOG_LEVEL_WARNING, who,
            "its join code is stored, too, but without --join a token file goes before it, and they differ; if the "
            "code is the newer one, remove the file",
            LOG_FIELDS(LOG_TEXT("file", identity->file_before_code)));
}

void identity_recheck(struct identity_set *identities, struct log *log) {
    char who[ENDPOINT_HOST + 32];

    proxy_choice_recheck(&identities->proxy, log);
    for (size_t i = 0; i < identities->count; i++) {
        snprintf(who, sizeof who, "server %s", identities->items[i].address);
        trust_recheck(identities->items[i].trust, log, who);
    }
}

void identity_log(const struct identity_set *identities, struct log *log) {
    for (size_t i = 0; i < identities->count; i++)
        log_one(&identities->items[i], identities->servers[i].proxy, identities->proxy.from, log);
}
