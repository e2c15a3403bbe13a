// SPDX-License-Identifier: Apache-2.0
// The template of the store is its file, read when it was filled and closed. Invariant: between two resets
// the writer has at most one job, and its answer is waited for.
#include "tests/fuzz/world.h"
#include "auth/secret.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/frame.h"
#include "proto/rows.h"
#include "rpc/answer_dump.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "store/check.h"
#include "store/store.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world_data.h"
#include "work/erasures.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/rules.h"
#include "work/writer.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256u
#define MAP_BYTES  (UINT64_C(16) << 20)
#define DAY_US     (24 * HOUR_US)
#define HOUR_US    INT64_C(3600000000)
#define ROOM       (64u << 10) // bytes of answers to watches at a time

struct world {
    char dir[PATH_BYTES], file[PATH_BYTES + 16], list[PATH_BYTES + 16]; // the store's file, that of erasures
    uint8_t *template;
    size_t template_bytes;
    struct erasures *erasures;
    struct log log;
    struct limits limits;
    struct service service;
    struct rules_source rules;
    struct mailbox worker, owner, clock;
    struct rpc_env *env, *reading_env;
    struct readings *readings;
    _Atomic bool reading_ended; // never
    struct session sessions[WORLD_CONNECTIONS];
    bool open, written;
    unsigned resets; // after something was written
};

static const struct identity identities[WORLD_CONNECTIONS] = {
    {.role = ROLE_OPERATOR, .client = "local", .actor = "unix:uid=0"},
    {.role = ROLE_PORTAL, .client = "portal", .source = "portal", .actor = "portal", .listed = true},
    {.role = ROLE_PARTNER, .client = "club", .source = "club", .actor = "club", .partner = 1, .listed = true},
    {.role = ROLE_REGISTRAR, .client = "clubs", .source = "clubs", .actor = "clubs", .listed = true},
};

// The clients of those that are in the store, which may be suspended.
static const struct {
    const char *name;
    Kansen__V1__Role role;
    uint64_t partner;
} world_clients[] = {{"portal", KANSEN__V1__ROLE__ROLE_PORTAL, 0},
                     {"club", KANSEN__V1__ROLE__ROLE_PARTNER, 1},
                     {"clubs", KANSEN__V1__ROLE__ROLE_REGISTRAR, 0}};

// ---- Open and closed

static void
start_writer(struct world *world)
{
    const struct rules rules = {
        .group = 100,
        .max_holds = 5,
        .journal_keep = 1000,
        .retain = {.placements_us = 20 * DAY_US, .students_us = 30 * DAY_US, .journal_us = 40 * DAY_US}};
    struct queue_options queue = {.max_jobs = 16, .max_bytes = 16 << 20, .workers = 2};
    struct writer_options writer = {.store = world->service.store,
                                    .mailboxes = &world->worker,
                                    .workers = 1,
                                    .clock = &world->clock,
                                    .owner = &world->owner,
                                    .log = &world->log,
                                    .rules = &world->rules,
                                    .erasures = world->erasures};

    world->service.queue = writer.queue = queue_new(&queue);
    assert(rules_open(&world->rules, &rules) == 0);
    assert(world->service.queue != NULL && writer_start(&writer, &world->service.writer) == 0);
}

static void
open_store(struct world *world)
{
    struct store_options options = {.dir = world->dir, .map_bytes = MAP_BYTES};
    struct fault fault;

    assert(store_open(&options, &world->service.store, &fault) == 0);
    assert(erasures_open(world->list, &world->erasures, &fault) == 0);
    start_writer(world);
    world->env = rpc_env_new(&world->service, 0, NULL);
    world->reading_env = rpc_env_new(&world->service, 0, &world->reading_ended);
    assert(world->env != NULL && world->reading_env != NULL);
    for (unsigned i = 0; i < WORLD_CONNECTIONS; i++)
        world->sessions[i] = (struct session){.identity = identities[i], .connection = i + 1};
    world->open = true;
    world->written = false;
}

