// SPDX-License-Identifier: Apache-2.0
// A secret is made by the system's random numbers, and its file by O_EXCL: an old one is never overwritten,
// as a round can not be drawn without it.
#include "client/cli/round_secret.h"
#include "client/cli/lines.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
round_secret_parse(const char *text, uint8_t out[ROUND_SECRET_BYTES])
{
    size_t len = 0;

    return strlen(text) == 2 * ROUND_SECRET_BYTES &&
           strspn(text, "0123456789abcdef") == 2 * ROUND_SECRET_BYTES &&
           sodium_hex2bin(out, ROUND_SECRET_BYTES, text, strlen(text), NULL, &len, NULL) == 0 &&
           len == ROUND_SECRET_BYTES;
}

char *
round_secret_text(const uint8_t *bytes, char out[ROUND_SECRET_HEX])
{
    return sodium_bin2hex(out, ROUND_SECRET_HEX, bytes, ROUND_SECRET_BYTES);
}

static int
make(struct cli *cli, const char *file, uint8_t out[ROUND_SECRET_BYTES])
{
    char text[ROUND_SECRET_HEX + 1];
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = 0;

    if (fd < 0)
        return cli_usage(cli, "%s: %s", file, strerror(errno));
    randombytes_buf(out, ROUND_SECRET_BYTES);
    round_secret_text(out, text);
    text[ROUND_SECRET_HEX - 1] = '\n';
    if (write(fd, text, ROUND_SECRET_HEX) != (ssize_t)ROUND_SECRET_HEX || fsync(fd) != 0)
        rc = cli_fail(cli, "UNAVAILABLE", "", "%s can not be written: %s", file, strerror(errno));
    sodium_memzero(text, sizeof text);
    close(fd);
    if (rc != 0)
        unlink(file);
    return rc;
}

int
round_secret_read(struct cli *cli, const char *file, bool may_make, uint8_t out[ROUND_SECRET_BYTES],
                  bool *made)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC), status = CLI_OK;
    struct lines *lines;
    char *line = NULL;
    size_t len;

    *made = fd < 0 && errno == ENOENT && may_make;
    if (*made)
        return make(cli, file, out);
    if (fd < 0)
        return cli_usage(cli, "%s: %s", file, strerror(errno));
    if (cli_check_private(cli, "the secret in ", file, fd) != CLI_OK) {
        close(fd);
        return CLI_USAGE;
    }
    lines = lines_new(fd, ROUND_SECRET_HEX);
    if (lines == NULL)
        status = cli_no_memory(cli);
    else if (lines_next(lines, &line, &len) != 0 || !round_secret_parse(line, out))
        status = cli_usage(cli, "%s holds no secret: one line of 64 hexadecimal digits", file);
    if (line != NULL)
        explicit_bzero(line, strlen(line));
    lines_free(lines);
    close(fd);
    return status;
}

static void
hash_texts(const char *const *texts, size_t n, const uint8_t *secret, uint8_t *out)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, ROUND_SECRET_BYTES);
    for (size_t i = 0; i < n; i++)
        crypto_generichash_update(&state, (const uint8_t *)texts[i], strlen(texts[i]) + 1); // and its NUL
    crypto_generichash_update(&state, secret, ROUND_SECRET_BYTES);
    crypto_generichash_final(&state, out, ROUND_SECRET_BYTES);
}

int
round_secret_take_party(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    struct round_parties *parties = (void *)((char *)target + flag->offset);

    if (parties->n == ROUND_SECRET_PARTIES)
        return column_bad(bad, text, strlen(text), "at most 16 parties");
    parties->texts[parties->n++] = text;
    return 0;
}

int
round_secret_party(struct cli *cli, const char *run, const char *text, bool may_make,
                   struct round_party *party)
{
    size_t len = strcspn(text, "=:");
    const char *const texts[] = {"alloc-party-v1", run, party->name};
    bool made;
    int status;

    *party = (struct round_party){.has_secret = text[len] == '='};
    if (len < 1 || len >= sizeof party->name || text[len] == '\0')
        return cli_usage_at(cli, "--party", "\"%.60s\" is no party; it is NAME=FILE or NAME:COMMITMENT",
                            text);
    memcpy(party->name, text, len);
    if (round_secret_parse(text + len + 1, party->commitment)) {
        party->has_secret = false;
        return CLI_OK;
    }
    if (!party->has_secret)
        return cli_usage_at(cli, "--party", "a commitment has 64 hexadecimal digits");
    status = round_secret_read(cli, text + len + 1, may_make, party->secret, &made);
    if (status == CLI_OK && made)
        fprintf(stderr, "%s: a secret was made for %s; without it the round can not be drawn\n",
                text + len + 1, party->name);
    if (status == CLI_OK)
        hash_texts(texts, 3, party->secret, party->commitment);
    return status;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(((const struct round_party *)a)->name, ((const struct round_party *)b)->name);
}

void
round_secret_sort(struct round_party *parties, size_t n)
{
    qsort(parties, n, sizeof *parties, compare);
}

bool
round_secret_commit(const char *run, const struct round_party *parties, size_t n,
                    uint8_t commitment[ROUND_SECRET_BYTES])
{
    const char *const texts[] = {"alloc-commit-v1", run};
    uint8_t joined[ROUND_SECRET_BYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof joined);
    for (size_t i = 0; i < n; i++) {
        if (!parties[i].has_secret)
            return false;
        crypto_generichash_update(&state, parties[i].secret, ROUND_SECRET_BYTES);
    }
    crypto_generichash_final(&state, joined, sizeof joined);
    hash_texts(texts, 2, n == 1 ? parties[0].secret : joined, commitment);
    sodium_memzero(joined, sizeof joined);
    return true;
}

void
round_secret_wipe(struct round_party *parties, size_t n)
{
    sodium_memzero(parties, n * sizeof *parties);
}
