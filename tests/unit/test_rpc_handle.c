// SPDX-License-Identifier: Apache-2.0
// Requests without sockets: who may ask what and when, answers, the way of a write to the queue and back,
// full queues, pages and cursors.
#include "base/clock.h"
#include "base/log.h"
#include "proto/frame.h"
#include "rpc/limits.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "tests/unit/store_fixture.h"
#include "work/job.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/rules.h"
#include "work/writer.h"
#include <kansen/v1/protocol.pb-c.h>
#include <poll.h>
#include <string.h>

#define BODY(name)   KANSEN__V1__REQUEST__BODY_##name
#define ANSWER(name) KANSEN__V1__RESPONSE__BODY_##name

struct world {
    struct fixture store;
    struct log log;
    struct limits limits;
    struct service service;
    struct rpc_env *env;
    struct session session;
    struct mailbox worker, owner;
    struct rules_source rules;
};

static struct world *
open_world(bool with_writer)
{
    struct world *world = calloc(1, sizeof *world);
    struct queue_options queue = {2, 1 << 20, 1};

    assert_non_null(world);
    fixture_start(&world->store);
    world->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    world->limits = (struct limits){.max_in_flight = 4};
    world->service = (struct service){.store = world->store.store,
                                      .queue = queue_new(&queue),
                                      .log = &world->log,
                                      .workers = 1,
                                      .max_frame = FRAME_DEFAULT_MAX,
                                      .request_memory = 1 << 20,
                                      .limits = &world->limits,
                                      .max_batch_writes = 10,
                                      .state = SERVICE_SERVING};
    assert_int_equal(mailbox_init(&world->worker), 0);
    assert_int_equal(mailbox_init(&world->owner), 0);
    if (with_writer) {
        const struct rules rules = {.group = 100};
        struct writer_options writer = {.store = world->store.store,
                                        .queue = world->service.queue,
                                        .mailboxes = &world->worker,
                                        .workers = 1,
                                        .owner = &world->owner,
                                        .log = &world->log,
                                        .rules = &world->rules};

        assert_int_equal(rules_open(&world->rules, &rules), 0);
        assert_int_equal(writer_start(&writer, &world->service.writer), 0);
    }
    world->env = rpc_env_new(&world->service, 0, NULL);
    assert_non_null(world->env);
    world->session = (struct session){.identity = {.role = ROLE_OPERATOR, .client = "local", .actor = "test"},
                                      .connection = 77};
    return world;
}

static void
close_world(struct world *world)
{
    queue_close(world->service.queue);
    if (world->service.writer == NULL) {
        struct job *job = queue_take(world->service.queue, 1000, 0);

        while (job != NULL) {
            struct job *next = (struct job *)job->mail.next;

            job_free(job);
            job = next;
        }
    }
    writer_finish(world->service.writer);
    if (world->service.writer != NULL)
        rules_close(&world->rules);
    rpc_env_free(world->env);
    mailbox_destroy(&world->worker);
    mailbox_destroy(&world->owner);
    queue_free(world->service.queue);
    fixture_end(&world->store);
    free(world);
}

// Takes the one frame in out.
static Kansen__V1__Response *
take_response(struct buf *out)
{
    Kansen__V1__Response *response;
    struct frame frame;

    assert_int_equal(frame_decode(buf_bytes(out), buf_len(out), FRAME_DEFAULT_MAX, &frame), FRAME_WHOLE);
    assert_int_equal(frame.header_len + frame.payload_len, buf_len(out));
    response = kansen__v1__response__unpack(NULL, frame.payload_len, buf_bytes(out) + frame.header_len);
    assert_non_null(response);
    buf_free(out);
    return response;
}

static int
handle(struct world *world, const Kansen__V1__Request *request, Kansen__V1__Response **response)
{
    uint8_t bytes[8192];
    size_t len = kansen__v1__request__get_packed_size(request);
    struct buf out = {0};
    int rc;

    assert_true(len <= sizeof bytes);
    kansen__v1__request__pack(request, bytes);
    rc = rpc_handle(world->env, &world->session, clock_steady_us(), bytes, len, &out);
    rpc_pause(world->env);
    *response = NULL;
    if (rc == RPC_ANSWERED || rc == RPC_CLOSE)
        *response = take_response(&out);
    else
        assert_int_equal(buf_len(&out), 0);
    return rc;
}

// Asks, and checks the code and the field of the answer; returns it.
static Kansen__V1__Response *
ask(struct world *world, const Kansen__V1__Request *request, enum code code, const char *field)
{
    Kansen__V1__Response *response;

    assert_int_equal(handle(world, request, &response), RPC_ANSWERED);
    assert_int_equal(response->id, request->id);
    if (code == CODE_OK) {
        assert_null(response->status);
    } else {
        assert_non_null(response->status);
        assert_int_equal(response->status->code, code);
        assert_string_equal(response->status->field, field);
        assert_int_equal(response->body_case, ANSWER(_NOT_SET));
    }
    return response;
}

