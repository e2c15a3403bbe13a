// SPDX-License-Identifier: Apache-2.0
// Takes another configuration while the daemon serves: the file is read, and the files of TLS that it names;
// all of it is checked, and only then something is changed, which can not fail. So a wrong configuration
// changes nothing. Connections and requests go on; a request that is under way goes by the limits that it
// began with. Main thread.
#ifndef NET_RELOAD_H
#define NET_RELOAD_H

#include "base/options.h"
#include <stdbool.h>

struct log;
struct rules_source;
struct server;
struct service;
struct tls;

// Everything pointed to must outlive the reloads.
struct reload {
    int argc; // the command line, which wins over the file again
    char **argv;
    struct options *options; // in force; each of them, or none, is replaced
    struct log *log;
    struct service *service;
    struct server *server;
    struct rules_source *rules;
    struct tls *tls; // NULL = no listener needs it
};

// Says in the log what has come of it, also each option that has changed but needs a restart. Returns whether
// the configuration was taken; else why is why not.
bool reload_run(const struct reload *reload, char why[OPTIONS_WHY_MAX]);

#endif