static void
close_store(struct world *world)
{
    if (!world->open)
        return;
    for (unsigned i = 0; i < WORLD_CONNECTIONS; i++) {
        watch_drop_all(&world->sessions[i].watches);
        answer_dump_leave(&world->service, &world->sessions[i]);
    }
    rpc_env_free(world->env);
    rpc_env_free(world->reading_env);
    queue_close(world->service.queue);
    writer_finish(world->service.writer);
    rules_close(&world->rules);
    queue_free(world->service.queue);
    erasures_close(world->erasures);
    store_close(world->service.store);
    world->open = false;
}

// ---- Asking

// Waits for the job that the writer has.
static struct job *
wait_for_job(struct world *world)
{
    struct pollfd poll_fd = {.fd = world->worker.event_fd, .events = POLLIN};
    struct mail *mail = NULL;
    unsigned notices;

    while (mail == NULL) {
        (void)poll(&poll_fd, 1, -1);
        mail = mailbox_take(&world->worker, &notices);
    }
    assert(mail->kind == MAIL_JOB && mail->next == NULL);
    return (struct job *)mail;
}

int
world_ask(struct world *world, unsigned connection, bool late, const uint8_t *request, size_t len,
          struct buf *out)
{
    int64_t arrived_us = clock_steady_us() + (late ? -HOUR_US : HOUR_US);
    struct session *session = &world->sessions[connection];
    uint8_t *copy = malloc(len + 1); // ends where the bytes end, and is gone when the job runs
    struct job *job;
    int rc;

    assert(copy != NULL);
    memcpy(copy, request, len);
    rc = rpc_handle(world->env, session, arrived_us, copy, len, out);
    rpc_pause(world->env);
    free(copy);
    if (rc != RPC_QUEUED) {
        assert(rc == RPC_ANSWERED || rc == RPC_CLOSE || rc == RPC_ENDED);
        return rc == RPC_ENDED ? (int)RPC_CLOSE : rc;
    }
    world->written = true;
    job = wait_for_job(world);
    rc = rpc_answer_job(world->env, session, job, out);
    assert(rc == RPC_ANSWERED || rc == RPC_ENDED);
    job_free(job);
    rpc_pause(world->env);
    return rc == RPC_ENDED ? (int)RPC_CLOSE : (int)RPC_ANSWERED;
}

// What a reading thread does.
static void
read_long(struct world *world, struct reading *reading)
{
    struct session session = {.identity = reading->identity, .connection = reading->connection, .open = true};

    assert(rpc_handle(world->reading_env, &session, reading->arrived_us, reading->payload, reading->len,
                      &reading->out) == RPC_ANSWERED);
    rpc_pause(world->reading_env);
}

int
world_ask_long(struct world *world, unsigned connection, bool late, const uint8_t *request, size_t len,
               struct buf *out)
{
    struct session *session = &world->sessions[connection];
    struct reading *reading;
    int rc;

    world->service.readings = world->readings;
    world->limits.read_budget = 1;
    rc = rpc_handle(world->env, session, clock_steady_us() + (late ? -HOUR_US : HOUR_US), request, len, out);
    rpc_pause(world->env);
    world->service.readings = NULL;
    if (rc != RPC_READING)
        return rc;
    reading = readings_take(world->readings);
    read_long(world, reading);
    rc = rpc_may_answer(world->env, session, out);
    rpc_pause(world->env);
    assert(rc == RPC_ANSWERED && buf_append(out, buf_bytes(&reading->out), buf_len(&reading->out)) == 0);
    reading_free(reading);
    return rc;
}

void
world_feed(struct world *world, unsigned connection, struct buf *out)
{
    struct session *session = &world->sessions[connection];
    struct watch_fed fed = {.more = true};

    for (unsigned turns = 0; session->watches.count > 0 && fed.more && turns < 1000; turns++) {
        rpc_pause(world->env);
        assert(rpc_feed(world->env, session, buf_len(out) + ROOM, out, &fed) == 0);
        rpc_pause(world->env);
    }
}

