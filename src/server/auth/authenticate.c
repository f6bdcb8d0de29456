/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * authenticate: see authenticate.h. TLS has checked a certificate's chain, times, purpose and revocation; that is
 * repeated here if the authorities were reloaded since the handshake began.
 */
#include "config.h"

#include "server/auth/authenticate.h"

#include "lib/base/clock.h"
#include "lib/tls/tls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RETRY_SOON_S = 1, RETRY_LATER_S = 60 };

bool auth_refuse(struct auth_refusal *refusal, enum reject_code code, const char *format, ...) {
    va_list list;

    refusal->code = code;
    refusal->is_expected = false;
    refusal->retry_after_s = reject_is_final(code) ? RETRY_LATER_S : RETRY_SOON_S;
    va_start(list, format);
    vsnprintf(refusal->detail.text, sizeof refusal->detail.text, format, list);
    va_end(list);
    return false;
}

bool authenticate_needs_certificate(const struct server_config *conf, bool has_token) {
    switch (conf->agents.require) {
    case CONFIG_REQUIRE_CERTIFICATE:
    case CONFIG_REQUIRE_BOTH:
        return true;
    case CONFIG_REQUIRE_EITHER:
        return !has_token;
    default:
        return false;
    }
}

static bool needs_token(const struct server_config *conf, bool has_certificate) {
    switch (conf->agents.require) {
    case CONFIG_REQUIRE_CERTIFICATE:
        return false;
    case CONFIG_REQUIRE_EITHER:
        return !has_certificate;
    default:
        return true;
    }
}

/* A token that is sent must be valid, even where a certificate would suffice. */
static bool check_token(struct auth_result *result, const struct auth_policy *policy, const struct greeting *greeting,
                        const struct hello *hello, struct auth_refusal *refusal) {
    bool has_certificate = greeting->certificate;

    if (!hello->has_proof) {
        if (!needs_token(policy->conf, has_certificate))
            return true;
        return auth_refuse(refusal, REJECT_CREDENTIAL, "no token%s: this server requires authentication%s",
                           policy->conf->agents.require == CONFIG_REQUIRE_EITHER ? ", and no certificate" : "",
                           " (see --join and --token-file)");
    }
    if (!credentials_check(policy->credentials, hello->credential, hello->proof, greeting->exporter, time(NULL),
                           &result->credential, &result->key))
        return auth_refuse(refusal, REJECT_CREDENTIAL, "the token is unknown, wrong or expired");
    return true;
}

static bool check_certificate(struct auth_result *result, const struct auth_policy *policy,
                              const struct greeting *greeting, struct auth_refusal *refusal) {
    char text[CERTIFICATE_TEXT];

    if (!authenticate_needs_certificate(policy->conf, result->credential))
        return true;
    if (!greeting->certificate) /* TLS requires it too, unless the configuration was reloaded meanwhile */
        return auth_refuse(refusal, REJECT_CREDENTIAL, "no certificate: this server requires one (see --cert)");
    certificate_describe(greeting->certificate, text);
    if (result->credential && !credential_has_certificate(result->credential, greeting->certificate))
        return auth_refuse(refusal, REJECT_CREDENTIAL,
                           "the certificate %s is not that of \"%s\", the credential of the token", text,
                           result->credential->name);
    if (!result->credential)
        result->credential = credentials_find_certificate(policy->credentials, greeting->certificate, time(NULL));
    if (!result->credential)
        return auth_refuse(refusal, REJECT_CREDENTIAL,
                           "the certificate %s is not in the agents file, or its credential has expired", text);
    return true;
}

/* The handshake may have begun with the authorities and CRLs of before a reload. */
static bool is_still_trusted(const struct auth_policy *policy, const struct greeting *greeting,
                             struct auth_refusal *refusal) {
    struct error detail = {""};

    if (!greeting->certificate || clock_us() >= policy->tls_settled_us ||
        !(tls_certificate_is_revoked(policy->tls, greeting->certificate, &detail) ||
          tls_certificate_is_untrusted(policy->tls, greeting->certificate, greeting->chain, &detail)))
        return true;
    return auth_refuse(refusal, REJECT_CREDENTIAL, "%s", detail.text);
}

static bool check_groups(struct auth_result *result, const struct hello *hello, struct auth_refusal *refusal) {
    if (result->credential && !credential_carries(result->credential, hello->group))
        return auth_refuse(refusal, REJECT_GROUP, "the credential \"%s\" does not carry the group \"%s\"",
                           result->credential->name, hello->group);
    if (!*hello->group && result->credential)
        result->groups = result->credential->groups;
    else if (*hello->group) {
        result->group = (char *)hello->group;
        result->groups = (struct strlist){.items = &result->group, .count = 1};
    }
    result->serves_all = (!*hello->group && !result->credential) || strlist_has(&result->groups, "*");
    return true;
}

bool authenticate(struct auth_result *result, const struct auth_policy *policy, const struct greeting *greeting,
                  const struct hello *hello, struct auth_refusal *refusal) {
    *result = (struct auth_result){0};
    if (!is_still_trusted(policy, greeting, refusal))
        return false;
    if (policy->credentials && (!check_token(result, policy, greeting, hello, refusal) ||
                                !check_certificate(result, policy, greeting, refusal)))
        return false;
    return check_groups(result, hello, refusal);
}
