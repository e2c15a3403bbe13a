// SPDX-License-Identifier: Apache-2.0
// The priority rule of a round: which class a student has at an offer, from coarse facts of both and never
// from the order of a list. Its language stands in kansen-record(5), RULES. Pure; one thread per arena.
#ifndef WORK_ROUND_RULE_H
#define WORK_ROUND_RULE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUND_RULE_DEFAULT    "rule all 1\nlabel 0 Everybody alike\nelse all class 0\n"
#define ROUND_RULE_MAX        32768u     // bytes of a rule
#define ROUND_RULE_INELIGIBLE UINT32_MAX // the class of a pair that may not be
struct round_rule;

// Reads a rule. 0; FAULT with the field "plan.rule", naming the line; or STORE_FAULT_MEMORY. The rule keeps
// pointers into text, which lives as long as it.
int round_rule_parse(const char *text, struct arena *arena, struct round_rule **out,
                     struct fault *fault) MUST_CHECK;

const char *round_rule_label(const struct round_rule *rule, uint32_t class); // "" for one that it never gives
bool round_rule_measures(const struct round_rule *rule);                     // whether it reads places

#endif
