/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_authenticate: which of token and certificate authenticates an agent, for every value of auth.require.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/cert_issue.h"
#include "lib/tls/tls.h"
#include "proto/auth_proof.h"
#include "server/auth/authenticate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static X509 *certificate_of(const char *name) {
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                               -1, 0);
    EVP_PKEY_free(key);
    return certificate;
}

static void put(struct credentials *credentials, const char *name, uint8_t key, const char *certificate,
                time_t expires) {
    char web[] = "web", *groups[] = {web}, *certificates[] = {(char *)certificate};
    struct credential made = {.name = (char *)name,
                              .key_count = key > 0,
                              .groups = {groups, 1},
                              .certificates = {certificates, certificate ? 1 : 0},
                              .expires = expires};
    memset(made.keys[0].key, key, SECRET_SIZE);
    ck_assert_int_eq(credentials_put(credentials, &made, NULL), 0);
}

/* "web1" has token and certificate, "web2" and "old" a certificate alone, "bare" a token alone. */
static struct credentials *all_kinds(void) {
    struct credentials *credentials = credentials_new();
    put(credentials, "web1", 1, "web1", 0);
    put(credentials, "web2", 0, "web2", 0);
    put(credentials, "bare", 3, NULL, 0);
    put(credentials, "old", 0, "old", 1);
    return credentials;
}

struct visit {
    const char *credential; /* whose token is shown; "": none */
    uint8_t key;            /* 0: no proof */
    const char *certificate, *group;
};

/* Returns the credential that it authenticates by; NULL with `refusal`. */
static const char *let_in(enum config_require require, const struct visit *visit, struct auth_refusal *refusal) {
    struct server_config conf = {.agents.require = require};
    struct auth_policy policy = {.conf = &conf, .credentials = all_kinds()};
    struct greeting greeting = {.certificate = visit->certificate ? certificate_of(visit->certificate) : NULL};
    struct hello hello = {.credential = visit->credential,
                          .group = visit->group ? visit->group : "",
                          .has_proof = visit->key > 0};
    uint8_t key[SECRET_SIZE];
    struct auth_result result;
    const char *name = NULL;

    memset(key, visit->key, sizeof key);
    memset(greeting.exporter, 7, sizeof greeting.exporter);
    ck_assert_int_eq(auth_proof_make(hello.proof, key, AUTH_PROOF_AGENT, greeting.exporter), 0);
    *refusal = (struct auth_refusal){.code = REJECT_STOPPING};
    if (authenticate(&result, &policy, &greeting, &hello, refusal)) {
        static char kept[65];
        snprintf(kept, sizeof kept, "%s", result.credential->name);
        name = kept;
        ck_assert_int_eq(!!result.key, visit->key > 0); /* the server proves itself to an agent with a token */
    }
    X509_free(greeting.certificate);
    credentials_free(policy.credentials);
    return name;
}

static const struct {
    struct visit visit;
    const char *by[4];  /* token, certificate, both, either: who it is then; NULL: refused */
    const char *detail; /* of one refusal at least */
} visits[] = {
    {{"web1", 1, NULL, NULL}, {"web1", NULL, NULL, "web1"}, "no certificate"},
    {{"", 0, "web1", NULL}, {NULL, "web1", NULL, "web1"}, "no token"},
    {{"web1", 1, "web1", NULL}, {"web1", "web1", "web1", "web1"}, NULL},
    {{"", 0, NULL, NULL}, {NULL, NULL, NULL, NULL}, "no token"},
    /* A wrong token beside a right certificate is no way in. */
    {{"web1", 2, "web1", NULL}, {NULL, NULL, NULL, NULL}, "the token is unknown, wrong or expired"},
    {{"nobody", 1, "web1", NULL}, {NULL, NULL, NULL, NULL}, "the token is unknown, wrong or expired"},
    /* Those of two agents do not add up, but one that suffices does. */
    {{"web1", 1, "web2", NULL}, {"web1", NULL, NULL, "web1"}, "is not that of \"web1\", the credential of the token"},
    {{"bare", 3, "web2", NULL}, {"bare", NULL, NULL, "bare"}, "is not that of \"bare\", the credential of the token"},
    {{"bare", 3, NULL, NULL}, {"bare", NULL, NULL, "bare"}, "no certificate"},
    {{"", 0, "web2", NULL}, {NULL, "web2", NULL, "web2"}, "no token"},
    /* Signed by the right authority, but in no credential. */
    {{"", 0, "stranger", NULL}, {NULL, NULL, NULL, NULL}, "is not in the agents file"},
    {{"web1", 1, "stranger", NULL}, {"web1", NULL, NULL, "web1"}, "stranger (sha256:"},
    {{"", 0, "bare", NULL}, {NULL, NULL, NULL, NULL}, "is not in the agents file"}, /* a name alone is no permission */
    {{"", 0, "old", NULL}, {NULL, NULL, NULL, NULL}, "has expired"},
    /* A credential without a token is not entered by the dummy key. */
    {{"web2", 255, NULL, NULL}, {NULL, NULL, NULL, NULL}, "token"},
    /* Groups belong to the credential, by a token or a certificate. */
    {{"", 0, "web2", "web"}, {NULL, "web2", NULL, "web2"}, "no token"},
    {{"", 0, "web2", "db"}, {NULL, NULL, NULL, NULL}, "\"web2\" does not carry the group \"db\""},
    {{"web1", 1, "web1", "*"}, {NULL, NULL, NULL, NULL}, "does not carry the group \"*\""},
};

