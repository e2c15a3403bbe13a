// SPDX-License-Identifier: Apache-2.0
// Two clients with a token each. One sends matches as fast as they are taken, over several connections, and
// reads every answer; the other one asks for a match now and then. Windows of three kinds take turns in one
// run: quiet; the flood by the token, whose rate is limited; and the same flood by sessions that no limit is
// for, to show what the limit spares the other. Of each kind stands the median, over its windows, of the 99th
// percentile of the other's latency in a window. Asserted is that the limited flood leaves it less than half
// of what the flood without a limit makes of it, in one of ATTEMPTS runs, as on a machine that is busy with
// other things a flood is thin; and that there was a flood, most of which was refused. It comes from threads
// that give way to all others, as one from another machine would. Also asserted, in each run, is that a
// request of the limited flood takes less than half of the CPU that one of the other flood takes of the
// workers, which does not depend on what else runs. How often the latency in quiet it is, is printed, and
// reported by `make bench` (section security).
#include "tests/unit/worker_fixture.h"
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define OFFERS   300u
#define FLOODERS 4u   // connections
#define PIPELINE 64u  // requests that each of them has under way
#define TURNS    9u   // windows of a kind
#define ASKED    150u // requests in a window
#define PAUSE_US 2000 // between them
#define RATE     600u
#define BURST    100u
#define ATTEMPTS 3u

enum window {
    QUIET,
    LIMITED,
    UNLIMITED,
    WINDOWS,
};

struct flooder {
    int fd;
    enum window window; // in which it floods
    _Atomic int *now;   // enum window
    _Atomic bool *end;
    const uint8_t *frames;
    size_t len;                         // of PIPELINE frames
    _Atomic uint64_t answered, refused; // requests
    pthread_t thread;
};

struct test {
    struct workers *workers;
    struct flooder flooders[2 * FLOODERS];
    _Atomic int now; // enum window
    _Atomic bool end;
    uint8_t frames[PIPELINE * 256];
    int fd; // of the other token
};

static size_t
match_frame(uint8_t *out, size_t size)
{
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;
    Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__Request request = workers_request(KANSEN__V1__REQUEST__BODY_MATCH, &match);

    query.region = (char *)"NL";
    query.limit = 50;
    match.query = &query;
    return workers_frame(&request, out, size);
}

// ---- The flood

static void
give_way(void)
{
    struct sched_param param = {0};

    (void)sched_setscheduler(0, SCHED_IDLE, &param); // of this thread
}

static void *
flood(void *arg)
{
    struct flooder *flooder = arg;

    give_way();
    while (!atomic_load(flooder->end)) {
        if (atomic_load(flooder->now) != (int)flooder->window) {
            poll(NULL, 0, 1);
            continue;
        }
        assert_int_equal(send(flooder->fd, flooder->frames, flooder->len, MSG_NOSIGNAL), flooder->len);
        for (unsigned i = 0; i < PIPELINE; i++) {
            int code = workers_code(flooder->fd, NULL);

            assert_true(code == CODE_OK || code == CODE_RESOURCE_EXHAUSTED);
            atomic_fetch_add(code == CODE_OK ? &flooder->answered : &flooder->refused, 1);
        }
    }
    return NULL;
}

static void
fill_store(struct fixture *store)
{
    static char *interests[] = {(char *)"sport.voetbal"};
    uint64_t partner = fixture_upsert_partner(store, fixture_partner("p", "GM0606")).id;

    for (unsigned i = 0; i < OFFERS; i++) {
        char name[16];

        snprintf(name, sizeof name, "o%u", i);
        assert_null(fixture_upsert_offer(store, fixture_offer(name, partner, interests)).status);
    }
}

// Makes a client and a token for it.
static void
make_token(struct workers *workers, const char *name, char text[TOKEN_TEXT_MAX])
{
    assert_null(token_fixture_client(&workers->store, name, KANSEN__V1__ROLE__ROLE_PORTAL, 0).status);
    assert_null(token_fixture_issue(&workers->store, workers->secret, name, 0, text).status);
}

