/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: POST /v1/services/NAME/check: a connection is opened through the service, see service_check.h, and answered
 * with a row for each hop. Its client may go before: then it ends.
 * Runs on: the control thread. Owns: admin->checks.
 */
#include "config.h"

#include "lib/event/loop.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"

static const char *const results[] = {[CHECK_SKIP] = "skip", [CHECK_PASS] = "pass", [CHECK_FAIL] = "fail"};

static json_t *text_or_null(const char *text) {
    return value_text(*text ? text : NULL);
}

static json_t *report_json(const struct http_request *request, const struct check_report *report) {
    json_t *hops = json_array();

    for (unsigned i = 0; i < CHECK_HOP_COUNT; i++)
        json_array_append_new(hops, json_pack("{s:s,s:s,s:o,s:o,s:o}", "hop", check_hop_label((enum check_hop)i),
                                              "result", results[report->hops[i].result], "ms",
                                              report->hops[i].ms < 0 ? json_null() : json_real(report->hops[i].ms),
                                              "detail", text_or_null(report->hops[i].detail), "remedy",
                                              text_or_null(report->hops[i].remedy)));
    return json_pack("{s:s,s:s,s:o,s:o}", "service", http_request_param(request, "service"), "result",
                     report->has_passed   ? "pass"
                     : report->is_untried ? "skip"
                                          : "fail",
                     "hops", hops, "summary", value_text(report->summary));
}

static void on_done(void *context, const struct check_report *report) {
    struct admin_check *check = context;
    struct http_request *request = check->request;

    *check = (struct admin_check){.request = NULL};
    http_request_on_gone(request, NULL, NULL);
    if (report)
        http_answer_json(request, 200, report_json(request, report));
    else
        http_answer_error(request, 409, "service %s was removed meanwhile", http_request_param(request, "service"));
}

static void cancel(struct admin_check *check, unsigned status) {
    struct http_request *request = check->request;

    service_check_cancel(check->check);
    *check = (struct admin_check){.request = NULL};
    http_answer_empty(request, status);
}

static void on_gone(struct http_request *request, void *context) {
    (void)request;
    cancel(context, 503);
}

void admin_cancel_checks(struct admin *admin) {
    for (size_t i = 0; i < ADMIN_CHECKS_MOST; i++)
        if (admin->checks[i].request)
            cancel(&admin->checks[i], 503);
}

static struct admin_check *find_free(struct admin *admin) {
    for (size_t i = 0; i < ADMIN_CHECKS_MOST; i++)
        if (!admin->checks[i].request)
            return &admin->checks[i];
    return NULL;
}

static void refuse_busy(struct http_request *request, const char *detail) {
    http_answer_problem(request, &(struct http_problem){.status = 429,
                                                        .detail = detail,
                                                        .remedy = "Try again in some seconds: a check takes 15 "
                                                                  "at most"});
}

void admin_check_service(struct http_request *request, void *context) {
    struct admin *admin = context;
    const char *name = http_request_param(request, "service");
    struct service *service = admin_find_service(admin, name);
    struct admin_check *check = find_free(admin);
    bool is_busy = false;

    if (!service) {
        http_answer_error(request, 404, "there is no service %s", name);
        return;
    }
    if (!check) {
        refuse_busy(request, "other services are being checked already");
        return;
    }
    if (service_config(service)->protocol == SERVICE_UDP) {
        http_answer_problem(request, &(struct http_problem){.status = 409,
                                                            .detail = "a check connects to the service by TCP, and it "
                                                                      "is one of UDP",
                                                            .remedy = "send it a datagram that its destination "
                                                                      "answers"});
        return;
    }
    const struct service_check_options options = {.base = loop_base(admin->options.loop),
                                                  .service = service,
                                                  .sessions = admin->options.sessions,
                                                  .done = on_done,
                                                  .context = check};
    check->check = service_check_start(&options, &is_busy);
    if (!check->check && is_busy)
        refuse_busy(request, "this service is being checked already");
    else if (!check->check)
        http_answer_error(request, 500, "out of memory");
    if (!check->check)
        return;
    check->request = request;
    http_request_on_gone(request, on_gone, check);
}
