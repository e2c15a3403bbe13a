// SPDX-License-Identifier: Apache-2.0
// The replayer: rebuilds the store as a power cut could have left it after each event of a recorded run, and
// judges it. Usage: replay LOG DIR [--final FILE] [--part I/N] [--cuts N] [--random N] [--write-every N]
// [--seed N] [--lie-about-syncs]. Images are laid out in DIR. Prints one line of figures, and one for each of
// the first failures. Exit status: 0 nothing failed, 1 something did, 2 it could not be done.
#include "store/store.h"
#include "tests/crash/powercut/disk.h"
#include "tests/crash/powercut/trace.h"
#include "tests/crash/powercut/verdict.h"
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_BYTES  8192u // of the file hold LMDB's two meta pages; a commit ends with a write of less than
#define META_LENGTH 512u  // this in one of them
#define SHOWN_MAX   20u   // failures that are told
#define SINGLES_MAX                                                                                          \
    48u                  // writes that are dropped, or kept, one by one, when a sync begins; of more a random
                         // choice
#define SINGLES_FEW  4u  // and before that, where each write makes a cut: the newest and some of the others
#define RANDOM_MAX   16u // images of each random kind
#define FILES_MAX    33u // numbers of files are below it
#define LIES_WAITING 96u // a disk that lies about syncs writes back in the end

struct options {
    const char *log, *dir, *final;
    unsigned part, parts;
    uint64_t cuts;        // at most so many, spread over the run; 0 = all
    unsigned random;      // images of each random kind for a cut
    unsigned write_every; // full checks of one that is written to; 0 = none
    uint64_t seed;
    bool lie;
};

struct replay {
    struct options options;
    struct trace trace;
    struct disk *disk;
    struct judge *judge;
    bool born;                 // the first commit is on the disk: from now on every image must open
    bool named;                // the directory was synced after the store's file was made in it
    uint64_t loose[FILES_MAX]; // by file but the store's: its last write, plus one, that no sync has covered
    uint64_t commits, cuts, same, images, checks, writes, unborn, unsafe, most_waiting;
    uint64_t verdicts[VERDICT_COUNT];
    unsigned shown;
};

// ---- Events

static bool
is_store(const struct replay *replay, const struct event *event)
{
    return event->head.kind != LOG_SEND && event->head.number == replay->trace.store;
}

// Takes an event of the store's file in. 0 or 1.
static int
take(struct replay *replay, size_t i)
{
    const struct event *event = &replay->trace.events[i];
    const struct log_head *head = &event->head;

    switch (head->kind) {
    case LOG_WRITE:
        if (head->place < META_BYTES && head->length < META_LENGTH) {
            replay->commits++;
            replay->unsafe += replay->loose[replay->trace.erasures] != 0;
        }
        return disk_write(replay->disk, i, head->place, event->bytes, head->length);
    case LOG_SYNC_END:
        return replay->options.lie ? 0 : disk_sync(replay->disk, head->place);
    case LOG_THROUGH:
        replay->born = replay->commits > 0;
        return replay->options.lie ? 0 : disk_through(replay->disk, head->place);
    case LOG_RESIZE:
        fprintf(stderr, "the store's file was resized, which the model of the disk does not know\n");
        return 1;
    default:
        return 0;
    }
}

// The other files, such as the key, are written once; they and their names must be on the disk before the
// first answer. The list of erasures grows: what is in it must be on the disk before the commit behind it.
static void
watch_others(struct replay *replay, size_t i)
{
    const struct log_head *head = &replay->trace.events[i].head;

    if (head->kind == LOG_SYNC_END && head->number == replay->trace.directory)
        replay->named = true;
    if (head->kind == LOG_FILE && head->place == 1)
        replay->named = false;
    if (head->kind == LOG_WRITE && head->number < FILES_MAX)
        replay->loose[head->number] = i + 1;
    if (head->kind == LOG_SYNC_END && head->number < FILES_MAX && replay->loose[head->number] <= head->place)
        replay->loose[head->number] = 0;
}

static bool
is_safe(const struct replay *replay)
{
    for (uint32_t i = 0; i < FILES_MAX; i++) {
        if (i != replay->trace.store && i != replay->trace.erasures && replay->loose[i] != 0)
            return false;
    }
    return replay->named;
}

static int
step(struct replay *replay, size_t i)
{
    const struct event *event = &replay->trace.events[i];

    watch_others(replay, i);
    if (is_store(replay, event) && take(replay, i) != 0)
        return 1;
    if (replay->options.lie && disk_settle(replay->disk, LIES_WAITING) != 0)
        return 1;
    if (disk_waiting(replay->disk) > replay->most_waiting)
        replay->most_waiting = disk_waiting(replay->disk);
    return 0;
}

// ---- Images

static const char *
fate_name(enum disk_fate fate)
{
    static const char *const names[] = {"all kept", "none kept", "one dropped",
                                        "one kept", "some kept", "torn"};

    return names[fate];
}

