// SPDX-License-Identifier: Apache-2.0
#include "client/verify/report.h"
#include <stdarg.h>

int
report_fault(struct report *report, const char *file, size_t line, const char *rule, const char *format, ...)
{
    char text[sizeof report->first], message[400], place[32] = "";
    va_list args;

    if (report->faults >= REPORT_SHOWN) { // a bad record has millions
        report->faults++;
        return -1;
    }
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (line > 0)
        snprintf(place, sizeof place, ":%zu", line);
    snprintf(text, sizeof text, "%s%s%s%s%s: %s", report->about != NULL && file != NULL ? report->about : "",
             file != NULL ? file : "", place, file != NULL ? ": " : "", rule, message);
    if (report->faults++ == 0) {
        memcpy(report->first, text, sizeof text);
        report->rule = rule;
    }
    if (report->out != NULL)
        fprintf(report->out, "%s\n", text);
    return -1;
}

void
report_note(struct report *report, const char *format, ...)
{
    va_list args;

    if (report->notes == NULL)
        return;
    va_start(args, format);
    vfprintf(report->notes, format, args);
    va_end(args);
    fputc('\n', report->notes);
}

int
report_no_memory(struct report *report)
{
    return report_fault(report, NULL, 0, "memory", "there is not enough of it");
}

const char *
report_quote(struct slice text, char out[REPORT_QUOTED_MAX])
{
    size_t at = 0, len = text.len < 60 ? text.len : 60;

    out[at++] = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
            at += (size_t)snprintf(out + at, REPORT_QUOTED_MAX - at, "\\x%02x", c);
        else
            out[at++] = (char)c;
    }
    snprintf(out + at, REPORT_QUOTED_MAX - at, "\"%s", len < text.len ? "..." : "");
    return out;
}