static void
refuse(struct world *world, const Kansen__V1__Request *request, enum code code, const char *field)
{
    kansen__v1__response__free_unpacked(ask(world, request, code, field), NULL);
}

static Kansen__V1__Request
request_of(uint32_t body, void *message)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    request.id = 5;
    request.body_case = body;
    request.ping = message; // all members of the union are pointers
    return request;
}

static void
say_hello(struct world *world)
{
    Kansen__V1__HelloRequest hello = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(HELLO), &hello);
    Kansen__V1__Response *response;

    hello.protocol_version = 1;
    response = ask(world, &request, CODE_OK, "");
    assert_int_equal(response->body_case, ANSWER(HELLO));
    assert_string_equal(response->hello->role, "operator");
    assert_int_equal(response->hello->max_in_flight, 4);
    kansen__v1__response__free_unpacked(response, NULL);
}

static void
test_hello_comes_first(void **state)
{
    struct world *world = open_world(false);
    Kansen__V1__HelloRequest hello = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__HealthRequest health = KANSEN__V1__HEALTH_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(HELLO), &hello);

    (void)state;
    hello.protocol_version = 2;
    refuse(world, &request, CODE_FAILED_PRECONDITION, "protocol_version");
    for (uint32_t body = BODY(STATUS); body <= BODY(LIST_TOKENS); body++) {
        uint8_t bytes[] = {0x08, 5, (uint8_t)(body << 3 | 2), 0, 0}; // an empty message is one of every kind
        Kansen__V1__Response *response;
        struct buf out = {0};

        if (protobuf_c_message_descriptor_get_field(&kansen__v1__request__descriptor, body) == NULL)
            continue;
        if (body > 15) { // the tag takes two bytes
            bytes[2] |= 0x80;
            bytes[3] = (uint8_t)(body >> 4);
        }
        assert_int_equal(rpc_handle(world->env, &world->session, 0, bytes, body > 15 ? 5 : 4, &out),
                         RPC_ANSWERED);
        response = take_response(&out);
        assert_int_equal(response->status->code, CODE_FAILED_PRECONDITION);
        assert_string_equal(response->status->field, "hello");
        kansen__v1__response__free_unpacked(response, NULL);
    }
    request = request_of(BODY(PING), &ping);
    kansen__v1__response__free_unpacked(ask(world, &request, CODE_OK, ""), NULL);
    request = request_of(BODY(HEALTH), &health);
    kansen__v1__response__free_unpacked(ask(world, &request, CODE_OK, ""), NULL);
    say_hello(world);
    close_world(world);
}

static void
test_roles(void **state)
{
    struct world *world = open_world(false);
    Kansen__V1__StatusRequest status = KANSEN__V1__STATUS_REQUEST__INIT;
    Kansen__V1__ListTokensRequest tokens = KANSEN__V1__LIST_TOKENS_REQUEST__INIT;
    Kansen__V1__ListInterestsRequest list = KANSEN__V1__LIST_INTERESTS_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(STATUS), &status);
    static const enum role others[] = {ROLE_PORTAL, ROLE_PARTNER, ROLE_REGISTRAR};

    (void)state;
    say_hello(world);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        world->session.identity.role = others[i];
        request = request_of(BODY(STATUS), &status);
        refuse(world, &request, CODE_PERMISSION_DENIED, "");
        request = request_of(BODY(LIST_TOKENS), &tokens);
        refuse(world, &request, CODE_PERMISSION_DENIED, "");
        request = request_of(BODY(LIST_INTERESTS), &list);
        kansen__v1__response__free_unpacked(ask(world, &request, CODE_OK, ""), NULL);
    }
    close_world(world);
}

static void
test_what_is_no_request(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int rc;
        uint64_t id;
        const char *field;
    } frames[] = {
        {"", 0, RPC_ANSWERED, 0, "body"},                                    // asks for nothing
        {"\x08\x07", 2, RPC_ANSWERED, 7, "body"},                            // neither
        {"\x08\x07\xba\x3e\x00", 5, RPC_ANSWERED, 7, "body"},                // a request of a later version
        {"\x08\x07\x52\x03\x12\x01\xff", 7, RPC_ANSWERED, 7, "client_name"}, // no UTF-8
        {"\x08\x07\x52\x03\x12\x01\x00", 7, RPC_ANSWERED, 7, "client_name"}, // a NUL
        {"\xff", 1, RPC_CLOSE, 0, ""},
        {"\x08\x07\x52\x7f", 4, RPC_CLOSE, 0, ""},
    };
    struct world *world = open_world(false);

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct buf out = {0};
        Kansen__V1__Response *response;

        assert_int_equal(
            rpc_handle(world->env, &world->session, 0, (const uint8_t *)frames[i].bytes, frames[i].len, &out),
            frames[i].rc);
        response = take_response(&out);
        assert_int_equal(response->id, frames[i].id);
        assert_int_equal(response->status->code, CODE_INVALID_ARGUMENT);
        assert_string_equal(response->status->field, frames[i].field);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    close_world(world);
}

