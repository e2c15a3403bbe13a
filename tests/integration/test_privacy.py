# SPDX-License-Identifier: Apache-2.0
"""Nothing of a query or a student in logs, at any level, nor in files; who was forgotten stays so over a restore."""
import hashlib
import re
import shutil
import subprocess
import unittest

from google.protobuf.descriptor import FieldDescriptor

import harness
from harness import FAILED_PRECONDITION, NOT_FOUND, OK, frame, kansenctl, kansend, protocol_pb2

PLANT = "planted-7f3a91c2e4"  # well-formed as a source, a code and an external id, so that it comes far
QUERY = {"at": {"lat_e6": 51918273, "lon_e6": 4395817}, "radius_m": 7771, "age": 97, "max_cost_cents": 98765431,
         "needs": ["NEED_WHEELCHAIR", "NEED_LOW_STIMULUS"], "languages": ["xh"], "tie_seed": 1311768467294899695,
         "interests": [{"code": "zorg", "weight": 83}], "referred": True, "limit": 3}
TELLING = re.compile(r"51\.?918|4\.?395|7771|9876543|wheelchair|stimulus|13117684|\bxh\b|\b97\b", re.IGNORECASE)
WITHDRAW = 7
UNKNOWN_FIELD = 1000


def text_paths(descriptor, path=()):
    """Paths to all fields of a message that hold text or bytes."""
    for field in descriptor.fields:
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            yield (*path, field)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and len(path) < 6 and field.message_type not in [f.message_type for f in path]:
            yield from text_paths(field.message_type, (*path, field))


def plant(message, path):
    """Puts the plant there, with everything on the way to it."""
    field, rest = path[0], path[1:]
    many = field.label == FieldDescriptor.LABEL_REPEATED
    if rest and field.message_type.GetOptions().map_entry:
        getattr(message, field.name)[PLANT]  # pylint: disable=expression-not-assigned
    elif rest:
        inner = getattr(message, field.name)
        inner = inner.add() if many else inner
        inner.SetInParent()
        plant(inner, rest)
    else:
        value = PLANT.encode() if field.type == FieldDescriptor.TYPE_BYTES else PLANT
        if many:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


def add_unknown(message):
    """As a newer client might: a field that this version does not know."""
    data = PLANT.encode()
    tag = UNKNOWN_FIELD << 3 | 2
    message.MergeFromString(bytes([tag & 0x7F | 0x80, tag >> 7, len(data)]) + data)


