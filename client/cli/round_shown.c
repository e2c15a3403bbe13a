// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_shown.h"
#include "client/cli/round_bins.h"
#include "client/cli/round_secret.h"
#include "client/cli/screen.h"
#include "client/cli/time_text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name

#define BAR_MAX    50u // characters
#define BAR_BESIDE 30u // of a line that a bar is in
#define COUNT_MAX  24u

// ---- Counts

struct count {
    const char *name;
    bool withheld; // from the caller
    bool known;    // by now
    uint64_t count;
};

enum {
    OFFERS,
    OWN_LOTTERIES,
    SEATS,
    RESERVED,
    STUDENTS,
    REFERRED,
    UNFINISHED,
    ASSIGNED,
    ASSIGNED_REFERRED,
    OBJECTIONS,
    CORRECTIONS,
    CORRECTIONS_DUE,
    COUNTS,
};

static void
find_counts(const Kansen__V1__Round *round, struct count counts[COUNTS])
{
    bool counted = round->frozen_us != 0 && round->state != STATE(FREEZING),
         computed = round->merkle_root.len > 0;

    counts[OFFERS] = (struct count){"offers", false, true, round->offers};
    counts[OWN_LOTTERIES] = (struct count){"own_lotteries", false, true, round->own_lotteries};
    counts[SEATS] = (struct count){"seats", false, counted, round->seats};
    counts[RESERVED] = (struct count){"reserved", round->details_withheld, counted, round->reserved};
    counts[STUDENTS] = (struct count){"students", round->students_withheld, true, round->students};
    counts[REFERRED] = (struct count){"referred", round->referred_withheld, true, round->referred};
    counts[UNFINISHED] = (struct count){"unfinished", round->details_withheld, true, round->unfinished};
    counts[ASSIGNED] = (struct count){"assigned", round->assigned_withheld, computed, round->assigned};
    counts[ASSIGNED_REFERRED] =
        (struct count){"assigned_referred", round->referred_withheld, computed, round->assigned_referred};
    counts[OBJECTIONS] =
        (struct count){"open_objections", round->details_withheld, true, round->open_objections};
    counts[CORRECTIONS_DUE] =
        (struct count){"corrections_due", round->details_withheld, true, round->corrections_due};
    counts[CORRECTIONS] = (struct count){"corrections", round->details_withheld, true, round->corrections};
}

// "*" for what is withheld, "-" for what is not known yet. Returns out.
static const char *
count_text(const struct count *count, char out[COUNT_MAX])
{
    if (count->withheld || !count->known)
        return count->withheld ? "*" : "-";
    snprintf(out, COUNT_MAX, "%" PRIu64, count->count);
    return out;
}

void
round_shown_line(const Kansen__V1__Round *round)
{
    struct count counts[COUNTS];
    char seats[COUNT_MAX], students[COUNT_MAX], placed[COUNT_MAX];

    find_counts(round, counts);
    printf("%" PRIu64 " offers, %s seats, %s students, %s placed\n", round->offers,
           count_text(&counts[SEATS], seats), count_text(&counts[STUDENTS], students),
           count_text(&counts[ASSIGNED], placed));
}

void
round_shown_put_counts(json_t *object, const Kansen__V1__Round *round)
{
    struct count counts[COUNTS];
    json_t *withheld = json_array();

    find_counts(round, counts);
    for (size_t i = 0; i < COUNTS; i++) {
        if (counts[i].withheld)
            json_array_append_new(withheld, json_string(counts[i].name));
        if (counts[i].withheld || !counts[i].known)
            json_object_set_new(object, counts[i].name, json_null());
        else
            json_put_number(object, counts[i].name, counts[i].count);
    }
    json_object_set_new(object, "withheld", withheld);
}

// ---- JSON

void
round_shown_put_hex(json_t *object, const char *key, const ProtobufCBinaryData *bytes)
{
    char text[ROUND_SECRET_HEX];

    if (bytes->len == ROUND_SECRET_BYTES)
        json_put_text(object, key, round_secret_text(bytes->data, text));
}

static void
put_given(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_put_text(object, key, text);
}

static void
put_time(json_t *object, const char *key, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    if (time_us != 0)
        json_put_text(object, key, time_text_exact(time_us, text));
}

