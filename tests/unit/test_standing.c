// SPDX-License-Identifier: Apache-2.0
// Writes that wait: whether their caller may still call when their turn comes.
#include "base/log.h"
#include "store/client.h"
#include "tests/unit/token_fixture.h"
#include "work/job.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/rules.h"
#include "work/writer.h"
#include <poll.h>
#include <string.h>

#define JOBS 2u

struct scene {
    struct fixture fixture;
    struct log log;
    struct queue *queue;
    struct mailbox worker, owner;
    Kansen__V1__SetClientStatus suspend;
    Kansen__V1__SetClientCertificate certificate;
    Kansen__V1__Write first, second;
};

static void
begin(struct scene *scene)
{
    struct queue_options queue = {JOBS, 1 << 20, 1};

    memset(scene, 0, sizeof *scene);
    fixture_start(&scene->fixture);
    scene->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    scene->queue = queue_new(&queue);
    assert_non_null(scene->queue);
    assert_int_equal(mailbox_init(&scene->worker), 0);
    assert_int_equal(mailbox_init(&scene->owner), 0);
    assert_null(token_fixture_client(&scene->fixture, "other", KANSEN__V1__ROLE__ROLE_PORTAL, 0).status);
    assert_null(token_fixture_client(&scene->fixture, "boss", KANSEN__V1__ROLE__ROLE_OPERATOR, 0).status);
    kansen__v1__set_client_certificate__init(&scene->certificate);
    scene->certificate.name = (char *)"boss";
    scene->certificate.certificate_login = true;
    scene->first =
        (Kansen__V1__Write)WRITE(SET_CLIENT_CERTIFICATE, set_client_certificate, &scene->certificate);
    assert_null(fixture_do(&scene->fixture, scene->first).status);
    kansen__v1__set_client_status__init(&scene->suspend);
    scene->suspend.status = KANSEN__V1__CLIENT_STATUS__CLIENT_STATUS_SUSPENDED;
    scene->first = (Kansen__V1__Write)WRITE(SET_CLIENT_STATUS, set_client_status, &scene->suspend);
    scene->second = scene->first;
}

static void
end(struct scene *scene)
{
    mailbox_destroy(&scene->worker);
    mailbox_destroy(&scene->owner);
    queue_free(scene->queue);
    fixture_end(&scene->fixture);
}

// Queues a write for boss, who came by a certificate that is good until until_us, 0 = by the unix socket.
static void
push(struct scene *scene, Kansen__V1__Write *write, int64_t until_us)
{
    struct job *job = job_new(1 << 20);

    assert_non_null(job);
    job->writes = arena_array(job->arena, 1, sizeof(Kansen__V1__Write *));
    job->results = arena_array(job->arena, 1, sizeof job->results[0]);
    assert_true(job->writes != NULL && job->results != NULL);
    job->writes[0] = write;
    job->n_writes = 1;
    job->movers = MOVER_OPERATOR;
    snprintf(job->client, sizeof job->client, "boss");
    snprintf(job->actor, sizeof job->actor, "client:boss");
    job->standing =
        (struct job_standing){until_us != 0, 0, until_us, client_generation(scene->fixture.store)};
    assert_int_equal(queue_push(scene->queue, job), 0);
}

// Lets the writer do both in one transaction; writes how they ended to codes.
static void
run(struct scene *scene, enum code codes[JOBS])
{
    const struct rules rules = {.group = 100};
    struct rules_source source;
    struct writer_options options = {.store = scene->fixture.store,
                                     .queue = scene->queue,
                                     .mailboxes = &scene->worker,
                                     .workers = 1,
                                     .owner = &scene->owner,
                                     .log = &scene->log,
                                     .rules = &source};
    struct pollfd wait = {.fd = scene->worker.event_fd, .events = POLLIN};
    struct writer *writer;
    struct mail *mail, *next;
    unsigned notices, n = 0;

    assert_int_equal(rules_open(&source, &rules), 0);
    assert_int_equal(writer_start(&options, &writer), 0);
    while (n < JOBS) {
        assert_int_equal(poll(&wait, 1, 30000), 1);
        for (mail = mailbox_take(&scene->worker, &notices); mail != NULL; mail = next) {
            next = mail->next;
            assert_true(n < JOBS);
            codes[n++] = ((struct job *)mail)->fault.code;
            job_free((struct job *)mail);
        }
    }
    queue_close(scene->queue);
    writer_finish(writer);
    rules_close(&source);
}

// What became of a write of boss that another one came before.
static enum code
second_of_two(int64_t until_us, const char *suspended)
{
    enum code codes[JOBS];
    struct scene scene;

    begin(&scene);
    scene.suspend.name = (char *)suspended;
    push(&scene, &scene.first, 0);
    push(&scene, &scene.second, until_us);
    run(&scene, codes);
    assert_int_equal(codes[0], CODE_OK);
    end(&scene);
    return codes[1];
}

static void
test_while_the_certificate_is_good(void **state)
{
    (void)state;
    assert_int_equal(second_of_two(INT64_MAX, "other"), CODE_OK);
}

// The store, which is asked as another client has changed, does not know when the certificate ends.
static void
test_once_the_certificate_has_ended(void **state)
{
    (void)state;
    assert_int_equal(second_of_two(1, "other"), CODE_UNAUTHENTICATED);
}

static void
test_once_the_client_is_suspended(void **state)
{
    (void)state;
    assert_int_equal(second_of_two(INT64_MAX, "boss"), CODE_UNAUTHENTICATED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_while_the_certificate_is_good),
        cmocka_unit_test(test_once_the_certificate_has_ended),
        cmocka_unit_test(test_once_the_client_is_suspended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
