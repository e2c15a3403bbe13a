// SPDX-License-Identifier: Apache-2.0
// The list of erasures: what is on it is forgotten at a start, what is damaged is told and passed over, and
// what can not be written is not there by half. And a store that is written anew holds nothing of who was
// forgotten, in no gap and no free page.
#include "base/log.h"
#include "store/compact.h"
#include "tests/unit/placement_fixture.h"
#include "work/erasures.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define LINE_BYTES 102u

struct place {
    struct scene *scene;
    uint64_t offer;
    char list[96];
    struct erasures *erasures;
    int log_fd;
    struct log log;
};

static void
open_list(struct place *place)
{
    struct fault fault;

    assert_int_equal(erasures_open(place->list, &place->erasures, &fault), 0);
}

static int
setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    scene_setup((void **)&place->scene);
    place->offer = scene_put_offer(place->scene, scene_offer(place->scene, "o", 500));
    snprintf(place->list, sizeof place->list, "%s/kansen.erased", place->scene->fixture.dir);
    place->log_fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    assert_true(place->log_fd >= 0);
    place->log = (struct log){.fd = place->log_fd, .level = LOG_LEVEL_DEBUG};
    open_list(place);
    *state = place;
    return 0;
}

static int
teardown(void **state)
{
    struct place *place = *state;

    erasures_close(place->erasures);
    unlink(place->list);
    close(place->log_fd);
    scene_teardown((void **)&place->scene);
    free(place);
    return 0;
}

static void
hash_of(const char *student, uint8_t hash[STUDENT_HASH_BYTES]) // as scene_do makes it
{
    memset(hash, 0, STUDENT_HASH_BYTES);
    snprintf((char *)hash, STUDENT_HASH_BYTES, "school/%s", student);
}

static uint64_t
reserve(struct place *place, const char *student)
{
    Kansen__V1__WriteResult result = scene_reserve(place->scene, student, place->offer, 0);

    assert_int_equal(scene_code(result), CODE_OK);
    return result.id;
}

static bool
is_known(struct place *place, const char *student)
{
    struct txn *txn = place->scene->fixture.read;
    uint8_t hash[STUDENT_HASH_BYTES], id[STUDENT_ID_BYTES];
    int rc;

    hash_of(student, hash);
    assert_int_equal(txn_begin(txn), 0);
    rc = student_find(txn, hash, id);
    txn_end(txn);
    return rc == 0;
}

// Puts a student on the list, forgotten at a time.
static void
list(struct place *place, const char *student, int64_t time_us)
{
    uint8_t hash[STUDENT_HASH_BYTES];

    hash_of(student, hash);
    assert_int_equal(erasures_note(place->erasures, hash, time_us), 0);
    assert_int_equal(erasures_sync(place->erasures), 0);
}

// As at a start; returns what was logged.
static const char *
start(struct place *place, char said[4096])
{
    struct fault fault;
    ssize_t len;

    erasures_close(place->erasures);
    assert_int_equal(ftruncate(place->log_fd, 0), 0);
    assert_int_equal(lseek(place->log_fd, 0, SEEK_SET), 0);
    open_list(place);
    assert_int_equal(erasures_apply(place->erasures, place->scene->fixture.store, &place->log, &fault), 0);
    len = pread(place->log_fd, said, 4095, 0);
    assert_true(len >= 0);
    said[len] = '\0';
    return said;
}

static off_t
size_of(const char *path)
{
    struct stat file;

    assert_int_equal(stat(path, &file), 0);
    return file.st_size;
}

