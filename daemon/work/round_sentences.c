// SPDX-License-Identifier: Apache-2.0
#include "work/round_sentences.h"

// Each is one text, in pieces where it is long.
// NOLINTBEGIN(bugprone-suspicious-missing-comma)
const char *const round_sentences[][SENTENCES] = {
    [ROUND_TEXT_NL] =
        {
            [SAYS_LOTTERY] = "Deze leerling heeft lotnummer %u. Er deden %u leerlingen mee; lotnummer 0 komt "
                             "het eerst aan de beurt.",
            [SAYS_CODE] = "De code van deze leerling in de loting is %s.",
            [SAYS_RECOMPUTE] =
                "Het lotnummer komt van die code en van de seed van ronde %s (%s): BLAKE2b-256 met de seed "
                "als "
                "sleutel, over \"alloc-lot-v1\", een nulbyte en de code, geeft %s. Wie de laagste uitkomst "
                "heeft, krijgt lotnummer 0, de volgende lotnummer 1, enzovoort.",
            [SAYS_RECOMPUTE_OWN] = "Staat hieronder bij een keuze dat apart is geloot? Dan komt achter de "
                                   "code nog een nulbyte en "
                                   "het nummer van het aanbod in tien cijfers, en tellen alleen de "
                                   "leerlingen mee die dat aanbod op "
                                   "hun lijst hebben.",
            [SAYS_OBTAINED] = "Geplaatst bij keuze %u: %s.",
            [SAYS_NOTHING] = "Bij geen van de keuzes was er plaats voor deze leerling.",
            [SAYS_NO_LIST] = "De lijst was leeg, dus er is geen plaats gegeven.",
            [SAYS_CORRECTED] = "Na een bezwaar is dit gecorrigeerd. De plaats is nu: %s.",
            [SAYS_CORRECTED_NONE] =
                "Na een bezwaar is dit gecorrigeerd. Deze leerling heeft nu geen plaats meer.",
            [SAYS_INELIGIBLE] = "%u. %s: deze leerling voldoet niet aan de regels (regel: %s).",
            [SAYS_WORSE_CLASS] = "%u. %s: vol; leerlingen met meer voorrang gingen voor. Deze leerling zit "
                                 "in de groep \"%s\", de "
                                 "laatst geplaatste in de groep \"%s\".",
            [SAYS_LATER_LOTTERY] =
                "%u. %s: vol; de laatst geplaatste zat in dezelfde groep (%s), maar had een "
                "lager lotnummer: %u.",
            [SAYS_NO_SEATS] = "%u. %s: hier waren in deze ronde geen plaatsen.",
            [SAYS_ALL_PINNED] =
                "%u. %s: alle plaatsen bleven van leerlingen die ze in een eerdere ronde hadden "
                "gekregen.",
            [SAYS_ALL_RESERVED] = "%u. %s: alle plaatsen die hier te verdelen waren, waren gereserveerd voor "
                                  "voorgedragen leerlingen en zijn naar hen gegaan.",
            [SAYS_OWN_LOTTERY] = "   Hier is apart geloot: het lotnummer is hier %u (0 komt het eerst aan de "
                                 "beurt), van %u leerlingen met dit aanbod op hun lijst. Het nummer van het "
                                 "aanbod is %s.",
            [SAYS_RESERVE] =
                "   Een voorgedragen leerling met minder voorrang of een hoger lotnummer heeft hier "
                "wel een plaats: die was gereserveerd voor voorgedragen leerlingen.",
            [SAYS_OPEN_SEAT] = "%u. %s: geplaatst op een gewone plaats (groep: %s).",
            [SAYS_RESERVED_SEAT] = "%u. %s: geplaatst op een plaats die was gereserveerd voor voorgedragen "
                                   "leerlingen (groep: %s).",
            [SAYS_PINNED_SEAT] = "%u. %s: deze leerling houdt de plaats uit een eerdere ronde.",
            [SAYS_BOUND] =
                "   De grens lag hier bij lotnummer %u in de groep \"%s\"; deze leerling heeft lotnummer %u.",
            [SAYS_BOUND_GROUP] =
                "   De laatste plaats ging hier naar de groep \"%s\"; deze leerling hoort bij de "
                "groep \"%s\", die voorgaat.",
            [SAYS_ENOUGH] = "   Hier waren genoeg plaatsen, dus het lotnummer maakte niet uit.",
            [SAYS_ENOUGH_REFERRED] = "   Hier waren genoeg plaatsen voor voorgedragen leerlingen, dus het "
                                     "lotnummer maakte niet uit.",
            [SAYS_NOT_CONSIDERED] = "%u. %s: niet bekeken, want een hogere keuze is gelukt.",
            [SAYS_ORDER] = "Een andere volgorde van de lijst had geen betere plaats opgeleverd.",
            [SAYS_NAME] = "%s (%s)",
            [SAYS_GONE] = "Aanbod %llu (bestaat niet meer)",
            [SAYS_ALIKE] = "iedereen gelijk",
        },
    [ROUND_TEXT_EN] =
        {
            [SAYS_LOTTERY] =
                "This student has lottery number %u. %u students took part; number 0 comes first.",
            [SAYS_CODE] = "The student's code in the lottery is %s.",
            [SAYS_RECOMPUTE] = "The lottery number comes from that code and the seed of round %s (%s): "
                               "BLAKE2b-256 keyed with "
                               "the seed, over \"alloc-lot-v1\", a zero byte and the code, gives %s. Who has "
                               "the lowest outcome "
                               "gets lottery number 0, the next one 1, and so on.",
            [SAYS_RECOMPUTE_OWN] = "Where it says below that an offer drew a lottery of its own, a zero byte "
                                   "and the number of the "
                                   "offer in ten digits follow the code, and only the students who have that "
                                   "offer on their lists "
                                   "count.",
            [SAYS_OBTAINED] = "Placed at choice %u: %s.",
            [SAYS_NOTHING] = "None of the choices had a seat for this student.",
            [SAYS_NO_LIST] = "The list was empty, so no seat was given.",
            [SAYS_CORRECTED] = "After an objection this was corrected. The place is now: %s.",
            [SAYS_CORRECTED_NONE] =
                "After an objection this was corrected. This student has no place any more.",
            [SAYS_INELIGIBLE] = "%u. %s: the rules do not allow it (rule: %s).",
            [SAYS_WORSE_CLASS] =
                "%u. %s: full; students with priority went first. This student is in the group "
                "\"%s\", the last one placed in the group \"%s\".",
            [SAYS_LATER_LOTTERY] =
                "%u. %s: full; the last one placed was in the same group (%s), but had a lower "
                "lottery number: %u.",
            [SAYS_NO_SEATS] = "%u. %s: there were no seats here in this round.",
            [SAYS_ALL_PINNED] =
                "%u. %s: all seats stayed with students who had got them in an earlier round.",
            [SAYS_ALL_RESERVED] =
                "%u. %s: all seats that were to be given here were reserved for students whom "
                "the school refers, and went to them.",
            [SAYS_OWN_LOTTERY] =
                "   This offer drew a lottery of its own: the lottery number here is %u (0 comes "
                "first), of %u students who have it on their lists. The number of the offer is "
                "%s.",
            [SAYS_RESERVE] =
                "   A student whom the school refers, with less priority or a higher lottery number, "
                "does have a seat here: it was reserved for such students.",
            [SAYS_OPEN_SEAT] = "%u. %s: placed on an open seat (group: %s).",
            [SAYS_RESERVED_SEAT] = "%u. %s: placed on a seat that was reserved for students whom the school "
                                   "refers (group: %s).",
            [SAYS_PINNED_SEAT] = "%u. %s: this student keeps the place from an earlier round.",
            [SAYS_BOUND] =
                "   The bound here was lottery number %u in the group \"%s\"; this student has number %u.",
            [SAYS_BOUND_GROUP] =
                "   The last place here went to the group \"%s\"; this student is in the group "
                "\"%s\", which comes before it.",
            [SAYS_ENOUGH] = "   There were enough seats here, so the lottery number made no difference.",
            [SAYS_ENOUGH_REFERRED] =
                "   There were enough seats here for students whom the school refers, so the "
                "lottery number made no difference.",
            [SAYS_NOT_CONSIDERED] = "%u. %s: not considered, as a higher choice was obtained.",
            [SAYS_ORDER] = "No other order of the list could have given a better place.",
            [SAYS_NAME] = "%s (%s)",
            [SAYS_GONE] = "Offer %llu (no longer there)",
            [SAYS_ALIKE] = "everybody alike",
        },
};
// NOLINTEND(bugprone-suspicious-missing-comma)
