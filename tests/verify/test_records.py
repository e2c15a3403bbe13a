# SPDX-License-Identifier: Apache-2.0
"""Records that hold: worked examples, random shapes, sizes; and the examples' matchings that do not."""
import hashlib
import re
import subprocess

import harness
import record
import shapes

EXAMPLES = {v["id"]: v for v in harness.VECTORS["vectors"]}


class Examples(harness.Case):
    def test_expected(self):
        for name, example in EXAMPLES.items():
            with self.subTest(name):
                of_example = shapes.from_example(example)
                placed = of_example.match()
                self.assertEqual(placed, example["expected"])
                for j, cutoffs in example["expected_cutoffs"].items():
                    price = of_example.prices(placed)[j]
                    for kind, who in cutoffs.items():
                        want = who.upper() if who in ("open", "closed") else of_example.key(who, j)
                        self.assertEqual(price[kind], want, f"{j} {kind}")
                self.assert_holds(of_example.files(self.key))

    def test_rejected(self):
        for n, case in enumerate(harness.VECTORS["must_reject"]):
            with self.subTest(f"{n} {case['id']} {case['why']}"):
                of_example = shapes.from_example(EXAMPLES[case["id"]])
                files = of_example.files(self.key, placed=case["matching"])
                if "not student-optimal" in case["why"]:
                    self.assert_fault(files, "optimal", only=True)
                    continue
                err = self.assert_fault(files, ("capacity" if self.crowded(of_example, case["matching"]) else
                                                "eligible" if self.excluded(of_example, case["matching"]) else "blocking"))
                self.assertIn(" optimal: ", err)

    @staticmethod
    def crowded(of_example, matching):
        return any(list(matching.values()).count(j) > o["q"] for j, o in of_example.offers.items())

    @staticmethod
    def excluded(of_example, matching):
        return any(j and of_example.decided[i, j][1] is None for i, j in matching.items())

    def test_lottery(self):
        lottery = harness.VECTORS["lottery"]
        for case in lottery["cases"]:
            self.assertEqual(record.hashed("alloc-lot-v1\0", case["ref"], key=bytes.fromhex(lottery["seed_hex"])).hex(),
                             case["hash_hex"])
        self.assertEqual(hashlib.blake2b(b"abc").hexdigest(), lottery["known_answer"]["hex"])
        e2e = shapes.from_example(EXAMPLES["lottery-e2e"])
        self.assertEqual(e2e.rank, EXAMPLES["lottery-e2e"]["lottery_rank"])

    def test_seed(self):
        given = harness.VECTORS["lottery"]["seed_derivation"]
        of_given = record.Round({"a": dict(list=["x"])}, {"x": {}}, run=given["run_id"], beacon=bytes.fromhex(given["beacon_hex"]),
                                parties=[("school", bytes.fromhex(given["secret_hex"]))])
        self.assertEqual(of_given.commitment.hex(), given["commitment_hex"])
        self.assertEqual(of_given.seed.hex(), given["derived_seed_hex"])
        out = self.assert_holds(of_given.files(self.key), "--commitment", given["commitment_hex"])
        self.assertIn("one party alone gave the secret: school", out)


