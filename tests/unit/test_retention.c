// SPDX-License-Identifier: Apache-2.0
// What is kept for a time only: placements, mappings of students, and the journal go when their time has
// come, not before, and what is left agrees. A store of the format before these tables is brought to this
// one.
#include "store/internal.h"
#include "store/partner_offers.h"
#include "store/retention.h"
#include "store/student.h"
#include "tests/unit/placement_fixture.h"
#include <stdlib.h>

#define FOREVER (40000 * DAY)

static void
hash_of(const char *student, uint8_t hash[STUDENT_HASH_BYTES]) // as scene_do makes it
{
    memset(hash, 0, STUDENT_HASH_BYTES);
    snprintf((char *)hash, STUDENT_HASH_BYTES, "school/%s", student);
}

static bool
is_there(struct scene *scene, uint64_t id)
{
    Kansen__V1__Placement *placement;
    int rc;

    assert_int_equal(txn_begin(scene->fixture.read), 0);
    rc = placement_get(scene->fixture.read, id, scene->fixture.arena, &placement);
    txn_end(scene->fixture.read);
    assert_in_set(rc, ((LargestIntegralType[]){0, STORE_E_NOT_FOUND}), 2);
    return rc == 0;
}

static bool
is_known(struct scene *scene, const char *student)
{
    uint8_t hash[STUDENT_HASH_BYTES], id[STUDENT_ID_BYTES];
    int rc;

    hash_of(student, hash);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    rc = student_find(scene->fixture.read, hash, id);
    txn_end(scene->fixture.read);
    return rc == 0;
}

// How many entries of student_end there are.
static size_t
count_ends(struct scene *scene)
{
    struct txn *txn = scene->fixture.read;
    MDB_stat stat;

    assert_int_equal(txn_begin(txn), 0);
    assert_int_equal(mdb_stat(txn->mdb, txn->store->dbi[TABLE_STUDENT_END], &stat), 0);
    txn_end(txn);
    return stat.ms_entries;
}

// A placement of a student that was completed.
static uint64_t
complete(struct scene *scene, const char *student, uint64_t offer)
{
    uint64_t id = scene_reserve(scene, student, offer, ASK).id;

    assert_int_equal(scene_code(scene_move(scene, id, MOVE(ACCEPT))), CODE_OK);
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(CONFIRM))), CODE_OK);
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(START))), CODE_OK);
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(COMPLETE))), CODE_OK);
    return id;
}

static void
test_placements_go_after_their_time(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 5));
    uint64_t live = scene_reserve(scene, "live", offer, ASK).id, done = complete(scene, "done", offer), later;
    Kansen__V1__WriteResult tick;
    Kansen__V1__JournalEntry *entry;

    assert_int_equal(scene_code(scene_move(scene, live, MOVE(ACCEPT))), CODE_OK);
    scene_pass(scene, 5 * DAY);
    later = scene_reserve(scene, "later", offer, 0).id;
    assert_int_equal(scene_code(scene_move(scene, later, MOVE(WITHDRAW))), CODE_OK);
    scene_pass(scene, FOREVER); // with no option, nothing goes
    assert_true(is_there(scene, done));
    scene->retain.placements_us = FOREVER + 3 * DAY;
    scene_pass(scene, 0);
    assert_false(is_there(scene, done));
    assert_true(is_there(scene, later));
    assert_true(is_there(scene, live));
    assert_int_equal(fixture_row(&scene->fixture, offer).seats_taken,
                     1);               // the completed one gave its seat back
    tick = scene_pass(scene, 3 * DAY); // and it is told
    assert_int_equal(tick.outcome, KANSEN__V1__OUTCOME__OUTCOME_UPDATED);
    assert_false(is_there(scene, later));
    entry = scene_journal(scene, tick.sequence);
    assert_int_equal(entry->n_changes, 1);
    assert_int_equal(entry->changes[0]->outcome, KANSEN__V1__OUTCOME__OUTCOME_REMOVED);
    assert_int_equal(entry->changes[0]->id, later);
    assert_int_equal(entry->changes[0]->version, 0);
    assert_int_equal(entry->changes[0]->offer_id, offer);
    assert_string_equal(entry->changes[0]->client, "school");
    assert_true(is_there(scene, live)); // however long it lasts
    assert_int_equal(count_ends(scene), 0);
    assert_int_equal(scene_pass(scene, DAY).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
}

