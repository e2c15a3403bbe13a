// SPDX-License-Identifier: Apache-2.0
// A list of words for each kind of field; which one a field takes is told by a part of its name.
#include "tests/fuzz/words.h"
#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const interests[] = {"sport",
                                        "sport.voetbal",
                                        "sport.handbal",
                                        "kunst",
                                        "kunst.dans",
                                        "zorg",
                                        "leeg",
                                        "techniek",
                                        "techniek.robotica.drones",
                                        "sport.voetbal.a.b"};
static const char *const regions[] = {"NL",     "PV28",   "PV27",   "AL-W",      "GM0606", "GM0622",
                                      "GM0363", "GM0001", "GM0999", "PL-kethel", "GM0777"};
static const char *const dates[] = {"2026-09-01", "2026-09-02", "2026-08-31", "2026-12-31", "1900-01-01",
                                    "2199-12-31", "2027-02-29", "2028-02-29", "",           "2026-9-1"};
static const char *const externals[] = {"club",        "bedrijf",       "school", "club/o15", "bedrijf/stage",
                                        "bedrijf/vol", "school/online", "new/1",  "new/2"};
static const char *const sources[] = {"local", "", "portal", "other", "a.b-c_D9"};
static const char *const languages[] = {"nl", "en", "ar", "tr", "xx", "NL"};
static const char *const funds[] = {"jeugdfonds", "cultuurfonds", "a", "fonds-1", "fonds_2"};
static const char *const postcodes[] = {"3111", "3121", "1011", "9999", "0000", "311"};
static const char *const students[] = {"s1", "s2", "s3", "leerling-4", "x"};
static const char *const keys[] = {"k1", "k2", "k3"};
static const char *const texts[] = {"Voetbal", "voetb", "Schiedam", "schiedm", "3111",
                                    "dans",    "É",     "İstanbul", "ß"};
static const char *const urls[] = {"https://example.org/stage", "http://x", "https://", "ftp://example.org"};
static const char *const accreditations[] = {"kvk", "leerbedrijf", "institution", "12345678", "25655"};

static const struct list {
    const char *part; // of a field's name; "" fits any
    size_t count;
    const char *const *words;
} lists[] = {
    {"interest", COUNT(interests), interests},
    {"code", COUNT(interests), interests},
    {"region", COUNT(regions), regions},
    {"parents", COUNT(regions), regions},
    {"successor", COUNT(regions), regions},
    {"municipality", COUNT(regions), regions},
    {"external_id", COUNT(externals), externals},
    {"date", COUNT(dates), dates},
    {"as_of", COUNT(dates), dates},
    {"start", COUNT(dates), dates},
    {"end", COUNT(dates), dates},
    {"deadline", COUNT(dates), dates},
    {"until", COUNT(dates), dates},
    {"day", COUNT(dates), dates},
    {"source", COUNT(sources), sources},
    {"language", COUNT(languages), languages},
    {"fund", COUNT(funds), funds},
    {"postcode", COUNT(postcodes), postcodes},
    {"student", COUNT(students), students},
    {"key", COUNT(keys), keys},
    {"text", COUNT(texts), texts},
    {"url", COUNT(urls), urls},
    {"website", COUNT(urls), urls},
    {"scheme", COUNT(accreditations), accreditations},
    {"value", COUNT(accreditations), accreditations},
    {"", COUNT(texts), texts},
};

const uint64_t words_numbers[16] = {
    3111,     3121,    1011,     25655,     25180, 51919170, 4388610,          51920000,
    52370000, 4890000, 90000000, 180000000, 900,   604800,   1788249600000000, 1788336000000000,
};

static const char *
pick(const struct list *list, uint32_t thrown)
{
    return list->words[thrown % list->count];
}

const char *
words_for(const char *field, uint32_t thrown)
{
    size_t i = 0;

    while (strstr(field, lists[i].part) == NULL)
        i++;
    return pick(&lists[i], thrown);
}

const char *
words_any(uint32_t thrown)
{
    return pick(&lists[thrown % COUNT(lists)], thrown / COUNT(lists));
}