class Shapes(harness.Case):
    def test_random(self):
        seen = set()
        for seed in range(150):
            with self.subTest(seed):
                of_seed = shapes.random_round(seed)
                files = of_seed.files(self.key)
                self.assert_holds(files)
                self.run_public(of_seed, files)
                seen |= {word for line in files["explanations"].splitlines() for wish in line.split(" ")[5:]
                         for word in [wish.split("=")[1].split(";")[0]]}
        self.assertEqual(seen, {"ineligible", "closed", "closed+reserve", "class", "class+reserve", "lottery", "lottery+reserve",
                                "reserve", "open", "pinned"})  # else the shapes are too tame

    def run_public(self, of_seed, files):
        folder = record.write(self.folder / "public", files, record.PUBLIC)
        status, out, err = self.run_on(folder, "--public")
        self.assertEqual((status, err), (0, ""))
        for index in {0, len(of_seed.students) // 2, len(of_seed.students) - 1} if of_seed.students else ():
            receipt = self.folder / "receipt"
            receipt.write_text(of_seed.receipt(files, index))
            status, out, err = self.run_on(folder, "--receipt", receipt)
            self.assertEqual((status, err), (0, ""))
            i, of_student = list(of_seed.students.items())[index]
            self.assertIn(f"student {i} ", out)
            seed_of = of_seed.earlier[of_student["seed"] - 1][1] if of_student["seed"] else of_seed.seed
            self.assertIn(f"h {record.hashed('alloc-lot-v1', bytes(1), i, key=seed_of).hex()}", out)

    def test_nobody(self):
        self.assert_holds(record.Round({}, {}).files(self.key))
        self.assert_holds(record.Round({}, {"x": {}}).files(self.key))
        self.assert_holds(record.Round({"a": {}}, {}).files(self.key))

    def test_more_than_a_thousand(self):
        large = shapes.large_round(2000, 150, seats=12)
        files = large.files(self.key)
        self.assertGreater(len(files["public-cutoffs"]), 0)
        self.assertGreater(files["record"].count("\nbin "), 1)
        self.assert_holds(files)
        self.run_public(large, files)

    def test_ranks_above_32(self):
        offers = {f"x{n:02}": dict(q=1) for n in range(60)}
        long_lists = record.Round({f"s{n:02}": dict(list=list(offers), referred=n % 2) for n in range(60)}, offers)
        files = long_lists.files(self.key)
        self.assertIn("\nrank 32 29 ", files["audit"])
        self.assert_holds(files)

    def test_told_in_public(self):
        """What becomes of the cutoffs of offers with many holders of one kind."""
        crowd = lambda letter, n, referred: {f"{letter}{i:02}": dict(list=["x"], referred=referred) for i in range(n)}  # noqa: E731
        for referred, others, offer, told in (
                (14, 5, dict(q=12, r=12), r"x 12 12 12 \* \* \*"),     # nobody else is in
                (14, 14, dict(q=12, r=10), r"x 12 10 12 \* \* \*"),    # few others are
                (12, 14, dict(q=22, r=12), r"x 22 12 22 12 0,\d+ 0,\d+"),
                (2, 30, dict(q=20, r=5), r"x 20 5 20 \* 0,\d+ \*"),   # fewer than the reserve,
                (5, 30, dict(q=20, r=5), r"x 20 5 20 \* 0,\d+ \*"),   # or just as many, as a higher bound beside would tell
                (2, 30, dict(q=12, r=3), r"x 12 3 12 \* \* \*"),      # whether a bound is that of few would tell, too
                (2, 30, dict(q=20, r=0), r"x 20 0 20 \* (0,\d+) \1"),
                (10, 10, dict(q=21, r=1), r"x 21 1 20 10 OPEN OPEN"),
                (5, 5, dict(q=9, r=1), "")):
            of_crowd = record.Round({**crowd("r", referred, 1), **crowd("o", others, 0)}, {"x": offer})
            files = of_crowd.files(self.key)
            self.assertRegex(files["public-cutoffs"].strip(), f"^{told}$")
            self.assert_holds(files)
            self.run_public(of_crowd, files)

    def test_told_in_public_beside_pinned(self):
        """Where few seats are left of those of the holders of before, whether GENERAL is told does not depend on how many are referred."""
        for pinned, general in ((18, r"\*"), (15, r"0,\d+")):
            for referred in (2, 4, 6):
                students = {f"{letter}{i:02}": dict(list=["x"], referred=int(letter == "r"), **(dict(pinned="x", seed=1) if letter == "p" else {}))
                            for letter, n in (("p", pinned), ("r", referred), ("o", 30)) for i in range(n)}
                of_pinned = record.Round(students, {"x": dict(q=30, r=5)}, earlier=[("run-0", b"\5" * 32, b"\6" * 32)])
                files = of_pinned.files(self.key)
                self.assertRegex(files["public-cutoffs"], rf"\Ax 30 5 30 \* {general} \*\n\Z")
                self.assert_holds(files)
                self.run_public(of_pinned, files)

    def test_deterministic(self):
        folder = self.write(shapes.random_round(5).files(self.key))
        self.assertEqual(len({self.run_on(folder)[1] for _ in range(3)}), 1)


class Program(harness.Case):
    def test_usage(self):
        folder = self.write(record.Round({}, {}).files(self.key))
        for arguments in ([], ["a", "b"], ["--no-such", folder], ["--key", "zz", folder], ["--key", folder], ["--max-bytes", "many", folder],
                          ["--public", "--earlier", folder, folder]):
            done = subprocess.run([harness.BUILD / "kansen-verify", *arguments], capture_output=True)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(b"usage: kansen-verify", done.stderr)
        done = subprocess.run([harness.BUILD / "kansen-verify", "--version"], capture_output=True)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, rb"^kansen-verify \d")

    def test_needs_little(self):
        """It links libsodium and the C library, beside what the compiler brings; nothing of the daemon's."""
        done = subprocess.run(["readelf", "-d", harness.BUILD / "kansen-verify"], capture_output=True, check=True)
        needed = re.findall(r"NEEDED.*\[(\w+)", done.stdout.decode())
        self.assertIn("libsodium", needed)
        self.assertLessEqual(set(needed), {"libsodium", "libc", "libm", "ld", "libresolv", "libgcc_s", "libdl", "librt", "libpthread",
                                           "libasan", "libubsan", "libtsan"})

    def test_without_key(self):
        status, out, _ = self.run_on(self.write(record.Round({}, {}).files(self.key)))
        self.assertEqual(status, 0)
        self.assertIn(self.key.hex, out)

    def test_openssl_agrees(self):
        folder = self.write(shapes.random_round(8).files(self.key))
        (self.folder / "raw").write_bytes(bytes.fromhex((folder / "signature").read_text()))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", self.key.file, "-in", folder / "record", "-sigfile",
                        self.folder / "raw"], check=True, capture_output=True)