static void
test_the_moment(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 5)), id = complete(scene, "a", offer);
    int64_t ended = scene->fixture.time_us;

    scene->retain.placements_us = 7 * DAY;
    scene_pass(scene, ended + 7 * DAY - scene->fixture.time_us - 1);
    assert_int_equal(scene->fixture.time_us, ended + 7 * DAY);
    assert_true(is_there(scene, id));
    scene_pass(scene, 0);
    assert_false(is_there(scene, id));
}

static void
test_a_seat_that_comes_back_goes_to_who_waits(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 1);
    uint64_t id, done, waits;

    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    done = complete(scene, "done", id);
    waits = scene_reserve(scene, "waits", id, WAIT).id;
    scene->retain.placements_us = 30 * DAY;
    scene_pass(scene, 31 * DAY);
    assert_false(is_there(scene, done));
    assert_int_equal(scene_state(scene, waits), STATE(HELD));
}

static void
test_the_offer_may_be_gone(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;
    uint64_t done, live;

    removal.id = scene_put_offer(scene, scene_offer(scene, "o", 3));
    done = complete(scene, "a", removal.id);
    live = scene_reserve(scene, "a2", removal.id, 0).id;
    assert_null(fixture_do(&scene->fixture, WRITE(REMOVE_OFFER, remove_offer, &removal)).status);
    assert_int_equal(scene_state(scene, live), STATE(CANCELLED_BY_PARTNER));
    scene->retain.placements_us = DAY;
    scene_pass(scene, 2 * DAY);
    assert_false(is_there(scene, done));
    assert_false(is_there(scene, live));
}

static void
test_a_tick_does_a_bounded_number(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 5));
    char student[16];
    size_t ticks = 0, gone = 0;

    for (int i = 0; i < 600; i++) {
        snprintf(student, sizeof student, "s%d", i);
        scene_move(scene, scene_reserve(scene, student, offer, 0).id, MOVE(WITHDRAW));
        arena_reset(scene->fixture.arena);
    }
    scene->retain.placements_us = DAY;
    scene->fixture.time_us += 2 * DAY;
    for (Kansen__V1__WriteResult tick; (tick = scene_pass(scene, 0)).sequence != 0; ticks++)
        gone += scene_journal(scene, tick.sequence)->n_changes;
    assert_int_equal(gone, 600);
    assert_int_equal(ticks, 3);
}

// ---- Students

// The command that the clock sends for an idle student; returns what it did.
static Kansen__V1__WriteResult
drop(struct scene *scene, const char *student)
{
    Kansen__V1__ForgetStudent forget = KANSEN__V1__FORGET_STUDENT__INIT;
    Kansen__V1__WriteResult result;
    unsigned movers = scene->movers;

    scene->movers = MOVER_CLOCK;
    result = scene_do(scene, student, WRITE(FORGET_STUDENT, forget_student, &forget));
    scene->movers = movers;
    return result;
}

// Students that a walk finds.
static unsigned
walk(struct scene *scene, int64_t before_us, uint8_t hashes[][STUDENT_HASH_BYTES])
{
    struct retention_walk walk = {0};
    unsigned found = 0;

    assert_int_equal(txn_begin(scene->fixture.read), 0);
    while (!walk.ended) {
        assert_int_equal(retention_step(scene->fixture.read, &walk, before_us), 0);
        if (hashes != NULL)
            memcpy(hashes + found, walk.hashes, walk.found * sizeof walk.hashes[0]);
        found += walk.found;
    }
    txn_end(scene->fixture.read);
    return found;
}

