// SPDX-License-Identifier: Apache-2.0
// A rule is read into lines of conditions, which are gone through in their order for each pair; facts are
// texts, compared as such.
#include "work/round_rule.h"
#include "base/text.h"
#include "store/store.h"
#include "work/round_rule_state.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX      257u // 256 `when` and the `else`; as many labels
#define WORDS_MAX      (5u * ROUND_CONDITIONS_MAX + 4u)
#define NAME_MAX_BYTES 32u
#define REF_MAX_BYTES  64u
#define METRES_MAX     1000000u
#define LABEL_BYTES    500u

static const struct {
    const char *word;
    unsigned operands;
    bool compares; // the second operand may be a number
} tests[] = {
    [TEST_REFERRED] = {"referred", 0, false}, [TEST_RESERVED] = {"reserved", 0, false},
    [TEST_STUDENT] = {"student", 2, false},   [TEST_OFFER] = {"offer", 2, false},
    [TEST_SAME] = {"same", 2, false},         [TEST_SUBSET] = {"subset", 2, false},
    [TEST_ATLEAST] = {"atleast", 2, true},    [TEST_ATMOST] = {"atmost", 2, true},
    [TEST_WITHIN] = {"within", 3, false},
};
#define TESTS (sizeof tests / sizeof tests[0])

struct parser {
    struct round_rule *rule;
    struct arena *arena;
    struct fault *fault;
    unsigned line; // from 1
    char *words[WORDS_MAX];
    size_t n_words;
    size_t room; // of lines, and of labels
};

// ---- Words

static int refuse(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);

static int
refuse(struct parser *parser, const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return fault_set(parser->fault, CODE_INVALID_ARGUMENT, "plan.rule", "line %u of the rule: %s",
                     parser->line, why);
}

static bool
is_name(const char *text, size_t len)
{
    if (len < 1 || len > NAME_MAX_BYTES || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 1; i < len; i++) {
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_' ||
              text[i] == '-'))
            return false;
    }
    return true;
}

static bool
is_ref(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-");

    return len >= 1 && len <= REF_MAX_BYTES && text[len] == '\0' && strcmp(text, "-") != 0;
}

static bool
read_number(const char *text, uint32_t *out)
{
    size_t len = strspn(text, "0123456789");
    unsigned long long value;

    if (len < 1 || len > 10 || text[len] != '\0' || (text[0] == '0' && len > 1))
        return false;
    value = strtoull(text, NULL, 10);
    *out = (uint32_t)value;
    return value <= UINT32_MAX;
}

// Splits a line at single spaces, in place. Behind the first `most` words the rest is one word.
static int
split(struct parser *parser, char *text, size_t most)
{
    parser->n_words = 0;
    for (char *at = text; at != NULL;) {
        char *space = parser->n_words + 1 < most ? strchr(at, ' ') : NULL;

        if (parser->n_words == WORDS_MAX)
            return refuse(parser, "it has too many words");
        if (space != NULL)
            *space++ = '\0';
        if (at[0] == '\0')
            return refuse(parser, "words are separated by one space, and none stands at the end");
        parser->words[parser->n_words++] = at;
        at = space;
    }
    return 0;
}

// ---- Conditions

static int
parse_operands(struct parser *parser, size_t *at, struct condition *condition)
{
    unsigned operands = tests[condition->test].operands;
    bool is_ref_wanted = condition->test == TEST_STUDENT || condition->test == TEST_OFFER;

    if (*at + operands > parser->n_words)
        return refuse(parser, "%s wants %u words behind it", tests[condition->test].word, operands);
    if (operands == 0)
        return 0;
    condition->first = parser->words[*at];
    condition->second = parser->words[*at + 1];
    if (!is_name(condition->first, strlen(condition->first)))
        return refuse(parser, "'%.32s' is no name of a fact", condition->first);
    if (is_ref_wanted && !is_ref(condition->second))
        return refuse(parser, "'%.64s' is no value of a fact", condition->second);
    if (tests[condition->test].compares)
        condition->is_number = read_number(condition->second, &condition->number);
    if (!is_ref_wanted && !condition->is_number && !is_name(condition->second, strlen(condition->second)))
        return refuse(parser, "'%.32s' is no name of a fact%s", condition->second,
                      tests[condition->test].compares ? ", and no number up to 4294967295" : "");
    if (condition->test == TEST_WITHIN) {
        if (!read_number(parser->words[*at + 2], &condition->number) || condition->number > METRES_MAX)
            return refuse(parser, "'%.20s' are no metres; 0 to %u are allowed", parser->words[*at + 2],
                          METRES_MAX);
        parser->rule->measures = true;
    }
    *at += operands;
    return 0;
}

