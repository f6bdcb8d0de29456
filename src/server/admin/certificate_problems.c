/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * certificate_problems: certificates that expire, and files of trust that cannot be used.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/tls/tls.h"
#include "server/admin/problems_priv.h"
#include "server/trust_files.h"

void problems_check_certificate(struct problems *problems) {
    const struct auth_policy *policy = problems->admin->options.policy;
    struct problem problem = {.kind = "certificate", .subject = policy->conf->agents.certificate};
    time_t end = policy->tls ? tls_expires_at(policy->tls) : 0, now = clock_wall();

    if (!end || end - now > PROBLEMS_SOON_DAYS * PROBLEMS_DAY_S)
        return;
    problem.is_bad = end <= now;
    if (end <= now)
        PROBLEM_SAY(what, "the server's certificate has expired");
    else
        PROBLEM_SAY(what, "the server's certificate expires in %lld days", (long long)(end - now) / PROBLEMS_DAY_S);
    PROBLEM_SAY(why, "agents that verify its date do not connect any more once it has expired");
    PROBLEM_SAY(remedy, "Renew it; the files are read again by themselves when they change");
    problem_list_add(&problems->list, &problem);
}

static void add_refused(struct problems *problems, const struct trust_refusal *refusal, struct problem problem) {
    if (!refusal)
        return;
    problem.since_ms = problem_since(refusal->since_us);
    PROBLEM_SAY(why, "%.300s; what was read before stays in use, but munneld would not start again",
                refusal->error.text);
    PROBLEM_SAY(remedy, "Mend it, or put the former file back; it is read again by itself. munneld --check tells "
                        "whether a start would succeed");
    problem_list_add(&problems->list, &problem);
}

static void check_service_refusal(struct problems *problems, const struct service_numbers *numbers, const char *name) {
    struct problem problem = {.kind = "certificate", .subject = name};

    if (!numbers->tls_refusal)
        return;
    PROBLEM_SAY(what, "the certificate, key, client_ca or crl of service %s cannot be used", name);
    PROBLEM_SAY(why, "%.300s; what was read before stays in use, but munneld would not start again",
                numbers->tls_refusal);
    PROBLEM_SAY(remedy, "Mend it; it is read again by itself. munneld --check tells whether a start would succeed");
    problem_list_add(&problems->list, &problem);
}

static void check_service_expiry(struct problems *problems, const struct service_numbers *numbers, const char *name) {
    struct problem problem = {.kind = "certificate", .subject = name};
    time_t end = numbers->tls_expires_at, now = clock_wall();

    if (!end || end - now > PROBLEMS_SOON_DAYS * PROBLEMS_DAY_S)
        return;
    problem.is_bad = end <= now;
    if (end <= now)
        PROBLEM_SAY(what, "the certificate of service %s has expired", name);
    else
        PROBLEM_SAY(what, "the certificate of service %s expires in %lld days", name,
                    (long long)(end - now) / PROBLEMS_DAY_S);
    PROBLEM_SAY(why, "its clients do not connect any more once it has expired");
    PROBLEM_SAY(remedy, "Renew it; the files are read again by themselves when they change");
    problem_list_add(&problems->list, &problem);
}

void problems_check_service_certificates(struct problems *problems) {
    const struct service_list *services = problems->admin->options.services;

    for (size_t i = 0; i < services->count; i++) {
        const char *name = service_config(services->items[i])->name;
        struct service_numbers numbers;
        if (service_is_shut(services->items[i]))
            continue;
        service_read(services->items[i], &numbers);
        check_service_refusal(problems, &numbers, name);
        check_service_expiry(problems, &numbers, name);
    }
}

void problems_check_trust(struct problems *problems) {
    const struct admin_options *options = &problems->admin->options;
    const struct server_config *conf = options->policy->conf;

    add_refused(problems, trust_files_refusal(options->trust, TRUST_CERTIFICATES),
                (struct problem){.kind = "certificate",
                                 .subject = conf->agents.certificate,
                                 .what = "the server's certificate, key, client_ca or crl cannot be used"});
    add_refused(problems, trust_files_refusal(options->trust, TRUST_AGENTS),
                (struct problem){.kind = "server",
                                 .subject = conf->agents.tokens,
                                 .what = "the agents file cannot be used"});
}