START_TEST(required_proofs_decide) {
    bool has_detail = !visits[_i].detail;
    for (int require = 0; require < 4; require++) {
        struct auth_refusal refusal;
        const char *name = let_in((enum config_require)require, &visits[_i].visit, &refusal);
        const char *wanted = visits[_i].by[require];
        ck_assert_msg(!name == !wanted && (!name || strcmp(name, wanted) == 0), "visit %d, require %d: %s, not %s (%s)",
                      _i, require, name ? name : "refused", wanted ? wanted : "refused",
                      name ? "" : refusal.detail.text);
        if (name)
            continue;
        ck_assert(refusal.code == REJECT_CREDENTIAL || refusal.code == REJECT_GROUP);
        ck_assert(reject_is_final(refusal.code));
        has_detail = has_detail || strstr(refusal.detail.text, visits[_i].detail);
    }
    ck_assert_msg(has_detail, "no refusal of visit %d says \"%s\"", _i, visits[_i].detail);
}
END_TEST

START_TEST(without_required_proofs_every_agent_is_accepted) {
    struct server_config conf = {.agents.auth_none = true};
    struct auth_policy policy = {.conf = &conf};
    struct greeting greeting = {.certificate = NULL};
    struct hello hello = {.credential = "", .group = ""};
    struct auth_refusal refusal;
    struct auth_result result;
    ck_assert(authenticate(&result, &policy, &greeting, &hello, &refusal));
    ck_assert(result.serves_all);
    ck_assert_ptr_null(result.credential);
}
END_TEST

static void make(enum cert_use use, const char *ca, const char *name) {
    static const char *const names[] = {"munnel.example"};
    struct error error = {""};
    char ca_pem[256] = "", ca_key[256] = "", pem[256], key[256];
    const struct cert_request request = {
        .common_name = name, .names = names, .name_count = use == CERT_SERVER, .days = 5, .use = use};
    snprintf(ca_pem, sizeof ca_pem, "%s/%s.pem", unit_folder(), ca);
    snprintf(ca_key, sizeof ca_key, "%s/%s.key", unit_folder(), ca);
    snprintf(pem, sizeof pem, "%s/%s.pem", unit_folder(), name);
    snprintf(key, sizeof key, "%s/%s.key", unit_folder(), name);
    ck_assert_msg(cert_issue(&request, *ca ? ca_pem : NULL, *ca ? ca_key : NULL, pem, key, &error) == 0, "%s",
                  error.text);
}

static X509 *read_certificate(const char *name) {
    FILE *file = fopen(unit_path(name), "r");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    ck_assert_ptr_nonnull(certificate);
    fclose(file);
    return certificate;
}

static SSL_CTX *context_that_trusts(const char *ca) {
    struct error error = {""};
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = unit_path(ca)};
    SSL_CTX *context = tls_server_context(&options, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

/* Its handshake began before they were read, and HELLO comes after that: nothing else would check again. */
START_TEST(authorities_that_changed_during_the_handshake_decide) {
    make(CERT_CA, "", "ca");
    make(CERT_CA, "", "other");
    make(CERT_SERVER, "ca", "server");
    make(CERT_CLIENT, "ca", "web1");
    struct server_config conf = {.agents.auth_none = true};
    struct auth_policy policy = {.conf = &conf, .tls = context_that_trusts("other.pem"), .tls_settled_us = UINT64_MAX};
    struct greeting greeting = {.certificate = read_certificate("web1.pem")};
    struct hello hello = {.credential = "", .group = ""};
    struct auth_refusal refusal;
    struct auth_result result;
    ck_assert(!authenticate(&result, &policy, &greeting, &hello, &refusal));
    ck_assert_int_eq(refusal.code, REJECT_CREDENTIAL);
    ck_assert_ptr_nonnull(strstr(refusal.detail.text, "not of an authority that is trusted now"));
    policy.tls_settled_us = 0; /* TLS has asked the same authorities already */
    ck_assert(authenticate(&result, &policy, &greeting, &hello, &refusal));
    SSL_CTX_free(policy.tls);
    policy.tls = context_that_trusts("ca.pem");
    policy.tls_settled_us = UINT64_MAX;
    ck_assert(authenticate(&result, &policy, &greeting, &hello, &refusal));
    SSL_CTX_free(policy.tls);
    X509_free(greeting.certificate);
}
END_TEST

static TCase *authenticate_cases(void) {
    TCase *group = tcase_create("claims");
    tcase_add_loop_test(group, required_proofs_decide, 0, (int)(sizeof visits / sizeof *visits));
    tcase_add_test(group, without_required_proofs_every_agent_is_accepted);
    tcase_add_test(group, authorities_that_changed_during_the_handshake_decide);
    return group;
}

UNIT_MAIN("server/auth/authenticate", authenticate_cases)
