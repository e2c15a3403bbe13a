// SPDX-License-Identifier: Apache-2.0
// Rows: what a file becomes, the canonical form byte for byte, and every error with its line, column and
// field.
#include "proto/columns.h"
#include "proto/decimal.h"
#include "proto/keyset.h"
#include "proto/rows.h"
#include "proto/rows_reader.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 16384u

// What a reading gave: canonical rows with their lines, and errors.
struct seen {
    const struct rows_table *table;
    char rows[TEXT_MAX], errors[TEXT_MAX];
    bool all;    // write the columns that are written on request too
    int stop_at; // rows after which on_write stops; 0 = never
};

static void
append(char *out, const char *format, size_t line, const char *rest)
{
    size_t used = strlen(out);

    snprintf(out + used, TEXT_MAX - used, format, line, rest);
}

static int
on_write(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct seen *seen = arg;
    char *text;
    size_t len;
    FILE *file = open_memstream(&text, &len);
    const ProtobufCMessage *record;

    assert_non_null(file);
    assert_int_equal(write->operation_case, seen->table->upsert_case);
    assert_string_equal(write->source, "test");
    assert_true(protobuf_c_message_check(&write->base));
    // Every upsert holds its record as its only member.
    memcpy(&record, (const char *)write->upsert_partner + seen->table->upsert->fields[0].offset,
           sizeof record);
    assert_int_equal(rows_write(seen->table, file, record, seen->all), 0);
    assert_int_equal(fclose(file), 0);
    append(seen->rows, "%zu %s", line, text);
    free(text);
    return seen->stop_at > 0 && --seen->stop_at == 0 ? 77 : 0;
}

static int
on_error(void *arg, const struct rows_error *error)
{
    struct seen *seen = arg;
    char place[80];

    snprintf(place, sizeof place, "%zu %s", error->column, error->field);
    append(seen->errors, "%zu.%s: ", error->line, place);
    append(seen->errors, "%.0zu%s\n", 0, error->message);
    return 0;
}

static int
read_text(struct seen *seen, const struct rows_table *table, const char *text, size_t len)
{
    const struct rows_sink sink = {on_write, on_error, seen};
    FILE *file = len > 0 ? fmemopen((char *)text, len, "r") : fopen("/dev/null", "r");
    int result;

    assert_non_null(file);
    seen->table = table;
    seen->rows[0] = seen->errors[0] = '\0';
    result = rows_read(table, file, "test", &sink);
    fclose(file);
    return result;
}

static void
check(const struct rows_table *table, const char *text, const char *rows, const char *errors)
{
    struct seen seen = {.stop_at = 0};

    assert_int_equal(read_text(&seen, table, text, strlen(text)), 0);
    assert_string_equal(seen.errors, errors);
    assert_string_equal(seen.rows, rows);
}

static void
check_header(const struct rows_table *table, const char *text, const char *errors)
{
    struct seen seen = {.stop_at = 0};

    assert_int_equal(read_text(&seen, table, text, strlen(text)), ROWS_E_HEADER);
    assert_string_equal(seen.errors, errors);
    assert_string_equal(seen.rows, "");
}

