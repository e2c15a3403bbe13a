// SPDX-License-Identifier: Apache-2.0
// A cursor is one byte for the list and then the key of the last element: eight bytes, big-endian, or a code.
#include "rpc/page.h"
#include "rpc/service.h"
#include "store/store.h"
#include <inttypes.h>
#include <string.h>

#define LIMIT_MAX     1000u
#define LIMIT_DEFAULT 100u
#define CODE_BYTES    96u
#define ENVELOPE      1024u // of a frame, for all but the elements
#define ELEMENT       8u    // tag and length of an element, at most

size_t
page_room(const struct call *call)
{
    return call->service->max_frame - ENVELOPE;
}

int
page_start(struct call *call, uint32_t limit, struct page *page)
{
    if (limit > LIMIT_MAX)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "limit",
                         "%" PRIu32 " is not allowed; it takes 1..%u, or 0 for %u", limit, LIMIT_MAX,
                         LIMIT_DEFAULT);
    *page = (struct page){.limit = limit == 0 ? LIMIT_DEFAULT : limit, .max_bytes = page_room(call)};
    page->items = arena_array(call->arena, page->limit, sizeof(ProtobufCMessage *));
    return page->items == NULL ? STORE_FAULT_MEMORY : 0;
}

bool
page_add(struct page *page, ProtobufCMessage *item)
{
    size_t size = protobuf_c_message_get_packed_size(item) + ELEMENT;

    if (page->n == page->limit || (page->n > 0 && page->bytes + size > page->max_bytes))
        return false;
    page->items[page->n++] = item;
    page->bytes += size;
    return true;
}

int
page_refuse_cursor(struct call *call)
{
    return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "cursor",
                     "this is no cursor of this list; pass next_cursor of the page before, or nothing");
}

int
page_read_id(struct call *call, enum page_list list, const ProtobufCBinaryData *cursor, uint64_t *after)
{
    uint64_t id = 0;

    if (cursor->len != 0 && (cursor->len != 1 + sizeof id || cursor->data[0] != list))
        return page_refuse_cursor(call);
    for (size_t i = 1; i < cursor->len; i++)
        id = id << 8 | cursor->data[i];
    *after = id;
    return 0;
}

static bool
is_code(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", text[i]) == NULL ||
            text[i] == '\0')
            return false;
    }
    return true;
}

int
page_read_code(struct call *call, enum page_list list, const ProtobufCBinaryData *cursor, const char **after)
{
    if (cursor->len == 0) {
        *after = "";
        return 0;
    }
    if (cursor->len < 2 || cursor->len > 1 + CODE_BYTES || cursor->data[0] != list ||
        !is_code(cursor->data + 1, cursor->len - 1))
        return page_refuse_cursor(call);
    *after = arena_strndup(call->arena, (const char *)cursor->data + 1, cursor->len - 1);
    return *after == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
write_cursor(struct call *call, enum page_list list, const void *key, size_t len, ProtobufCBinaryData *cursor)
{
    uint8_t *bytes = arena_alloc(call->arena, 1 + len);

    if (bytes == NULL)
        return STORE_FAULT_MEMORY;
    bytes[0] = (uint8_t)list;
    memcpy(bytes + 1, key, len);
    *cursor = (ProtobufCBinaryData){1 + len, bytes};
    return 0;
}

int
page_write_id(struct call *call, enum page_list list, uint64_t last, ProtobufCBinaryData *cursor)
{
    uint8_t key[sizeof last];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(last >> (8 * (sizeof key - 1 - i)));
    return write_cursor(call, list, key, sizeof key, cursor);
}

int
page_write_code(struct call *call, enum page_list list, const char *last, ProtobufCBinaryData *cursor)
{
    return write_cursor(call, list, last, strlen(last), cursor);
}

int
page_check_enum(struct call *call, const char *field, const struct names *names, int value)
{
    char allowed[FAULT_MESSAGE_MAX / 2];

    if (value == 0 || names_text(names, value) != NULL)
        return 0;
    return fault_set(&call->fault, CODE_INVALID_ARGUMENT, field, "%d is not known; it takes %s", value,
                     names_list(names, allowed, sizeof allowed));
}
