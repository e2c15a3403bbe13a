// SPDX-License-Identifier: Apache-2.0
// A copy of the options that a session was made with, with defaults in their places. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_SETTINGS_H
#define CLIENT_LIB_KANSEN_SETTINGS_H

#include "client/lib/kansen.h"

struct kansen_settings {
    char *server, *client_name, *token;          // never NULL
    char *ca_file, *certificate_file, *key_file; // NULL = none
    uint32_t timeout_ms, max_in_flight, retry_ms, backoff_first_ms, backoff_most_ms;
    bool insecure_plain_token;
};

// Copies. 0 or -ENOMEM; kansen_settings_free after either.
int kansen_settings_copy(struct kansen_settings *settings, const char *server,
                         const struct kansen_options *options);
void kansen_settings_free(struct kansen_settings *settings);

#endif
