// SPDX-License-Identifier: Apache-2.0
// What the store of the fuzz targets holds at first, as CSV files. words.c has its codes.
#ifndef TESTS_FUZZ_WORLD_DATA_H
#define TESTS_FUZZ_WORLD_DATA_H

static const char world_interests[] = "code,label_nl,label_en,synonyms\n"
                                      "sport,Sport,Sports,\n"
                                      "sport.voetbal,Voetbal,Football,voetballen;soccer\n"
                                      "sport.handbal,Handbal,Handball,\n"
                                      "kunst,Kunst,Arts,\n"
                                      "kunst.dans,Dans,Dance,dansen\n"
                                      "techniek,Techniek,Technology,\n"
                                      "techniek.robotica,Robotica,Robotics,\n"
                                      "techniek.robotica.drones,Drones,Drones,\n"
                                      "zorg,Zorg,Care,\n"
                                      "leeg,Leeg,Empty,\n";

static const char world_regions[] = "code,type,parents,name,lat,lon,successor\n"
                                    "NL,country,,Nederland,52.1,5.3,\n"
                                    "PV28,province,NL,Zuid-Holland,52.0,4.5,\n"
                                    "PV27,province,NL,Noord-Holland,52.5,4.8,\n"
                                    "AL-W,alliance_region,,Waterweg,51.915,4.37,\n"
                                    "GM0606,municipality,PV28;AL-W,Schiedam,51.92,4.4,\n"
                                    "GM0622,municipality,PV28;AL-W,Vlaardingen,51.91,4.34,\n"
                                    "GM0363,municipality,PV27,Amsterdam,52.37,4.89,\n"
                                    "GM0001,municipality,PV28,Oud-Schiedam,51.93,4.39,GM0606\n"
                                    "PL-kethel,place,GM0606,Kethel,51.94,4.38,\n"
                                    "GM0999,municipality,PV27,Leegstad,52.6,4.7,\n";

static const char world_postcodes[] = "postcode,lat,lon,municipality\n"
                                      "3111,51.9185,4.4,GM0606\n"
                                      "3121,51.935,4.38,GM0606\n"
                                      "1011,52.3717,4.9041,GM0363\n";

static const char world_partners[] =
    "external_id,kind,name,region,lat,lon,website,status,identifiers,accreditations\n"
    "club,sport_club,VV Schiedam,GM0606,,,https://club.example,active,kvk=12345678,\n"
    "bedrijf,company,Techniek BV,GM0622,51.91,4.35,,active,leerbedrijf=X1,25655;25180:2024-08-01:2028-07-31\n"
    "school,school,Dansschool,GM0363,,,,active,,\n"
    "later,civil_society,Later,PL-kethel,,,,pending,,\n";

static const char world_offers[] =
    "external_id,partner,kind,title,lat,lon,remote,region,interests,levels,transitions,seats,reserved_seats,"
    "reserved_until,cost_cents,funds,start,end,weekdays,deadline,min_age,max_age,needs,languages,"
    "direct_placement,waiting_list,collect_until,status\n"
    "club/o15,club,sport,Voetbal onder "
    "15,51.93,4.41,,,sport.voetbal,,,2,1,2026-09-10,1950,jeugdfonds,,,mo;we,,12,"
    "15,,,true,true,,open\n"
    "club/"
    "handbal,club,sport,Handbal,,,,GM0606,sport.handbal;sport,,,1,,,,,2026-09-01,2027-06-30,sa,,,,wheelchair,"
    "nl;en,false,true,,open\n"
    "bedrijf/stage,bedrijf,internship,Stage robotica,,,,,techniek.robotica,mbo3;mbo4,vmbo_mbo;mbo_hbo,3,,,,,"
    "2026-10-01,2027-01-31,mo;tu;we;th;fr,2026-09-20,16,,,nl,,false,,open\n"
    "bedrijf/vol,bedrijf,internship,Volle stage,,,,,techniek,mbo2,,1,,,,,,,,,,,,,true,true,,open\n"
    "bedrijf/loting,bedrijf,orientation,Meeloopdag,,,,,techniek.robotica.drones,,,1,,,,,,,,,,,,,true,true,"
    "2026-09-05,open\n"
    "school/"
    "dans,school,culture,Dansles,52.37,4.9,,,kunst.dans,,,10,,,2500,cultuurfonds,,,tu,,,,low_stimulus,ar,,,,"
    "open\n"
    "school/online,school,mentoring,Bijles op "
    "afstand,,,true,,kunst;zorg,havo;vwo,havo_hbo,5,,,,,,,,,,,,,true,,,"
    "open\n"
    "school/dicht,school,culture,Gesloten,,,,,kunst,,,4,,,,,,,,,,,,,,,,closed\n"
    "later/1,later,mentoring,Nog niet,,,,,zorg,,,4,,,,,,,,,,,,,,,,open\n";

#endif
