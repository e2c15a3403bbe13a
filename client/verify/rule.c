// SPDX-License-Identifier: Apache-2.0
#include "client/verify/rule.h"

static const struct {
    const char *word;
    enum rule_test test;
} words[] = {
    {"referred", RULE_REFERRED}, {"reserved", RULE_RESERVED}, {"student", RULE_STUDENT},
    {"offer", RULE_OFFER},       {"same", RULE_SAME},         {"subset", RULE_SUBSET},
    {"atleast", RULE_ATLEAST},   {"atmost", RULE_ATMOST},     {"within", RULE_WITHIN},
};

static int
read_labels(struct lines *lines, struct rule *rule)
{
    struct slice text;

    while (lines_follow(lines, "label")) {
        uint64_t *label = &rule->labels[rule->n_labels];

        if (rule->n_labels == RULE_LABELS_MAX)
            return lines_bad(lines, "label", slice_of("another line"), "at most 257 labels");
        if (lines_next(lines) != 0 || lines_word(lines, "label") != 0 ||
            lines_number(lines, "class", RULE_CLASS_MAX, label) != 0 ||
            lines_text(lines, "label", &text) != 0)
            return -1;
        if (rule->n_labels++ > 0 && *label <= label[-1])
            return lines_bad(lines, "class", lines->line, "a number above the one before");
    }
    return 0;
}

static void
note_reading(struct rule *rule, struct slice name, bool of_student, bool as_place)
{
    for (unsigned i = 0; i < rule->n_readings; i++)
        if (slice_equal(rule->reading[i].name, name) && rule->reading[i].of_student == of_student &&
            rule->reading[i].as_place == as_place)
            return;
    rule->reading[rule->n_readings++] = (struct rule_reading){name, of_student, as_place};
}

static int
read_numbers(struct lines *lines, struct rule *rule, struct rule_condition *condition)
{
    if (lines_name(lines, "fact of the student", &condition->a) != 0 ||
        lines_field(lines, "fact of the offer", &condition->b) != 0)
        return -1;
    condition->against_number = lines_is_number(condition->b, UINT32_MAX, &condition->number);
    if (!condition->against_number && !lines_is_name(condition->b))
        return lines_bad(lines, "fact of the offer", condition->b, "a name or a number up to 4294967295");
    note_reading(rule, condition->a, true, false);
    if (!condition->against_number)
        note_reading(rule, condition->b, false, false);
    return 0;
}

static int
read_operands(struct lines *lines, struct rule *rule, struct rule_condition *condition)
{
    switch (condition->test) {
    case RULE_REFERRED:
    case RULE_RESERVED:
        return 0;
    case RULE_STUDENT:
    case RULE_OFFER:
        return lines_name(lines, "name of the fact", &condition->a) != 0
                   ? -1
                   : lines_ref(lines, "value", &condition->b);
    case RULE_ATLEAST:
    case RULE_ATMOST:
        return read_numbers(lines, rule, condition);
    default:
        break;
    }
    if (lines_name(lines, "fact of the student", &condition->a) != 0 ||
        lines_name(lines, "fact of the offer", &condition->b) != 0)
        return -1;
    if (condition->test != RULE_WITHIN)
        return 0;
    note_reading(rule, condition->a, true, true);
    note_reading(rule, condition->b, false, true);
    return lines_number(lines, "metres", 1000000, &condition->number);
}

static int
read_condition(struct lines *lines, struct rule *rule, struct rule_line *line)
{
    struct rule_condition *condition = &line->condition[line->n_conditions];
    struct slice word;
    size_t at = 0;

    if (line->n_conditions++ == RULE_CONDITIONS_MAX)
        return lines_bad(lines, "condition", lines->rest, "at most 16 conditions");
    if (lines_field(lines, "condition", &word) != 0)
        return -1;
    condition->negated = slice_is(word, "not");
    if (condition->negated && lines_field(lines, "condition", &word) != 0)
        return -1;
    while (at < sizeof words / sizeof words[0] && !slice_is(word, words[at].word))
        at++;
    if (at == sizeof words / sizeof words[0])
        return lines_bad(lines, "condition", word, "one that rules have");
    condition->test = words[at].test;
    return read_operands(lines, rule, condition);
}

static int
read_outcome(struct lines *lines, const struct rule *rule, struct rule_line *line)
{
    struct slice word;
    uint64_t class;

    for (unsigned i = 0; i < rule->n_lines; i++)
        if (slice_equal(rule->line[i].name, line->name))
            return lines_bad(lines, "name", line->name, "a name that no other line has");
    if (lines_field(lines, "outcome", &word) != 0)
        return -1;
    if (slice_is(word, "ineligible")) {
        line->class = RULE_INELIGIBLE;
        return 0;
    }
    if (!slice_is(word, "class"))
        return lines_bad(lines, "outcome", word, "class or ineligible");
    if (lines_number(lines, "class", RULE_CLASS_MAX, &class) != 0)
        return -1;
    line->class = (uint32_t) class;
    for (unsigned i = 0; i < rule->n_labels; i++)
        if (rule->labels[i] == class)
            return 0;
    return lines_bad(lines, "class", lines->line, "a class that has a label");
}