// A connection of nobody, which a token opens.
static int
open_by(struct workers *workers, unsigned worker, const char *token)
{
    int fd = workers_connect_as(workers, worker, &(struct identity){.actor = "nobody"});

    assert_int_equal(workers_hello_by(fd, token), CODE_OK);
    return fd;
}

static void
start_flooder(struct test *test, unsigned number, enum window window, int fd, size_t len)
{
    struct flooder *flooder = &test->flooders[number];

    flooder->fd = fd;
    flooder->window = window;
    flooder->now = &test->now;
    flooder->end = &test->end;
    flooder->frames = test->frames;
    flooder->len = len;
    assert_int_equal(pthread_create(&flooder->thread, NULL, flood, flooder), 0);
}

static struct test *
start(void)
{
    char flooding[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];
    struct test *test = calloc(1, sizeof *test);
    size_t len = 0;

    assert_non_null(test);
    test->workers = workers_open(&(struct quota_options){0, RATE, BURST});
    fill_store(&test->workers->store);
    make_token(test->workers, "flood", flooding);
    make_token(test->workers, "other", other);
    workers_start(test->workers);
    for (unsigned i = 0; i < PIPELINE; i++)
        len += match_frame(test->frames + len, sizeof test->frames - len);
    for (unsigned i = 0; i < FLOODERS; i++) {
        int fd = workers_connect(test->workers, i % WORKERS, 0);

        assert_int_equal(workers_hello(fd), CODE_OK);
        start_flooder(test, i, LIMITED, open_by(test->workers, i % WORKERS, flooding), len);
        start_flooder(test, FLOODERS + i, UNLIMITED, fd, len);
    }
    test->fd = open_by(test->workers, 0, other);
    return test;
}

static void
stop(struct test *test)
{
    uint64_t refused = 0;

    atomic_store(&test->end, true);
    for (unsigned i = 0; i < 2 * FLOODERS; i++) {
        pthread_join(test->flooders[i].thread, NULL);
        refused += atomic_load(&test->flooders[i].refused);
        close(test->flooders[i].fd);
    }
    assert_int_equal(workers_count(test->workers, COUNTER_RATE_TOKEN), refused);
    close(test->fd);
    workers_close(test->workers);
    free(test);
}

// ---- The other one

static int
compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

// Asks, and notes how long each answer took, in microseconds.
static void
ask(struct test *test, int64_t latencies[ASKED])
{
    uint8_t frame[256];
    size_t len = match_frame(frame, sizeof frame);

    for (unsigned i = 0; i < ASKED; i++) {
        int64_t sent = clock_steady_us();

        assert_int_equal(send(test->fd, frame, len, MSG_NOSIGNAL), len);
        assert_int_equal(workers_code(test->fd, NULL), CODE_OK);
        latencies[i] = clock_steady_us() - sent;
        usleep(PAUSE_US);
    }
}

