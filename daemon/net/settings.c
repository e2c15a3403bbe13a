// SPDX-License-Identifier: Apache-2.0
// From the units of people to those of the code. Ranges were checked when the options were read.
#include "net/settings.h"
#include "base/options.h"
#include <string.h>

#define DAY_US INT64_C(86400000000)

struct queue_options
settings_queue(const struct options *options, unsigned workers)
{
    return (struct queue_options){options->write_queue, options->write_queue_size, workers};
}

struct rules
settings_rules(const struct options *options)
{
    return (struct rules){.group = options->commit_group,
                          .delay_us = (int64_t)options->commit_delay_ms * 1000,
                          .max_holds = (uint32_t)options->max_holds,
                          .journal_keep = options->journal_keep,
                          .retain = {(int64_t)options->retain_placements_days * DAY_US,
                                     (int64_t)options->retain_students_days * DAY_US,
                                     (int64_t)options->retain_journal_days * DAY_US},
                          .keep_rounds_us = (int64_t)options->retain_rounds_days * DAY_US};
}

struct quota_options
settings_quota(const struct options *options)
{
    return (struct quota_options){.connections = (uint32_t)options->token_connections,
                                  .rate = options->token_rate,
                                  .burst = options->token_burst};
}

int
settings_tls(const struct options *options, struct tls_options *out, struct fault *fault)
{
    if (options->tls_certificate == NULL)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "listen", "tls: needs tls_certificate");
    *out = (struct tls_options){.certificate = options->tls_certificate,
                                .key = options->tls_key,
                                .client_ca = options->tls_client_ca,
                                .client_crl = options->tls_client_crl,
                                .allow_tls12 = strcmp(options->tls_min_version, "1.2") == 0};
    if (strcmp(options->tls_client, "off") != 0)
        out->client =
            strcmp(options->tls_client, "required") == 0 ? TLS_CLIENT_REQUIRED : TLS_CLIENT_OPTIONAL;
    return 0;
}

bool
settings_keep_too_much(const struct options *options)
{
    uint64_t placements = options->retain_placements_days, journal = options->retain_journal_days;

    return placements != 0 && options->journal_keep == 0 && (journal == 0 || journal > placements);
}
