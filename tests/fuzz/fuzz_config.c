// SPDX-License-Identifier: Apache-2.0
// The configuration file: it is taken as a whole with all values in their range, or refused with a reason;
// its addresses likewise.
#include "base/log.h"
#include "base/options.h"
#include "base/options_change.h"
#include "net/address.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// libconfuse keeps the arguments of a call that the file ends in. That cfg_free is called is held by the unit
// tests, which run under the same sanitizer.
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libconfuse.so\n";
}

// Reads options from a file. Returns what options_read did.
static int
read_options(const char *path, struct options *options)
{
    char why[OPTIONS_WHY_MAX], *argv[] = {(char *)"kansend", (char *)"-c", (char *)path, NULL};
    int rc = options_read(3, argv, options, why);

    assert(rc == 0 || rc == 1);
    assert((rc == 0) == (why[0] == '\0'));
    assert(strlen(why) < sizeof why);
    return rc;
}

// What is printed is a file that says the same.
static void
check_print(const struct options *options)
{
    char path[64], *texts[2] = {NULL, NULL};
    int fd = memfd_create("printed", MFD_CLOEXEC);
    struct options again;
    size_t len[2] = {0};
    FILE *memory;

    for (unsigned i = 0; i < 2; i++) {
        memory = open_memstream(&texts[i], &len[i]);
        assert(memory != NULL);
        options_print(i == 0 ? options : &again, memory);
        assert(fclose(memory) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (i == 0)
            assert(write(fd, texts[0], len[0]) == (ssize_t)len[0] && read_options(path, &again) == 0);
    }
    assert(strcmp(strchr(texts[0], '\n'), strchr(texts[1], '\n')) == 0); // the first line names the file
    options_free(&again);
    free(texts[0]);
    free(texts[1]);
    close(fd);
}

static void
check_address(const char *text, const char *option, bool plain_anywhere)
{
    struct address address;
    struct fault fault = {0};

    if (address_parse(text, option, plain_anywhere, &address, &fault) != 0)
        assert(strcmp(fault.field, option) == 0 && fault.message[0] != '\0');
    else
        assert(address.len <= sizeof address.addr && (address_path(&address) != NULL) == (text[0] == 'u'));
}

static void
check_options(const struct options *options)
{
    bool anywhere = strcmp(options->insecure_plain_tcp_on_any_address, "yes") == 0;

    assert(options->mode == OPTIONS_SERVE && options->data_dir[0] != '\0');
    assert(options->n_listen <= OPTIONS_LISTEN_MAX && options->workers <= 256);
    assert(options->max_frame >= 4096 && options->max_frame <= UINT32_MAX);
    assert(options->max_in_flight >= 1 && options->max_batch_writes >= 1 && options->commit_group >= 1);
    assert(options->log_level == NULL || log_level_named(options->log_level) >= 0);
    for (size_t i = 0; i < options->n_listen; i++)
        check_address(options->listen[i], "listen", anywhere);
    if (strcmp(options->admin, "off") != 0)
        check_address(options->admin, "admin", false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    struct options options;
    char path[64];

    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (read_options(path, &options) == 0) {
        check_options(&options);
        check_print(&options);
        options_free(&options);
    }
    close(fd);
    return 0;
}