static void
test_mappings_go_after_the_last_placement(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 9)),
             other = scene_put_offer(scene, scene_offer(scene, "o2", 9));
    uint64_t first = complete(scene, "ann", offer), second;
    uint8_t found[8][STUDENT_HASH_BYTES], ann[STUDENT_HASH_BYTES];
    int64_t ended;
    Kansen__V1__WriteResult result;

    hash_of("ann", ann);
    second = scene_reserve(scene, "ann", other, ASK).id;
    scene_move(scene, second, MOVE(ACCEPT));
    scene->retain.students_us = 10 * DAY;
    scene_pass(scene, 100 * DAY);
    assert_int_equal(walk(scene, scene->fixture.time_us - 10 * DAY, NULL), 0); // one is live
    assert_int_equal(scene_code(scene_move(scene, second, MOVE(WITHDRAW))), CODE_OK);
    ended = scene->fixture.time_us;
    assert_int_equal(walk(scene, ended, NULL), 0);
    assert_int_equal(walk(scene, ended + 1, found), 1);
    assert_memory_equal(found[0], ann, sizeof ann);
    result = drop(scene, "ann"); // too early: another one asked for may have ended since the look
    assert_int_equal(result.outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(result.sequence, 0);
    assert_true(is_known(scene, "ann"));
    scene->fixture.time_us += 10 * DAY;
    result = drop(scene, "ann");
    assert_int_equal(result.outcome, KANSEN__V1__OUTCOME__OUTCOME_REMOVED);
    assert_string_equal(scene_journal(scene, result.sequence)->write->forget_student->student, "");
    assert_false(is_known(scene, "ann"));
    assert_true(is_there(scene, first)); // the placements stay
    assert_true(is_there(scene, second));
}

static void
test_a_student_without_placements(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 9));
    int64_t since;

    complete(scene, "ann", offer);
    since = scene->fixture.time_us;
    scene->retain.placements_us = 5 * DAY;
    scene_pass(scene, 6 * DAY);
    assert_int_equal(walk(scene, since - DAY, NULL), 0);
    assert_int_equal(walk(scene, since, NULL), 1);
}

static void
test_a_walk_sees_each_once(void **state)
{
    struct scene *scene = *state;
    enum { STUDENTS = 2500 };
    uint8_t(*hashes)[STUDENT_HASH_BYTES] = calloc(STUDENTS, sizeof *hashes);

    assert_int_equal(txn_begin(scene->fixture.write), 0);
    for (uint32_t i = 0; i < STUDENTS; i++) {
        uint8_t hash[STUDENT_HASH_BYTES] = {0}, id[STUDENT_ID_BYTES] = {0};

        memcpy(hash, &i, sizeof i);
        memcpy(id, &i, sizeof i);
        assert_int_equal(student_put(scene->fixture.write, hash, id, i % 2 == 0 ? 5 : 50), 0);
    }
    assert_int_equal(txn_commit(scene->fixture.write), 0);
    assert_int_equal(walk(scene, 5, NULL), 0);
    assert_int_equal(walk(scene, 51, hashes), STUDENTS);
    for (size_t i = 1; i < STUDENTS; i++)
        assert_true(memcmp(hashes[i - 1], hashes[i], sizeof hashes[i]) < 0);
    assert_int_equal(walk(scene, 50, hashes), STUDENTS / 2);
    free(hashes);
}

// ---- The journal

static void
test_the_journal_goes_by_age(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 9)), first, last;
    int64_t oldest;
    Kansen__V1__WriteResult tick;

    scene_reserve(scene, "early", offer, ASK);
    scene_pass(scene, 20 * DAY);
    last = scene_reserve(scene, "late", offer, ASK).sequence;
    scene->retain.journal_us = 10 * DAY;
    tick = scene_pass(scene, 0);
    assert_int_equal(tick.sequence, last + 1); // the clean-up is an entry itself
    assert_int_equal(scene_journal(scene, tick.sequence)->first_kept, last);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(journal_first(scene->fixture.read, &first), 0);
    assert_int_equal(first, last);
    assert_int_equal(retention_journal_time(scene->fixture.read, &oldest), 0);
    txn_end(scene->fixture.read);
    tick = scene_pass(scene, 400 * DAY); // all are old, and the last one stays
    assert_int_equal(scene_journal(scene, tick.sequence)->first_kept, tick.sequence - 1);
    tick = scene_pass(scene, 0);
    assert_int_equal(scene_journal(scene, tick.sequence)->first_kept, tick.sequence - 1);
    assert_int_equal(scene_pass(scene, 0).sequence, 0);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(retention_journal_time(scene->fixture.read, &oldest), 0);
    txn_end(scene->fixture.read);
    assert_in_range(oldest, scene->fixture.time_us - DAY, scene->fixture.time_us);
}

