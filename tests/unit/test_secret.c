// SPDX-License-Identifier: Apache-2.0
// The hash key of a directory: made once, private, refused when damaged; hashes belong to a client.
#include "auth/secret.h"
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

    unlink(place->file);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_key_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reference_belongs_to_its_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_key_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
