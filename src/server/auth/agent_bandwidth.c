/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_bandwidth: see agent_bandwidth.h.
 */
#include "config.h"

#include "server/auth/agent_bandwidth.h"

static unsigned rate_of(const struct credential_rate *own, unsigned each) {
    return own->is_set ? own->bytes : each;
}

struct bandwidth_limits agent_bandwidth_limits(const struct server_config *conf, const struct credential *credential) {
    const struct config_bandwidth *each = &conf->agents.bandwidth;
    static const struct credential none;

    if (!credential)
        credential = &none;
    return (struct bandwidth_limits){rate_of(&credential->bandwidth_in, each->in),
                                     rate_of(&credential->bandwidth_out, each->out), each->burst};
}

void agent_bandwidth_set(const struct auth_policy *policy, struct session *session) {
    const struct credentials *credentials = policy->credentials;
    const struct credential *credential =
        credentials ? credentials_find(credentials, session_credential(session)) : NULL;
    const struct bandwidth_limits limits = agent_bandwidth_limits(policy->conf, credential);

    bandwidth_set(session_bandwidth(session), &limits);
}

void agent_bandwidth_set_all(const struct auth_policy *policy, struct session_table *sessions) {
    for (struct session *session = session_table_first_any(sessions); session;
         session = session_table_after_any(sessions, session))
        agent_bandwidth_set(policy, session);
}