def messages_of(message):
    """The message and all that are set in it."""
    yield message
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner in value if field.label == FieldDescriptor.LABEL_REPEATED else [value]:
                yield from messages_of(inner)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Nothing(unittest.TestCase):
    """The whole range of requests at the level that logs most."""

    def setUp(self):
        self.daemon = harness.Daemon(args=["--log-level", "debug"]).start()
        self.addCleanup(self.daemon.remove)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.partner = self.client.add_partner("control-partner")
        self.offer = self.client.add_offer("control-offer", self.partner, kind="OFFER_KIND_INTERNSHIP", seats=50)
        self.keys = 0

    def ask(self, **body):
        """A request under an idempotency key that is made of the plant, as a portal may do; refused or not."""
        self.keys += 1
        request = self.client.request(**body)
        request.idempotency_key = f"{PLANT}-{self.keys}"
        self.client.send(request)
        answer = self.client.receive()
        self.assertIsNotNone(answer, "the connection was closed")
        return answer

    def assert_nowhere(self):
        self.daemon.stop()
        log = self.daemon.log()
        self.assertIn("debug session: open", log)
        self.assertNotIn(PLANT, log)
        self.assertIsNone(TELLING.search(re.sub(r"serves on .*", "", log)), log)
        files = contents(self.daemon.scratch)
        self.assertTrue(any(b"control-partner" in data for data in files.values()), "the search finds nothing at all")
        for path, data in files.items():
            self.assertNotIn(PLANT.encode(), data, path)
        return files

    def test_placements(self):
        """Reserve, list, move, forget; each text field of them with the plant in it, and fields that are not known."""
        reserve = {"offer_id": self.offer, "student": PLANT, "from_date": "2031-02-03"}
        placement = self.ask(write={"reserve_placement": reserve}).write.id
        self.assertGreater(placement, 0)
        for body in ({"write": {"reserve_placement": {**reserve, "from_date": PLANT}}},
                     {"write": {"reserve_placement": {**reserve, "to_date": PLANT}}},
                     {"write": {"reserve_placement": {**reserve, "offer_id": 999, "student": PLANT * 20}}},
                     {"write": {"reserve_placement": {**reserve, "student": PLANT + "\n"}}},
                     {"write": {"reserve_placement": {**reserve, "student": PLANT + "-2"}, "source": PLANT}},
                     {"write": {"reserve_placement": {**reserve, "student": PLANT + "-3"}, "source": PLANT + " !"}},
                     {"write": {"forget_student": {"student": PLANT + "-never"}}},
                     {"write": {"move_placement": {"id": placement, "move": WITHDRAW}, "source": PLANT}},
                     {"batch": {"writes": [{"reserve_placement": {**reserve, "student": PLANT + "-4"}}] * 2}},
                     {"list_placements": {"student": PLANT}}, {"list_placements": {"cursor": PLANT.encode()}}):
            self.ask(**body)
        for name, fields in {"reserve_placement": {**reserve, "student": PLANT + "-5"}, "move_placement": {"id": placement},
                             "forget_student": {"student": PLANT + "-5"}}.items():
            body = protocol_pb2.Request(write={name: fields}).write
            add_unknown(body)
            add_unknown(getattr(body, name))
            self.ask(write=body)
        self.assertEqual(self.ask(write={"forget_student": {"student": PLANT}}).status.code, OK)
        files = self.assert_nowhere()
        self.assertIn(b"2031-02-03", files[self.daemon.data_dir / "kansen.mdb"])  # the period is kept

    def test_records(self):
        """What nobody has checked is not stored: fields that are not known, in the records themselves and in what they hold."""
        partner = {"name": "Club", "kind": "PARTNER_KIND_SPORT_CLUB", "region": "GM0606", "position": harness.point(52, 5),
                   "identifiers": [{"scheme": "kvk", "value": "12345678"}], "accreditations": [{"crebo": 25655}]}
        offer = {"partner_id": self.partner, "kind": "OFFER_KIND_SPORT", "title": "Training", "interests": ["sport"], "seats": 5,
                 "position": harness.point(52, 5)}
        writes = [{"create_partner": {"partner": {**partner, "external_id": "a"}}}, {"upsert_offer": {"offer": {
            **offer, "external_id": "a"}}}, {"create_offer": {"offer": {**offer, "external_id": "b"}}},
                  {"replace_partner": {"partner": {**partner, "id": self.partner, "version": 1}}},
                  {"replace_offer": {"offer": {**offer, "id": self.offer, "version": 1}}}]
        for write in writes:
            body = protocol_pb2.Request(write=write).write
            for message in messages_of(body):
                add_unknown(message)
            self.assertIn(PLANT.encode(), body.SerializeToString())
            self.assertEqual(self.ask(write=body).status.code, OK, write)
        for stored in (self.client.call(list_partners={}), self.client.call(list_offers={})):
            self.assertNotIn(PLANT.encode(), stored.SerializeToString())
        self.assert_nowhere()

    def test_queries(self):
        queries = [QUERY, {**QUERY, "levels": ["LEVEL_MBO4"], "qualification": 25655}, {"from_region": "GM0606", "age": 97},
                   {**QUERY, "discover": 3, "want_total": True, "facets": True}]
        for query in queries:
            request = self.client.request(match={"query": query})
            self.client.send(request)
            self.assertEqual(self.client.receive().status.code, OK, query)
            self.client.call(explain={"query": query, "offer_id": self.offer})
        for path in text_paths(protocol_pb2.Request.DESCRIPTOR.fields_by_name["match"].message_type):
            request = self.client.request(match={"query": QUERY})
            plant(request.match, path)
            self.client.send(request)
            self.assertNotEqual(self.client.receive().status.code, 13)
        files = self.assert_nowhere()
        for query in queries:
            parts = [protocol_pb2.Request(match={"query": {name: query[name]}}).match.query.SerializeToString()
                     for name in ("at", "tie_seed", "max_cost_cents", "needs") if name in query]
            for path, data in files.items():
                for part in parts:
                    self.assertFalse(len(part) > 4 and part in data, f"{path} holds a part of a query")

    def test_each_text_field(self):
        """Of every request there is, the plant in one field at a time, and all of them refused or found empty."""
        sent = 0
        for path in text_paths(protocol_pb2.Request.DESCRIPTOR):
            if path[0].name in ("batch", "idempotency_key", "backup"):  # an operator names a backup, and the log may tell which
                continue
            request = self.client.request()
            plant(request, path)
            if path[0].name == "hello":
                request.hello.protocol_version = 1
            sent += 1
            with self.daemon.client(hello=path[0].name != "hello") as client:
                client.send(request)
                answer = client.receive()
            if path[0].name == "write":
                self.assertNotEqual(answer.status.code, OK, f"{request} was applied")
        self.assertGreater(sent, 60)
        with self.daemon.client(hello=False) as client:  # and bytes that are no request
            client.send(frame(b"\xff\xff" + PLANT.encode()))
            client.receive()
        self.assert_nowhere()


