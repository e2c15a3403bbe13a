// SPDX-License-Identifier: Apache-2.0
// placement: reserve, the nine moves, forget. The moves differ by the value that the table of verbs holds;
// who may make which is for the daemon to judge.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/placement.h"
#include "client/cli/student.h"
#include "client/cli/time_text.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "proto/columns.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_MAX_S 604800u

// What the flags of these verbs set.
struct options {
    const char *source, *student, *student_file, *from_date, *to_date, *key;
    uint32_t lease_s, max_live;
    bool referred, request, wait;
    uint64_t version;
    int reason;
};

static int set_lease(void *target, const struct flag *flag, const char *text, struct column_message *bad);

#define AT(member) NULL, offsetof(struct options, member)

#define STUDENT                                                                                              \
    STUDENT_FLAGS("required; your own, opaque reference of the student", offsetof(struct options, student),  \
                  offsetof(struct options, student_file))

const struct flag verb_placement_reserve_flags[] = {
    STUDENT,
    {"source", "NAME", "source of an external id (that of the client)", flags_set_given, AT(source)},
    {"referred", NULL, "the school refers this student", flags_set_true, AT(referred)},
    {"lease", "TIME", "how long the seat is held: 900, 15m, 2h, 7d (15m)", set_lease, AT(lease_s)},
    {"request", NULL, "ask for the seat at once instead of holding it", flags_set_true, AT(request)},
    {"wait", NULL, "join the waiting list when no seat is free", flags_set_true, AT(wait)},
    {"from-date", "DATE", "first day that is asked for (the offer's)", flags_set_text, AT(from_date)},
    {"to-date", "DATE", "last day that is asked for (the offer's)", flags_set_text, AT(to_date)},
    {"max-live", "N", "refuse when the student has so many already (no cap)", flags_set_number, AT(max_live)},
    FLAGS_KEY(offsetof(struct options, key)),
    {0}};
const struct flag verb_placement_move_flags[] = {
    {"version", "N", "only if this is its version now", flags_set_large, AT(version)},
    FLAGS_KEY(offsetof(struct options, key)),
    {0}};
const struct flag verb_placement_decline_flags[] = {{"reason", "WORD", "required; why", flags_set_word,
                                                     &names_decline_reason, offsetof(struct options, reason)},
                                                    {0}};
const struct flag verb_placement_forget_flags[] = {STUDENT, FLAGS_KEY(offsetof(struct options, key)), {0}};

static int
set_lease(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    static const struct {
        const char *unit;
        uint32_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    size_t digits = strspn(text, "0123456789");
    unsigned long value = digits > 0 && digits < 8 ? strtoul(text, NULL, 10) : 0;
    uint32_t seconds = 0;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].unit) == 0 && value <= LEASE_MAX_S / units[i].seconds)
            seconds = (uint32_t)value * units[i].seconds;
    if (seconds == 0)
        return column_bad(bad, text, strlen(text), "1 second to 7 days, as in 900, 900s, 15m, 2h or 7d");
    memcpy((char *)target + flag->offset, &seconds, sizeof seconds);
    return 0;
}

// Tells what became of a placement.
static int
tell_placement(struct cli *cli, const Kansen__V1__WriteResult *result)
{
    const char *outcome = names_text(&names_outcome, (int)result->outcome);
    const char *state = names_text(&names_placement_state, (int)result->placement_state);
    char expires[TIME_TEXT_MAX] = "";

    if (cli->json) {
        json_t *object = json_object();

        json_put_number(object, "placement", result->id);
        json_put_text(object, "outcome", outcome != NULL ? outcome : "");
        json_put_number(object, "version", result->version);
        json_put_number(object, "sequence", result->sequence);
        json_put_text(object, "state", state != NULL ? state : "");
        placement_put_time(object, "expires", result->expires_us);
        return cli_printed(cli, json_print(object));
    }
    if (result->expires_us != 0)
        time_text_seconds(result->expires_us, expires);
    printf("placement %" PRIu64 " %s%s%s%s\n", result->id, state != NULL ? state : "",
           expires[0] != '\0' ? " until " : "", expires,
           result->outcome == KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED ? " (unchanged)" : "");
    return CLI_OK;
}

static int
tell_forgotten(struct cli *cli, const Kansen__V1__WriteResult *result)
{
    const char *outcome = names_text(&names_outcome, (int)result->outcome);
    json_t *object;

    if (!cli->json)
        return puts("student forgotten") != EOF ? CLI_OK : cli_finish_output(cli);
    object = json_object();
    json_put_text(object, "outcome", outcome != NULL ? outcome : "");
    json_put_number(object, "sequence", result->sequence);
    return cli_printed(cli, json_print(object));
}

static int
write_and_tell(struct cli *cli, Kansen__V1__Write *write, const char *key,
               int (*tell)(struct cli *cli, const Kansen__V1__WriteResult *result))
{
    Kansen__V1__Response *response;
    int status = cli_write(cli, write, key, &response);

    if (status != CLI_OK)
        return status;
    status = tell(cli, response->write);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

// Reads the flags and as many positional arguments as the verb takes.
static int
read_options(struct cli *cli, int argc, char **argv, int wanted, const char *needs, struct options *options)
{
    *options = (struct options){.source = "", .from_date = "", .to_date = ""};
    return flags_read_with(cli, argc, argv, options, wanted, needs);
}

int
verb_placement_reserve(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options;
    char *student = NULL;
    int status = read_options(cli, argc, argv, 1, "an offer: an id, or an external id", &options);

    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, true, &student);
    if (status == CLI_OK)
        status = verb_record_find(cli, &rows_offers, argv[0], options.source, &reserve.offer_id);
    reserve.student = student;
    reserve.referred = options.referred;
    reserve.lease_s = options.lease_s;
    reserve.request = options.request;
    reserve.wait = options.wait;
    reserve.from_date = (char *)options.from_date;
    reserve.to_date = (char *)options.to_date;
    reserve.max_live = options.max_live;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT;
    write.reserve_placement = &reserve;
    if (status == CLI_OK)
        status = write_and_tell(cli, &write, options.key, tell_placement);
    student_free(student);
    return status;
}

int
verb_placement_move(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__MovePlacement move = KANSEN__V1__MOVE_PLACEMENT__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options;
    char allowed[200];
    int status = read_options(cli, argc, argv, 1, "the id of a placement", &options);

    if (status != CLI_OK)
        return status;
    if (!verb_record_is_id(argv[0], &move.id))
        return cli_usage(cli, "\"%s\" is no id of a placement", argv[0]);
    if (cli->verb->move == KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DECLINE && options.reason == 0)
        return cli_usage_at(cli, "--reason", "this flag is missing, allowed: %s",
                            names_list(&names_decline_reason, allowed, sizeof allowed));
    move.version = options.version;
    move.move = (Kansen__V1__PlacementMove)cli->verb->move;
    move.reason = (Kansen__V1__DeclineReason)options.reason;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_MOVE_PLACEMENT;
    write.move_placement = &move;
    return write_and_tell(cli, &write, options.key, tell_placement);
}

int
verb_placement_forget(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ForgetStudent forget = KANSEN__V1__FORGET_STUDENT__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options;
    char *student = NULL;
    int status = read_options(cli, argc, argv, 0, "", &options);

    if (status == CLI_OK)
        status = student_read(cli, options.student, options.student_file, true, &student);
    forget.student = student;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_FORGET_STUDENT;
    write.forget_student = &forget;
    if (status == CLI_OK)
        status = write_and_tell(cli, &write, options.key, tell_forgotten);
    student_free(student);
    return status;
}