static void
tell(struct replay *replay, size_t i, const struct disk_image *image, enum verdict verdict)
{
    if (replay->shown++ >= SHOWN_MAX)
        return;
    printf("event %zu (%s), %zu writes waiting, %s (which %zu, piece %zu, seed %" PRIu64 "): %s: %s\n", i,
           trace_kind(replay->trace.events[i].head.kind), disk_waiting(replay->disk), fate_name(image->fate),
           image->which, image->piece, image->seed, verdict_name(verdict), judge_reason(replay->judge));
}

enum depth {
    DEPTH_LOOK,
    DEPTH_CHECK,
    DEPTH_WRITE,
};

static int
try_image(struct replay *replay, size_t i, const struct disk_image *image, enum depth depth)
{
    uint64_t acknowledged = replay->trace.events[i].acknowledged;
    enum verdict verdict;

    if (disk_lay(replay->disk, image) != 0)
        return 1;
    replay->images++;
    if (depth == DEPTH_WRITE) {
        verdict = judge_write(replay->judge, acknowledged);
        disk_spoilt(replay->disk);
        replay->writes++;
    } else if (depth == DEPTH_CHECK) {
        verdict = judge_check(replay->judge, acknowledged);
    } else {
        verdict = judge_look(replay->judge, acknowledged);
    }
    replay->checks += depth != DEPTH_LOOK;
    if (verdict != VERDICT_GOOD && !replay->born && acknowledged == 0) {
        replay->unborn++; // nothing was promised yet
        return 0;
    }
    replay->verdicts[verdict]++;
    if (verdict != VERDICT_GOOD)
        tell(replay, i, image, verdict);
    return 0;
}

static size_t
list_singles(const struct replay *replay, size_t i, uint64_t seed, struct disk_image *out)
{
    bool sync = replay->trace.events[i].head.kind == LOG_SYNC_BEGIN;
    size_t n = 0, waiting = disk_waiting(replay->disk), most = sync ? SINGLES_MAX : SINGLES_FEW;

    if (waiting < 2)
        return 0;
    for (size_t k = 0; k < waiting && k < most; k++) {
        size_t which = k == 0            ? waiting - 1
                       : waiting <= most ? k - 1
                                         : (size_t)((seed + k * UINT64_C(2654435761)) % waiting);

        out[n++] = (struct disk_image){.fate = DISK_BUT, .which = which};
        out[n++] = (struct disk_image){.fate = DISK_ONLY, .which = which};
    }
    return n;
}

// The images of a cut: every way that is named, and some at random. Returns how many.
static size_t
list_images(const struct replay *replay, size_t i, struct disk_image *out)
{
    uint64_t seed = replay->options.seed * 1000003 + i * 64;
    size_t n = 0;

    out[n++] = (struct disk_image){.fate = DISK_ALL};
    if (disk_waiting(replay->disk) == 0)
        return n;
    out[n++] = (struct disk_image){.fate = DISK_NONE};
    n += list_singles(replay, i, seed, out + n);
    for (unsigned k = 0; k < replay->options.random; k++) {
        out[n++] = (struct disk_image){.fate = DISK_SOME, .seed = seed + 3 * k};
        out[n++] = (struct disk_image){.fate = DISK_TORN, .piece = 512, .seed = seed + 3 * k + 1};
        out[n++] = (struct disk_image){.fate = DISK_TORN, .piece = 4096, .seed = seed + 3 * k + 2};
    }
    return n;
}

// Whether the power may have left the same images, with the same promises, after the event before, and that
// was tried.
static bool
is_same(const struct replay *replay, size_t i)
{
    const struct event *event = &replay->trace.events[i];

    return i > 0 && replay->options.cuts == 0 && event->acknowledged == event[-1].acknowledged &&
           (!is_store(replay, event) || event->head.kind == LOG_FILE);
}

// A point where the power may fail: after event i.
static int
cut(struct replay *replay, size_t i)
{
    struct disk_image images[2 + 2 * SINGLES_MAX + 3 * RANDOM_MAX];
    size_t n = list_images(replay, i, images);
    size_t checked = (i * UINT64_C(2654435761) >> 7) % n; // another one each time
    unsigned every = replay->options.write_every;
    int rc = 0;

    replay->cuts++;
    if (replay->trace.events[i].acknowledged > 0 && !is_safe(replay))
        replay->unsafe++;
    if (is_same(replay, i)) {
        replay->same++;
        return 0;
    }
    for (size_t k = 0; k < n && rc == 0; k++) {
        enum depth depth = k != checked                             ? DEPTH_LOOK
                           : every > 0 && replay->cuts % every == 0 ? DEPTH_WRITE
                                                                    : DEPTH_CHECK;

        rc = try_image(replay, i, &images[k], depth);
    }
    return rc;
}

