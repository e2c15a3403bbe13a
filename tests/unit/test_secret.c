// SPDX-License-Identifier: Apache-2.0
// The hash key of a directory: made once, private, refused when damaged or not that of the store; hashes
// belong to a client.
#include "auth/secret.h"
#include "auth/store_key.h"
#include "store/store.h"
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char dir[64], file[96];
};

static int
setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->dir, sizeof place->dir, "/tmp/kansen-unit-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    snprintf(place->file, sizeof place->file, "%s/%s", place->dir, SECRET_FILE);
    *state = place;
    return 0;
}

static int
teardown(void **state)
{
    struct place *place = *state;

    char path[128];

    unlink(place->file);
    snprintf(path, sizeof path, "%s/" STORE_FILE, place->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/" STORE_FILE "-lock", place->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/kansend.lock", place->dir);
    unlink(path);
    rmdir(place->dir);
    free(place);
    return 0;
}

static void
hash_with_key_of(const char *dir, const char *client, const char *reference, uint8_t out[SECRET_HASH_BYTES])
{
    struct secret *secret = NULL;
    struct fault fault;

    assert_int_equal(secret_open(dir, &secret, &fault), 0);
    secret_hash_student(secret, client, reference, out);
    secret_free(secret);
}

static void
test_the_key_stays(void **state)
{
    struct place *place = *state;
    uint8_t first[SECRET_HASH_BYTES], second[SECRET_HASH_BYTES];
    struct stat file;

    hash_with_key_of(place->dir, "portal", "s1", first);
    assert_int_equal(stat(place->file, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    hash_with_key_of(place->dir, "portal", "s1", second);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(unlink(place->file), 0);
    hash_with_key_of(place->dir, "portal", "s1", second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void
test_a_reference_belongs_to_its_client(void **state)
{
    struct place *place = *state;
    uint8_t mine[SECRET_HASH_BYTES], other[SECRET_HASH_BYTES];

    hash_with_key_of(place->dir, "portal", "s1", mine);
    hash_with_key_of(place->dir, "portal2", "s1", other);
    assert_memory_not_equal(mine, other, sizeof mine);
    hash_with_key_of(place->dir, "porta", "ls1", other); // the border between the two counts
    assert_memory_not_equal(mine, other, sizeof mine);
}

static void
test_a_damaged_key_is_refused(void **state)
{
    struct place *place = *state;
    struct secret *secret = NULL;
    struct fault fault;
    int fd = open(place->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, "short", 5), 5);
    close(fd);
    assert_int_equal(secret_open(place->dir, &secret, &fault), FAULT);
    assert_non_null(strstr(fault.message, SECRET_FILE));
    assert_null(secret);
}

// What a start that was killed left is neither taken as the key nor in the way.
static void
test_a_key_that_was_cut_off(void **state)
{
    struct place *place = *state;
    uint8_t first[SECRET_HASH_BYTES], second[SECRET_HASH_BYTES];
    char new_file[128];
    int fd;

    snprintf(new_file, sizeof new_file, "%s.new", place->file);
    fd = open(new_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "short", 5), 5);
    close(fd);
    hash_with_key_of(place->dir, "portal", "s1", first);
    hash_with_key_of(place->dir, "portal", "s1", second);
    assert_memory_equal(first, second, sizeof first);
    assert_int_not_equal(access(new_file, F_OK), 0);
}

// Opens the store of the place and its key, as a start does.
static int
start(const struct place *place, uint8_t out[SECRET_HASH_BYTES], struct fault *fault)
{
    struct store_options options = {.dir = place->dir, .map_bytes = UINT64_C(16) << 20};
    struct secret *secret = NULL;
    struct store *store;
    int rc;

    assert_int_equal(store_open(&options, &store, fault), 0);
    rc = store_key_open(store, place->dir, &secret, fault);
    if (rc == 0)
        secret_hash_student(secret, "portal", "s1", out);
    else
        assert_null(secret);
    secret_free(secret);
    store_close(store);
    return rc;
}

static void
write_file(const char *path, uint8_t byte)
{
    uint8_t bytes[32];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    memset(bytes, byte, sizeof bytes);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
}

static void
test_a_store_knows_its_key(void **state)
{
    struct place *place = *state;
    uint8_t first[SECRET_HASH_BYTES], again[SECRET_HASH_BYTES];
    struct fault fault;

    write_file(place->file, 1); // beside a store that knows none yet, as one of an older version
    assert_int_equal(start(place, first, &fault), 0);
    assert_int_equal(start(place, again, &fault), 0);
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(start(place, again, &fault), FAULT);
    assert_int_equal(fault.code, CODE_DATA_LOSS);
    assert_non_null(strstr(fault.message, SECRET_FILE " is missing; put back the key"));
    assert_false(secret_exists(place->dir)); // none was made
    write_file(place->file, 2);
    assert_int_equal(start(place, again, &fault), FAULT);
    assert_non_null(strstr(fault.message, "is the key of another store; put back the key"));
    write_file(place->file, 1);
    assert_int_equal(start(place, again, &fault), 0);
    assert_memory_equal(first, again, sizeof first);
}

static void
test_another_key_on_demand(void **state)
{
    struct place *place = *state;
    uint8_t first[SECRET_HASH_BYTES], again[SECRET_HASH_BYTES];
    FILE *out = fopen("/dev/null", "w");
    struct fault fault;

    assert_int_equal(store_key_forget(place->dir, out), FAULT); // no store: nothing is made
    assert_int_equal(start(place, first, &fault), 0);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(store_key_forget(place->dir, out), 0);
    assert_int_equal(store_key_forget(place->dir, out), 0);
    assert_int_equal(start(place, again, &fault), 0);
    assert_memory_not_equal(first, again, sizeof first);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(start(place, again, &fault), FAULT);
    fclose(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_key_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reference_belongs_to_its_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_key_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_was_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_store_knows_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_key_on_demand, setup, teardown),
    };

    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