static void
test_tables(void **state)
{
    static const char *const headers[][2] = {
        {"partners", "external_id,kind,name,region,lat,lon,website,status,identifiers,accreditations\n"},
        {"offers",
         "external_id,partner,kind,title,description,url,address,lat,lon,remote,region,interests,levels,"
         "transitions,"
         "seats,reserved_seats,reserved_until,cost_cents,funds,start,end,weekdays,hours_per_week,track,"
         "allowance_cents,deadline,min_age,max_age,needs,languages,direct_placement,waiting_list,status\n"},
        {"regions", "code,type,parents,name,lat,lon,successor\n"},
        {"interests", "code,label_nl,label_en,synonyms\n"},
        {"postcodes", "postcode,lat,lon,municipality\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct rows_table *table = rows_table_named(headers[i][0]);
        char *text;
        size_t len;
        FILE *file = open_memstream(&text, &len);

        assert_non_null(table);
        assert_true(table->count <= COLUMNS_MAX);
        for (size_t k = 0; k < table->count; k++)
            assert_non_null(table->columns[k].help);
        assert_int_equal(rows_write_header(table, file, false), 0);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(text, headers[i][1]);
        free(text);
    }
    assert_null(rows_table_named("partner"));
}

#define PARTNERS "external_id,kind,name,region,lat,lon,website,status,identifiers,accreditations\n"

static void
test_partners(void **state)
{
    (void)state;
    check(
        &rows_partners,
        PARTNERS "p1,company,\"Bakker, \"\"de\"\" Wit\",GM0606,51.919400,4.3883,https://a.example/,active,"
                 "kvk=12345678;leerbedrijf=AB12,25655;25180:2024-08-01:2028-07-31;25181::2028-07-31;25182:"
                 "2024-08-01:\n"
                 "p2,sport_club, spaced ,,,,,,,\n"
                 "p3,school,\"two\nlines\",,-0.0000004,-180,,pending,,\n",
        "2 p1,company,\"Bakker, \"\"de\"\" Wit\",GM0606,51.9194,4.3883,https://a.example/,active,"
        "kvk=12345678;leerbedrijf=AB12,25655;25180:2024-08-01:2028-07-31;25181::2028-07-31;25182:2024-08-01\n"
        "3 p2,sport_club,\" spaced \",,,,,,,\n"
        "4 p3,school,\"two\nlines\",,0,-180,,pending,,\n",
        "");
}

#define OFFER_HEAD "external_id,partner,kind,title,interests,seats"

static void
test_offers(void **state)
{
    (void)state;
    // The least, with 0 seats, and everything, in an order of its own.
    check(&rows_offers, OFFER_HEAD "\no1,p1,sport,Voetbal,sport.voetbal,0\n",
          "2 o1,p1,sport,Voetbal,,,,,,,,sport.voetbal,,,0,,,,,,,,,,,,,,,,,,\n", "");
    check(
        &rows_offers,
        "status,waiting_list,direct_placement,languages,needs,max_age,min_age,deadline,allowance_cents,track,"
        "hours_per_week,weekdays,end,start,funds,cost_cents,reserved_until,reserved_seats,seats,transitions,"
        "levels,"
        "interests,region,remote,lon,lat,address,url,description,title,kind,partner,external_id\n"
        "paused,true,false,nl;ar,wheelchair;guide_dog,21,0,2026-08-01,40000,bol,32,mo;fr,2027-01-31,2026-09-"
        "01,"
        "jeugdfonds;x,1250,2026-09-30,2,10,vmbo_mbo;mbo_hbo,vmbo_kb;mbo4,a.b;c,GM0606,TRUE,4.4,51.9,Straat 1,"
        "http://x.example,\"Tekst; met, alles\",Stage,internship,p1,o1\n",
        "2 o1,p1,internship,Stage,\"Tekst; met, alles\",http://x.example,Straat 1,51.9,4.4,true,GM0606,a.b;c,"
        "vmbo_kb;mbo4,vmbo_mbo;mbo_hbo,10,2,2026-09-30,1250,jeugdfonds;x,2026-09-01,2027-01-31,mo;fr,32,bol,"
        "40000,"
        "2026-08-01,0,21,wheelchair;guide_dog,nl;ar,false,true,paused\n",
        "");
    // false is the default of a boolean, but for direct_placement.
    check(&rows_offers,
          OFFER_HEAD ",remote,waiting_list,direct_placement\no1,p1,sport,V,a,7,false,False,true\n",
          "2 o1,p1,sport,V,,,,,,,,a,,,7,,,,,,,,,,,,,,,,true,,\n", "");
    // Spaces around items of lists, words and numbers are nobody's intention.
    check(&rows_offers, OFFER_HEAD ",weekdays\n o1 ,p1, sport ,V,a ; b, 7 ,mo; tu\n",
          "2 \" o1 \",p1,sport,V,,,,,,,,a;b,,,7,,,,,,,mo;tu,,,,,,,,,,,\n", "");
}

// collect_until is newer than the other columns: it may be given, and is written only on request, as the
// last.
static void
test_on_request(void **state)
{
    const char *text =
        OFFER_HEAD ",waiting_list,collect_until,status\no1,p1,sport,V,a,7,true,2026-09-01,open\n"
                   "o2,p1,sport,V,a,7,,,\n";
    struct seen seen = {.all = true};
    const struct column *column = columns_named(&rows_offers, "collect_until", 13);
    char *header;
    size_t len;
    FILE *file = open_memstream(&header, &len);

    (void)state;
    assert_int_equal(read_text(&seen, &rows_offers, text, strlen(text)), 0);
    assert_string_equal(seen.errors, "");
    assert_string_equal(seen.rows, "2 o1,p1,sport,V,,,,,,,,a,,,7,,,,,,,,,,,,,,,,,true,open,2026-09-01\n"
                                   "3 o2,p1,sport,V,,,,,,,,a,,,7,,,,,,,,,,,,,,,,,,,\n");
    check(&rows_offers, text,
          "2 o1,p1,sport,V,,,,,,,,a,,,7,,,,,,,,,,,,,,,,,true,open\n"
          "3 o2,p1,sport,V,,,,,,,,a,,,7,,,,,,,,,,,,,,,,,,\n",
          "");
    assert_int_equal(rows_write_header(&rows_offers, file, true), 0);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(header, ",waiting_list,status,collect_until\n"));
    free(header);
    // In the table it stands between the two, so that people see it there.
    assert_string_equal(column[-1].name, "waiting_list");
    assert_string_equal(column[1].name, "status");
}

