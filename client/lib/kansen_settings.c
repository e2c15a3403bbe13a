// SPDX-License-Identifier: Apache-2.0
// Copies what is given, and puts defaults where nothing is.
#include "client/lib/kansen_settings.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT        64u
#define BACKOFF_FIRST_MS 100u
#define BACKOFF_MOST_MS  10000u

// Copies a text unless it is NULL. Whether there was memory for it.
static bool
copy(const char *text, char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

int
kansen_settings_copy(struct kansen_settings *settings, const char *server,
                     const struct kansen_options *options)
{
    *settings = (struct kansen_settings){
        .timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : KANSEN_DEFAULT_TIMEOUT_MS,
        .max_in_flight = options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT,
        .retry_ms = options->retry_ms,
        .backoff_first_ms = options->backoff_first_ms > 0 ? options->backoff_first_ms : BACKOFF_FIRST_MS,
        .backoff_most_ms = options->backoff_most_ms > 0 ? options->backoff_most_ms : BACKOFF_MOST_MS,
        .insecure_plain_token = options->insecure_plain_token,
    };
    if (!copy(server, &settings->server) ||
        !copy(options->client_name != NULL ? options->client_name : "libkansen", &settings->client_name) ||
        !copy(options->token != NULL ? options->token : "", &settings->token) ||
        !copy(options->ca_file, &settings->ca_file) ||
        !copy(options->certificate_file, &settings->certificate_file) ||
        !copy(options->key_file, &settings->key_file))
        return -ENOMEM;
    return 0;
}

void
kansen_settings_free(struct kansen_settings *settings)
{
    free(settings->server);
    free(settings->client_name);
    if (settings->token != NULL)
        explicit_bzero(settings->token, strlen(settings->token));
    free(settings->token);
    free(settings->ca_file);
    free(settings->certificate_file);
    free(settings->key_file);
}
