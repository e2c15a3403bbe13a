// SPDX-License-Identifier: Apache-2.0
// Invariant, under the lock: waiting is the length of the list. The list is short (options), so it is walked.
#include "rpc/readings.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define MEAN_WEIGHT  8     // readings that the mean time remembers, about
#define FIRST_GUESS  30000 // microseconds that a reading takes, before any was measured
#define RETRY_MIN_MS 10
#define RETRY_MAX_MS 10000

struct entry {
    struct reading reading; // first
    TAILQ_ENTRY(entry) link;
};
TAILQ_HEAD(entry_list, entry);

struct readings {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct entry_list list;
    unsigned max, threads;
    struct readings_counts counts;
    int64_t mean_us;
    bool closed;
    char last_client[ROLE_CLIENT_MAX]; // who had its turn
};

struct reading *
reading_new(const uint8_t *payload, size_t len)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        return NULL;
    entry->reading.mail.kind = MAIL_READING;
    entry->reading.payload = malloc(len == 0 ? 1 : len);
    if (entry->reading.payload == NULL) {
        free(entry);
        return NULL;
    }
    memcpy(entry->reading.payload, payload, len);
    entry->reading.len = len;
    return &entry->reading;
}

void
reading_free(struct reading *reading)
{
    if (reading == NULL)
        return;
    free(reading->payload);
    buf_free(&reading->out);
    free((struct entry *)reading);
}

struct readings *
readings_new(unsigned max, unsigned threads)
{
    struct readings *readings = calloc(1, sizeof *readings);

    if (readings == NULL)
        return NULL;
    *readings = (struct readings){.max = max, .threads = threads, .mean_us = FIRST_GUESS};
    TAILQ_INIT(&readings->list);
    if (pthread_mutex_init(&readings->lock, NULL) != 0) {
        free(readings);
        return NULL;
    }
    if (pthread_cond_init(&readings->filled, NULL) != 0) {
        pthread_mutex_destroy(&readings->lock);
        free(readings);
        return NULL;
    }
    return readings;
}

void
readings_resize(struct readings *readings, unsigned max)
{
    pthread_mutex_lock(&readings->lock);
    readings->max = max;
    pthread_mutex_unlock(&readings->lock);
}

static void
take_out(struct readings *readings, struct entry *entry)
{
    TAILQ_REMOVE(&readings->list, entry, link);
    readings->counts.waiting--;
}

void
readings_free(struct readings *readings)
{
    struct entry *entry, *next;

    if (readings == NULL)
        return;
    for (entry = TAILQ_FIRST(&readings->list); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        reading_free(&entry->reading);
    }
    pthread_cond_destroy(&readings->filled);
    pthread_mutex_destroy(&readings->lock);
    free(readings);
}

static bool
has_place(const struct readings *readings, const char *client)
{
    unsigned own = 0, share = readings->max < 2 ? 1 : readings->max / 2;
    const struct entry *entry;

    if (readings->counts.waiting >= readings->max)
        return false;
    TAILQ_FOREACH(entry, &readings->list, link)
    own += strcmp(entry->reading.identity.client, client) == 0;
    return own < share;
}

static uint32_t
guess_wait_ms(const struct readings *readings)
{
    int64_t ms = readings->mean_us * readings->counts.waiting / readings->threads / 1000;

    return ms < RETRY_MIN_MS ? RETRY_MIN_MS : ms > RETRY_MAX_MS ? RETRY_MAX_MS : (uint32_t)ms;
}

int
readings_push(struct readings *readings, struct reading *reading, uint32_t *retry_ms)
{
    struct entry *entry = (struct entry *)reading;
    int rc = 0;

    pthread_mutex_lock(&readings->lock);
    if (readings->closed) {
        rc = READINGS_E_CLOSED;
    } else if (!has_place(readings, reading->identity.client)) {
        rc = READINGS_E_FULL;
        readings->counts.refused++;
        *retry_ms = guess_wait_ms(readings);
    } else {
        TAILQ_INSERT_TAIL(&readings->list, entry, link);
        readings->counts.waiting++;
        pthread_cond_signal(&readings->filled);
    }
    pthread_mutex_unlock(&readings->lock);
    return rc;
}

void
readings_forget(struct readings *readings, unsigned worker, uint64_t connection)
{
    struct entry *entry, *next;

    pthread_mutex_lock(&readings->lock);
    for (entry = TAILQ_FIRST(&readings->list); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->reading.worker != worker || entry->reading.connection != connection)
            continue;
        take_out(readings, entry);
        reading_free(&entry->reading);
    }
    pthread_mutex_unlock(&readings->lock);
}

static struct entry *
choose(const struct readings *readings)
{
    struct entry *entry;

    TAILQ_FOREACH(entry, &readings->list, link)
    if (strcmp(entry->reading.identity.client, readings->last_client) != 0)
        return entry;
    return TAILQ_FIRST(&readings->list);
}

struct reading *
readings_take(struct readings *readings)
{
    struct entry *entry = NULL;

    pthread_mutex_lock(&readings->lock);
    while (!readings->closed && TAILQ_EMPTY(&readings->list))
        pthread_cond_wait(&readings->filled, &readings->lock);
    if (!readings->closed) {
        entry = choose(readings);
        take_out(readings, entry);
        memcpy(readings->last_client, entry->reading.identity.client, sizeof readings->last_client);
    }
    pthread_mutex_unlock(&readings->lock);
    return entry == NULL ? NULL : &entry->reading;
}

void
readings_tell(struct readings *readings, int64_t took_us)
{
    pthread_mutex_lock(&readings->lock);
    readings->counts.done++;
    readings->mean_us += (took_us - readings->mean_us) / MEAN_WEIGHT;
    if (took_us > readings->counts.longest_us)
        readings->counts.longest_us = took_us;
    pthread_mutex_unlock(&readings->lock);
}

void
readings_close(struct readings *readings)
{
    pthread_mutex_lock(&readings->lock);
    readings->closed = true;
    pthread_cond_broadcast(&readings->filled);
    pthread_mutex_unlock(&readings->lock);
}

struct readings_counts
readings_count(struct readings *readings)
{
    struct readings_counts counts;

    pthread_mutex_lock(&readings->lock);
    counts = readings->counts;
    pthread_mutex_unlock(&readings->lock);
    return counts;
}