static Kansen__V1__Write
removal(Kansen__V1__RemoveOffer *remove)
{
    kansen__v1__remove_offer__init(remove);
    remove->id = 999;
    return WRITE(REMOVE_OFFER, remove_offer, remove);
}

static void
test_write_queue(void **state)
{
    struct world *world = open_world(false);
    Kansen__V1__RemoveOffer remove;
    Kansen__V1__Write write = removal(&remove);
    Kansen__V1__Request request = request_of(BODY(WRITE), &write);
    Kansen__V1__Response *response;
    char long_key[130] = "";
    unsigned worker;
    struct job *job;

    (void)state;
    say_hello(world);
    request.deadline_ms = 60000;
    assert_int_equal(handle(world, &request, &response), RPC_QUEUED);
    assert_int_equal(handle(world, &request, &response), RPC_QUEUED);
    assert_int_equal(handle(world, &request, &response), RPC_BUSY);
    job = queue_take(world->service.queue, 1, 0);
    assert_int_equal(job->connection, 77);
    assert_int_equal(job->request, 5);
    assert_string_equal(job->actor, "test");
    assert_int_equal(job->n_writes, 1);
    assert_int_equal(job->writes[0]->remove_offer->id, 999);
    assert_true(job->deadline_us > clock_steady_us());
    job_free(job);
    assert_true(queue_next_waiter(world->service.queue, &worker)); // it was told BUSY
    assert_int_equal(handle(world, &request, &response), RPC_QUEUED);
    request.idempotency_key = (char *)"k";
    assert_int_equal(handle(world, &request, &response), RPC_BUSY);
    job_free(queue_take(world->service.queue, 1, 0));
    memset(long_key, 'k', sizeof long_key - 1);
    request.idempotency_key = long_key;
    refuse(world, &request, CODE_INVALID_ARGUMENT, "idempotency_key");
    close_world(world);
}

// Hands a request to the writer and gives the answer.
static Kansen__V1__Response *
write_and_wait(struct world *world, const Kansen__V1__Request *request)
{
    struct pollfd wait = {.fd = world->worker.event_fd, .events = POLLIN};
    struct buf out = {0};
    struct mail *mail;
    Kansen__V1__Response *response;
    unsigned notices;

    assert_int_equal(handle(world, request, &response), RPC_QUEUED);
    assert_int_equal(poll(&wait, 1, 30000), 1);
    mail = mailbox_take(&world->worker, &notices);
    assert_non_null(mail);
    assert_null(mail->next);
    assert_int_equal(rpc_answer_job(world->env, &world->session, (struct job *)mail, &out), 0);
    job_free((struct job *)mail);
    return take_response(&out);
}

static void
test_writes(void **state)
{
    struct world *world = open_world(true);
    Kansen__V1__Partner partner = fixture_partner("p", "GM0606");
    Kansen__V1__UpsertPartner upsert = KANSEN__V1__UPSERT_PARTNER__INIT;
    Kansen__V1__RemoveOffer remove;
    Kansen__V1__Write good = WRITE(UPSERT_PARTNER, upsert_partner, &upsert), bad = removal(&remove);
    Kansen__V1__Write *writes[11] = {&good, &bad, &good};
    Kansen__V1__BatchRequest batch = KANSEN__V1__BATCH_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(BATCH), &batch);
    Kansen__V1__Response *response;

    (void)state;
    upsert.partner = &partner;
    say_hello(world);
    response = write_and_wait(world, &request); // an empty batch
    assert_int_equal(response->body_case, ANSWER(BATCH));
    assert_int_equal(response->batch->n_results, 0);
    kansen__v1__response__free_unpacked(response, NULL);
    batch.n_writes = 3;
    batch.writes = writes;
    response = write_and_wait(world, &request);
    assert_int_equal(response->batch->n_results, 3);
    assert_int_equal(response->batch->results[0]->outcome, KANSEN__V1__OUTCOME__OUTCOME_CREATED);
    assert_int_equal(response->batch->results[1]->status->code, CODE_NOT_FOUND);
    assert_int_equal(response->batch->results[2]->outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    kansen__v1__response__free_unpacked(response, NULL);
    request = request_of(BODY(WRITE), &bad);
    response = write_and_wait(world, &request);
    assert_int_equal(response->status->code, CODE_NOT_FOUND);
    assert_string_equal(response->write->status->message, response->status->message);
    kansen__v1__response__free_unpacked(response, NULL);
    for (size_t i = 0; i < 11; i++)
        writes[i] = &bad;
    batch.n_writes = 11;
    request = request_of(BODY(BATCH), &batch);
    refuse(world, &request, CODE_INVALID_ARGUMENT, "writes");
    close_world(world);
}