static void
test_taxonomy(void **state)
{
    (void)state;
    check(&rows_regions,
          "code,type,parents,name,lat,lon,successor\nNL,country,,Nederland,52.1,5.3,\n"
          "GM0001,municipality,PV28;AM01,\"Oud, weg\",52,5,GM0606\n",
          "2 NL,country,,Nederland,52.1,5.3,\n3 GM0001,municipality,PV28;AM01,\"Oud, weg\",52,5,GM0606\n",
          "");
    check(&rows_interests, "label_en,label_nl,code\nFootball,Voetbal,sport.voetbal\n",
          "2 sport.voetbal,Voetbal,Football,\n", "");
    check(&rows_interests, "code,label_nl,label_en,synonyms\na,A,B,een woord;twee\n",
          "2 a,A,B,een woord;twee\n", "");
    check(&rows_postcodes, "postcode,lat,lon,municipality\n3111,51.9,4.4,GM0606\n",
          "2 3111,51.9,4.4,GM0606\n", "");
}

// What a spreadsheet writes: a mark, CRLF, ';', a decimal comma, empty lines.
static void
test_spreadsheet(void **state)
{
    (void)state;
    check(&rows_regions,
          "\xef\xbb\xbf"
          "code;type;parents;name;lat;lon\r\nGM0606;municipality;\"PV28;AM01\";Schiedam;51,9194;4.3883\r\n;;;"
          ";;\r\n",
          "2 GM0606,municipality,PV28;AM01,Schiedam,51.9194,4.3883,\n", "");
    check(&rows_postcodes, "postcode\tlat\tlon\tmunicipality\r3111\t51,9\t4,4\tGM0606\r", //
          "2 3111,51.9,4.4,GM0606\n", "");
    // With ',' there is no decimal comma.
    check(&rows_postcodes, "postcode,lat,lon,municipality\n3111,\"51,9\",4.4,GM0606\n", "",
          "2.2 lat: given \"51,9\", allowed: a latitude in degrees, -90 to 90\n");
}

#define LAT "allowed: a latitude in degrees, -90 to 90\n"

static void
test_field_errors(void **state)
{
    (void)state;
    check(&rows_partners,
          "external_id,kind,name,lat,lon,status,identifiers,accreditations\n"
          "p1,shop,X,,,,,\n"
          "p2,company,X,north,4,,,\n"
          "p3,company,X,2147.5,4,,,\n"
          "p4,company,X,5.1.2,4,,,\n"
          "p5,company,X,,,open,,\n"
          "p6,company,X,,,,kvk,\n"
          "p7,company,X,,,,kvk=1;;kvk=2,\n"
          "p8,company,X,,,,,25x\n"
          "p9,company,X,,,,,25655:a:b:c\n"
          "p10,company,X,,,,,;25655\n",
          "",
          "2.2 kind: given \"shop\", allowed: company, sport_club, cultural_organisation, school, "
          "municipality, "
          "civil_society\n"
          "3.4 lat: given \"north\", " LAT "4.4 lat: given \"2147.5\", " LAT "5.4 lat: given \"5.1.2\", " LAT
          "6.6 status: given \"open\", allowed: pending, active, suspended\n"
          "7.7 identifiers: given \"kvk\", allowed: scheme=value with kvk, kvk_establishment, leerbedrijf or "
          "institution as scheme\n"
          "8.7 identifiers: given \"\", allowed: items joined by ';', none of them empty\n"
          "9.8 accreditations: given \"25x\", allowed: a five-digit crebo with optional days, as in "
          "25180:2024-08-01:2028-07-31\n"
          "10.8 accreditations: given \"25655:a:b:c\", allowed: a five-digit crebo with optional days, as in "
          "25180:2024-08-01:2028-07-31\n"
          "11.8 accreditations: given \"\", allowed: items joined by ';', none of them empty\n");
    check(&rows_offers,
          OFFER_HEAD ",remote,weekdays\n"
                     "o1,p,sport,T,a,-1,,\n"
                     "o2,p,sport,T,a,4294967296,,\n"
                     "o3,p,sport,T,a,1.5,,\n"
                     "o4,p,sport,T,a,2,yes,\n"
                     "o5,p,sport,T,a,2,,mo;xx\n"
                     "o6,p,sport,T,a;,2,,\n"
                     "o7,p,sport,T,a,4294967295,,\n",
          "8 o7,p,sport,T,,,,,,,,a,,,4294967295,,,,,,,,,,,,,,,,,,\n",
          "2.6 seats: given \"-1\", allowed: a whole number, 0 to 65,535\n"
          "3.6 seats: given \"4294967296\", allowed: a whole number, 0 to 65,535\n"
          "4.6 seats: given \"1.5\", allowed: a whole number, 0 to 65,535\n"
          "5.7 remote: given \"yes\", allowed: true, false or empty\n"
          "6.8 weekdays: given \"xx\", allowed: mo, tu, we, th, fr, sa, su\n"
          "7.5 interests: given \"\", allowed: items joined by ';', none of them empty\n");
}

