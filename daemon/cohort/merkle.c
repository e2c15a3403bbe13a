// SPDX-License-Identifier: Apache-2.0
// A tree of n leaves is complete trees, one for each bit of n, the largest on the left: adding a leaf is
// adding one to n, where carrying is hashing two trees of one height into the next.
#include "cohort/merkle.h"
#include <sodium.h>
#include <string.h>

#define SALT_DOMAIN "alloc-leaf-salt-v1"

static void
hash(const uint8_t *key, const void *first, size_t first_len, const void *second, size_t second_len,
     uint8_t out[MERKLE_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key == NULL ? 0 : MERKLE_BYTES, MERKLE_BYTES);
    crypto_generichash_update(&state, first, first_len);
    crypto_generichash_update(&state, second, second_len);
    crypto_generichash_final(&state, out, MERKLE_BYTES);
}

// out may be one of both.
static void
join(const uint8_t left[MERKLE_BYTES], const uint8_t right[MERKLE_BYTES], uint8_t out[MERKLE_BYTES])
{
    uint8_t bytes[1 + MERKLE_BYTES] = {1};

    memcpy(bytes + 1, left, MERKLE_BYTES);
    hash(NULL, bytes, sizeof bytes, right, MERKLE_BYTES, out);
}

void
merkle_salt(const uint8_t key[MERKLE_BYTES], const char *ref, size_t ref_len, uint8_t salt[MERKLE_BYTES])
{
    hash(key, SALT_DOMAIN, sizeof SALT_DOMAIN, ref, ref_len, salt);
}

void
merkle_leaf(const void *bytes, size_t len, uint8_t leaf[MERKLE_BYTES])
{
    hash(NULL, "", 1, bytes, len, leaf);
}

void
merkle_add_leaf(struct merkle *merkle, const uint8_t leaf[MERKLE_BYTES])
{
    uint8_t node[MERKLE_BYTES];
    unsigned height = 0;

    memcpy(node, leaf, sizeof node);
    for (; merkle->n >> height & 1; height++)
        join(merkle->peaks[height], node, node);
    memcpy(merkle->peaks[height], node, sizeof node);
    merkle->n++;
}

void
merkle_add(struct merkle *merkle, const void *bytes, size_t len)
{
    uint8_t leaf[MERKLE_BYTES];

    merkle_leaf(bytes, len, leaf);
    merkle_add_leaf(merkle, leaf);
}

void
merkle_root(const struct merkle *merkle, uint8_t root[MERKLE_BYTES])
{
    bool any = false;

    for (unsigned height = 0; height < MERKLE_MAX_PATH; height++) {
        if ((merkle->n >> height & 1) == 0)
            continue;
        if (any)
            join(merkle->peaks[height], root, root);
        else
            memcpy(root, merkle->peaks[height], MERKLE_BYTES);
        any = true;
    }
    if (!any)
        hash(NULL, NULL, 0, NULL, 0, root);
}

// The root of some leaves that stand side by side.
static void
root_of(const uint8_t (*leaves)[MERKLE_BYTES], uint32_t n, uint8_t root[MERKLE_BYTES])
{
    struct merkle merkle = {0};

    for (uint32_t i = 0; i < n; i++)
        merkle_add_leaf(&merkle, leaves[i]);
    merkle_root(&merkle, root);
}

// From the root down: the side that the leaf is not on is one hash of the path.
size_t
merkle_path(const uint8_t (*leaves)[MERKLE_BYTES], uint32_t n, uint32_t index,
            uint8_t path[MERKLE_MAX_PATH][MERKLE_BYTES])
{
    size_t len, depth = 0;
    uint32_t size = n, at = index;

    for (; size > 1; depth++) {
        uint32_t left = UINT32_C(1) << (31 - __builtin_clz(size - 1)); // the greatest power of two below

        root_of(at < left ? leaves + left : leaves, at < left ? size - left : left, path[depth]);
        leaves += at < left ? 0 : left;
        size = at < left ? left : size - left;
        at -= at < left ? 0 : left;
    }
    for (len = depth; depth > len / 2; depth--) { // the order of who checks it
        uint8_t swap[MERKLE_BYTES];

        memcpy(swap, path[depth - 1], MERKLE_BYTES);
        memcpy(path[depth - 1], path[len - depth], MERKLE_BYTES);
        memcpy(path[len - depth], swap, MERKLE_BYTES);
    }
    return len;
}

bool
merkle_holds(const uint8_t leaf[MERKLE_BYTES], uint32_t index, uint32_t n,
             const uint8_t (*path)[MERKLE_BYTES], size_t path_len, const uint8_t root[MERKLE_BYTES])
{
    uint8_t node[MERKLE_BYTES];
    uint32_t last = n - 1;
    size_t used = 0;

    if (index >= n)
        return false;
    memcpy(node, leaf, sizeof node);
    for (; last > 0; index >>= 1, last >>= 1) {
        if (index == last && (index & 1) == 0) // goes up as it is
            continue;
        if (used == path_len)
            return false;
        if ((index & 1) != 0)
            join(path[used++], node, node);
        else
            join(node, path[used++], node);
    }
    return used == path_len && memcmp(node, root, MERKLE_BYTES) == 0;
}
