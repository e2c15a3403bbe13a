// SPDX-License-Identifier: Apache-2.0
// Repeats under an idempotency key: they get the first answer, but for what it tells of a student who was
// forgotten.
#include "base/fault.h"
#include "tests/unit/placement_fixture.h"
#include "work/idempotency.h"
#include "work/job.h"

static struct job *
keyed(const char *client, const char *key, uint8_t digest)
{
    struct job *job = job_new(1 << 20);

    snprintf(job->client, sizeof job->client, "%s", client);
    job->key = key;
    memset(job->digest, digest, sizeof job->digest);
    job->n_writes = 1;
    job->writes = arena_array(job->arena, 1, sizeof job->writes[0]);
    job->writes[0] = arena_alloc(job->arena, sizeof *job->writes[0]);
    kansen__v1__write__init(job->writes[0]);
    job->results = arena_array(job->arena, 1, sizeof job->results[0]);
    kansen__v1__write_result__init(&job->results[0]);
    return job;
}

// Whether a job is a repeat at a time; *id is what it is answered.
static bool
is_repeat(struct scene *scene, const char *client, const char *key, uint8_t digest, int64_t time_us,
          uint64_t *id, int *code)
{
    struct job *job = keyed(client, key, digest);
    bool repeated;

    assert_int_equal(txn_begin(scene->fixture.write), 0);
    assert_int_equal(idempotency_find(scene->fixture.write, job, time_us, &repeated), 0);
    txn_end(scene->fixture.write);
    *id = job->results[0].id;
    *code = (int)job->fault.code;
    job_free(job);
    return repeated;
}

static void
test_a_repeat_gets_the_first_answer(void **state)
{
    struct scene *scene = *state;
    struct job *job = keyed("school", "k1", 1);
    int64_t now = scene->fixture.time_us;
    uint64_t id;
    int code;

    job->results[0].id = 42;
    assert_false(is_repeat(scene, "school", "k1", 1, now, &id, &code));
    assert_int_equal(txn_begin(scene->fixture.write), 0);
    assert_int_equal(idempotency_keep(scene->fixture.write, job, now), 0);
    txn_end(scene->fixture.write); // not committed: it was never there
    assert_false(is_repeat(scene, "school", "k1", 1, now, &id, &code));
    assert_int_equal(txn_begin(scene->fixture.write), 0);
    assert_int_equal(idempotency_keep(scene->fixture.write, job, now), 0);
    assert_int_equal(txn_commit(scene->fixture.write), 0);
    job_free(job);
    assert_true(is_repeat(scene, "school", "k1", 1, now + DAY, &id, &code));
    assert_int_equal(id, 42);
    assert_int_equal(code, CODE_OK);
    assert_true(is_repeat(scene, "school", "k1", 2, now, &id, &code)); // another body
    assert_int_equal(code, CODE_INVALID_ARGUMENT);
    assert_false(is_repeat(scene, "college", "k1", 1, now, &id, &code));
    assert_false(is_repeat(scene, "school", "k2", 1, now, &id, &code));
    assert_false(is_repeat(scene, "school", "", 1, now, &id, &code));
    assert_false(is_repeat(scene, "school", "k1", 1, now + DAY + 1, &id, &code)); // too late
    scene_pass(scene, DAY + SECOND);
    assert_false(is_repeat(scene, "school", "k1", 1, now, &id, &code)); // and let go
}

// What a repeat of ann's reservation is answered at a time.
static Kansen__V1__WriteResult
reserve_again(struct scene *scene, const Kansen__V1__WriteResult *kept, int64_t time_us, char field[32])
{
    struct job *job = keyed("school", "k1", 1);
    Kansen__V1__WriteResult result;
    bool repeated;

    job->writes[0]->operation_case = KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT;
    job->secrets = arena_array(job->arena, 1, sizeof job->secrets[0]);
    job->secrets[0] = (struct command_secrets){.has_student = true};
    snprintf((char *)job->secrets[0].student_hash, sizeof job->secrets[0].student_hash, "%s/ann",
             scene->client);
    assert_int_equal(txn_begin(scene->fixture.write), 0);
    if (kept != NULL) {
        job->results[0] = *kept;
        assert_int_equal(idempotency_keep(scene->fixture.write, job, time_us), 0);
        assert_int_equal(txn_commit(scene->fixture.write), 0);
    } else {
        assert_int_equal(idempotency_find(scene->fixture.write, job, time_us, &repeated), 0);
        assert_true(repeated);
        txn_end(scene->fixture.write);
    }
    result = job->results[0];
    result.version = (uint64_t)scene_code(result); // which outlives the job
    snprintf(field, 32, "%s", result.status != NULL ? result.status->field : "");
    job_free(job);
    return result;
}

static void
test_a_repeat_does_not_tell_of_who_was_forgotten(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 3));
    Kansen__V1__ForgetStudent forget = KANSEN__V1__FORGET_STUDENT__INIT;
    Kansen__V1__Status others = KANSEN__V1__STATUS__INIT;
    Kansen__V1__WriteResult first = scene_reserve(scene, "ann", offer, 0),
                            taken = scene_reserve(scene, "ann", offer, 0),
                            closed = KANSEN__V1__WRITE_RESULT__INIT, again;
    const Kansen__V1__WriteResult *told[] = {&first, &taken};
    char field[32];

    others.code = CODE_NOT_FOUND;
    others.field = (char *)"offer_id";
    closed.status = &others;
    assert_int_equal(scene_code(taken), CODE_ALREADY_EXISTS);
    forget.student = (char *)"ann";
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        reserve_again(scene, told[i], scene->fixture.time_us, field);
        again = reserve_again(scene, NULL, scene->fixture.time_us, field);
        assert_int_equal(again.id, told[i]->id);
        assert_int_equal(again.version, scene_code(*told[i]));
        scene_do(scene, "ann", WRITE(FORGET_STUDENT, forget_student, &forget));
        for (int back = 0; back < 2; back++) { // gone; and back, as another student
            again = reserve_again(scene, NULL, scene->fixture.time_us, field);
            assert_int_equal(again.id, 0);
            assert_int_equal(again.version, CODE_FAILED_PRECONDITION);
            assert_string_equal(field, "student");
            if (back == 0)
                assert_int_equal(scene_code(scene_reserve(scene, "ann", offer, 0)), CODE_OK);
        }
    }
    scene_do(scene, "ann", WRITE(FORGET_STUDENT, forget_student, &forget));
    reserve_again(scene, &closed, scene->fixture.time_us, field); // tells nothing of a student
    again = reserve_again(scene, NULL, scene->fixture.time_us, field);
    assert_int_equal(again.version, CODE_NOT_FOUND);
    assert_string_equal(field, "offer_id");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_repeat_gets_the_first_answer),
        TEST(test_a_repeat_does_not_tell_of_who_was_forgotten),
    };

    return cmocka_run_group_tests_name("idempotency", tests, NULL, NULL);
}
