// SPDX-License-Identifier: Apache-2.0
// The Merkle tree against its definition (RFC 6962, section 2.1): root, every path, and paths that are wrong.
#include "cohort/merkle.h"
#include "tests/unit/unit.h"
#include <sodium.h>
#include <string.h>

#define MOST 70u

static uint8_t leaves[MOST][MERKLE_BYTES];

static void
concat(uint8_t first, const void *a, const void *b, uint8_t out[MERKLE_BYTES])
{
    uint8_t bytes[1 + 2 * MERKLE_BYTES] = {first};

    memcpy(bytes + 1, a, MERKLE_BYTES);
    memcpy(bytes + 1 + MERKLE_BYTES, b, MERKLE_BYTES);
    crypto_generichash(out, MERKLE_BYTES, bytes, sizeof bytes, NULL, 0);
}

// MTH of the RFC.
static void
define_root(uint32_t from, uint32_t n, uint8_t root[MERKLE_BYTES])
{
    uint8_t left[MERKLE_BYTES], right[MERKLE_BYTES];
    uint32_t k = 1;

    if (n == 1) {
        memcpy(root, leaves[from], MERKLE_BYTES);
        return;
    }
    while (2 * k < n)
        k *= 2;
    define_root(from, k, left);
    define_root(from + k, n - k, right);
    concat(1, left, right, root);
}

static void
make_leaves(void)
{
    for (uint32_t i = 0; i < MOST; i++)
        merkle_leaf(&i, sizeof i, leaves[i]);
}

static void
test_root_is_the_defined_one(void **state)
{
    uint8_t root[MERKLE_BYTES], defined[MERKLE_BYTES];
    struct merkle merkle = {0};

    (void)state;
    make_leaves();
    merkle_root(&merkle, root);
    crypto_generichash(defined, MERKLE_BYTES, NULL, 0, NULL, 0);
    assert_memory_equal(root, defined, MERKLE_BYTES);
    for (uint32_t n = 1; n <= MOST; n++) {
        uint32_t i = n - 1;

        merkle_add(&merkle, &i, sizeof i);
        merkle_root(&merkle, root);
        define_root(0, n, defined);
        assert_memory_equal(root, defined, MERKLE_BYTES);
    }
}

static void
test_every_path_holds_for_its_leaf_alone(void **state)
{
    uint8_t root[MERKLE_BYTES], path[MERKLE_MAX_PATH][MERKLE_BYTES];

    (void)state;
    make_leaves();
    for (uint32_t n = 1; n <= MOST; n++) {
        define_root(0, n, root);
        for (uint32_t i = 0; i < n; i++) {
            size_t len = merkle_path(leaves, n, i, path);

            assert_true(merkle_holds(leaves[i], i, n, path, len, root));
            assert_false(merkle_holds(leaves[(i + 1) % MOST], i, n, path, len, root));
            assert_false(merkle_holds(leaves[i], i, n, path, len + 1, root));
            assert_false(len > 0 && merkle_holds(leaves[i], i, n, path, len - 1, root));
            assert_false(merkle_holds(leaves[i], n, n, path, len, root));
            if (len > 0) {
                path[len - 1][0] ^= 1;
                assert_false(merkle_holds(leaves[i], i, n, path, len, root));
            }
        }
    }
}

// Worked out by another program (Python's hashlib.blake2b).
static void
test_salt_and_leaf_are_the_documented_ones(void **state)
{
    uint8_t key[MERKLE_BYTES], salt[MERKLE_BYTES];
    char hex[2 * MERKLE_BYTES + 1];

    (void)state;
    for (uint8_t i = 0; i < MERKLE_BYTES; i++)
        key[i] = i;
    merkle_salt(key, "stu-01", 6, salt);
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, salt, sizeof salt),
                        "8ae8b4a40f853df9a58d4094fdc500b8fb24f1f8c51842006b89ae1787d0242c");
    merkle_leaf("stu-01 off-B 1\n", 15, salt);
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, salt, sizeof salt),
                        "e8acc461f1f94d17d33141e7d780b247d8ba3aca69a00d2e7bacae70d0a67e8b");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_is_the_defined_one),
        cmocka_unit_test(test_every_path_holds_for_its_leaf_alone),
        cmocka_unit_test(test_salt_and_leaf_are_the_documented_ones),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