static int
parse_condition(struct parser *parser, size_t *at, struct condition *condition)
{
    condition->negated = *at < parser->n_words && strcmp(parser->words[*at], "not") == 0;
    *at += condition->negated ? 1 : 0;
    if (*at >= parser->n_words)
        return refuse(parser, "a condition is missing");
    for (unsigned test = 0; test < TESTS; test++) {
        if (strcmp(parser->words[*at], tests[test].word) == 0) {
            condition->test = (enum test)test;
            ++*at;
            return parse_operands(parser, at, condition);
        }
    }
    return refuse(parser,
                  "'%.32s' is no condition; allowed: referred, reserved, student, offer, same, subset, "
                  "atleast, atmost, within",
                  parser->words[*at]);
}

static int
parse_conditions(struct parser *parser, size_t at, struct line *line)
{
    for (;;) {
        int rc;

        if (line->n == ROUND_CONDITIONS_MAX)
            return refuse(parser, "more than %u conditions", ROUND_CONDITIONS_MAX);
        rc = parse_condition(parser, &at, &line->conditions[line->n++]);
        if (rc != 0 || at == parser->n_words)
            return rc;
        if (strcmp(parser->words[at++], "&") != 0)
            return refuse(parser, "conditions are separated by &, not by '%.32s'", parser->words[at - 1]);
    }
}

// ---- Lines

// The words "NAME class NUMBER" or "NAME ineligible" behind the first one; *at is where the conditions begin.
static int
parse_outcome(struct parser *parser, struct line *line, size_t *at)
{
    char **words = parser->words;

    if (parser->n_words < 3 || !is_name(words[1], strlen(words[1])))
        return refuse(parser, "%s wants a name of a line, then 'class NUMBER' or 'ineligible'", words[0]);
    line->name = words[1];
    for (size_t i = 0; i < parser->rule->n_lines; i++) {
        if (strcmp(parser->rule->lines[i].name, line->name) == 0)
            return refuse(parser, "another line is called '%s' too", line->name);
    }
    if (strcmp(words[2], "ineligible") == 0) {
        line->class = ROUND_RULE_INELIGIBLE;
        *at = 3;
        return 0;
    }
    if (strcmp(words[2], "class") != 0 || parser->n_words < 4 || !read_number(words[3], &line->class) ||
        line->class == ROUND_RULE_INELIGIBLE)
        return refuse(parser, "'class NUMBER' with 0 to 4294967294, or 'ineligible', is missing");
    *at = 4;
    return 0;
}

static int
parse_decision(struct parser *parser, bool is_last)
{
    struct line *line = &parser->rule->lines[parser->rule->n_lines];
    size_t at = 0; // the conditions
    int rc;

    if (!is_last && parser->rule->n_lines + 1 >= LINES_MAX)
        return refuse(parser, "more than %u lines 'when'", LINES_MAX - 1);
    rc = parse_outcome(parser, line, &at);
    if (rc == 0 && !is_last)
        rc = parse_conditions(parser, at, line);
    else if (rc == 0 && at != parser->n_words)
        rc = refuse(parser, "else takes no conditions");
    parser->rule->n_lines++;
    return rc;
}

static int
parse_label(struct parser *parser)
{
    struct round_rule *rule = parser->rule;
    struct label *label = &rule->labels[rule->n_labels];
    size_t characters;

    if (rule->n_labels == parser->room)
        return refuse(parser, "more than %u labels", LINES_MAX);
    if (parser->n_words != 3 || !read_number(parser->words[1], &label->class))
        return refuse(parser, "label wants a class and a text");
    label->text = parser->words[2];
    if (rule->n_labels > 0 && label[-1].class >= label->class)
        return refuse(parser, "labels are sorted by their class");
    if (strlen(label->text) > LABEL_BYTES || label->text[strlen(label->text) - 1] == ' ' ||
        label->text[0] == ' ' ||
        text_check(label->text, strlen(label->text), false, &characters) != TEXT_FINE)
        return refuse(parser, "a label has 1 to %u bytes, no control characters, no space at an end",
                      LABEL_BYTES);
    rule->n_labels++;
    return 0;
}

