// SPDX-License-Identifier: Apache-2.0
// Small parsers: dates, decimal numbers, addresses, a seed in a line of JSON, cursors, tokens. The first byte
// chooses.
#include "auth/token.h"
#include "base/arena.h"
#include "base/date.h"
#include "client/cli/base64url.h"
#include "client/cli/seed_text.h"
#include "match/cursor.h"
#include "net/address.h"
#include "proto/decimal.h"
#include "rpc/page.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define TOKENS 0xF0 // first bytes from there on

static void
check_date(const char *text)
{
    char again[DATE_TEXT_MAX];
    int32_t days;

    if (date_parse(text, &days) == 0)
        assert(strcmp(date_format(days, again), text) == 0);
}

static void
check_decimal(const char *text, size_t len, unsigned how)
{
    unsigned scale = how % (DECIMAL_SCALE_MAX + 1);
    char again[DECIMAL_TEXT_MAX];
    int64_t value, back;
    int rc = decimal_parse(text, len, scale, (int)(how >> 7), &value);

    assert(rc == 0 || rc == DECIMAL_E_FORM || rc == DECIMAL_E_RANGE);
    if (rc != 0)
        return;
    decimal_format(again, value, scale);
    assert(strlen(again) < sizeof again);
    assert(decimal_parse(again, strlen(again), scale, 0, &back) == 0 && back == value);
}

static void
check_address(const char *text, bool plain_anywhere)
{
    struct address address;
    struct fault fault = {0};

    if (address_parse(text, "listen", plain_anywhere, &address, &fault) != 0)
        assert(strcmp(fault.field, "listen") == 0 && fault.message[0] != '\0');
    if (address_parse_tcp(text, "admin", plain_anywhere, &address, &fault) == 0)
        assert(address_path(&address) == NULL);
}

// What was quoted is not quoted again.
static void
check_seed(const char *text, size_t len)
{
    size_t quoted_len = 0, again_len = 0;
    char *quoted = seed_text_quote(text, len, &quoted_len), *again;

    if (quoted == NULL)
        return;
    assert(quoted_len == len + 2);
    again = seed_text_quote(quoted, quoted_len, &again_len);
    free(again);
    free(quoted);
}

// One spelling for each token: what is read is what would be written.
static void
check_token(const char *text)
{
    uint8_t bytes[TOKEN_BYTES];
    char again[TOKEN_TEXT_MAX];

    if (!token_read(text, bytes))
        return;
    token_write(bytes, again);
    assert(strcmp(again, text) == 0);
}

// ---- Cursors: what is taken is what would be given, one form for each

static void
check_match(const uint8_t *data, size_t size)
{
    uint8_t bytes[CURSOR_BYTES];
    struct cursor cursor = {0}, again = {0};

    if (cursor_decode(data, size, &cursor)) {
        cursor_encode(&cursor, bytes);
        assert(size == CURSOR_BYTES && memcmp(bytes, data, size) == 0);
    }
    // And one whose checksum is right, so that what lies behind it is seen too.
    if (size >= CURSOR_BYTES) {
        memcpy(&cursor.as_of, data, 4);
        cursor.score = (uint32_t)(data[4] << 8 | data[5]);
        memcpy(&cursor.offer_id, data + 6, 8);
        memcpy(&cursor.digest, data + 14, 8);
        cursor_encode(&cursor, bytes);
        assert(cursor_decode(bytes, sizeof bytes, &again) && again.as_of == cursor.as_of &&
               again.score == cursor.score && again.offer_id == cursor.offer_id &&
               again.digest == cursor.digest);
    }
}

static void
check_list(struct call *call, enum page_list list, const ProtobufCBinaryData *given)
{
    ProtobufCBinaryData made = {0};
    const char *code = NULL;
    uint64_t id = 0;
    int rc = page_read_id(call, list, given, &id);

    assert(rc == 0 || (rc == FAULT && call->fault.message[0] != '\0'));
    if (rc == 0 && given->len > 0) {
        assert(page_write_id(call, list, id, &made) == 0);
        assert(made.len == given->len && memcmp(made.data, given->data, made.len) == 0);
    }
    rc = page_read_code(call, list, given, &code);
    assert(rc == 0 || (rc == FAULT && call->fault.message[0] != '\0'));
    if (rc == 0 && given->len > 0) {
        assert(page_write_code(call, list, code, &made) == 0);
        assert(made.len == given->len && memcmp(made.data, given->data, made.len) == 0);
    }
}

static void
check_lists(const uint8_t *data, size_t size)
{
    static const enum page_list lists[] = {PAGE_PARTNERS,  PAGE_OFFERS,     PAGE_INTERESTS, PAGE_REGIONS,
                                           PAGE_POSTCODES, PAGE_PLACEMENTS, PAGE_CLIENTS,   PAGE_TOKENS};
    struct call call = {.arena = arena_new(1 << 20)};
    ProtobufCBinaryData given = {.len = size, .data = malloc(size + 1)};

    assert(call.arena != NULL && given.data != NULL);
    memcpy(given.data, data, size);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        check_list(&call, lists[i], &given);
    free(given.data);
    arena_free(call.arena);
}

// As a command line hands it back.
static void
check_cursor_text(const char *text)
{
    uint8_t *bytes = malloc(strlen(text) * 3 / 4 + 1);
    char *again;
    long len;

    assert(bytes != NULL);
    len = base64url_decode(text, bytes);
    if (len >= 0) {
        again = malloc(BASE64URL_TEXT_SIZE((size_t)len));
        assert(again != NULL && strcmp(base64url_encode(bytes, (size_t)len, again), text) == 0);
        check_match(bytes, (size_t)len);
        free(again);
    }
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t what = fuzz_byte(&data, &size), how = fuzz_byte(&data, &size);
    char *text = malloc(size + 1); // ends where the text ends

    assert(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    switch (what >= TOKENS ? TOKENS : what % 6) {
    case TOKENS:
        check_token(text);
        break;
    case 0:
        check_date(text);
        break;
    case 1:
        check_decimal(text, size, how);
        break;
    case 2:
        check_address(text, how % 2 != 0);
        break;
    case 3:
        check_seed(text, size);
        break;
    case 4:
        check_cursor_text(text);
        break;
    default:
        check_match(data, size);
        check_lists(data, size);
        break;
    }
    free(text);
    return 0;
}