static bool
is_mine(const struct replay *replay, size_t i)
{
    const struct options *options = &replay->options;
    uint64_t stride = options->cuts == 0 ? 1 : replay->trace.n / options->cuts + 1;

    return i % stride == 0 && i / stride % options->parts == options->part;
}

static int
run(struct replay *replay)
{
    for (size_t i = 0; i < replay->trace.n; i++) {
        if (step(replay, i) != 0 || (is_mine(replay, i) && cut(replay, i) != 0))
            return 1;
    }
    return 0;
}

// ---- The whole

// The final store first: the log must give the very bytes of the file that the daemon left, or it is not
// whole.
static int
rebuild_final(struct replay *replay, const char *path)
{
    struct disk_image image = {.fate = DISK_ALL};
    char command[4096];

    for (size_t i = 0; i < replay->trace.n; i++) {
        if (is_store(replay, &replay->trace.events[i]) && take(replay, i) != 0)
            return 1;
    }
    if (disk_lay(replay->disk, &image) != 0)
        return 1;
    if (replay->options.final == NULL)
        return 0;
    snprintf(command, sizeof command, "cmp '%s' '%s'", path, replay->options.final);
    if (system(command) == 0)
        return 0;
    fprintf(stderr, "the log does not give the store's file: something was written past the recorder\n");
    return 1;
}

static int
touch(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? 1 : close(fd);
}

static int
prepare(struct replay *replay)
{
    static char image[4096], lock[4096];

    if (mkdir(replay->options.dir, 0700) != 0 || trace_read(replay->options.log, &replay->trace) != 0)
        return 1;
    snprintf(image, sizeof image, "%s/%s", replay->options.dir, STORE_FILE);
    snprintf(lock, sizeof lock, "%s/kansend.lock", replay->options.dir);
    replay->disk = disk_new(image);
    if (touch(lock) != 0 || replay->disk == NULL || rebuild_final(replay, image) != 0)
        return 1;
    replay->judge = judge_new(replay->options.dir);
    disk_free(replay->disk);
    replay->disk = disk_new(image);
    replay->commits = 0;
    replay->born = false;
    return replay->judge == NULL || replay->disk == NULL;
}

static int
report(const struct replay *replay)
{
    uint64_t failures = replay->unsafe;

    for (int i = VERDICT_GOOD + 1; i < VERDICT_COUNT; i++)
        failures += replay->verdicts[i];
    printf("events=%zu commits=%" PRIu64 " answers=%" PRIu64 " journal=%" PRIu64, replay->trace.n,
           replay->commits, replay->trace.answers, judge_last(replay->judge));
    printf(" cuts=%" PRIu64 " same=%" PRIu64 " images=%" PRIu64 " checked=%" PRIu64 " written_to=%" PRIu64,
           replay->cuts, replay->same, replay->images, replay->checks, replay->writes);
    printf(" most_waiting=%" PRIu64 " before_first_commit=%" PRIu64, replay->most_waiting, replay->unborn);
    for (int i = VERDICT_GOOD + 1; i < VERDICT_COUNT; i++)
        printf(" %s=%" PRIu64, verdict_name((enum verdict)i), replay->verdicts[i]);
    printf(" unsafe=%" PRIu64 " failures=%" PRIu64 "\n", replay->unsafe, failures);
    return failures == 0 ? 0 : 1;
}

static int
read_options(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        {"final", required_argument, NULL, 'f'},       {"part", required_argument, NULL, 'p'},
        {"cuts", required_argument, NULL, 'c'},        {"random", required_argument, NULL, 'r'},
        {"write-every", required_argument, NULL, 'w'}, {"seed", required_argument, NULL, 's'},
        {"lie-about-syncs", no_argument, NULL, 'l'},   {0},
    };
    int option;

    *out = (struct options){.parts = 1, .random = 2, .write_every = 50, .seed = 1};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'f':
            out->final = optarg;
            break;
        case 'p':
            if (sscanf(optarg, "%u/%u", &out->part, &out->parts) != 2 || out->parts == 0)
                return 1;
            break;
        case 'c':
            out->cuts = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            out->random = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'w':
            out->write_every = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            out->seed = strtoull(optarg, NULL, 10);
            break;
        case 'l':
            out->lie = true;
            break;
        default:
            return 1;
        }
    }
    if (argc - optind != 2 || out->random > RANDOM_MAX)
        return 1;
    out->log = argv[optind];
    out->dir = argv[optind + 1];
    return 0;
}

int
main(int argc, char **argv)
{
    struct replay replay = {0};

    if (read_options(argc, argv, &replay.options) != 0) {
        fprintf(stderr,
                "usage: %s LOG DIR [--final FILE] [--part I/N] [--cuts N] [--random 0..16] "
                "[--write-every N] [--seed N] [--lie-about-syncs]\n",
                argv[0]);
        return 2;
    }
    if (prepare(&replay) != 0 || run(&replay) != 0)
        return 2;
    return report(&replay);
}
