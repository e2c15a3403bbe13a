// SPDX-License-Identifier: Apache-2.0
#include "client/verify/merkle.h"

static struct slice
bytes_of(const uint8_t digest[DIGEST_BYTES])
{
    return (struct slice){(const char *)digest, DIGEST_BYTES};
}

static void
node(const uint8_t left[DIGEST_BYTES], const uint8_t right[DIGEST_BYTES], uint8_t out[DIGEST_BYTES])
{
    digest_make(NULL, (struct slice[]){{"\1", 1}, bytes_of(left), bytes_of(right)}, 3, out);
}

void
merkle_add(struct merkle *merkle, const uint8_t leaf[DIGEST_BYTES])
{
    uint8_t carry[DIGEST_BYTES];
    unsigned height = 0;

    memcpy(carry, leaf, sizeof carry);
    for (uint64_t n = merkle->n++; n & 1; n >>= 1)
        node(merkle->peaks[height++], carry, carry);
    memcpy(merkle->peaks[height], carry, sizeof carry);
}

void
merkle_root(const struct merkle *merkle, uint8_t root[DIGEST_BYTES])
{
    bool any = false;

    if (merkle->n == 0)
        digest_make(NULL, NULL, 0, root);
    for (unsigned height = 0; height < MERKLE_LEVELS; height++)
        if (merkle->n >> height & 1) {
            if (any)
                node(merkle->peaks[height], root, root);
            else
                memcpy(root, merkle->peaks[height], DIGEST_BYTES);
            any = true;
        }
}

void
merkle_salt(const uint8_t receipt_key[DIGEST_BYTES], struct slice ref, uint8_t salt[DIGEST_BYTES])
{
    static const char tag[] = "alloc-leaf-salt-v1";

    digest_make(receipt_key, (struct slice[]){{tag, sizeof tag}, ref}, 2, salt);
}

void
merkle_leaf(const uint8_t salt[DIGEST_BYTES], const struct slice lines[3], uint8_t leaf[DIGEST_BYTES])
{
    digest_make(NULL, (struct slice[]){{"", 1}, bytes_of(salt), lines[0], lines[1], lines[2]}, 5, leaf);
}

bool
merkle_leads(const uint8_t leaf[DIGEST_BYTES], uint64_t index, uint64_t n,
             const uint8_t (*path)[DIGEST_BYTES], size_t path_len, const uint8_t root[DIGEST_BYTES])
{
    uint8_t at[DIGEST_BYTES];
    uint64_t last = n - 1;

    if (index >= n)
        return false;
    memcpy(at, leaf, sizeof at);
    for (size_t i = 0; i < path_len; i++) {
        if (last == 0)
            return false;
        if (index & 1 || index == last) {
            node(path[i], at, at);
            while (index != 0 && !(index & 1)) { // went up alone
                index >>= 1;
                last >>= 1;
            }
        } else {
            node(at, path[i], at);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(at, root, sizeof at) == 0;
}
