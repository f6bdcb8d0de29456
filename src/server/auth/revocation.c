/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * revocation: see revocation.h.
 */
#include "config.h"

#include "server/auth/revocation.h"

#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

enum { REVIEW_S = 60 }; /* at the latest: the wall clock may be set meanwhile */

static bool has_valid_key(const struct credential *credential, const struct session *session, time_t now) {
    for (int i = 0; i < credential->key_count; i++) {
        time_t until = credential->keys[i].until;
        if ((until == 0 || now < until) && session_has_token_key(session, credential->keys[i].key))
            return true;
    }
    return false;
}

static int check_credential(const struct auth_policy *policy, const struct session *session, time_t now,
                            struct error *detail) {
    const char *name = session_credential(session);
    X509 *certificate = session_certificate(session);

    if (!policy->credentials)
        return 0;
    if (!*name)
        return error_set(detail, "it has joined without a credential, and one is needed now");
    const struct credential *credential = credentials_find(policy->credentials, name);
    if (!credential)
        return error_set(detail, "its credential was revoked");
    if (credential->expires && now >= credential->expires)
        return error_set(detail, "its credential has expired");
    if (session_has_token(session) && !has_valid_key(credential, session, now))
        return error_set(detail, "its token is no longer valid");
    if (authenticate_needs_certificate(policy->conf, session_has_token(session)) &&
        !(certificate && credential_has_certificate(credential, certificate)))
        return error_set(detail, "its certificate is no longer that of its credential");
    if (!session_is_within(session, &credential->groups))
        return error_set(detail, "its credential no longer carries all its groups");
    return 0;
}

static bool is_revoked(const struct auth_policy *policy, const struct session *session, time_t now, bool trust_is_new,
                       struct error *detail) {
    X509 *certificate = session_certificate(session);

    if (check_credential(policy, session, now, detail))
        return true;
    return certificate &&
           (tls_certificate_is_revoked(policy->tls, certificate, detail) ||
            (trust_is_new && tls_certificate_is_untrusted(policy->tls, certificate, session_chain(session), detail)));
}

static time_t earlier(time_t a, time_t b, time_t now) {
    return b > now && b < a ? b : a;
}

static time_t next_expiry(const struct auth_policy *policy, struct session_table *sessions, time_t now) {
    time_t next = now + REVIEW_S;

    for (size_t i = 0; policy->credentials && i < credentials_count(policy->credentials); i++) {
        const struct credential *credential = credentials_at(policy->credentials, i);
        next = earlier(next, credential->expires, now);
        for (int key = 0; key < credential->key_count; key++)
            next = earlier(next, credential->keys[key].until, now);
    }
    for (const struct session *session = session_table_first_any(sessions); session;
         session = session_table_after_any(sessions, session))
        if (session_certificate(session))
            next = earlier(next, certificate_expires_at(session_certificate(session)), now);
    return next;
}

time_t revocation_review(const struct auth_policy *policy, struct session_table *sessions, struct registry *registry,
                         time_t now, bool *trust_is_new) {
    struct session *next;
    struct error detail;
    bool all_gone = true;

    for (struct session *session = session_table_first_any(sessions); session; session = next) {
        next = session_table_after_any(sessions, session);
        if (is_revoked(policy, session, now, *trust_is_new, &detail))
            all_gone = registry_disconnect(registry, session, REASON_DENIED, detail.text) && all_gone;
    }
    *trust_is_new = *trust_is_new && !all_gone;
    return all_gone ? next_expiry(policy, sessions, now) : now + 1;
}
