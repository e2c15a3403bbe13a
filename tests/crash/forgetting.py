#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who was forgotten stays forgotten, wherever the daemon is killed between the list of erasures and the store; and what is
not kept any more goes when its time has come, by a clock that jumps weeks ahead (tests/crash/powercut/inject.c)."""
import argparse
import pathlib
import re
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from disk_faults import Case, Orders, harness  # noqa: E402  (it stands in this folder)
import rounds  # noqa: E402
from harness import NOT_FOUND, OK  # noqa: E402

DAY_US = 86400 * 1000000
REQUEST, WITHDRAW, REMOVED, ROUND = 1, 7, 4, 9
WRITES_MOST = 40  # of one commit of a forget


def known(client, student):
    return bool(client.call(list_placements={"student": student}).list_placements.placements)


def journal(client, start=1):
    """All entries from a sequence on."""
    client.send(client.request(watch={"from_sequence": start, "until_now": True}))
    events = []
    while True:
        answer = client.receive()
        assert answer.status.code == OK, answer.status
        events += answer.watch.events
        if answer.watch.end:
            return events


class Killed(Case):
    """A process that is killed keeps what it has written; so the files are as a crash leaves them."""

    def round(self, daemon, offer, nth):
        """Forgets a student, and is killed at the nth write of the store. Returns whether it was acknowledged, and
        whether it was on the list."""
        student = f"student-{nth}"
        with daemon.client() as client:
            placement = client.write(reserve_placement={"offer_id": offer, "student": student}).id
            self.assertTrue(known(client, student))
            before = (daemon.data_dir / "kansen.erased").stat().st_size
            daemon.orders.arm("write", nth, Orders.KILLED)
            client.send(client.request(write={"forget_student": {"student": student}}))
            answer = client.receive()
        daemon.orders.disarm("write")
        acknowledged = answer is not None and answer.status.code == OK
        listed = (daemon.data_dir / "kansen.erased").stat().st_size > before
        daemon.kill()
        daemon.start()
        self.again += "forgotten again students=1" in daemon.log()
        with daemon.client() as client:
            self.assertEqual(client.call(get_placement={"id": placement}).get_placement.id, placement)
            self.assertEqual(known(client, student), not listed)
        return acknowledged, listed

    def test_each_write(self):
        daemon = self.daemon()
        with daemon.client() as client:
            offer = client.write(**self.offer("o", client.add_partner("p"), seats=1000)).id
        time.sleep(2)  # the clock tidies the index
        killed, self.again = 0, 0
        for nth in range(1, WRITES_MOST):
            acknowledged, listed = self.round(daemon, offer, nth)
            if acknowledged:
                self.assertTrue(listed, "acknowledged before it was on the list")
                break
            killed += listed
        else:
            self.fail(f"a commit has more than {WRITES_MOST} writes")
        self.assertGreaterEqual(killed, 2, "it was not killed between the list and the commit")
        self.assertGreaterEqual(self.again, 1, "the list was not needed")
        daemon.stop()
        self.assert_sound(daemon)


class Ages(Case):
    OPTIONS = "retain_placements_days = 30\nretain_students_days = 10\nretain_journal_days = 20\n"

    def back_up(self, client, name):
        """A backup; returns where it ends, and its digest."""
        client.send(client.request(backup={"name": name}))
        while not (answer := client.receive()).backup.end:
            assert answer.status.code == OK, answer.status
        return answer.backup.sequence, answer.backup.digest

    def export(self, daemon, name, *args):
        done = harness.run([harness.kansenctl(), "-s", daemon.unix, "journal", "export", daemon.scratch / name, *args])
        self.assertEqual(done.returncode, 0, done.stderr)

    def replay(self, daemon, files):
        """The first backup, with the journals behind it done again; returns what the last one says."""
        restored = daemon.scratch / "restored"
        shutil.copytree(daemon.data_dir / "backup" / "before", restored)
        shutil.copy(daemon.data_dir / "kansen.key", restored)
        for name in files:
            done = harness.run([harness.kansend(), "--replay", daemon.scratch / name, restored])
            self.assertEqual(done.returncode, 0, done.stdout)
        found = re.search(r"journal at (\d+), digest (\w{32})", done.stdout)
        return int(found.group(1)), found.group(2)

    def jump(self, daemon, days):
        """As if the daemon had been down, so that it looks at once."""
        daemon.stop()
        daemon.orders["clock_us"] = days * DAY_US
        daemon.start()

    def wait(self, what, test):
        end = time.monotonic() + 10
        while not test():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def test_rounds_go(self):
        """What a round holds of students goes when its time has come, unless somebody waits for an answer."""
        daemon = self.daemon("retain_rounds_days = 30\n")
        with daemon.client() as client:
            client.write(**self.offer("o", client.add_partner("p"), seats=3))
            second = daemon.caller(client, "second")
            self.addCleanup(second.close)
            made = {}
            for name in ("over", "asked", "open"):
                made[name] = rounds.Round(client, name).take().step("open")
                for student in ("a", "b"):
                    self.assertEqual(made[name].submit(student, [1]).write.status.code, OK)
                if name == "open":
                    break
                made[name].freeze()
                made[name].draw().compute()
                if name == "asked":
                    client.write(object_to_round={"round": name, "issuer": "school", "student": "a", "kind": 1})
                made[name].step("cancel", "a test")
                second.write(move_round={"round": name, "step": "ROUND_STEP_CANCEL", "reason": "a test"})
                made[name].until(rounds.CANCELLED)
            last = client.call(status={}).server.sequence
            self.assertEqual(made["asked"].get().open_objections, 1)
        self.jump(daemon, 29)
        time.sleep(2.5)  # more than a look
        with daemon.client() as client:
            self.assertEqual(client.call(get_round={"name": "over"}).get_round.round.state, rounds.CANCELLED)
        self.jump(daemon, 31)
        with daemon.client() as client:
            over = made["over"]
            over.client = client
            self.assertEqual(over.until(rounds.FORGOTTEN).forgotten, 2)
            time.sleep(2.5)
            for name, state in (("asked", rounds.CANCELLED), ("open", rounds.OPEN)):
                kept = client.call(get_round={"name": name}).get_round.round
                self.assertEqual((kept.state, kept.students), (state, 2))
            changed = {(change.kind, change.id) for event in journal(client, last + 1) for change in event.changes}
            self.assertEqual(changed, {(ROUND, over.get().id)})
        daemon.stop()
        self.assert_sound(daemon)

    def test_weeks_pass(self):
        daemon = self.daemon(self.OPTIONS)
        with daemon.client() as client:
            offer = client.write(**self.offer("o", client.add_partner("p"), seats=400)).id
            done, live = [], []
            for number in range(300):
                done.append(client.write(reserve_placement={"offer_id": offer, "student": f"done-{number}"}).id)
                client.write(move_placement={"id": done[-1], "move": WITHDRAW})
            for number in range(20):
                live.append(client.write(reserve_placement={"offer_id": offer, "student": f"live-{number}", "request": True}).id)
            last = client.call(status={}).server.sequence
            self.back_up(client, "before")
        self.jump(daemon, 9)
        time.sleep(0.5)
        with daemon.client() as client:
            self.assertTrue(known(client, "done-0"))
            self.assertEqual(journal(client)[0].sequence, 1)
        self.jump(daemon, 11)
        with daemon.client() as client:
            self.wait("mappings stay", lambda: not any(known(client, f"done-{number}") for number in range(300)))
            self.assertTrue(all(known(client, f"live-{number}") for number in range(20)))
            for placement in done + live:
                client.call(get_placement={"id": placement})
            self.assertEqual(client.call(status={}).server.sequence, last + 300, "each is an entry of the journal")
        self.export(daemon, "students-went")
        self.jump(daemon, 31)
        with daemon.client() as client:
            self.wait("placements stay", lambda: all(
                client.ask(get_placement={"id": placement}).status.code == NOT_FOUND for placement in done))
            for placement in live:
                client.call(get_placement={"id": placement})
            first = []
            self.wait("the journal stays", lambda: first.append(client.ask(watch={"from_sequence": 1}).watch.first_sequence)
                      or first[-1] > last)
            gone = {change.id for event in journal(client, first[-1]) for change in event.changes if change.outcome == REMOVED}
            self.assertEqual(gone, set(done))
            self.assertEqual(client.call(get_offer={"id": offer}).get_offer.seats, 400)
            after = self.back_up(client, "after")
        self.export(daemon, "placements-went", "--from", str(last + 301))
        # What the clock did is done again from the journal, by how long things were kept then.
        self.assertEqual(self.replay(daemon, ["students-went", "placements-went"]), after)
        daemon.stop()
        self.assert_sound(daemon)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs")
    parser.add_argument("names", nargs="*", help="parts to run; none = all")
    options = parser.parse_args()
    harness.use_build(options.build)
    unittest.main(module="__main__", argv=[sys.argv[0], *options.names], verbosity=2)


if __name__ == "__main__":
    main()