static void
test_row_errors(void **state)
{
    (void)state;
    // All errors of a row; what is missing; half a position.
    check(&rows_offers,
          OFFER_HEAD ",lat,lon\n"
                     "o1,,dance,T,,x,,\n"
                     "o2,p,sport,T,a,1,51.9,\n"
                     "o3,p,sport,T,a,1,,4.4\n"
                     "o4,p,sport\n"
                     "o5,p,sport,T,a,1,51.9,4.4\n",
          "6 o5,p,sport,T,,,,51.9,4.4,,,a,,,1,,,,,,,,,,,,,,,,,,\n",
          "2.3 kind: given \"dance\", allowed: internship, sport, culture, orientation, mentoring\n"
          "2.6 seats: given \"x\", allowed: a whole number, 0 to 65,535\n"
          "2.2 partner: is missing: every row needs it\n"
          "2.5 interests: is missing: every row needs it\n"
          "3.8 lon: is missing: a position needs lat and lon\n"
          "4.7 lat: is missing: a position needs lat and lon\n"
          "5.0 : the row has 3 fields, the header 8\n");
    // The second of two; a bad row does not count as the first.
    check(&rows_partners, "external_id,kind,name\np1,company,A\np2,shop,B\np2,company,C\np1,company,D\n",
          "2 p1,company,A,,,,,,,\n4 p2,company,C,,,,,,,\n",
          "3.2 kind: given \"shop\", allowed: company, sport_club, cultural_organisation, school, "
          "municipality, "
          "civil_society\n"
          "5.1 external_id: given \"p1\", allowed: each only once in a file; line 2 has it too\n");
    // Errors of the CSV itself, with the name of the column.
    check(&rows_partners,
          "external_id,kind,name\np1,company,\"A\"x\np2,company,\xff\np3,company,ok\np4,company,\"cut\n",
          "4 p3,company,ok,,,,,,,\n",
          "2.3 name: text behind the closing quote of a field (the field's opening quote is on line 2)\n"
          "3.3 name: the field is not UTF-8: save the file as UTF-8\n"
          "5.3 name: the file ends inside a quoted field (the field's opening quote is on line 5)\n");
}

#define ALLOWED "code,label_nl,label_en,synonyms"

static void
test_header_errors(void **state)
{
    (void)state;
    check_header(&rows_interests, "code,label_nl,colour,code\na,b,c,d\n",
                 "1.3 : unknown column of interests: given \"colour\", allowed: " ALLOWED "\n"
                 "1.4 code: this column is there twice, first as column 1\n"
                 "1.0 label_en: this column is missing; columns of interests: " ALLOWED "\n");
    check_header(&rows_interests, "code,label_nl,label_en,\n",
                 "1.4 : unknown column of interests: given \"\", allowed: " ALLOWED "\n");
    check_header(&rows_interests, "sport,Sport,Sports\nzorg,Zorg,Care\n",
                 "1.0 : the header row names no column of interests: the first field is given \"sport\", "
                 "allowed: " ALLOWED "\n");
    check_header(&rows_interests, "", "1.0 : the header row is missing; columns of interests: " ALLOWED "\n");
    check_header(&rows_interests, "\n\n",
                 "1.0 : the header row is missing; columns of interests: " ALLOWED "\n");
    check_header(&rows_interests, "code,\"label_nl\n",
                 "1.2 : the file ends inside a quoted field (the field's opening quote is on line 1)\n");
    check(&rows_interests, "code,label_nl,label_en\n", "", ""); // no rows is fine
}