static void
put_ranks(json_t *object, const char *key, bool withheld, const uint64_t *ranks, size_t n)
{
    json_t *array = withheld ? json_null() : json_array();

    for (size_t i = 0; i < n && !withheld; i++)
        json_array_append_new(array, json_integer((json_int_t)ranks[i]));
    json_object_set_new(object, key, array);
}

// Name and version in the first line of the rule: "rule NAME NUMBER".
static const char *
rule_of(const Kansen__V1__RoundPlan *plan, int *len)
{
    const char *name = plan->rule + (strncmp(plan->rule, "rule ", 5) == 0 ? 5 : 0);

    *len = (int)strcspn(name, "\n");
    return name;
}

static void
put_rule_name(json_t *object, const Kansen__V1__RoundPlan *plan)
{
    int len;
    const char *name = rule_of(plan, &len);
    size_t word = strcspn(name, " \n");

    json_object_set_new(object, "rule_name", json_stringn(name, word));
    json_put_number(object, "rule_version", strtoull(name + word, NULL, 10));
}

// The bytes of the public draw as hexadecimal digits.
static void
put_draw(json_t *object, const Kansen__V1__Round *round)
{
    char text[2 * 1024 + 1] = "";

    for (size_t i = 0; i < round->beacon_bytes.len && i < sizeof text / 2; i++)
        snprintf(text + 2 * i, 3, "%02x", round->beacon_bytes.data[i]);
    if (round->beacon_bytes.len == 0)
        return;
    json_put_text(object, "beacon_bytes", text);
    json_put_flag(object, "beacon_is_fallback", round->beacon_is_fallback);
}

static void
put_plan(json_t *object, const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    json_t *parties = json_array(), *earlier = json_array();

    for (size_t i = 0; i < plan->n_parties; i++) {
        json_t *party = json_object();

        json_put_text(party, "name", plan->parties[i]->name);
        round_shown_put_hex(party, "commitment", &plan->parties[i]->commitment);
        if (i < round->n_secrets)
            round_shown_put_hex(party, "secret", &round->secrets[i]);
        json_array_append_new(parties, party);
    }
    json_object_set_new(object, "parties", parties);
    round_shown_put_hex(object, "commitment", &plan->commitment);
    round_shown_put_hex(object, "salt", &plan->salt);
    json_put_text(object, "beacon_source", plan->beacon->source);
    json_put_text(object, "beacon_date", plan->beacon->date);
    json_put_text(object, "beacon_encoding", plan->beacon->encoding);
    json_put_text(object, "beacon_fallback", plan->beacon->fallback);
    for (size_t i = 0; i < plan->n_earlier; i++) {
        json_t *one = json_object();

        json_put_text(one, "round", plan->earlier[i]->name);
        round_shown_put_hex(one, "seed", &plan->earlier[i]->seed);
        round_shown_put_hex(one, "record_digest", &plan->earlier[i]->record_digest);
        json_array_append_new(earlier, one);
    }
    json_object_set_new(object, "earlier", earlier);
}

static void
put_revisions(json_t *object, const Kansen__V1__Round *round)
{
    json_t *revisions = json_array();

    for (size_t i = 0; i < round->n_revisions; i++) {
        const Kansen__V1__RoundRevision *revision = round->revisions[i];
        json_t *one = json_object();

        json_put_word(one, "state", &names_round_state, (int)revision->state);
        put_time(one, "revised", revision->revised_us);
        json_put_text(one, "reason", revision->reason);
        round_shown_put_hex(one, "input_digest", &revision->input_digest);
        round_shown_put_hex(one, "record_digest", &revision->record_digest);
        json_array_append_new(revisions, one);
    }
    json_object_set_new(object, "revisions", revisions);
}

static void
put_result(json_t *object, const Kansen__V1__Round *round)
{
    round_shown_put_hex(object, "seed", &round->seed);
    round_shown_put_hex(object, "input_digest", &round->input_digest);
    round_shown_put_hex(object, "result_digest", &round->result_digest);
    round_shown_put_hex(object, "cutoff_digest", &round->cutoff_digest);
    round_shown_put_hex(object, "explanation_digest", &round->explanation_digest);
    round_shown_put_hex(object, "merkle_root", &round->merkle_root);
    round_shown_put_hex(object, "record_digest", &round->record_digest);
    round_shown_put_hex(object, "record_key", &round->record_key);
    round_shown_put_counts(object, round);
    put_ranks(object, "ranks", round->assigned_withheld, round->ranks, round->n_ranks);
    put_ranks(object, "ranks_referred", round->referred_withheld, round->ranks_referred,
              round->n_ranks_referred);
}