enum part { PART_RULE, PART_LABELS, PART_WHEN, PART_END };

static int
parse_line(struct parser *parser, char *text, enum part *part)
{
    bool is_label = strncmp(text, "label ", 6) == 0;
    uint32_t version;
    int rc = split(parser, text, is_label ? 3 : WORDS_MAX + 1);

    if (rc != 0)
        return rc;
    if (*part == PART_RULE) {
        *part = PART_LABELS;
        if (parser->n_words == 3 && strcmp(parser->words[0], "rule") == 0 &&
            is_name(parser->words[1], strlen(parser->words[1])) && read_number(parser->words[2], &version))
            return 0;
        return refuse(parser, "it must be 'rule NAME VERSION'");
    }
    if (is_label && *part == PART_LABELS)
        return parse_label(parser);
    if (strcmp(parser->words[0], "when") == 0 && *part <= PART_WHEN) {
        *part = PART_WHEN;
        return parse_decision(parser, false);
    }
    if (strcmp(parser->words[0], "else") == 0 && *part <= PART_WHEN) {
        *part = PART_END;
        return parse_decision(parser, true);
    }
    return refuse(parser, "'%.32s' can not stand here; the order is rule, label, when, else",
                  parser->words[0]);
}

static int
check_labels(struct parser *parser)
{
    for (size_t i = 0; i < parser->rule->n_lines; i++) {
        const struct line *line = &parser->rule->lines[i];

        if (line->class != ROUND_RULE_INELIGIBLE && round_rule_label(parser->rule, line->class)[0] == '\0')
            return fault_set(parser->fault, CODE_INVALID_ARGUMENT, "plan.rule",
                             "class %" PRIu32 " of line '%s' has no label", line->class, line->name);
    }
    return 0;
}

static size_t
count_lines(const char *text)
{
    size_t lines = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

int
round_rule_parse(const char *text, struct arena *arena, struct round_rule **out, struct fault *fault)
{
    struct parser parser = {.arena = arena, .fault = fault, .rule = arena_alloc(arena, sizeof *parser.rule)};
    char *copy = arena_strdup(arena, text);
    enum part part = PART_RULE;
    int rc = 0;

    if (parser.rule == NULL || copy == NULL)
        return STORE_FAULT_MEMORY;
    if (strlen(text) > ROUND_RULE_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "plan.rule",
                         "the rule has %zu bytes; at most %u are allowed", strlen(text), ROUND_RULE_MAX);
    parser.room = count_lines(text) < LINES_MAX ? count_lines(text) : LINES_MAX;
    parser.rule->lines = arena_array(arena, parser.room, sizeof(struct line));
    parser.rule->labels = arena_array(arena, parser.room, sizeof(struct label));
    if (parser.rule->lines == NULL || parser.rule->labels == NULL)
        return STORE_FAULT_MEMORY;
    for (char *line = copy, *next; *line != '\0' && rc == 0; line = next) {
        char *end = strchr(line, '\n');

        parser.line++;
        if (end == NULL)
            return refuse(&parser, "it does not end in a line feed");
        *end = '\0';
        next = end + 1;
        rc = parse_line(&parser, line, &part);
    }
    if (rc == 0 && part != PART_END)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "plan.rule", "the rule has no line 'else'");
    if (rc == 0)
        rc = check_labels(&parser);
    if (rc == 0)
        *out = parser.rule;
    return rc;
}

const char *
round_rule_label(const struct round_rule *rule, uint32_t class)
{
    for (size_t i = 0; i < rule->n_labels; i++) {
        if (rule->labels[i].class == class)
            return rule->labels[i].text;
    }
    return "";
}

bool
round_rule_measures(const struct round_rule *rule)
{
    return rule->measures;
}