class Forgetting(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon().start()
        self.addCleanup(self.daemon.remove)
        with self.daemon.client() as client:
            self.offer = client.add_offer("o", client.add_partner("p"), seats=50)

    def reserve(self, student):
        with self.daemon.client() as client:
            return client.write(reserve_placement={"offer_id": self.offer, "student": student}).id

    def forget(self, student):
        with self.daemon.client() as client:
            return client.ask(write={"forget_student": {"student": student}}).status

    def placements(self, student):
        with self.daemon.client() as client:
            return [p.id for p in client.call(list_placements={"student": student}).list_placements.placements]

    def hash(self, student):
        key = (self.daemon.data_dir / "kansen.key").read_bytes()
        return hashlib.blake2b(b"student\0local\0" + student.encode(), key=key, digest_size=32).digest()

    def list(self):
        return (self.daemon.data_dir / "kansen.erased").read_text().splitlines()

    def check(self):
        done = harness.run(self.daemon.command("--check"))
        self.assertEqual(done.returncode, 0, done.stdout)

    def back_up(self):
        self.daemon.stop()
        shutil.copy(self.daemon.data_dir / "kansen.mdb", self.daemon.scratch / "backup")
        self.daemon.start()

    def restore(self):
        self.daemon.stop()
        shutil.copy(self.daemon.scratch / "backup", self.daemon.data_dir / "kansen.mdb")
        self.daemon.start()

    def test_restore(self):
        """An older store comes back: who was forgotten since then is forgotten again, the placement stays."""
        ann, bob = self.reserve("ann"), self.reserve("bob")
        self.back_up()
        self.assertEqual(self.forget("ann").code, OK)
        self.assertEqual(len(self.list()), 1)
        self.assertIn(self.hash("ann").hex(), self.list()[0])
        self.restore()
        self.assertIn("forgotten again students=1", self.daemon.log())
        self.assertEqual((self.placements("ann"), self.placements("bob")), ([], [bob]))
        with self.daemon.client() as client:
            self.assertEqual(client.call(get_placement={"id": ann}).get_placement.offer_id, self.offer)
        again = self.reserve("ann")  # nobody can know that it is the same
        self.daemon.restart()
        self.assertNotIn("forgotten again", self.daemon.log())
        self.assertEqual(self.placements("ann"), [again])
        self.daemon.stop()
        self.check()

    def test_a_list_elsewhere(self):
        """A restore of the whole data directory brings no older list back when that lies elsewhere."""
        elsewhere = self.daemon.scratch / "erasures"
        self.daemon.stop()
        (self.daemon.scratch / "none.conf").write_text(f'erasures = "{elsewhere}"\n', encoding="utf-8")
        self.daemon.start()
        self.reserve("ann")
        self.daemon.stop()
        shutil.copytree(self.daemon.data_dir, self.daemon.scratch / "all")
        self.daemon.start()
        self.forget("ann")
        self.daemon.stop()
        shutil.rmtree(self.daemon.data_dir)
        shutil.copytree(self.daemon.scratch / "all", self.daemon.data_dir)
        self.daemon.start()
        self.assertEqual(self.placements("ann"), [])
        self.assertEqual(len(elsewhere.read_text().splitlines()), 1)

    def test_damage(self):
        """A line that was torn does not stop the start, and is told; the lines around it count."""
        for student in ("ann", "bob"):
            self.reserve(student)
        self.back_up()
        self.forget("ann")
        self.daemon.kill()
        with open(self.daemon.data_dir / "kansen.erased", "a", encoding="utf-8") as file:
            file.write(self.list()[0][:40])
        self.daemon.start()
        self.assertIn("damaged and skipped", self.daemon.log())
        self.assertIn("line=2", self.daemon.log())
        self.assertEqual(self.forget("bob").code, OK)
        self.restore()
        self.assertEqual((self.placements("ann"), self.placements("bob")), ([], []))

    def test_refused(self):
        """Who is not known is not put on the list, and a list that can not be made stops the start."""
        self.assertEqual(self.forget("nobody").code, NOT_FOUND)
        self.assertEqual(self.list(), [])
        self.daemon.stop()
        done = harness.run(self.daemon.command("--seeds", self.daemon.seeds, "--listen", self.daemon.unix, "--admin", "off", "-c",
                                               self.config('erasures = "/nonexistent/list"\n')))
        self.assertEqual(done.returncode, 1)
        self.assertIn("erasures", done.stderr)

    def config(self, text):
        path = self.daemon.scratch / "other.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def test_one_sync_for_many(self):
        """Students that are forgotten in one batch are on the list, in order."""
        students = [f"s{number}" for number in range(40)]
        for student in students:
            self.reserve(student)
        with self.daemon.client() as client:
            client.batch([{"forget_student": {"student": student}} for student in students])
        self.assertEqual([line.split()[1] for line in self.list()], [self.hash(student).hex() for student in students])

    def test_a_repeat_after_a_forget(self):
        """Under the same idempotency key: it is no way from the reference to the placement."""
        def ask(**body):
            with self.daemon.client() as client:
                request = client.request(**body)
                request.idempotency_key = "key"
                client.send(request)
                return client.receive()
        write = {"reserve_placement": {"offer_id": self.offer, "student": "ann"}}
        placement = ask(write=write).write.id
        self.assertEqual(ask(write=write).write.id, placement)
        self.forget("ann")
        for _ in range(2):
            answer = ask(write=write)
            self.assertEqual((answer.status.code, answer.status.field, answer.write.id), (FAILED_PRECONDITION, "student", 0))
            self.daemon.restart()
        self.assertEqual(self.placements("ann"), [])
        self.assertNotEqual(self.reserve("ann"), placement)
        self.assertEqual(ask(write=write).status.code, FAILED_PRECONDITION)

    def test_written_anew(self):
        """What --compact leaves holds neither the hash of who was forgotten nor its pair with the id."""
        placement = self.reserve("ann")
        self.reserve("bob")
        with self.daemon.client() as client:
            student = client.call(get_placement={"id": placement}).get_placement.student_id
        self.daemon.restart()
        store = self.daemon.data_dir / "kansen.mdb"
        self.assertIn(self.hash("ann") + student, store.read_bytes())
        self.forget("ann")
        self.daemon.stop()
        self.assertNotEqual(harness.run(self.daemon.command("--compact", self.daemon.scratch / "none")).returncode, 0)
        done = harness.run(self.daemon.command("--compact"))
        self.assertEqual(done.returncode, 0, done.stdout)
        data = store.read_bytes()
        self.assertNotIn(self.hash("ann"), data)
        self.assertIn(student, data)
        self.assertIn(self.hash("bob"), data)
        self.check()
        self.daemon.start()
        self.assertEqual(self.placements("bob"), [placement + 1])

    def test_in_use(self):
        done = harness.run(self.daemon.command("--compact"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stdout)

    # kansenctl

    def ctl(self, *args, stdin=None, expect=0):
        command = [kansenctl(), "-s", self.daemon.tcp, "placement", *args]
        done = subprocess.run(command, input=stdin, env=harness.environment(command), capture_output=True,
                              text=True, timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_a_reference_from_a_file(self):
        """Out of the list of processes."""
        file = self.daemon.scratch / "ref"
        file.write_text("ann\n", encoding="utf-8")
        self.ctl("reserve", str(self.offer), "--student-file", str(file))
        self.assertEqual(len(self.placements("ann")), 1)
        self.assertIn("held", self.ctl("list", "--student-file", "-", stdin="ann").stdout)
        self.ctl("forget", "--student-file", "-", stdin="ann\r\n")
        self.assertEqual(self.placements("ann"), [])
        for stdin in ("", "\n", "ann\nbob\n", "x" * 201):
            told = self.ctl("forget", "--student-file", "-", stdin=stdin, expect=2)
            self.assertIn("--student-file", told.stderr)
        self.ctl("forget", "--student-file", str(file), "--student", "ann", expect=2)
        self.ctl("forget", "--student-file", str(self.daemon.scratch / "none"), expect=2)
        self.ctl("forget", expect=2)


class Names(unittest.TestCase):
    def test_help(self):
        self.assertIn("--compact", harness.run([kansend(), "--help"]).stdout)


if __name__ == "__main__":
    unittest.main()
