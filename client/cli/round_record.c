// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_record.h"
#include "base/version.h"
#include "client/cli/round_bins.h"
#include "client/cli/round_secret.h"
#include "client/cli/time_text.h"
#include "proto/names.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const round_record_names[ROUND_RECORD_FILES] = {
    [ROUND_RECORD_AUDIT] = "audit",
    [ROUND_RECORD_CUTOFFS] = "cutoffs",
    [ROUND_RECORD_EXPLANATIONS] = "explanations",
    [ROUND_RECORD_INPUT] = "input",
    [ROUND_RECORD_PUBLIC_CUTOFFS] = "public-cutoffs",
    [ROUND_RECORD_RESULT] = "result",
};

void
round_record_sign(const char *text, const uint8_t *secret_key, char line[ROUND_RECORD_SIGNATURE])
{
    uint8_t signature[crypto_sign_BYTES];

    crypto_sign_detached(signature, NULL, (const uint8_t *)text, strlen(text), secret_key);
    sodium_bin2hex(line, ROUND_RECORD_SIGNATURE - 1, signature, sizeof signature);
    memcpy(line + ROUND_RECORD_SIGNATURE - 2, "\n", 2);
}

void
round_record_digest(const Kansen__V1__Round *round, enum round_record_file file,
                    crypto_generichash_state *state)
{
    const ProtobufCBinaryData none = {0};
    const ProtobufCBinaryData *key =
        file == ROUND_RECORD_CUTOFFS && round->record_form >= ROUND_RECORD_FORM ? &round->receipt_key : &none;

    crypto_generichash_init(state, key->data, key->len, ROUND_RECORD_DIGEST);
}

// Ends a memory stream; NULL when memory was short.
static char *
finish(FILE *out, char **text)
{
    if (fclose(out) == 0)
        return *text;
    free(*text);
    return NULL;
}

static void
put_hex(FILE *out, const char *name, const uint8_t *bytes)
{
    char text[ROUND_SECRET_HEX];

    fprintf(out, "%s %s\n", name, round_secret_text(bytes, text));
}

char *
round_record_audit(const Kansen__V1__Round *round, const char *verifier)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fprintf(out, "kansen-audit 1\nrun %s\nrevision %" PRIu32 "\n", round->name, round->revision);
    put_hex(out, "receipt-key", round->receipt_key.data);
    fprintf(out,
            "students %" PRIu64 " %" PRIu64 "\noffers %" PRIu64 "\nseats %" PRIu64 "\nassigned %" PRIu64
            " %" PRIu64 "\n",
            round->students, round->referred, round->offers, round->seats, round->assigned,
            round->assigned_referred);
    for (size_t rank = 0; rank <= round->n_ranks; rank++)
        fprintf(out, "rank %zu %" PRIu64 " %" PRIu64 "\n", rank, round_bins_count(round, rank, false),
                round_bins_count(round, rank, true));
    if (verifier != NULL)
        fprintf(out, "verdict holds %s\n", verifier);
    else
        fprintf(out, "verdict none kansenctl %s\n", KANSEN_VERSION);
    return finish(out, &text);
}

// ---- Record

static void
put_time(FILE *out, const char *name, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    fprintf(out, "%s %s\n", name, time_us != 0 ? time_text_seconds(time_us, text) : "-");
}

static const char *
digest_text(const ProtobufCBinaryData *digest, char text[ROUND_SECRET_HEX])
{
    return digest->len == ROUND_RECORD_DIGEST ? round_secret_text(digest->data, text) : "-";
}

// A line for each revision before this one; of one that is not known it has no more than the number.
static void
put_revisions(FILE *out, const Kansen__V1__Round *round)
{
    char time[TIME_TEXT_MAX], input[ROUND_SECRET_HEX], record[ROUND_SECRET_HEX];

    for (size_t i = 0; i < round->revision; i++) {
        const Kansen__V1__RoundRevision *revision = i < round->n_revisions ? round->revisions[i] : NULL;

        if (revision == NULL || revision->revised_us == 0)
            fprintf(out, "revised %zu - - - - -\n", i);
        else
            fprintf(
                out, "revised %zu %s %s %s %s %s\n", i, names_text(&names_round_state, (int)revision->state),
                time_text_seconds(revision->revised_us, time), digest_text(&revision->input_digest, input),
                digest_text(&revision->record_digest, record), revision->reason);
    }
    put_time(out, "input-frozen", round->input_frozen_us);
}

