#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Point in time: random writes of the model, backups on the way, the journal exported. From the first backup the journal is
replayed to the sequence of each later one, and to some between them; the digest over all records must be the one that the
live store had there. A dump of the last state, loaded elsewhere, has it too."""
import argparse
import pathlib
import re
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import run  # noqa: E402
from reading import OK, harness  # noqa: E402

POINTS = 4  # backups while the model runs


def digest_of(text):
    """(sequence, digest) in what --check or --replay says."""
    found = re.search(r"journal at (\d+), digest (\w{32})", text)
    assert found, text
    return int(found.group(1)), found.group(2)


class Replaying:
    def __init__(self, seed):
        self.comparison = run.Comparison(seed)
        self.daemon = self.comparison.daemon
        self.points = []  # (sequence, digest, directory)

    def back_up(self, client):
        client.send(client.request(backup={"name": f"point-{len(self.points)}"}))
        while True:
            answer = client.receive()
            assert answer.status.code == OK, answer.status
            if answer.backup.end:
                self.points.append((answer.backup.sequence, answer.backup.digest, pathlib.Path(answer.backup.path)))
                return

    def model_writes(self, commands):
        comparison = self.comparison
        for point in range(1, POINTS + 1):
            with self.daemon.client() as client:
                if point == 1:
                    comparison.skip_seeds(client)
                while comparison.figures["commands"] < commands * point // POINTS:
                    comparison.segment(client, commands)
                    comparison.let_time_pass()
                self.back_up(client)
            self.daemon.restart()

    def other_writes(self):
        """Clients, tokens and taxonomy, which the model does not know, and a caller who is bound to a source and a partner."""
        with self.daemon.client() as client:
            partner = client.add_partner("bound-club", source="registrar")
            client.write(create_client={"client": {"name": "registrar", "role": "ROLE_REGISTRAR"}})
            client.write(create_client={"client": {"name": "club", "role": "ROLE_PARTNER", "partner_id": partner}})
            client.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
            tokens = {name: harness.issue_token(client, name) for name in ("registrar", "club", "portal")}
            spare = client.write(issue_token={"client": "portal", "label": "spare"}).id
            with self.daemon.client(token=tokens["registrar"]) as registrar:
                theirs = registrar.add_partner("pending-club")
            with self.daemon.client(token=tokens["club"]) as club:
                offer = club.write(create_offer={"offer": {"external_id": "club-offer", "kind": "OFFER_KIND_SPORT", "title": "Les",
                                                           "interests": ["zorg"], "seats": 2, "partner_id": partner}}).id
            client.write(set_partner_status={"id": theirs, "status": "PARTNER_STATUS_ACTIVE"})
            client.write(set_partner_status={"id": partner, "status": "PARTNER_STATUS_ACTIVE"})
            with self.daemon.client(token=tokens["portal"]) as portal:
                for student in ("ann", "bob"):
                    portal.write(reserve_placement={"offer_id": offer, "student": student, "request": True})
                self.back_up(client)
                portal.write(forget_student={"student": "ann"})
            client.write(revoke_token={"id": spare})
            client.write(upsert_interest={"interest": {"code": "sport.replay", "label_nl": "x", "label_en": "x"}})
            client.write(upsert_postcode={"postcode": {"postcode": 9999, "municipality": "GM0606",
                                                       "centroid": harness.point(52, 5)}})
            client.write(set_client_status={"name": "registrar", "status": "CLIENT_STATUS_SUSPENDED"})
            client.write(remove_partner={"id": theirs})
            self.back_up(client)

    def kansenctl(self, *args):
        done = harness.run([harness.kansenctl(), "-s", self.daemon.unix, *args])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def restored(self, directory):
        """The first backup as an operator puts it back."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.points[0][2], directory)
        shutil.copy(self.daemon.data_dir / "kansen.key", directory)
        return directory

    def replay(self, journal, sequence=None):
        directory = self.restored(self.daemon.scratch / "restored")
        limit = [] if sequence is None else ["--to-sequence", str(sequence)]
        done = harness.run([harness.kansend(), "--replay", journal, *limit, directory])
        assert done.returncode == 0, done.stdout
        return digest_of(done.stdout)

    def load(self, dump):
        """The dump in a store made elsewhere."""
        other = harness.Daemon()
        try:
            other.data_dir.mkdir()
            shutil.copy(self.daemon.data_dir / "kansen.key", other.data_dir)
            shutil.copy(self.daemon.token_file, other.token_file)
            other.start()
            done = harness.run([harness.kansenctl(), "-s", other.unix, "load", dump])
            assert done.returncode == 0, done.stderr
            other.stop()
            done = harness.run(other.command("--check"))
            assert done.returncode == 0, done.stdout
            return digest_of(done.stdout)
        finally:
            other.remove()

    def run(self, commands):
        self.daemon.start()
        self.model_writes(commands)
        self.other_writes()
        journal, dump = self.daemon.scratch / "journal", self.daemon.scratch / "dump"
        self.kansenctl("journal", "export", journal)
        self.kansenctl("dump", dump)
        self.daemon.stop()
        for sequence, digest, _ in self.points:
            assert self.replay(journal, sequence) == (sequence, digest), f"replayed to {sequence}"
        last = self.points[-1][:2]
        assert self.replay(journal) == last, "replayed to the end"
        between = (self.points[0][0] + last[0]) // 2
        assert self.replay(journal, between)[0] == between
        loaded = self.load(dump)  # where the clock may have gone on since: leases end
        assert loaded == last or loaded[0] > last[0], f"loaded {loaded}, not {last}"
        return last[0] - self.points[0][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=harness.BUILD, help="where kansend is")
    parser.add_argument("--commands", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    harness.use_build(options.build)
    started, replaying = time.monotonic(), Replaying(options.seed)
    try:
        entries = replaying.run(options.commands)
    finally:
        replaying.daemon.remove()
    print(f"replay: {entries} entries of the journal to {len(replaying.points)} points, the same digest at each, "
          f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
