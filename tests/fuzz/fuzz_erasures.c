// SPDX-License-Identifier: Apache-2.0
// The list of erasures, damaged in any way: it is read to its end, what is no good line of it is passed over,
// and the store is well afterwards. The first byte says how many bytes of a line that is good stand in front.
#include "base/log.h"
#include "store/check.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "work/erasures.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 320u

static struct world *world;
static char good[256]; // a line, of a student that the store does not know

static void
write_list(const char *path, const uint8_t *data, size_t size)
{
    size_t front = fuzz_byte(&data, &size) % (strlen(good) + 1);
    FILE *file = fopen(path, "w");

    assert(file != NULL && fwrite(good, 1, front, file) == front && fwrite(data, 1, size, file) == size);
    assert(fclose(file) == 0);
}

static void
make_good_line(const char *path)
{
    static const uint8_t hash[ERASURES_HASH_BYTES] = {1, 2, 3};
    struct erasures *erasures;
    struct fault fault;
    FILE *file;

    unlink(path);
    assert(erasures_open(path, &erasures, &fault) == 0);
    assert(erasures_note(erasures, hash, INT64_C(1788249600000000)) == 0 && erasures_sync(erasures) == 0);
    erasures_close(erasures);
    file = fopen(path, "r");
    assert(file != NULL && fgets(good, sizeof good, file) != NULL);
    fclose(file);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[PATH_BYTES];

    (void)argc;
    (void)argv;
    world = world_new();
    snprintf(path, sizeof path, "%s/list", world_close(world));
    make_good_line(path);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *dir = world_close(world);
    struct store_options options = {.dir = dir, .map_bytes = UINT64_C(16) << 20};
    struct log log = {.fd = -1, .level = LOG_LEVEL_ERROR};
    struct erasures *erasures;
    struct store *store;
    struct fault fault;
    char path[PATH_BYTES], *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);

    snprintf(path, sizeof path, "%s/list", dir);
    write_list(path, data, size);
    assert(store_open(&options, &store, &fault) == 0 && erasures_open(path, &erasures, &fault) == 0);
    assert(erasures_apply(erasures, store, &log, &fault) == 0);
    erasures_close(erasures);
    store_close(store);
    assert(out != NULL && check_run(dir, out) == 0);
    fclose(out);
    free(said);
    return 0;
}
