// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_html_words.h"
#include <inttypes.h>

static const char *const codes[] = {NULL, "nl", "en"};
const struct names round_html_languages = {"language", sizeof codes / sizeof codes[0], codes};

static const struct round_html_words words[] = {
    [ROUND_HTML_NL] =
        {
            .code = "nl",
            .point = ',',
            .round = "Ronde",
            .intro = "Er deden %" PRIu64 " leerlingen mee. Aantal plaatsen: %" PRIu64
                     "; aantal stages en activiteiten: %" PRIu64 ".",
            .few = "Er deden minder dan 10 leerlingen mee. Daarom staan hier geen aantallen.",
            .own_lotteries = "Bij %" PRIu64 " van de %" PRIu64 " stages en activiteiten is apart geloot.",
            .choices = "Welke keuze de leerlingen kregen",
            .referred = "Voorgedragen leerlingen",
            .others = "Andere leerlingen",
            .none_exact = "Zonder plaats: %" PRIu64 " leerlingen (%" PRIu64 "%c%" PRIu64 " %%).",
            .none_most =
                "Zonder plaats: hooguit %" PRIu64 " leerlingen (%" PRIu64 "%c%" PRIu64 " %%). Het juiste "
                "aantal staat hier niet, want daaruit zou iets volgen over minder dan 10 leerlingen.",
            .one = "keuze %zu",
            .to = "keuze %zu t/m %zu",
            .or_further = "keuze %zu of verder op de lijst",
            .or_none = "keuze %zu of verder op de lijst, of geen plaats",
            .none = "geen plaats",
            .seats_left = "Plaatsen die vrij bleven",
            .columns = {"Gemeente", "Soort", "Plaatsen", "Vrij"},
            .rest = "overige",
            .left_out = "Groepen met minder dan 10 geplaatste leerlingen staan er niet los bij.",
            .kinds = {"", "stage", "sport", "cultuur", "oriëntatie", "mentoring"},
        },
    [ROUND_HTML_EN] =
        {
            .code = "en",
            .point = '.',
            .round = "Round",
            .intro = "%" PRIu64 " students took part. Seats: %" PRIu64
                     "; internships and activities: %" PRIu64 ".",
            .few = "Fewer than 10 students took part, so nothing is told of them.",
            .own_lotteries =
                "%" PRIu64 " of the %" PRIu64 " internships and activities drew a lottery of their own.",
            .choices = "Which choice the students got",
            .referred = "Students whom the school refers",
            .others = "Other students",
            .none_exact = "Without a seat: %" PRIu64 " students (%" PRIu64 "%c%" PRIu64 " %%).",
            .none_most =
                "Without a seat: at most %" PRIu64 " students (%" PRIu64 "%c%" PRIu64 " %%). The number "
                "itself is not told, as something about fewer than 10 students would follow from it.",
            .one = "choice %zu",
            .to = "choice %zu to %zu",
            .or_further = "choice %zu or further down",
            .or_none = "choice %zu or further down, or no seat",
            .none = "no seat",
            .seats_left = "Seats left",
            .columns = {"Municipality", "Kind", "Seats", "Left"},
            .rest = "others",
            .left_out = "Groups with fewer than 10 placed students are not listed by themselves.",
            .kinds = {"", "internship", "sport", "culture", "orientation", "mentoring"},
        },
};

const struct round_html_words *
round_html_words(int language)
{
    return &words[language == ROUND_HTML_EN ? ROUND_HTML_EN : ROUND_HTML_NL];
}
