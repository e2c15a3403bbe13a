// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/postgres_link.h"
#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT   "ask"
#define SQL_BYTES   8192u
#define PATH_BYTES  4096
#define OID_INT4    23
#define ARRAY_WORDS 5 // dimensions, nulls, type, length, first index

PGconn *
link_open(void)
{
    PGconn *link = PQconnectdb("");

    if (PQstatus(link) == CONNECTION_OK)
        return link;
    fprintf(stderr, "postgres: %s", PQerrorMessage(link));
    PQfinish(link);
    return NULL;
}

void
link_close(PGconn *link)
{
    if (link != NULL)
        PQfinish(link);
}

// Takes the result; 0 if it is the one that was expected.
static int
settle(PGconn *link, PGresult *result, ExecStatusType expected)
{
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (status == expected)
        return 0;
    fprintf(stderr, "postgres: %s", PQerrorMessage(link));
    return LINK_FAULT;
}

int
link_run(PGconn *link, const char *sql)
{
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);

    return settle(link, result, status == PGRES_TUPLES_OK ? PGRES_TUPLES_OK : PGRES_COMMAND_OK);
}

// The text of a file, to be freed, or NULL.
static char *
read_sql(const char *folder, const char *group, const char *name)
{
    char path[PATH_BYTES], *text = calloc(1, SQL_BYTES);
    FILE *file;
    size_t n = SQL_BYTES;

    snprintf(path, sizeof path, "%s/%s_%s.sql", folder, group, name);
    file = fopen(path, "re");
    if (file != NULL && text != NULL)
        n = fread(text, 1, SQL_BYTES, file);
    if (file != NULL)
        fclose(file);
    if (n < SQL_BYTES)
        return text;
    fprintf(stderr, "postgres: cannot read %s\n", path);
    free(text);
    return NULL;
}

int
link_run_file(PGconn *link, const char *folder, const char *group, const char *name)
{
    char *sql = read_sql(folder, group, name);
    int r = sql == NULL ? LINK_FAULT : link_run(link, sql);

    free(sql);
    return r;
}

int
link_copy_start(PGconn *link, const char *sql)
{
    return settle(link, PQexec(link, sql), PGRES_COPY_IN);
}

int
link_copy_put(PGconn *link, const char *text, int len)
{
    if (PQputCopyData(link, text, len) == 1)
        return 0;
    fprintf(stderr, "postgres: %s", PQerrorMessage(link));
    return LINK_FAULT;
}

int
link_copy_end(PGconn *link)
{
    if (PQputCopyEnd(link, NULL) != 1) {
        fprintf(stderr, "postgres: %s", PQerrorMessage(link));
        return LINK_FAULT;
    }
    if (settle(link, PQgetResult(link), PGRES_COMMAND_OK) != 0)
        return LINK_FAULT;
    PQclear(PQgetResult(link)); // none: the end of the statement
    return 0;
}

int
link_prepare_file(PGconn *link, const char *folder, const char *group, const char *name)
{
    char *sql = read_sql(folder, group, name);
    int r =
        sql == NULL ? LINK_FAULT : settle(link, PQprepare(link, STATEMENT, sql, 0, NULL), PGRES_COMMAND_OK);

    free(sql);
    return r;
}

void
params_start(struct link_params *params)
{
    params->count = 0;
    params->used = 0;
}

// Room for a binary parameter of len bytes.
static char *
add(struct link_params *params, uint32_t len)
{
    char *place = params->bytes + params->used;

    assert(params->count < LINK_PARAMS_MAX && params->used + len <= LINK_BYTES_MAX);
    params->used += len;
    params->values[params->count] = place;
    params->lengths[params->count] = (int)len;
    params->formats[params->count++] = 1;
    return place;
}

static char *
put_word(char *at, uint32_t word)
{
    uint32_t wire = htonl(word);

    memcpy(at, &wire, sizeof wire);
    return at + sizeof wire;
}

void
params_int4(struct link_params *params, int32_t value)
{
    put_word(add(params, sizeof value), (uint32_t)value);
}

void
params_float8(struct link_params *params, double value)
{
    uint64_t wire;

    memcpy(&wire, &value, sizeof wire);
    wire = htobe64(wire);
    memcpy(add(params, sizeof wire), &wire, sizeof wire);
}

void
params_text(struct link_params *params, const char *text)
{
    assert(params->count < LINK_PARAMS_MAX);
    params->values[params->count] = text;
    params->lengths[params->count] = 0;
    params->formats[params->count++] = 0;
}

void
params_int4s(struct link_params *params, const int32_t *values, uint32_t n)
{
    char *at = add(params, (ARRAY_WORDS + 2 * n) * (uint32_t)sizeof *values);

    at = put_word(at, 1);
    at = put_word(at, 0);
    at = put_word(at, OID_INT4);
    at = put_word(at, n);
    at = put_word(at, 1);
    for (uint32_t i = 0; i < n; i++)
        at = put_word(put_word(at, sizeof *values), (uint32_t)values[i]);
}

PGresult *
link_ask(PGconn *link, const struct link_params *params)
{
    PGresult *result =
        PQexecPrepared(link, STATEMENT, params->count, params->values, params->lengths, params->formats, 1);
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return result;
    fprintf(stderr, "postgres: %s", PQerrorMessage(link));
    PQclear(result);
    return NULL;
}

int32_t
link_int4(const PGresult *result, int row, int column)
{
    uint32_t wire;

    memcpy(&wire, PQgetvalue(result, row, column), sizeof wire);
    return (int32_t)ntohl(wire);
}