static int64_t
read_clock(clockid_t clock)
{
    struct timespec now;

    assert_int_equal(clock_gettime(clock, &now), 0);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

// Nanoseconds of CPU that the workers have used: those of all threads but the ones of the test.
static int64_t
workers_cpu(const struct test *test)
{
    int64_t ns = read_clock(CLOCK_PROCESS_CPUTIME_ID) - read_clock(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < 2 * FLOODERS; i++) {
        clockid_t clock;

        assert_int_equal(pthread_getcpuclockid(test->flooders[i].thread, &clock), 0);
        ns -= read_clock(clock);
    }
    return ns;
}

struct seen {
    int64_t cpu_ns[WINDOWS]; // of the workers
    int64_t latencies[WINDOWS][TURNS][ASKED];
    uint64_t us[WINDOWS];                         // in windows of a kind
    uint64_t answered[WINDOWS], refused[WINDOWS]; // of the flood
    int64_t late[WINDOWS];                        // what p99 says
};

static void
measure(struct test *test, struct seen *seen)
{
    for (unsigned i = 0; i < TURNS * WINDOWS; i++) {
        int64_t started = clock_steady_us(), cpu = workers_cpu(test);

        atomic_store(&test->now, (int)(i % WINDOWS));
        poll(NULL, 0, 20); // until the flood is under way
        ask(test, seen->latencies[i % WINDOWS][i / WINDOWS]);
        atomic_store(&test->now, QUIET);
        seen->us[i % WINDOWS] += (uint64_t)(clock_steady_us() - started);
        poll(NULL, 0, 20); // until it has ebbed
        seen->cpu_ns[i % WINDOWS] += workers_cpu(test) - cpu;
    }
    for (unsigned i = 0; i < 2 * FLOODERS; i++) {
        const struct flooder *flooder = &test->flooders[i];

        seen->answered[flooder->window] += atomic_load(&flooder->answered);
        seen->refused[flooder->window] += atomic_load(&flooder->refused);
    }
}

// The 99th percentile of each window, and of those the median: what else the machine does comes in bursts.
static int64_t
p99(int64_t (*turns)[ASKED])
{
    int64_t late[TURNS];

    for (unsigned i = 0; i < TURNS; i++) {
        qsort(turns[i], ASKED, sizeof turns[i][0], compare);
        late[i] = turns[i][ASKED * 99 / 100 - 1];
    }
    qsort(late, TURNS, sizeof late[0], compare);
    return late[TURNS / 2];
}

// Nanoseconds of the workers' CPU that a request of the flood took, answered or refused. The other one asks
// the same in each window.
static double
cost(const struct seen *seen, enum window window)
{
    uint64_t requests = seen->answered[window] + seen->refused[window];

    return (double)(seen->cpu_ns[window] - seen->cpu_ns[QUIET]) / (double)requests;
}

static void
tell(const struct seen *seen)
{
    static const char *const names[WINDOWS] = {"quiet", "a flood with token_rate", "a flood without"};

    for (unsigned i = 0; i < WINDOWS; i++)
        printf("%s: p99 of the other %" PRId64
               " us, %.2f times; the flood has %.0f answers and %.0f refusals a "
               "second\n",
               names[i], seen->late[i], (double)seen->late[i] / (double)seen->late[QUIET],
               (double)seen->answered[i] * 1e6 / (double)seen->us[i],
               (double)seen->refused[i] * 1e6 / (double)seen->us[i]);
}

static void
run(struct seen *seen)
{
    struct test *test = start();

    *seen = (struct seen){0};
    measure(test, seen);
    stop(test);
    for (unsigned i = 0; i < WINDOWS; i++)
        seen->late[i] = p99(seen->latencies[i]);
    tell(seen);
}

static bool
is_spared(const struct seen *seen)
{
    return 2 * seen->late[LIMITED] < seen->late[UNLIMITED];
}

static void
test_flood(void **state)
{
    static struct seen seen;
    bool spared = false;

    (void)state;
    for (unsigned attempt = 0; attempt < ATTEMPTS && !spared; attempt++) {
        run(&seen);
        assert_true(seen.refused[LIMITED] > seen.answered[LIMITED]); // it was a flood
        assert_true(seen.answered[UNLIMITED] > seen.answered[LIMITED]);
        assert_int_equal(seen.refused[UNLIMITED], 0);
        printf("a request of the flood takes %.0f ns of the workers with token_rate, %.0f ns without\n",
               cost(&seen, LIMITED), cost(&seen, UNLIMITED));
        assert_true(2 * cost(&seen, LIMITED) < cost(&seen, UNLIMITED));
        spared = is_spared(&seen);
    }
    assert_true(spared);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests_name("flood", tests, NULL, NULL);
}