int
round_shown_json(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    json_t *object = json_object();

    json_put_text(object, "round", round->name);
    json_put_word(object, "state", &names_round_state, (int)round->state);
    json_put_number(object, "version", round->version);
    json_put_number(object, "revision", round->revision);
    put_given(object, "reason", round->reason);
    put_given(object, "cancel_by", round->cancel_by);
    put_given(object, "cancel_reason", round->cancel_reason);
    json_put_text(object, "region", plan->region);
    json_put_words(object, "kinds", &names_offer_kind, plan->kinds, plan->n_kinds);
    put_rule_name(object, plan);
    json_put_text(object, "rule", plan->rule);
    put_plan(object, round, plan);
    put_draw(object, round);
    put_result(object, round);
    put_revisions(object, round);
    put_time(object, "created", round->created_us);
    put_time(object, "frozen", round->frozen_us);
    put_time(object, "drawn", round->drawn_us);
    put_time(object, "computed", round->computed_us);
    put_time(object, "published", round->published_us);
    return json_print(object);
}

// ---- Text

static void
print_time(const char *what, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    if (time_us != 0)
        printf("%-12s %s\n", what, time_text_seconds(time_us, text));
}

static void
print_hex(const char *what, const char *of, const ProtobufCBinaryData *bytes)
{
    char text[ROUND_SECRET_HEX];

    if (bytes->len == ROUND_SECRET_BYTES)
        printf("%-12s %s%s%s\n", what, of, of[0] == '\0' ? "" : " ", round_secret_text(bytes->data, text));
}

static void
print_given(const char *what, const char *text)
{
    if (text[0] != '\0')
        printf("%-12s %s\n", what, text);
}

// What was given up for a correction, and why; of one that an older daemon gave up nothing is known.
static void
print_revisions(const Kansen__V1__Round *round)
{
    for (size_t i = 0; i < round->n_revisions; i++) {
        const Kansen__V1__RoundRevision *revision = round->revisions[i];
        const char *state = names_text(&names_round_state, (int)revision->state);
        char text[TIME_TEXT_MAX];

        if (revision->revised_us == 0)
            printf("%-12s %zu, and nothing else is known of it\n", "revised", i);
        else
            printf("%-12s %zu, %s, %s: %s\n", "revised", i, state != NULL ? state : "?",
                   time_text_seconds(revision->revised_us, text), revision->reason);
    }
}

static void
print_counts(const Kansen__V1__Round *round)
{
    struct count counts[COUNTS];
    char text[COUNTS][COUNT_MAX];
    const char *told[COUNTS];

    find_counts(round, counts);
    for (size_t i = 0; i < COUNTS; i++)
        told[i] = count_text(&counts[i], text[i]);
    printf("%-12s %s with %s seats, %s reserved\n", "offers", told[OFFERS], told[SEATS], told[RESERVED]);
    if (round->own_lotteries > 0)
        printf("%-12s %s offers draw one of their own\n", "lotteries", told[OWN_LOTTERIES]);
    printf("%-12s %s, %s referred\n", "students", told[STUDENTS], told[REFERRED]);
    if (round->unfinished > 0)
        printf("%-12s %s lists whose last part has not come; they do not take part\n", "unfinished",
               told[UNFINISHED]);
    printf("%-12s %s, %s referred\n", "placed", told[ASSIGNED], told[ASSIGNED_REFERRED]);
    printf("%-12s %s open; %s corrections, %s due by a revision\n", "objections", told[OBJECTIONS],
           told[CORRECTIONS], told[CORRECTIONS_DUE]);
}

