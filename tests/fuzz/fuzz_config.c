// SPDX-License-Identifier: Apache-2.0
// The configuration file: it is taken as a whole with all values in their range, or refused with a reason;
// its addresses likewise.
#include "base/log.h"
#include "base/options.h"
#include "net/address.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Reads options from the file that fd is, with what is told on stderr kept apart. Returns what options_read
// did.
static int
read_options(int fd, struct options *options)
{
    char path[64], *said = NULL, *argv[] = {(char *)"kansend", (char *)"-c", path, NULL};
    size_t len = 0;
    FILE *kept = stderr, *memory = open_memstream(&said, &len);
    int rc;

    assert(memory != NULL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    stderr = memory;
    rc = options_read(3, argv, options);
    stderr = kept;
    assert(fclose(memory) == 0);
    assert(rc == 0 || rc == 1);
    assert((rc == 0) == (len == 0));
    assert(rc == 0 || said[len - 1] == '\n');
    free(said);
    return rc;
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

    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    if (read_options(fd, &options) == 0) {
        check_options(&options);
        options_free(&options);
    }
    close(fd);
    return 0;
}
