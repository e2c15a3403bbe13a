// SPDX-License-Identifier: Apache-2.0
// Watches without sockets: who is told what, how much at once, parts of large entries, who is cut off.
#include "store/write.h"
#include "tests/unit/rpc_fixture.h"

#define BODY(name) KANSEN__V1__REQUEST__BODY_##name
#define KIND(name) KANSEN__V1__RECORD_KIND__RECORD_KIND_##name
#define ROOM       (64u * 1024)
#define PART_MAX   (64u * 1024) // bytes that one answer may take

static void
watch(struct rpc_world *world, uint64_t from)
{
    Kansen__V1__WatchRequest given = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__Response *response;

    given.from_sequence = from;
    response = rpc_world_ask(world, BODY(WATCH), &given, CODE_OK);
    assert_int_equal(response->watch->n_events, 0);
    assert_true(from == 0 || response->watch->next_sequence == from);
    kansen__v1__response__free_unpacked(response, NULL);
}

static struct watch_fed
feed(struct rpc_world *world, size_t room, struct buf *out)
{
    struct watch_fed fed;

    assert_int_equal(rpc_feed(world->env, &world->session, room, out, &fed), 0);
    rpc_pause(world->env);
    return fed;
}

// What one watch told: counts of changes by kind, and of placements' changes that name a client.
struct told {
    size_t changes[8], clients;
    uint64_t next;
    size_t parts;
};

static void
take(struct buf *out, struct told *told)
{
    Kansen__V1__Response *response;

    while ((response = rpc_world_take(out)) != NULL) {
        assert_null(response->status);
        assert_true(response->watch->next_sequence >= told->next);
        told->next = response->watch->next_sequence;
        told->parts++;
        for (size_t i = 0; i < response->watch->n_events; i++) {
            const Kansen__V1__WatchEvent *event = response->watch->events[i];

            assert_true(event->n_changes > 0 && event->time_us > 0);
            for (size_t j = 0; j < event->n_changes; j++) {
                told->changes[event->changes[j]->kind]++;
                told->clients += event->changes[j]->client[0] != '\0';
            }
        }
        kansen__v1__response__free_unpacked(response, NULL);
    }
}

static struct told
tell_all(struct rpc_world *world)
{
    struct told told = {0};
    struct buf out = {0};
    bool more = true;

    while (more) {
        more = feed(world, ROOM, &out).more;
        assert_true(buf_len(&out) < PART_MAX);
        take(&out, &told);
    }
    buf_free(&out);
    return told;
}

static void
assert_told(struct rpc_world *world, uint64_t from, const size_t expected[4])
{
    struct told told;

    watch(world, from);
    told = tell_all(world);
    assert_int_equal(told.changes[KIND(PARTNER)], expected[0]);
    assert_int_equal(told.changes[KIND(OFFER)], expected[1]);
    assert_int_equal(told.changes[KIND(PLACEMENT)], expected[2]);
    assert_int_equal(told.clients, expected[3]);
    watch_drop_all(&world->session.watches);
}

static void
test_who_is_told_what(void **state)
{
    struct rpc_world *world = rpc_world_open();
    uint64_t mine, other, start = 11, partner, id; // behind the taxonomy of the fixture

    (void)state;
    partner = rpc_world_registry(world, "p", 2, &mine);
    (void)rpc_world_registry(world, "q", 1, &other);
    id = rpc_world_reserve(world, "a", mine, "s");
    rpc_world_move(world, "a", id, "request");
    rpc_world_move(world, "a", id, "accept");
    (void)rpc_world_reserve(world, "b", mine, "t");
    (void)rpc_world_reserve(world, "a", other, "s");
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    assert_told(world, start, (const size_t[]){2, 3, 5, 5});
    rpc_world_be(world, ROLE_PORTAL, "a", 0);
    assert_told(world, start, (const size_t[]){2, 3, 4, 4});
    rpc_world_be(world, ROLE_PORTAL, "c", 0);
    assert_told(world, start, (const size_t[]){2, 3, 0, 0});
    rpc_world_be(world, ROLE_PARTNER, "a", partner); // a client's name only once it has accepted
    assert_told(world, start, (const size_t[]){1, 2, 4, 1});
    rpc_world_be(world, ROLE_PARTNER, "a", 0);
    assert_told(world, start, (const size_t[]){0, 0, 0, 0});
    rpc_world_close(world);
}

// Removing a partner with many offers is one entry: it comes in parts, and resuming inside it starts it anew.
static void
test_large_entry(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__RemovePartner remove = KANSEN__V1__REMOVE_PARTNER__INIT;
    const unsigned offers = 2000;
    struct buf out = {0};
    struct told told = {0};
    uint64_t sequence;

    (void)state;
    remove.id = rpc_world_registry(world, "p", offers, NULL);
    sequence = rpc_world_apply(world, "a", "", WRITE(REMOVE_PARTNER, remove_partner, &remove)).sequence;
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    watch(world, sequence);
    assert_true(feed(world, ROOM, &out).more);
    assert_true(buf_len(&out) > 0 && buf_len(&out) < PART_MAX);
    take(&out, &told);
    assert_int_equal(told.next, sequence); // not behind what was told in part only
    while (feed(world, ROOM, &out).more)
        take(&out, &told);
    take(&out, &told);
    assert_int_equal(told.next, sequence + 1);
    assert_true(told.parts > 2);
    assert_int_equal(told.changes[KIND(OFFER)], offers);
    assert_int_equal(told.changes[KIND(PARTNER)], 1);
    watch_drop_all(&world->session.watches);
    buf_free(&out);
    assert_told(world, sequence, (const size_t[]){1, offers, 0, 0});
    rpc_world_close(world);
}

