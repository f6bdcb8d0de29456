/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust: see trust.h.
 */
#include "config.h"

#include "agent/identity/trust.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/event/file_watch.h"
#include "lib/tls/cert_expiry.h"
#include "lib/tls/certificate.h"
#include "lib/tls/system_store.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTION = 512, CHECK_EVERY_MS = 1000 };
enum trust_file { CA, CERTIFICATE, KEY, FILES };

struct trust {
    char *files[FILES]; /* NULL: not used */
    struct strlist pins;
    struct file_watch *watch;
    struct system_store_watch store;
    struct cert_expiry expiry;
    uint64_t checked_ms;
    SSL_CTX *context;
    char description[DESCRIPTION];
};

/* ---- files ---- */

/* ca.pem of the state folder, if it is there; malloc'ed. */
static char *stored_ca(const char *state_folder) {
    char *path = state_folder ? file_in(state_folder, "ca.pem") : NULL;

    if (path && !file_exists(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

/* ---- contexts ---- */

static SSL_CTX *make_context(const struct trust *trust, struct error *error) {
    struct tls_client_options options = {.ca = trust->files[CA],
                                         .pins = (const char *const *)trust->pins.items,
                                         .pin_count = trust->pins.count,
                                         .certificate = trust->files[CERTIFICATE],
                                         .key = trust->files[KEY]};

    return tls_client_context(&options, error);
}

static bool uses_system_store(const struct trust *trust) {
    return !trust->files[CA] && trust->pins.count == 0;
}

static bool has_store_changed(struct trust *trust) {
    return uses_system_store(trust) && system_store_has_changed(&trust->store);
}

static bool have_files_changed(struct trust *trust) {
    if (clock_ms() - trust->checked_ms < CHECK_EVERY_MS)
        return false;
    trust->checked_ms = clock_ms();
    return file_watch_has_changed(trust->watch);
}

static void renew(struct trust *trust, struct log *log, const char *who) {
    struct error error = {""};
    SSL_CTX *fresh = make_context(trust, &error);

    if (!fresh) {
        log_event(log, LOG_LEVEL_WARNING, who, "changed certificates cannot be used: the old ones stay in use",
                  LOG_FIELDS(LOG_TEXT("detail", error.text)));
        return;
    }
    log_event(log, LOG_LEVEL_INFO, who, "certificates reloaded", NULL);
    SSL_CTX_free(trust->context);
    trust->context = fresh;
    trust->expiry = (struct cert_expiry){0};
}

SSL_CTX *trust_context(struct trust *trust, struct log *log, const char *who) {
    bool store_changed = has_store_changed(trust);

    if (have_files_changed(trust) || store_changed)
        renew(trust, log, who);
    return trust->context;
}

void trust_recheck(struct trust *trust, struct log *log, const char *who) {
    char what[DESCRIPTION];

    if (have_files_changed(trust))
        renew(trust, log, who);
    if (!trust->files[CERTIFICATE])
        return;
    snprintf(what, sizeof what, "certificate %s", trust->files[CERTIFICATE]);
    cert_expiry_check(&trust->expiry, log, who, what, SSL_CTX_get0_certificate(trust->context));
}

int trust_check_dates(const struct trust *trust, struct error *warning) {
    X509 *certificate = trust->files[CERTIFICATE] ? SSL_CTX_get0_certificate(trust->context) : NULL;

    return certificate ? certificate_check_dates(certificate, trust->files[CERTIFICATE], warning) : 0;
}

/* ---- life ---- */

static void describe(struct trust *trust) {
    const char *plural = trust->pins.count == 1 ? "" : "s";

    if (trust->files[CA] && trust->pins.count > 0)
        snprintf(trust->description, DESCRIPTION, "%s and %zu pinned key%s", trust->files[CA], trust->pins.count,
                 plural);
    else if (trust->files[CA])
        snprintf(trust->description, DESCRIPTION, "%s", trust->files[CA]);
    else if (trust->pins.count > 0)
        snprintf(trust->description, DESCRIPTION, "%zu pinned key%s", trust->pins.count, plural);
    else
        snprintf(trust->description, DESCRIPTION, "the system's certificate store");
}

static bool copy_text(char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static bool has_pins(const struct trust_choice *choice) {
    return choice->pins && choice->pins->count > 0;
}

bool trust_fits_stored(const struct trust_choice *choice) {
    char *ca = stored_ca(choice->state_folder);
    bool fits = !ca || (!choice->ca && !has_pins(choice));

    free(ca);
    return fits;
}

static bool copy_choice(struct trust *trust, const struct trust_choice *choice) {
    if (!choice->ca && !has_pins(choice))
        trust->files[CA] = stored_ca(choice->state_folder);
    else if (!copy_text(&trust->files[CA], choice->ca))
        return false;
    return copy_text(&trust->files[CERTIFICATE], choice->certificate) && copy_text(&trust->files[KEY], choice->key) &&
           (!has_pins(choice) || strlist_copy(&trust->pins, choice->pins) == 0);
}

struct trust *trust_new(const struct trust_choice *choice, struct error *error) {
    struct trust *trust = calloc(1, sizeof *trust);

    if (!trust || !copy_choice(trust, choice) ||
        !(trust->watch = file_watch_new((const char *const *)trust->files, FILES))) {
        trust_free(trust);
        error_set(error, "out of memory");
        return NULL;
    }
    describe(trust);
    trust->checked_ms = clock_ms();
    if (uses_system_store(trust))
        system_store_watch(&trust->store);
    trust->context = make_context(trust, error);
    if (trust->context)
        return trust;
    trust_free(trust);
    return NULL;
}

void trust_free(struct trust *trust) {
    if (!trust)
        return;
    for (int i = 0; i < FILES; i++)
        free(trust->files[i]);
    file_watch_free(trust->watch);
    strlist_done(&trust->pins);
    SSL_CTX_free(trust->context);
    free(trust);
}

const char *trust_description(const struct trust *trust) {
    return trust->description;
}