// ---- The format before

// Takes out what this format has brought.
static void
make_old(struct fixture *fixture)
{
    struct txn *txn = fixture->write;
    struct key key;
    MDB_cursor *cursor;
    MDB_val k, v;

    assert_int_equal(txn_begin(txn), 0);
    assert_int_equal(mdb_drop(txn->mdb, txn->store->dbi[TABLE_ENDED], 0), 0);
    assert_int_equal(mdb_drop(txn->mdb, txn->store->dbi[TABLE_STUDENT_END], 0), 0);
    assert_int_equal(mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_STUDENT], &cursor), 0);
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
        uint8_t id[STUDENT_ID_BYTES];
        MDB_val old = {sizeof id, id};

        memcpy(id, v.mv_data, sizeof id);
        key = key_bytes(k.mv_data, k.mv_size);
        k.mv_data = key.bytes;
        assert_int_equal(mdb_cursor_put(cursor, &k, &old, MDB_CURRENT), 0);
    }
    mdb_cursor_close(cursor);
    assert_int_equal(partner_offers_list(txn), 0);
    key = key_text(META_LAST_LISTED);
    assert_int_equal(table_del(txn, TABLE_META, &key), 0);
    assert_int_equal(meta_put(txn, META_FORMAT, 2), 0);
    assert_int_equal(txn_commit(txn), 0);
}

static void
test_an_older_store_is_upgraded(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 30));
    uint8_t before[STUDENT_ID_BYTES], after[STUDENT_ID_BYTES], hash[STUDENT_HASH_BYTES];
    int64_t since = 1;
    uint64_t late;
    char student[16];
    FILE *out = tmpfile();

    for (int i = 0; i < 25; i++) {
        snprintf(student, sizeof student, "s%d", i);
        (void)(i % 2 == 0 ? complete(scene, student, offer) : scene_reserve(scene, student, offer, 0).id);
    }
    hash_of("s7", hash);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(student_find(scene->fixture.read, hash, before), 0);
    txn_end(scene->fixture.read);
    make_old(&scene->fixture);
    fixture_close(&scene->fixture);
    assert_int_not_equal(check_run(scene->fixture.dir, out), 0); // a check changes nothing
    fixture_open(&scene->fixture);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(student_find(scene->fixture.read, hash, after), 0);
    assert_int_equal(student_since(scene->fixture.read, hash, &since), 0);
    assert_int_equal(partner_offers_late(scene->fixture.read, &late), 0);
    assert_int_equal(late, 0);
    txn_end(scene->fixture.read);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(since, 0);
    assert_int_equal(count_ends(scene), 13);
    scene->retain.placements_us = DAY;
    assert_int_equal(scene_journal(scene, scene_pass(scene, 3600 * SECOND).sequence)->n_changes,
                     12); // leases ran out
    scene_pass(scene, 2 * DAY);
    scene_pass(scene, 2 * DAY);
    assert_int_equal(count_ends(scene), 0);
    fclose(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_placements_go_after_their_time, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_the_moment, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_a_seat_that_comes_back_goes_to_who_waits, scene_setup,
                                        scene_teardown),
        cmocka_unit_test_setup_teardown(test_the_offer_may_be_gone, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_a_tick_does_a_bounded_number, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_mappings_go_after_the_last_placement, scene_setup,
                                        scene_teardown),
        cmocka_unit_test_setup_teardown(test_a_student_without_placements, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_a_walk_sees_each_once, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_the_journal_goes_by_age, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_an_older_store_is_upgraded, scene_setup, scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