void
world_tick(struct world *world)
{
    static Kansen__V1__Tick tick = KANSEN__V1__TICK__INIT;
    static Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct job *job = job_new((size_t)64 << 20);

    write.operation_case = KANSEN__V1__WRITE__OPERATION_TICK;
    write.tick = &tick;
    assert(job != NULL);
    job->writes = arena_array(job->arena, 1, sizeof(Kansen__V1__Write *));
    job->results = arena_array(job->arena, 1, sizeof job->results[0]);
    job->secrets = arena_array(job->arena, 1, sizeof job->secrets[0]);
    assert(job->writes != NULL && job->results != NULL && job->secrets != NULL);
    secret_random(job->secrets[0].random, sizeof job->secrets[0].random);
    job->writes[0] = &write;
    job->n_writes = 1;
    job->movers = MOVER_CLOCK;
    snprintf(job->actor, sizeof job->actor, "clock");
    assert(queue_push(world->service.queue, job) == 0);
    world->written = true;
    job = wait_for_job(world);
    assert(job->fault.code == CODE_OK && job->results[0].status == NULL);
    job_free(job);
}

// ---- Filling

static void
fill_one(struct world *world, Kansen__V1__Write *write)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__Response *response;
    struct buf out = {0};
    struct frame frame;
    uint8_t *bytes;
    size_t len;

    request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
    request.write = write;
    len = kansen__v1__request__get_packed_size(&request);
    bytes = malloc(len);
    assert(bytes != NULL);
    kansen__v1__request__pack(&request, bytes);
    assert(world_ask(world, 0, false, bytes, len, &out) == RPC_ANSWERED);
    assert(frame_decode(buf_bytes(&out), buf_len(&out), FRAME_DEFAULT_MAX, &frame) == FRAME_WHOLE);
    response = kansen__v1__response__unpack(NULL, frame.payload_len, buf_bytes(&out) + frame.header_len);
    assert(response != NULL && response->status == NULL);
    kansen__v1__response__free_unpacked(response, NULL);
    buf_free(&out);
    free(bytes);
}

static int
on_write(void *arg, size_t line, const Kansen__V1__Write *write)
{
    (void)line;
    fill_one(arg, (Kansen__V1__Write *)write);
    return 0;
}

static int
on_error(void *arg, const struct rows_error *error)
{
    (void)arg;
    fprintf(stderr, "%zu:%zu: %s: %s\n", error->line, error->column, error->field, error->message);
    abort();
}

static void
fill_table(struct world *world, const struct rows_table *table, const char *text)
{
    struct rows_sink sink = {on_write, on_error, world};
    FILE *file = fmemopen((char *)text, strlen(text), "r");

    assert(file != NULL && rows_read(table, file, "", &sink) == 0);
    fclose(file);
}

static void
fill_clients(struct world *world)
{
    for (size_t i = 0; i < sizeof world_clients / sizeof world_clients[0]; i++) {
        Kansen__V1__Client client = KANSEN__V1__CLIENT__INIT;
        Kansen__V1__CreateClient create = KANSEN__V1__CREATE_CLIENT__INIT;
        Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;

        client.name = (char *)world_clients[i].name;
        client.role = world_clients[i].role;
        client.partner_id = world_clients[i].partner;
        client.certificate_login = true; // sessions here come without a token
        create.client = &client;
        write.operation_case = KANSEN__V1__WRITE__OPERATION_CREATE_CLIENT;
        write.create_client = &create;
        fill_one(world, &write);
    }
}

// The only seat of bedrijf/vol is taken, one waits for it, and one is in the draw.
static void
fill_placements(struct world *world)
{
    static const struct {
        uint64_t offer;
        const char *student;
        bool request;
    } wanted[] = {{1, "s1", false}, {4, "s1", true}, {4, "s2", true}, {5, "s3", true}, {2, "s2", true}};

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;
        Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;

        reserve.offer_id = wanted[i].offer;
        reserve.student = (char *)wanted[i].student;
        reserve.request = wanted[i].request;
        reserve.wait = reserve.referred = true;
        write.operation_case = KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT;
        write.reserve_placement = &reserve;
        fill_one(world, &write);
    }
}

