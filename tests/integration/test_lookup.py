# SPDX-License-Identifier: Apache-2.0
"""Looking interests and regions up by what a person types, in the seeds that Kansen comes with."""
import unittest

import harness


class Lookup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon(seeds=harness.SEEDS).start()
        cls.addClassCleanup(cls.daemon.remove)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.write(upsert_postcode={"postcode": {
            "postcode": 3111, "centroid": harness.point(51.917, 4.398), "municipality": "GM0606"}})

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def interests(self, text, limit=10):
        return list(self.client.call(find_interests={"text": text, "limit": limit}).find_interests.found)

    def regions(self, text, limit=10):
        return list(self.client.call(find_regions={"text": text, "limit": limit}).find_regions.found)

    def test_seeds(self):
        server = self.client.call(status={}).server
        self.assertGreaterEqual(server.interests, 300)
        self.assertGreaterEqual(server.regions, 1 + 12 + 342 + 1500)

    def test_interests_as_typed(self):
        football = self.interests("voetbal")[0].interest.code
        self.assertIn("voetbal", football)
        for text in ("voetballen", "VOETBAL", "Voetbal", "voetbla", "voetba", "voebal", "voetbval", "football", " voetbal ", "vóétbal",
                     football, football.upper()):
            found = self.interests(text)
            self.assertTrue(found, f"nothing for {text!r}")
            self.assertEqual(found[0].interest.code, football, f"for {text!r}")
            self.assertTrue(found[0].met)

    def test_words_of_pupils(self):
        for text in ("kapper", "coderen", "games maken", "dansen", "koken", "zwemmen"):
            self.assertTrue(self.interests(text), f"nothing for {text!r}")

    def test_typed_well_gets_no_guesses(self):
        self.assertEqual([found.interest.code for found in self.interests("gamen")], ["sport.denksport.esports"])
        for text, code in (("GM0003", "GM0003"), ("gm0606", "GM0606"), ("pv21", "PV21"), ("NL", "NL"), ("3111", "GM0606"),
                           ("3111 ab", "GM0606")):
            self.assertEqual([found.region.code for found in self.regions(text)], [code], text)
        self.assertEqual([found.interest.code for found in self.interests("sport.voetbal")], ["sport.voetbal"])
        self.assertGreater(len(self.interests("sport")), 1, "the code of a root is a word too")
        for found in self.interests("voetbal", limit=100):
            self.assertIn("voetbal", found.met.lower())

    def test_word_by_word(self):
        for text in ("voetbal meiden", "meiden voetbal", "Meiden, voetbal!", "voetbla meiden", "meiden football"):
            self.assertEqual([found.interest.code for found in self.interests(text)], ["sport.voetbal.meisjesvoetbal"], text)
        self.assertEqual(self.interests("voetbal meiden")[0].met, "voetbal voor meiden")
        self.assertEqual([found.region.code for found in self.regions("alphen rijn")][0], "GM0484")
        self.assertEqual(self.interests("voetbal qqqq"), [])
        self.assertEqual(self.interests(" ".join("s" * 40)), [], "more words than are looked up one by one")

    def test_nothing(self):
        self.assertEqual(self.interests("qqqqqqqqqq"), [])
        self.assertEqual(self.regions("qqqqqqqqqq"), [])

    def test_limit(self):
        self.assertEqual(len(self.interests("s", limit=3)), 3)
        many = self.interests("s", limit=100)
        self.assertLessEqual(len(many), 100)
        codes = [found.interest.code for found in many]
        self.assertEqual(len(codes), len(set(codes)), "an interest comes once")
        self.assertEqual(codes[:3], [found.interest.code for found in self.interests("s", limit=3)])

    def test_regions(self):
        for text in ("Schiedam", "SCHIEDAM", "schiedm", "schied", "GM0606", "gm0606", "Schíedam"):
            found = self.regions(text)
            self.assertTrue(found, f"nothing for {text!r}")
            self.assertEqual(found[0].municipality, "GM0606", f"for {text!r}")
        self.assertIn("GM0606", [f.region.code for f in self.regions("Schiedam")])

    def test_accents_of_regions(self):
        for text in ("Fryslân", "fryslan", "FRYSLÂN"):
            self.assertIn("PV21", [found.region.code for found in self.regions(text)], text)

    def test_postcode(self):
        for text in ("3111", "3111 AB", "3111ab"):
            found = self.regions(text)
            self.assertTrue(found, f"nothing for {text!r}")
            self.assertEqual(found[0].municipality, "GM0606")
            self.assertIn("3111", found[0].met)
        self.assertEqual(self.regions("9999"), [])

    def test_alias(self):
        aliases, cursor = [], b""
        while True:
            page = self.client.call(list_regions={"type": 3, "limit": 1000, "cursor": cursor}).list_regions
            aliases += [r for r in page.regions if r.successor]
            cursor = page.next_cursor
            if not cursor:
                break
        self.assertTrue(aliases, "the seeds know merged municipalities")
        found = self.regions(aliases[0].code)
        self.assertTrue(found)
        self.assertNotEqual(found[0].municipality, aliases[0].code)
        self.assertTrue(found[0].municipality)


if __name__ == "__main__":
    unittest.main()