static void
test_who_is_on_the_list_is_forgotten(void **state)
{
    struct place *place = *state;
    uint64_t ann = reserve(place, "ann"), sequence;
    char said[4096];
    struct stat file;

    reserve(place, "bob");
    assert_int_equal(stat(place->list, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    list(place, "ann", place->scene->fixture.time_us);
    list(place, "never seen", place->scene->fixture.time_us);
    assert_int_equal(size_of(place->list), 2 * LINE_BYTES);
    assert_non_null(strstr(start(place, said), "students=1"));
    assert_false(is_known(place, "ann"));
    assert_true(is_known(place, "bob"));
    assert_int_equal(scene_placement(place->scene, ann)->id, ann); // the placement stays
    assert_int_equal(txn_begin(place->scene->fixture.read), 0);
    sequence = txn_sequence(place->scene->fixture.read);
    txn_end(place->scene->fixture.read);
    assert_string_equal(scene_journal(place->scene, sequence)->actor, "erasures");
    assert_string_equal(start(place, said), ""); // once is enough
}

static void
test_who_came_back_stays(void **state)
{
    struct place *place = *state;
    char said[4096];

    list(place, "ann", place->scene->fixture.time_us);
    reserve(place, "ann"); // a moment later
    assert_string_equal(start(place, said), "");
    assert_true(is_known(place, "ann"));
    list(place, "ann", place->scene->fixture.time_us);
    start(place, said);
    assert_false(is_known(place, "ann"));
}

static void
append(struct place *place, const char *bytes, size_t len)
{
    int fd = open(place->list, O_WRONLY | O_APPEND);

    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void
test_a_line_cut_short(void **state)
{
    struct place *place = *state;
    char line[LINE_BYTES], said[4096];

    reserve(place, "ann");
    list(place, "ann", place->scene->fixture.time_us);
    assert_int_equal(pread(open(place->list, O_RDONLY), line, sizeof line, 0), sizeof line);
    assert_int_equal(line[LINE_BYTES - 1], '\n');
    for (size_t len = 1; len < LINE_BYTES - 1; len += 11) { // without its line feed alone it would be whole
        reserve(place, "bob");
        assert_int_equal(truncate(place->list, LINE_BYTES), 0);
        append(place, line, len); // what a power cut left of another line
        assert_non_null(strstr(start(place, said), "line=2"));
        list(place, "bob", place->scene->fixture.time_us); // stands behind it, whole
        assert_non_null(strstr(start(place, said), "students=1"));
        assert_false(is_known(place, "bob"));
    }
}

static void
test_damage_is_told(void **state)
{
    struct place *place = *state;
    char good[3 * LINE_BYTES], bad[3 * LINE_BYTES], said[4096];
    static const char *const names[] = {"ann", "bob", "cas"};
    int fd;

    for (size_t i = 0; i < 3; i++)
        list(place, names[i], INT64_C(4000000000000000));
    fd = open(place->list, O_RDWR);
    assert_int_equal(pread(fd, good, sizeof good, 0), sizeof good);
    for (size_t at = LINE_BYTES; at < 2 * LINE_BYTES; at++) { // each byte of the second line
        for (size_t i = 0; i < 3; i++)
            if (!is_known(place, names[i]))
                reserve(place, names[i]);
        memcpy(bad, good, sizeof bad);
        bad[at] ^= 1;
        assert_int_equal(pwrite(fd, bad, sizeof bad, 0), sizeof bad);
        assert_non_null(strstr(start(place, said), "line=2"));
        assert_false(is_known(place, "ann"));
        assert_true(is_known(place, "bob"));
        assert_int_equal(is_known(place, "cas"),
                         at == 2 * LINE_BYTES - 1); // joined with the line feed's line
        arena_reset(place->scene->fixture.arena);
    }
    close(fd);
}

static void
test_no_room(void **state)
{
    struct place *place = *state;
    struct rlimit was, limit;
    uint8_t hash[STUDENT_HASH_BYTES];

    list(place, "ann", 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    for (rlim_t room = 0; room < LINE_BYTES; room += 50) {
        hash_of("bob", hash);
        assert_int_equal(erasures_note(place->erasures, hash, 2), 0);
        limit = (struct rlimit){LINE_BYTES + room, was.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(erasures_sync(place->erasures), STORE_FAULT_FULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        assert_int_equal(size_of(place->list), LINE_BYTES);
        erasures_drop(place->erasures);
    }
    assert_int_equal(erasures_sync(place->erasures), 0); // nothing was noted
    assert_int_equal(size_of(place->list), LINE_BYTES);
    list(place, "bob", 2); // and with room it goes on
    assert_int_equal(size_of(place->list), 2 * LINE_BYTES);
}

static void
test_no_such_folder(void **state)
{
    struct erasures *erasures = NULL;
    struct fault fault;

    (void)state;
    assert_int_equal(erasures_open("/nonexistent/list", &erasures, &fault), FAULT);
    assert_string_equal(fault.field, "erasures");
    assert_non_null(strstr(fault.message, "/nonexistent/list"));
}

// ---- What is left in the file

static size_t
count(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "r");
    size_t size = (size_t)size_of(path), found = 0;
    uint8_t *all = malloc(size);

    assert_int_equal(fread(all, 1, size, file), size);
    fclose(file);
    for (const uint8_t *at = all; (at = memmem(at, size - (size_t)(at - all), bytes, len)) != NULL; at++)
        found++;
    free(all);
    return found;
}

static void
test_what_is_left(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->scene->fixture;
    Kansen__V1__ForgetStudent forget = KANSEN__V1__FORGET_STUDENT__INIT;
    uint8_t pair[STUDENT_HASH_BYTES + STUDENT_ID_BYTES];
    char store[96], student[16];
    uint64_t placement = 0;

    snprintf(store, sizeof store, "%s/%s", fixture->dir, STORE_FILE);
    for (int i = 0; i < 40; i++) {
        snprintf(student, sizeof student, "s%d", i);
        placement = reserve(place, student);
    }
    hash_of("s39", pair);
    memcpy(pair + STUDENT_HASH_BYTES, scene_placement(place->scene, placement)->student_id.data,
           STUDENT_ID_BYTES);
    assert_int_equal(
        scene_code(scene_do(place->scene, "s39", WRITE(FORGET_STUDENT, forget_student, &forget))), CODE_OK);
    assert_true(count(store, pair, sizeof pair) > 0); // where nobody reads any more
    fixture_close(fixture);
    assert_int_equal(compact_run(fixture->dir, UINT64_C(256) << 20, tmpfile()), 0);
    fixture_open(fixture);
    assert_int_equal(count(store, pair, sizeof pair), 0);
    assert_int_equal(count(store, pair, STUDENT_HASH_BYTES), 0);
    assert_true(count(store, pair + STUDENT_HASH_BYTES, STUDENT_ID_BYTES) > 0); // the placement has it
    assert_true(is_known(place, "s38"));
    assert_false(is_known(place, "s39"));
}

// The line that a check prints, with the digest.
static void
check(struct fixture *fixture, char line[512])
{
    FILE *out = tmpfile();

    assert_int_equal(check_run(fixture->dir, out), 0);
    rewind(out);
    assert_non_null(fgets(line, 512, out));
    fclose(out);
}

static void
test_written_anew_it_is_the_same(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->scene->fixture;
    char before[512], after[512], path[128];
    struct store_options options = {.dir = fixture->dir};
    struct store *other = NULL;
    struct fault fault;
    FILE *out = tmpfile();

    reserve(place, "ann");
    assert_int_equal(compact_run(fixture->dir, 0, out), FAULT); // it is in use
    fixture_close(fixture);
    check(fixture, before);
    assert_int_equal(compact_run(fixture->dir, 1 << 16, out), FAULT); // the map is too small
    snprintf(path, sizeof path, "%s/%s.new", fixture->dir, STORE_FILE);
    assert_int_equal(access(path, F_OK), -1);
    check(fixture, after);
    assert_string_equal(before, after);
    assert_int_equal(compact_run(fixture->dir, UINT64_C(256) << 20, out), 0);
    check(fixture, after);
    assert_string_equal(before, after);
    assert_int_equal(store_open(&options, &other, &fault), 0);
    store_close(other);
    assert_int_equal(compact_run("/nonexistent", 0, out), FAULT);
    fclose(out);
    fixture_open(fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_is_on_the_list_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_came_back_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_line_cut_short, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
        cmocka_unit_test(test_no_such_folder),
        cmocka_unit_test_setup_teardown(test_what_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_written_anew_it_is_the_same, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