// A client that takes nothing costs a bounded part, whatever happens, and the watches share what room is.
static void
test_output_is_bounded(void **state)
{
    struct rpc_world *world = rpc_world_open();
    const size_t room = 1024;
    struct buf out = {0};
    size_t held, told[WATCH_MAX] = {0};

    (void)state;
    (void)rpc_world_registry(world, "p", 3000, NULL);
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    for (unsigned i = 0; i < WATCH_MAX; i++)
        watch(world, 1);
    (void)feed(world, room, &out);
    held = buf_len(&out);
    assert_true(held > 0 && held < room + PART_MAX);
    for (unsigned i = 0; i < 100; i++)
        assert_true(feed(world, room, &out).more);
    assert_int_equal(buf_len(&out), held);
    for (unsigned i = 0; i < WATCH_MAX; i++) { // each in its turn
        struct told one = {0};

        take(&out, &one);
        assert_int_equal(one.parts, 1);
        for (unsigned j = 0; j < i; j++)
            assert_true(one.next == told[j]);
        told[i] = one.next;
        (void)feed(world, room, &out);
    }
    buf_free(&out);
    rpc_world_close(world);
}

static void
test_lag(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__Response *response;
    struct buf out = {0};

    (void)state;
    (void)rpc_world_registry(world, "p", 300, NULL);
    world->limits.watch_lag = 100;
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    watch(world, 1); // further behind than that from the start
    assert_int_equal(buf_append(&out, "full", 4), 0);
    assert_true(feed(world, 4, &out).more);
    (void)rpc_world_registry(world, "q", 99, NULL);
    assert_false(feed(world, 4, &out).ended);
    (void)rpc_world_registry(world, "r", 0, NULL);
    assert_false(feed(world, 5, &out).ended); // takes what it gets
    buf_truncate(&out, 4);
    watch_drop_all(&world->session.watches);
    watch(world, 1);
    (void)rpc_world_registry(world, "s", 100, NULL);
    assert_true(feed(world, 4, &out).ended);
    assert_int_equal(world->session.watches.count, 0);
    buf_consume(&out, 4);
    response = rpc_world_take(&out);
    assert_int_equal(response->id, 5);
    assert_int_equal(response->status->code, CODE_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(response->status->message, "resume from sequence 1"));
    assert_int_equal(response->watch->next_sequence, 1);
    kansen__v1__response__free_unpacked(response, NULL);
    buf_free(&out);
    rpc_world_close(world);
}

static void
trim(struct rpc_world *world, uint64_t keep, unsigned most, uint64_t first)
{
    uint64_t now = 0;

    assert_int_equal(txn_begin(world->store.write), 0);
    assert_int_equal(journal_trim(world->store.write, keep, most), 0);
    assert_int_equal(txn_commit(world->store.write), 0);
    assert_int_equal(txn_begin(world->store.read), 0);
    assert_int_equal(journal_first(world->store.read, &now), 0);
    txn_end(world->store.read);
    assert_int_equal(now, first);
}

static void
test_trim(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__WatchRequest given = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__Response *response;
    struct buf out = {0};

    (void)state;
    (void)rpc_world_registry(world, "p", 89, NULL); // with the taxonomy: 100 entries
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    watch(world, 5);
    trim(world, 100, 1000, 1);
    trim(world, 200, 1000, 1);
    trim(world, 40, 7, 8);
    assert_true(feed(world, ROOM, &out).ended);
    response = rpc_world_take(&out);
    assert_int_equal(response->status->code, CODE_OUT_OF_RANGE);
    assert_int_equal(response->watch->next_sequence, 8);
    assert_int_equal(response->watch->first_sequence, 8);
    kansen__v1__response__free_unpacked(response, NULL);
    buf_free(&out);
    trim(world, 40, 1000, 61);
    given.from_sequence = 60;
    response = rpc_world_ask(world, BODY(WATCH), &given, CODE_OUT_OF_RANGE);
    assert_int_equal(response->watch->first_sequence, 61);
    kansen__v1__response__free_unpacked(response, NULL);
    watch(world, 61);
    assert_int_equal(tell_all(world).changes[KIND(OFFER)], 40);
    rpc_world_close(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_told_what),
        cmocka_unit_test(test_large_entry),
        cmocka_unit_test(test_output_is_bounded),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_trim),
    };

    return cmocka_run_group_tests_name("watches", tests, NULL, NULL);
}