static void
print_plan(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    int len;
    const char *rule = rule_of(plan, &len);

    print_given("region", plan->region);
    for (size_t i = 0; i < plan->n_kinds; i++) {
        const char *kind = names_text(&names_offer_kind, (int)plan->kinds[i]);

        print_given("kind", kind != NULL ? kind : "?");
    }
    printf("%-12s %.*s\n", "rule", len, rule);
    for (size_t i = 0; i < plan->n_earlier; i++)
        print_hex("earlier", plan->earlier[i]->name, &plan->earlier[i]->record_digest);
    for (size_t i = 0; i < plan->n_parties; i++)
        print_hex("party", plan->parties[i]->name, &plan->parties[i]->commitment);
    print_hex("commitment", "", &plan->commitment);
    print_hex("salt", "", &plan->salt);
    printf("%-12s %s, %s\n", "beacon", plan->beacon->source, plan->beacon->date);
    print_given("encoding", plan->beacon->encoding);
    print_given("fallback", plan->beacon->fallback);
    for (size_t i = 0; i < round->n_secrets && i < plan->n_parties; i++)
        print_hex("secret", plan->parties[i]->name, &round->secrets[i]);
    if (round->beacon_bytes.len > 0) {
        printf("%-12s ", "draw");
        for (size_t i = 0; i < round->beacon_bytes.len; i++)
            printf("%02x", round->beacon_bytes.data[i]);
        puts(round->beacon_is_fallback ? ", of the fallback" : ", of the beacon");
    }
}

// Characters of the longest bar: what a line has beside label and figures, so that none is broken.
static size_t
bar_room(void)
{
    size_t columns = screen_columns(), room = columns > BAR_BESIDE ? columns - BAR_BESIDE : 0;

    return room < BAR_MAX ? room : BAR_MAX;
}

static void
print_bar(const char *label, uint64_t count, uint64_t most, uint64_t total, size_t room)
{
    size_t width = most == 0 ? 0 : (size_t)(count * room / most);

    if (count > 0 && width == 0)
        width = 1;
    printf("%12s ", label);
    for (size_t i = 0; i < room; i++)
        fputs(i < width ? "\u2588" : " ", stdout);
    printf(" %8" PRIu64 " %5.1f %%\n", count, total == 0 ? 0.0 : 100.0 * (double)count / (double)total);
}

// The rank histogram and the share without a seat.
static void
print_ranks(const Kansen__V1__Round *round)
{
    uint64_t most = round_bins_count(round, 0, false);
    size_t room = bar_room();
    char label[24];

    for (size_t rank = 1; rank <= round->n_ranks; rank++)
        most = round_bins_count(round, rank, false) > most ? round_bins_count(round, rank, false) : most;
    puts("\nChoice obtained");
    for (size_t rank = 1; rank <= round->n_ranks; rank++) {
        snprintf(label, sizeof label, rank < ROUND_BINS_RANKS ? "%zu" : "%zu or later", rank);
        print_bar(label, round_bins_count(round, rank, false), most, round->students, room);
    }
    print_bar("none", round_bins_count(round, 0, false), most, round->students, room);
    if (round->referred > 0 && round->referred < round->students)
        printf("\nWithout a seat: %.1f %% of the referred, %.1f %% of the others\n",
               100.0 * (double)round_bins_count(round, 0, true) / (double)round->referred,
               100.0 * (double)(round_bins_count(round, 0, false) - round_bins_count(round, 0, true)) /
                   (double)(round->students - round->referred));
}

void
round_shown_text(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan)
{
    const char *state = names_text(&names_round_state, (int)round->state);

    printf("%-12s %s\n%-12s %s\n%-12s %" PRIu32 "\n", "round", round->name, "state",
           state != NULL ? state : "?", "revision", round->revision);
    print_given("reason", round->reason);
    print_given("to cancel", round->cancel_by);
    print_given("as", round->cancel_reason);
    print_revisions(round);
    print_counts(round);
    print_plan(round, plan);
    print_hex("input", "", &round->input_digest);
    print_hex("seed", "", &round->seed);
    print_hex("result", "", &round->result_digest);
    print_hex("merkle", "", &round->merkle_root);
    print_hex("record", "", &round->record_digest);
    print_hex("key", "", &round->record_key);
    print_time("frozen", round->frozen_us);
    print_time("drawn", round->drawn_us);
    print_time("computed", round->computed_us);
    print_time("published", round->published_us);
    if (round->merkle_root.len > 0 && !round->assigned_withheld && round->students > 0)
        print_ranks(round);
    if (round->details_withheld)
        puts("\n* is told to operators; of students, others are told once the round is published, but never "
             "of 1 to 9.");
}