static void
read_template(struct world *world)
{
    int fd = open(world->file, O_RDONLY | O_CLOEXEC);
    struct stat stat;

    assert(fd >= 0 && fstat(fd, &stat) == 0);
    world->template_bytes = (size_t)stat.st_size;
    world->template = malloc(world->template_bytes);
    assert(world->template != NULL);
    assert(read(fd, world->template, world->template_bytes) == stat.st_size);
    close(fd);
}

struct world *
world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    const char *place = getenv("TMPDIR");
    struct fault fault;

    assert(world != NULL);
    chance_reset();
    snprintf(world->dir, sizeof world->dir, "%s/world-XXXXXX", place == NULL ? "/tmp" : place);
    assert(mkdtemp(world->dir) != NULL);
    snprintf(world->file, sizeof world->file, "%s/%s", world->dir, STORE_FILE);
    snprintf(world->list, sizeof world->list, "%s/erasures", world->dir);
    world->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    world->limits = (struct limits){.max_in_flight = 256,
                                    .max_connections = 10,
                                    .watch_lag = 1000000,
                                    .write_timeout_us = 60000000,
                                    .long_read_us = HOUR_US};
    world->service = (struct service){.log = &world->log,
                                      .workers = 1,
                                      .max_frame = FRAME_DEFAULT_MAX,
                                      .request_memory = 4 << 20,
                                      .max_batch_writes = 50,
                                      .limits = &world->limits,
                                      .state = SERVICE_SERVING};
    assert(mailbox_init(&world->worker) == 0 && mailbox_init(&world->owner) == 0 &&
           mailbox_init(&world->clock) == 0);
    assert(secret_open(world->dir, &world->service.secret, &fault) == 0);
    world->readings = readings_new(2, 1);
    assert(world->readings != NULL);
    open_store(world);
    world->sessions[0].open = true;
    fill_table(world, &rows_interests, world_interests);
    fill_table(world, &rows_regions, world_regions);
    fill_table(world, &rows_postcodes, world_postcodes);
    fill_table(world, &rows_partners, world_partners);
    fill_table(world, &rows_offers, world_offers);
    fill_clients(world);
    fill_placements(world);
    close_store(world);
    read_template(world);
    open_store(world);
    return world;
}

// ---- The first state again

static void
verify(const struct world *world)
{
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);
    int rc;

    assert(out != NULL);
    rc = check_run(world->dir, out);
    fclose(out);
    if (rc != 0)
        fprintf(stderr, "the store is not well:\n%s", said);
    assert(rc == 0);
    free(said);
}

static void
put_template(const struct world *world)
{
    int fd = open(world->file, O_WRONLY | O_TRUNC | O_CLOEXEC);

    assert(fd >= 0);
    assert(write(fd, world->template, world->template_bytes) == (ssize_t)world->template_bytes);
    close(fd);
    unlink(world->list);
}

void
world_reset(struct world *world, unsigned often)
{
    chance_reset();
    for (unsigned i = 0; i < WORLD_CONNECTIONS; i++) {
        watch_drop_all(&world->sessions[i].watches);
        answer_dump_leave(&world->service, &world->sessions[i]);
        world->sessions[i] = (struct session){.identity = identities[i], .connection = i + 1};
    }
    if (world->open && !world->written)
        return;
    if (world->open) {
        close_store(world);
        if (often != 0 && world->resets++ % often == 0)
            verify(world);
    }
    put_template(world);
    open_store(world);
}

const char *
world_close(struct world *world)
{
    close_store(world);
    put_template(world);
    return world->dir;
}

struct session *
world_session(struct world *world, unsigned connection)
{
    return &world->sessions[connection];
}
