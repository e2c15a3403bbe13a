// SPDX-License-Identifier: Apache-2.0
// The key is durable before the store knows it: killed in between, the next start finds a key and a store
// that takes it.
#include "auth/store_key.h"
#include "auth/secret.h"
#include "store/key_check.h"
#include "store/store.h"
#include <stdbool.h>
#include <string.h>

_Static_assert(SECRET_HASH_BYTES == KEY_CHECK_BYTES, "the store keeps the whole hash");

static int
read_check(struct store *store, uint8_t out[KEY_CHECK_BYTES])
{
    struct txn *txn = NULL;
    int rc = txn_new_read(store, &txn);

    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = key_check_get(txn, out);
    txn_free(txn);
    return rc;
}

static int
refuse(const char *dir, const char *what, struct fault *fault)
{
    return fault_set(fault, CODE_DATA_LOSS, "data_dir",
                     "%s/%s %s; put back the key that was backed up for this store, or see --forget-key in "
                     "kansend(8)",
                     dir, SECRET_FILE, what);
}

int
store_key_open(struct store *store, const char *dir, struct secret **out, struct fault *fault)
{
    uint8_t wanted[KEY_CHECK_BYTES], check[KEY_CHECK_BYTES];
    int rc = read_check(store, wanted);
    const bool known = rc == 0;
    struct secret *secret = NULL;

    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    if (known && !secret_exists(dir))
        return refuse(dir, "is missing", fault);
    rc = secret_open(dir, &secret, fault);
    if (rc != 0)
        return rc;
    secret_check(secret, check);
    if (!known)
        rc = key_check_set(store, check);
    else if (memcmp(check, wanted, sizeof check) != 0)
        rc = refuse(dir, "is the key of another store", fault);
    if (rc != 0) {
        secret_free(secret);
        return rc;
    }
    *out = secret;
    return 0;
}

int
store_key_forget(const char *dir, FILE *out)
{
    struct store_options options = {.dir = dir, .must_exist = true};
    struct store *store = NULL;
    char path[4096];
    struct fault fault;
    int rc;

    snprintf(path, sizeof path, "%s/%s", dir, STORE_FILE);
    rc = store_open(&options, &store, &fault);
    if (rc == FAULT) {
        fprintf(out, "%s\n", fault.message);
        return rc;
    }
    if (rc == 0)
        rc = key_check_set(store, NULL);
    store_close(store);
    if (rc == 0)
        fprintf(out, "the next start takes any %s, and makes one if there is none\n", SECRET_FILE);
    else
        fprintf(out, "%s: %s\n", path, store_fault_text(rc));
    return rc;
}