// A job whose deadline has passed is not done and says so.
static void
test_deadline(void **state)
{
    struct world *world = open_world(true);
    Kansen__V1__RemoveOffer remove;
    Kansen__V1__Write write = removal(&remove);
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(PING), &ping);
    uint8_t bytes[64];
    struct buf out = {0};
    struct pollfd wait = {.fd = world->worker.event_fd, .events = POLLIN};
    Kansen__V1__Response *response;
    struct mail *mail;
    unsigned notices;
    size_t len;

    (void)state;
    say_hello(world);
    request.deadline_ms = 1;
    len = kansen__v1__request__pack(&request, bytes);
    assert_int_equal(rpc_handle(world->env, &world->session, clock_steady_us() - 2000000, bytes, len, &out),
                     RPC_ANSWERED);
    response = take_response(&out);
    assert_int_equal(response->status->code, CODE_DEADLINE_EXCEEDED);
    kansen__v1__response__free_unpacked(response, NULL);
    request = request_of(BODY(WRITE), &write);
    request.deadline_ms = 1;
    len = kansen__v1__request__pack(&request, bytes);
    assert_int_equal(rpc_handle(world->env, &world->session, clock_steady_us() - 2000000, bytes, len, &out),
                     RPC_QUEUED);
    assert_int_equal(poll(&wait, 1, 30000), 1);
    mail = mailbox_take(&world->worker, &notices);
    assert_int_equal(rpc_answer_job(world->env, &world->session, (struct job *)mail, &out), 0);
    job_free((struct job *)mail);
    response = take_response(&out);
    assert_int_equal(response->status->code, CODE_DEADLINE_EXCEEDED);
    assert_int_equal(response->write->status->code, CODE_DEADLINE_EXCEEDED);
    kansen__v1__response__free_unpacked(response, NULL);
    close_world(world);
}

static void
test_pages(void **state)
{
    struct world *world = open_world(false);
    Kansen__V1__ListPartnersRequest list = KANSEN__V1__LIST_PARTNERS_REQUEST__INIT;
    Kansen__V1__Request request = request_of(BODY(LIST_PARTNERS), &list);
    uint8_t cursor[64];
    uint64_t seen = 0, last = 0;

    (void)state;
    say_hello(world);
    for (unsigned i = 0; i < 10; i++) {
        char name[16];
        Kansen__V1__Partner partner = fixture_partner(name, "GM0606");

        snprintf(name, sizeof name, "p%u", i);
        if (i % 2 == 1)
            partner.kind = KANSEN__V1__PARTNER_KIND__PARTNER_KIND_COMPANY;
        assert_null(fixture_upsert_partner(&world->store, partner).status);
    }
    list.limit = 2;
    list.kind = KANSEN__V1__PARTNER_KIND__PARTNER_KIND_COMPANY;
    do {
        Kansen__V1__Response *response = ask(world, &request, CODE_OK, "");
        Kansen__V1__ListPartnersResponse *page = response->list_partners;

        assert_int_equal(page->n_partners, seen < 4 ? 2 : 1); // the filter comes before the limit
        for (size_t i = 0; i < page->n_partners; i++) {
            assert_int_equal(page->partners[i]->kind, list.kind);
            assert_true(page->partners[i]->id > last);
            last = page->partners[i]->id;
        }
        seen += page->n_partners;
        assert_true(page->next_cursor.len <= sizeof cursor);
        if (page->next_cursor.len > 0)
            memcpy(cursor, page->next_cursor.data, page->next_cursor.len);
        list.cursor = (ProtobufCBinaryData){page->next_cursor.len, cursor};
        kansen__v1__response__free_unpacked(response, NULL);
    } while (list.cursor.len != 0);
    assert_int_equal(seen, 5);
    list.cursor = (ProtobufCBinaryData){3, (uint8_t *)"abc"};
    refuse(world, &request, CODE_INVALID_ARGUMENT, "cursor");
    list.cursor.len = 0;
    list.limit = 1001;
    refuse(world, &request, CODE_INVALID_ARGUMENT, "limit");
    list.limit = 0;
    list.kind = 99;
    refuse(world, &request, CODE_INVALID_ARGUMENT, "kind");
    close_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_comes_first),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_what_is_no_request),
        cmocka_unit_test(test_write_queue),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_pages),
    };

    return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