static int
read_line(struct lines *lines, struct rule *rule, const char *keyword)
{
    struct rule_line *line = &rule->line[rule->n_lines];

    if (lines_next(lines) != 0 || lines_word(lines, keyword) != 0 ||
        lines_name(lines, "name", &line->name) != 0 || read_outcome(lines, rule, line) != 0)
        return -1;
    if (strcmp(keyword, "when") == 0) {
        if (read_condition(lines, rule, line) != 0)
            return -1;
        while (!lines->over)
            if (lines_word(lines, "&") != 0 || read_condition(lines, rule, line) != 0)
                return -1;
    }
    rule->n_lines++;
    return lines_end(lines);
}

int
rule_read(struct lines *lines, struct rule *rule)
{
    if (read_labels(lines, rule) != 0)
        return -1;
    while (lines_follow(lines, "when"))
        if (rule->n_lines == RULE_LINES_MAX - 1)
            return lines_bad(lines, "when", slice_of("another line"), "at most 256 lines");
        else if (read_line(lines, rule, "when") != 0)
            return -1;
    return read_line(lines, rule, "else");
}

int
rule_check(const struct rule *rule, const struct facts_places *places, const struct facts *facts,
           bool of_student, const struct lines *lines)
{
    uint64_t number;
    size_t n;

    for (unsigned i = 0; i < rule->n_readings; i++) {
        const struct rule_reading *reading = &rule->reading[i];
        const struct facts_fact *fact = facts_named(facts, reading->name, &n);

        for (size_t k = 0; reading->of_student == of_student && k < n; k++)
            if (reading->as_place && facts_find_place(places, fact[k].value) == NULL)
                return lines_bad(lines, "fact", fact[k].value,
                                 "a place of the record, as the rule measures from it");
            else if (!reading->as_place && !lines_is_number(fact[k].value, UINT32_MAX, &number))
                return lines_bad(lines, "fact", fact[k].value,
                                 "a number up to 4294967295, as the rule compares it");
    }
    return 0;
}

static bool
has(const struct facts_fact *facts, size_t n, struct slice value)
{
    for (size_t i = 0; i < n; i++)
        if (slice_equal(facts[i].value, value))
            return true;
    return false;
}

// How many of a's values are among b's.
static size_t
shared(const struct facts_fact *a, size_t n_a, const struct facts_fact *b, size_t n_b)
{
    size_t count = 0;

    for (size_t i = 0; i < n_a; i++)
        count += has(b, n_b, a[i].value);
    return count;
}

static bool
compares(const struct rule_condition *condition, const struct facts_fact *a, size_t n_a,
         const struct facts_fact *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++)
        for (size_t k = 0; k < (condition->against_number ? 1 : n_b); k++) {
            uint64_t own = 0, other = condition->number;

            lines_is_number(a[i].value, UINT32_MAX, &own); // both have been checked
            if (!condition->against_number)
                lines_is_number(b[k].value, UINT32_MAX, &other);
            if (condition->test == RULE_ATLEAST ? own < other : own > other)
                return false;
        }
    return true;
}

static bool
near(const struct facts_places *places, const struct rule_condition *condition, const struct facts_fact *a,
     size_t n_a, const struct facts_fact *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++)
        for (size_t k = 0; k < n_b; k++)
            if (facts_within(facts_find_place(places, a[i].value), facts_find_place(places, b[k].value),
                             condition->number))
                return true;
    return false;
}

static bool
holds(const struct facts_places *places, const struct rule_condition *condition, const struct rule_pair *pair)
{
    size_t n_a, n_b;
    const struct facts_fact *a = facts_named(pair->student, condition->a, &n_a);
    const struct facts_fact *b = facts_named(pair->offer, condition->b, &n_b);

    switch (condition->test) {
    case RULE_REFERRED:
        return pair->referred;
    case RULE_RESERVED:
        return pair->reserved;
    case RULE_STUDENT:
        return has(a, n_a, condition->b);
    case RULE_OFFER:
        b = facts_named(pair->offer, condition->a, &n_b);
        return has(b, n_b, condition->b);
    case RULE_SAME:
        return shared(a, n_a, b, n_b) > 0;
    case RULE_SUBSET:
        return shared(a, n_a, b, n_b) == n_a;
    case RULE_WITHIN:
        return near(places, condition, a, n_a, b, n_b);
    default:
        return compares(condition, a, n_a, b, n_b);
    }
}

const struct rule_line *
rule_decide(const struct rule *rule, const struct facts_places *places, const struct rule_pair *pair)
{
    const struct rule_line *line = rule->line;

    for (const struct rule_line *otherwise = rule->line + rule->n_lines - 1; line < otherwise; line++) {
        unsigned i = 0;

        while (i < line->n_conditions &&
               holds(places, &line->condition[i], pair) != line->condition[i].negated)
            i++;
        if (i == line->n_conditions)
            break;
    }
    return line;
}
