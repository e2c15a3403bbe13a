// SPDX-License-Identifier: Apache-2.0
// The key is written whole to a file of another name, synced, and only then gets its own: whenever that is
// cut off, no short key is left. That two starts do not make two keys is the lock of the data directory.
#include "auth/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES 32u
#define NEW_FILE  SECRET_FILE ".new"

struct secret {
    uint8_t key[KEY_BYTES];
};

static int
fail(struct fault *fault, const char *path, const char *what)
{
    return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s %s: %s", path, what, strerror(errno));
}

static int
sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

static int
make_key(struct secret *secret, const char *dir, const char *path, struct fault *fault)
{
    char new_path[4096];
    int fd, rc = 0;

    snprintf(new_path, sizeof new_path, "%s/%s", dir, NEW_FILE);
    unlink(new_path); // of a start that was cut off
    fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(fault, new_path, "can not be made");
    randombytes_buf(secret->key, sizeof secret->key);
    if (write(fd, secret->key, sizeof secret->key) != (ssize_t)sizeof secret->key || fsync(fd) != 0 ||
        rename(new_path, path) != 0 || sync_directory(dir) != 0) {
        rc = fail(fault, path, "can not be written");
        unlink(new_path);
    }
    close(fd);
    return rc;
}

static int
read_key(struct secret *secret, int fd, const char *path, struct fault *fault)
{
    uint8_t bytes[KEY_BYTES + 1];
    ssize_t got = read(fd, bytes, sizeof bytes);

    if (got < 0)
        return fail(fault, path, "can not be read");
    if (got != (ssize_t)KEY_BYTES)
        return fault_set(fault, CODE_DATA_LOSS, "data_dir",
                         "%s has not %u bytes; put back the key that was backed up, or known students and "
                         "all tokens are strangers",
                         path, KEY_BYTES);
    memcpy(secret->key, bytes, KEY_BYTES);
    return 0;
}

bool
secret_exists(const char *dir)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", dir, SECRET_FILE);
    return access(path, F_OK) == 0 || errno != ENOENT;
}

int
secret_open(const char *dir, struct secret **out, struct fault *fault)
{
    struct secret *secret;
    char path[4096];
    int fd, rc;

    if (sodium_init() < 0)
        return fault_set(fault, CODE_INTERNAL, "", "libsodium does not start");
    secret = calloc(1, sizeof *secret);
    if (secret == NULL)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "", "memory is short");
    snprintf(path, sizeof path, "%s/%s", dir, SECRET_FILE);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        rc = read_key(secret, fd, path, fault);
        close(fd);
    } else {
        rc = errno == ENOENT ? make_key(secret, dir, path, fault) : fail(fault, path, "can not be opened");
    }
    if (rc != 0) {
        secret_free(secret);
        return rc;
    }
    *out = secret;
    return 0;
}

void
secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    sodium_memzero(secret, sizeof *secret);
    free(secret);
}

// The purpose goes into the hash, so that no hash of one kind is one of another kind.
static void
hash_of_client(const struct secret *secret, const char *purpose, const char *client, const char *text,
               uint8_t out[SECRET_HASH_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, secret->key, sizeof secret->key, SECRET_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&state, (const uint8_t *)client, strlen(client) + 1);
    crypto_generichash_update(&state, (const uint8_t *)text, strlen(text));
    crypto_generichash_final(&state, out, SECRET_HASH_BYTES);
    sodium_memzero(&state, sizeof state);
}

void
secret_hash_student(const struct secret *secret, const char *client, const char *reference,
                    uint8_t out[SECRET_HASH_BYTES])
{
    hash_of_client(secret, "student", client, reference, out);
}

void
secret_hash_key(const struct secret *secret, const char *client, const char *key,
                uint8_t out[SECRET_HASH_BYTES])
{
    hash_of_client(secret, "idempotency_key", client, key, out);
}

// What is hashed for one use is never taken for another: the use comes first.
static void
hash(const struct secret *secret, const char *use, const void *bytes, size_t len,
     uint8_t out[SECRET_HASH_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, secret->key, sizeof secret->key, SECRET_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)use, strlen(use) + 1);
    crypto_generichash_update(&state, bytes, len);
    crypto_generichash_final(&state, out, SECRET_HASH_BYTES);
    sodium_memzero(&state, sizeof state);
}

void
secret_hash_token(const struct secret *secret, const void *bytes, size_t len, uint8_t out[SECRET_HASH_BYTES])
{
    hash(secret, "token", bytes, len, out);
}

void
secret_digest(const struct secret *secret, const void *bytes, size_t len, uint8_t out[SECRET_HASH_BYTES])
{
    hash(secret, "body", bytes, len, out);
}

void
secret_round_salt(const struct secret *secret, const char *series, uint8_t out[SECRET_HASH_BYTES])
{
    hash(secret, "round_salt", series, strlen(series), out);
}

void
secret_check(const struct secret *secret, uint8_t out[SECRET_HASH_BYTES])
{
    hash(secret, "check", "", 0, out);
}

void
secret_random(uint8_t *out, size_t len)
{
    randombytes_buf(out, len);
}
