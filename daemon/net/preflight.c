// SPDX-License-Identifier: Apache-2.0
// It asks for what the start asks for, and no more: what a start takes must never be refused here.
#include "net/preflight.h"
#include "base/log.h"
#include "base/options.h"
#include "net/address.h"
#include "net/settings.h"
#include "net/tls.h"
#include "store/store.h"
#include "work/seed.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Directories

static int
refuse(struct fault *fault, const char *key, const char *path, int why)
{
    return fault_set(fault, CODE_FAILED_PRECONDITION, key, "%s: %s", path, strerror(why));
}

static int
check_directory(const char *key, const char *path, int rights, struct fault *fault)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return refuse(fault, key, path, errno);
    if (!S_ISDIR(about.st_mode))
        return refuse(fault, key, path, ENOTDIR);
    return faccessat(AT_FDCWD, path, rights, AT_EACCESS) == 0 ? 0 : refuse(fault, key, path, errno);
}

// The directory in which path is, or is to be made.
static int
check_parent(const char *key, const char *path, int rights, struct fault *fault)
{
    char parent[PATH_MAX];

    snprintf(parent, sizeof parent, "%s", path);
    return check_directory(key, dirname(parent), rights, fault);
}

static bool
is_there(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

static int
check_data_dir(const struct options *options, struct fault *fault)
{
    return is_there(options->data_dir)
               ? check_directory("data_dir", options->data_dir, R_OK | W_OK | X_OK, fault)
               : check_parent("data_dir", options->data_dir, W_OK | X_OK, fault);
}

// Whether path is in the data directory, which may be made at the start.
static bool
is_in_data_dir(const struct options *options, const char *path)
{
    size_t len = strlen(options->data_dir);

    while (len > 1 && options->data_dir[len - 1] == '/')
        len--;
    return strncmp(path, options->data_dir, len) == 0 && path[len] == '/' &&
           strchr(path + len + strspn(path + len, "/"), '/') == NULL;
}

static int
check_erasures(const struct options *options, struct fault *fault)
{
    const char *path = options->erasures;

    if (is_there(path))
        return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0
                   ? 0
                   : refuse(fault, "erasures", path, errno);
    return is_in_data_dir(options, path) ? 0 : check_parent("erasures", path, W_OK | X_OK, fault);
}

// What is in use is open already, and the rights to open it may have been given up.
static int
check_directories(const struct preflight *preflight, struct fault *fault)
{
    const struct options *options = preflight->options, *now = preflight->in_use;
    char store[PATH_MAX];
    int rc = 0;

    if (now == NULL || strcmp(now->data_dir, options->data_dir) != 0)
        rc = check_data_dir(options, fault);
    if (rc == 0 && (now == NULL || strcmp(now->erasures, options->erasures) != 0))
        rc = check_erasures(options, fault);
    snprintf(store, sizeof store, "%s/" STORE_FILE, options->data_dir);
    return rc != 0 ? rc : seed_check(options->seeds, !is_there(store), fault);
}

// ---- Addresses

static int
check_addresses(const struct options *options, bool *tls, struct fault *fault)
{
    bool plain_anywhere = strcmp(options->insecure_plain_tcp_on_any_address, "yes") == 0;
    struct address address;
    int rc = 0;

    for (size_t i = 0; i < options->n_listen && rc == 0; i++) {
        const char *path;

        rc = address_parse(options->listen[i], "listen", plain_anywhere, &address, fault);
        path = rc == 0 ? address_path(&address) : NULL;
        if (path != NULL && !is_in_data_dir(options, path))
            rc = check_parent("listen", path, F_OK, fault);
        *tls = *tls || (rc == 0 && address.tls);
    }
    if (rc == 0 && strcmp(options->admin, "off") != 0)
        rc = address_parse_tcp(options->admin, "admin", strcmp(options->admin_on_any_address, "yes") == 0,
                               &address, fault);
    return rc;
}

// ---- TLS

// The file of an option of TLS, or NULL.
static const char *
file_of(const struct options *options, const char *key)
{
    if (strcmp(key, "tls_key") == 0 && options->tls_key != NULL)
        return options->tls_key;
    if (strcmp(key, "tls_key") == 0 || strcmp(key, "tls_certificate") == 0)
        return options->tls_certificate;
    if (strcmp(key, "tls_client_ca") == 0)
        return options->tls_client_ca;
    return strcmp(key, "tls_client_crl") == 0 ? options->tls_client_crl : NULL;
}

// Whether path is kept from this process alone: by the sandbox, which does not change what access(2) says; or
// as it was handed to the service, and this process was started beside that.
static bool
is_out_of_reach(const struct preflight *preflight, const char *path)
{
    const char *handed = getenv("CREDENTIALS_DIRECTORY");
    int fd = open(path, O_RDONLY | O_CLOEXEC), why = errno;

    if (fd >= 0)
        close(fd);
    if (fd >= 0 || why != EACCES)
        return false;
    if (preflight->in_use != NULL)
        return access(path, R_OK) == 0;
    return handed != NULL && strncmp(path, handed, strlen(handed)) == 0;
}

static int
check_tls(const struct preflight *preflight, struct fault *fault)
{
    struct tls_options options;
    struct tls *tls = NULL;
    const char *file;
    int rc = settings_tls(preflight->options, &options, fault);

    if (rc == 0)
        rc = tls_new(&options, &tls, fault);
    tls_free(tls);
    if (rc == 0)
        return 0;
    file = file_of(preflight->options, fault->field);
    if (file == NULL || !is_out_of_reach(preflight, file))
        return rc;
    LOG_WARNING(preflight->log, "tls", "only a start will tell whether this file is good",
                LOG_TEXT("option", fault->field), LOG_TEXT("why", fault->message));
    return 0;
}

// ---- Together

int
preflight_run(const struct preflight *preflight, struct fault *fault)
{
    bool tls = preflight->options->tls_certificate != NULL;
    int rc = check_addresses(preflight->options, &tls, fault);

    if (rc == 0)
        rc = check_directories(preflight, fault);
    return rc == 0 && tls && !preflight->tls_follows ? check_tls(preflight, fault) : rc;
}