static void
put_times(FILE *out, const struct round_record *record)
{
    put_time(out, "committed", record->round->created_us);
    put_time(out, "frozen", record->round->frozen_us);
    put_time(out, "drawn", record->round->drawn_us);
    if (record->round->record_form >= ROUND_RECORD_FORM)
        put_revisions(out, record->round);
    put_time(out, "computed", record->round->computed_us);
    put_time(out, "exported", record->exported_us);
}

// The words behind "rule" in the first line of the rule.
static void
put_rule(FILE *out, const Kansen__V1__RoundPlan *plan)
{
    fprintf(out, "%.*s\n", (int)strcspn(plan->rule, "\n"), plan->rule);
}

static void
put_parties(FILE *out, const struct round_record *record)
{
    char commitment[ROUND_SECRET_HEX], secret[ROUND_SECRET_HEX];

    put_hex(out, "salt", record->plan->salt.data);
    put_hex(out, "commitment", record->plan->commitment.data);
    for (size_t i = 0; i < record->plan->n_parties; i++)
        fprintf(out, "party %s %s %s\n", record->plan->parties[i]->name,
                round_secret_text(record->plan->parties[i]->commitment.data, commitment),
                round_secret_text(record->round->secrets[i].data, secret));
}

static void
put_beacon(FILE *out, const struct round_record *record)
{
    const Kansen__V1__RoundBeacon *beacon = record->plan->beacon;

    fprintf(out, "beacon-source %s\nbeacon-date %s\nbeacon-encoding %s\nbeacon-fallback %s\n", beacon->source,
            beacon->date, beacon->encoding, beacon->fallback);
    fprintf(out, "beacon %s ", record->round->beacon_is_fallback ? "fallback" : "source");
    for (size_t i = 0; i < record->round->beacon_bytes.len; i++)
        fprintf(out, "%02x", record->round->beacon_bytes.data[i]);
    fputc('\n', out);
    put_hex(out, "seed", record->round->seed.data);
}

static void
put_earlier(FILE *out, const struct round_record *record)
{
    char seed[ROUND_SECRET_HEX], digest[ROUND_SECRET_HEX];

    for (size_t i = 0; i < record->plan->n_earlier; i++)
        fprintf(out, "earlier %zu %s %s %s\n", i + 1, record->plan->earlier[i]->name,
                round_secret_text(record->plan->earlier[i]->seed.data, seed),
                round_secret_text(record->plan->earlier[i]->record_digest.data, digest));
}

static void
put_rank(FILE *out, size_t rank)
{
    if (rank == 0)
        fputs(" none", out);
    else
        fprintf(out, " %zu", rank);
}

static void
put_bins(FILE *out, const struct round_bins *bins)
{
    for (size_t i = 0; i < bins->n; i++) {
        fputs("bin", out);
        put_rank(out, bins->bins[i].first);
        put_rank(out, bins->bins[i].last);
        fprintf(out, " %" PRIu64, bins->bins[i].all);
        if (bins->by_referral)
            fprintf(out, " %" PRIu64 "\n", bins->bins[i].referred);
        else
            fputs(" -\n", out);
    }
}

char *
round_record_text(const struct round_record *record)
{
    const Kansen__V1__Round *round = record->round;
    struct round_bins bins;
    char *text = NULL, name[32];
    size_t size;
    FILE *out;

    if (round_bins_make(round, &bins) != 0)
        return NULL;
    out = open_memstream(&text, &size);
    if (out == NULL) {
        free(bins.bins);
        return NULL;
    }
    fprintf(out, "kansen-record %u\nspec alloc-1\nprogram kansenctl %s\nrun %s\nrevision %" PRIu32 "\n",
            round->record_form >= ROUND_RECORD_FORM ? ROUND_RECORD_FORM : 1, KANSEN_VERSION, round->name,
            round->revision);
    if (record->previous.len == ROUND_RECORD_DIGEST)
        put_hex(out, "previous", record->previous.data);
    else
        fputs("previous -\n", out);
    put_times(out, record);
    put_rule(out, record->plan);
    put_parties(out, record);
    put_beacon(out, record);
    put_earlier(out, record);
    for (size_t i = 0; i < ROUND_RECORD_FILES; i++) {
        snprintf(name, sizeof name, "digest %s", round_record_names[i]);
        put_hex(out, name, record->digests[i]);
    }
    put_hex(out, "merkle", round->merkle_root.data);
    fprintf(out, "students %" PRIu64 "\noffers %" PRIu64 "\nseats %" PRIu64 "\n", round->students,
            round->offers, round->seats);
    put_bins(out, &bins);
    put_hex(out, "key", record->key);
    free(bins.bins);
    return finish(out, &text);
}
