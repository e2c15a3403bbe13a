// SPDX-License-Identifier: Apache-2.0
// Writes a workload to a folder: seeds/ (for kansend --seeds), partners.csv and offers.csv (for kansenctl
// import), queries.jsonl (for kansenctl match --batch) and requests.bin (frames for a load generator).
#include "tests/bench/workload.h"
#include "tests/bench/workload_files.h"
#include "tests/bench/workload_options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES   4096
#define BUFFER_BYTES (1u << 20)

static int
make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
}

// Opens folder/name, lets put write to it, and closes it.
static int
write_file(const char *folder, const char *name, const struct workload *workload,
           int (*put)(const struct workload *, FILE *))
{
    char path[PATH_BYTES];
    FILE *file;
    int r;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    if (file == NULL)
        return -errno;
    setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
    r = put(workload, file);
    if (fclose(file) != 0 && r == 0)
        r = -errno;
    return r;
}

static int
copy_file(const char *from_folder, const char *to_folder, const char *name)
{
    char path[PATH_BYTES], bytes[8192];
    FILE *from, *to;
    size_t n;
    int r = 0;

    snprintf(path, sizeof path, "%s/%s", from_folder, name);
    from = fopen(path, "re");
    snprintf(path, sizeof path, "%s/%s", to_folder, name);
    to = fopen(path, "we");
    if (from == NULL || to == NULL)
        r = -errno;
    while (r == 0 && (n = fread(bytes, 1, sizeof bytes, from)) > 0)
        r = fwrite(bytes, 1, n, to) == n ? 0 : -EIO;
    if (from != NULL)
        fclose(from);
    if (to != NULL && fclose(to) != 0 && r == 0)
        r = -errno;
    return r;
}

static int
write_all(const struct workload *workload, const char *seeds_dir, const char *folder)
{
    char seeds[PATH_BYTES];
    int r = make_folder(folder);

    snprintf(seeds, sizeof seeds, "%s/seeds", folder);
    if (r == 0)
        r = make_folder(seeds);
    if (r == 0)
        r = copy_file(seeds_dir, seeds, "regions.csv");
    if (r == 0)
        r = workload->options.form == WORKLOAD_FLAT
                ? write_file(seeds, "interests.csv", workload, workload_files_interests)
                : copy_file(seeds_dir, seeds, "interests.csv");
    if (r == 0)
        r = write_file(folder, "partners.csv", workload, workload_files_partners);
    if (r == 0)
        r = write_file(folder, "offers.csv", workload, workload_files_offers);
    if (r == 0)
        r = write_file(folder, "queries.jsonl", workload, workload_files_queries);
    if (r == 0)
        r = write_file(folder, "requests.bin", workload, workload_files_requests);
    return r;
}

int
main(int argc, char **argv)
{
    static const struct workload_flag flags[] = {{"csv", "DIR", true}, {.name = NULL}};
    const char *folder = NULL;
    struct workload_options options;
    struct workload *workload;
    int r = workload_options_read(argc, argv, &options, flags, &folder);

    if (r != 0)
        return r;
    r = workload_make(&options, &workload);
    if (r == 0) {
        r = write_all(workload, options.seeds_dir, folder);
        workload_free(workload);
    }
    if (r != 0)
        fprintf(stderr, "workload: %s\n", strerror(-r));
    return r == 0 ? 0 : 1;
}