static void
test_stop(void **state)
{
    struct seen seen = {.stop_at = 2};
    const char *text = "code,label_nl,label_en\na,b,c\nd,e,f\ng,h,i\n";

    (void)state;
    assert_int_equal(read_text(&seen, &rows_interests, text, strlen(text)), 77);
    assert_string_equal(seen.rows, "2 a,b,c,\n3 d,e,f,\n");
}

static void
test_unreadable(void **state)
{
    struct seen seen = {.stop_at = 0};
    const struct rows_sink sink = {on_write, on_error, &seen};
    FILE *folder = fopen("/", "r");

    (void)state;
    assert_non_null(folder);
    assert_int_equal(rows_read(&rows_partners, folder, "", &sink), -EISDIR);
    fclose(folder);
}

static void
test_full_disk(void **state)
{
    Kansen__V1__Interest interest = KANSEN__V1__INTEREST__INIT;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(rows_write_header(&rows_interests, full, false), -ENOSPC);
    assert_int_equal(rows_write(&rows_interests, full, &interest.base, true), -ENOSPC);
    fclose(full);
}

// The columns that the daemon's field paths are about.
static void
test_paths(void **state)
{
    static const char *const paths[][2] = {
        {"offer.interests[2]", "interests"},      {"interests", "interests"},       {"offer.position", "lat"},
        {"offer.position.lat_e6", "lat"},         {"offer.position.lon_e6", "lon"}, {"offer.lon", "lon"},
        {"offer.partner_external_id", "partner"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct column *column = columns_at_path(&rows_offers, paths[i][0]);

        assert_non_null(column);
        assert_string_equal(column->name, paths[i][1]);
    }
    assert_null(columns_at_path(&rows_offers, ""));
    assert_null(columns_at_path(&rows_offers, "offer.version"));
}

static void
test_decimals(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
        const char *back;
    } good[] = {
        {"51.9194", 51919400, "51.9194"},
        {"-4.5", -4500000, "-4.5"},
        {"+7", 7000000, "7"},
        {".5", 500000, "0.5"},
        {"5.", 5000000, "5"},
        {"0.0000005", 1, "0.000001"},
        {"-0.0000005", -1, "-0.000001"},
        {"0.00000049999", 0, "0"},
        {"-0.0000004", 0, "0"},
        {"1.9999995", 2000000, "2"},
        {"179.99999949", 179999999, "179.999999"},
        {"000012", 12000000, "12"},
        {"100000000000", INT64_C(100000000000000000), "100000000000"},
    };
    static const char *const bad[] = {"", ".", "-", "1,5", "1e3", "0x1", " 1", "1 ", "--1", "1.2.3", "nan"};
    char back[DECIMAL_TEXT_MAX];
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(decimal_parse(good[i].text, strlen(good[i].text), 6, 0, &value), 0);
        assert_int_equal(value, good[i].value);
        assert_string_equal(decimal_format(back, value, 6), good[i].back);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(decimal_parse(bad[i], strlen(bad[i]), 6, 0, &value), DECIMAL_E_FORM);
    assert_int_equal(decimal_parse("100000000000.000001", 19, 6, 0, &value), DECIMAL_E_RANGE);
    assert_int_equal(decimal_parse("99999999999999999999999", 23, 0, 0, &value), DECIMAL_E_RANGE);
    assert_int_equal(decimal_parse("1,5", 3, 2, 1, &value), 0);
    assert_int_equal(value, 150);
}

static void
test_many_keys(void **state)
{
    struct keyset *set = keyset_new();
    size_t first;

    (void)state;
    assert_non_null(set);
    for (int round = 0; round < 2; round++)
        for (size_t i = 1; i <= 10000; i++) {
            char key[16];
            int len = snprintf(key, sizeof key, "%zu", i);

            assert_int_equal(keyset_add(set, key, (size_t)len, i, &first), round == 0 ? 0 : KEYSET_E_KNOWN);
            if (round == 1)
                assert_int_equal(first, i);
        }
    keyset_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),      cmocka_unit_test(test_partners),
        cmocka_unit_test(test_offers),      cmocka_unit_test(test_taxonomy),
        cmocka_unit_test(test_spreadsheet), cmocka_unit_test(test_field_errors),
        cmocka_unit_test(test_row_errors),  cmocka_unit_test(test_header_errors),
        cmocka_unit_test(test_stop),        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_full_disk),   cmocka_unit_test(test_paths),
        cmocka_unit_test(test_decimals),    cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_on_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
