// SPDX-License-Identifier: Apache-2.0
// What all lists have in common: limits, cursors, and pages that fit a frame.
#ifndef RPC_PAGE_H
#define RPC_PAGE_H

#include "base/attr.h"
#include "proto/names.h"
#include "rpc/call.h"
#include <stdbool.h>

// The kind of list that a cursor belongs to; its first byte.
enum page_list {
    PAGE_PARTNERS = 'p',
    PAGE_OFFERS = 'o',
    PAGE_INTERESTS = 'i',
    PAGE_REGIONS = 'r',
    PAGE_POSTCODES = 'c',
    PAGE_PLACEMENTS = 's',
    PAGE_CLIENTS = 'l',
    PAGE_TOKENS = 't',
    PAGE_ROUNDS = 'n',
    PAGE_ROUND_OFFERS = 'f',
    PAGE_ROUND_STUDENTS = 'u',
    PAGE_ROUND_OBJECTIONS = 'j',
};

struct page {
    size_t limit; // elements
    size_t n;     // elements so far
    size_t bytes; // so far
    size_t max_bytes;
    ProtobufCMessage **items; // limit of them, in the call's arena
};

// Bytes of a frame that elements may take.
size_t page_room(const struct call *call);

// Starts a page for a limit as the client gave it. 0, FAULT or STORE_FAULT_MEMORY.
int page_start(struct call *call, uint32_t limit, struct page *page) MUST_CHECK;

// Adds an item, unless the page is full; an item that is above the size of a page still gets one of its own.
bool page_add(struct page *page, ProtobufCMessage *item) MUST_CHECK;

// Reads a cursor; an empty one gives 0 or "". 0, or FAULT for bytes that this list did not give; the second
// also STORE_FAULT_MEMORY.
int page_read_id(struct call *call, enum page_list list, const ProtobufCBinaryData *cursor,
                 uint64_t *after) MUST_CHECK;
int page_read_code(struct call *call, enum page_list list, const ProtobufCBinaryData *cursor,
                   const char **after) MUST_CHECK;

// Refuses a cursor that this list did not give. FAULT.
int page_refuse_cursor(struct call *call);

// Makes a cursor behind an element, in the call's arena. 0 or STORE_FAULT_MEMORY.
int page_write_id(struct call *call, enum page_list list, uint64_t last,
                  ProtobufCBinaryData *cursor) MUST_CHECK;
int page_write_code(struct call *call, enum page_list list, const char *last,
                    ProtobufCBinaryData *cursor) MUST_CHECK;

// Refuses an enum value without a name (0 is fine). 0 or FAULT.
int page_check_enum(struct call *call, const char *field, const struct names *names, int value) MUST_CHECK;

#endif
