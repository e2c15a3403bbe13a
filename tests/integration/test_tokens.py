# SPDX-License-Identifier: Apache-2.0
"""Clients and tokens by the command line and over sockets: issue, use, list, revoke, expire, suspend, change a token for
another; and that whoever was shut out is answered no more."""
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import unittest

import harness
from harness import ALREADY_EXISTS, FAILED_PRECONDITION, NOT_FOUND, OK, UNAUTHENTICATED, Client, Refused, command_pb2

DONE, REFUSED, USAGE = 0, 1, 2
TOKEN = re.compile(r"^kansen_[A-Za-z0-9_-]{43}$")
SOON = 5.0  # seconds within which a session that is shut out must have ended; a second and some patience
ROUNDS = 25


class Tokens(unittest.TestCase):
    conf = ""

    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon(args=["--workers", "3"])
        (cls.daemon.scratch / "none.conf").write_text(cls.conf, encoding="utf-8")
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.remove)
        cls.admin = Client(cls.daemon.unix)
        cls.addClassCleanup(cls.admin.close)
        cls.partner = cls.admin.add_partner("p")
        cls.offer = cls.admin.add_offer("o", cls.partner, seats=60000)
        cls.serial = 0

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        done = harness.run(cls.daemon.command("--check"))
        assert done.returncode == 0 and "all is well" in done.stdout, done.stdout

    def fresh(self, prefix="c"):
        type(self).serial += 1
        return f"{prefix}{self.serial}"

    def client(self, role="portal", **fields):
        name = self.fresh()
        self.admin.write(create_client={"client": {"name": name, "role": f"ROLE_{role.upper()}", **fields}})
        return name

    def issue(self, client, **options):
        """(id, text)"""
        result = self.admin.write(issue_token={"client": client, **options})
        return result.id, result.token

    def session(self, token):
        caller = Client(self.daemon.tcp, token=token)
        self.addCleanup(caller.close)
        return caller

    def revoke(self, token):
        return self.admin.write(revoke_token={"id": token})

    def assert_ended(self, caller, watches=()):
        """The watches and then the session are told UNAUTHENTICATED, and the connection is closed."""
        caller.socket.settimeout(SOON)
        for watch in watches:
            answer = caller.receive()
            self.assertEqual((answer.id, answer.status.code), (watch, UNAUTHENTICATED))
        answer = caller.receive()
        self.assertIsNotNone(answer, "closed without a word")
        self.assertEqual((answer.id, answer.status.code), (0, UNAUTHENTICATED), answer)
        self.assertIsNone(caller.receive())

    def assert_refused(self, token):
        """One answer for every token that is of no use."""
        with self.assertRaises(Refused) as refused:
            Client(self.daemon.tcp, token=token).close()
        self.assertEqual((refused.exception.code, refused.exception.field), (UNAUTHENTICATED, "token"))
        return refused.exception.message


class CommandLine(Tokens):
    def ctl(self, *args, server=None, expect=DONE, **options):
        done = harness.run([harness.kansenctl(), "-s", server or self.daemon.unix, *args], cwd=self.daemon.scratch, **options)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def json(self, *args, **options):
        return [json.loads(line) for line in self.ctl("--json", *args, **options).stdout.splitlines()]

    def token_file(self, text, mode=0o600):
        path = self.daemon.scratch / self.fresh("token")
        harness.write_token(path, text)
        path.chmod(mode)
        return path

    def test_clients(self):
        names = {role: self.fresh(role) for role in ("operator", "portal", "registrar")}
        for role, name in names.items():
            self.assertEqual(self.ctl("client", "add", name, "--role", role).stdout, f"client {name} created\n")
        club, other = self.fresh("club"), self.fresh("club")
        self.ctl("client", "add", club, "--role", "partner", "--partner", str(self.partner))
        self.ctl("client", "add", other, "--role", "partner", "--partner", "p", "--source", "web")
        listed = {row["client"]: row for row in self.json("client", "list")}
        self.assertEqual((listed[club]["role"], listed[club]["partner"], listed[club]["source"]), ("partner", self.partner, club))
        self.assertEqual((listed[other]["partner"], listed[other]["source"]), (self.partner, "web"))
        self.assertEqual((listed[names["operator"]]["source"], listed[names["portal"]]["source"]), ("", names["portal"]))
        self.assertIn("STATUS", self.ctl("client", "list").stdout)
        self.assertEqual(self.json("client", "suspend", club)[0]["outcome"], "updated")
        self.assertEqual(self.json("client", "suspend", club)[0]["outcome"], "unchanged")
        self.assertEqual({row["client"]: row["status"] for row in self.json("client", "list")}[club], "suspended")
        self.assertEqual(self.json("client", "resume", club)[0]["version"], 3)
        self.assertIn("already", self.ctl("client", "add", club, "--role", "portal", expect=REFUSED).stderr)
        self.ctl("client", "add", "no-partner", "--role", "partner", expect=REFUSED)
        self.ctl("client", "add", "x", "--role", "emperor", expect=USAGE)
        self.ctl("client", "add", "x", expect=USAGE)
        self.ctl("client", "add", "--role", "portal", expect=USAGE)
        self.ctl("client", "suspend", "nobody", expect=REFUSED)

    def test_issue_use_list_revoke(self):
        name = self.client()
        issued = self.ctl("token", "issue", "--client", name, "--label", "front door", "--expires", "90d")
        token = issued.stdout.strip()
        self.assertRegex(token, TOKEN)
        self.assertNotIn(token[7:], issued.stderr)
        path = self.token_file(token)
        matched = self.json("--token-file", path, "match", "--region", "NL", server=self.daemon.tcp)
        self.assertIn(self.offer, [match["offer"] for match in matched[0]["matches"]])
        self.ctl("--token-file", path, "status", server=self.daemon.tcp, expect=REFUSED)
        self.ctl("placement", "reserve", str(self.offer), "--student", "s", server=self.daemon.tcp,
                 env={"KANSEN_TOKEN_FILE": str(path)})
        row = self.json("token", "list", "--client", name)[0]
        self.assertEqual((row["client"], row["label"], row["state"]), (name, "front door", "valid"))
        self.assertAlmostEqual(row["expires_us"] / 1e6, time.time() + 90 * 86400, delta=600)
        self.assertEqual(self.ctl("token", "revoke", str(row["token"])).stdout, f"token {row['token']} revoked\n")
        self.assertEqual(self.json("token", "revoke", str(row["token"]))[0]["outcome"], "unchanged")
        self.assertEqual(self.json("token", "list", "--client", name)[0]["state"], "revoked")
        refused = self.ctl("--token-file", path, "match", "--region", "NL", server=self.daemon.tcp, expect=REFUSED)
        self.assertIn("UNAUTHENTICATED", refused.stderr)
        self.ctl("token", "revoke", "987654", expect=REFUSED)
        self.ctl("token", "revoke", "front", expect=USAGE)
        self.ctl("token", "issue", "--client", "nobody", expect=REFUSED)
        self.ctl("token", "issue", expect=USAGE)

    def test_a_list_of_several_pages(self):
        """A page has a thousand; the columns are named once, and nothing is left out or told twice."""
        name = self.client()
        for _ in range(3):
            self.admin.call(batch={"writes": [{"issue_token": {"client": name}}] * 400})
        told = self.ctl("token", "list", "--client", name).stdout.splitlines()
        self.assertEqual([line for line in told if "CLIENT" in line], told[:1])
        rows = [row["token"] for row in self.json("token", "list", "--client", name)]
        self.assertEqual((len(rows), len(set(rows))), (1200, 1200))
        self.assertEqual([int(line.split()[0]) for line in told[1:]], rows)

    def test_no_list_and_no_file_tells_a_token(self):
        name = self.client()
        token = self.ctl("token", "issue", "--client", name, "--idempotency-key", self.fresh("k")).stdout.strip()
        listed = b"".join(self.admin.ask(**{kind: {}}).SerializeToString() for kind in ("list_tokens", "list_clients"))
        shown = "".join(self.ctl(*words).stdout + self.ctl("--json", *words).stdout for words in
                        (("token", "list"), ("client", "list"), ("watch", "--from", "1", "--until-now")))
        raw = base64.urlsafe_b64decode(token[7:] + "=")
        for secret in (token[7:].encode(), token[7:27].encode(), raw, raw[:12]):
            self.assertNotIn(secret, listed)
            self.assertNotIn(secret, shown.encode())
            self.assertNotIn(secret, self.daemon.log().encode())
            for path in self.daemon.data_dir.iterdir():
                if path.is_file():
                    self.assertNotIn(secret, path.read_bytes(), path)

    def test_a_repeat_does_not_get_the_text_again(self):
        words = ("token", "issue", "--client", self.client(), "--idempotency-key", self.fresh("k"))
        first = self.json(*words)[0]
        self.assertRegex(first["text"], TOKEN)
        again = self.ctl(*words, expect=REFUSED)
        self.assertEqual(again.stdout, "")
        self.assertIn(f"token {first['token']} was issued under this key before", again.stderr)
        self.assertEqual(self.session(first["text"]).ask(ping={}).status.code, OK)

    def test_a_token_file_that_others_may_read(self):
        token = self.issue(self.client())[1]
        for mode in (0o640, 0o604, 0o620, 0o666, 0o601):
            done = self.ctl("--token-file", self.token_file(token, mode), "ping", server=self.daemon.tcp, expect=USAGE)
            self.assertIn("chmod 600", done.stderr)
        for mode in (0o600, 0o400):
            self.ctl("--token-file", self.token_file(token, mode), "ping", server=self.daemon.tcp)
        self.ctl("--token-file", "/dev/stdin", "ping", server=self.daemon.tcp, stdin=token + "\n")
        self.ctl("--token-file", self.daemon.scratch / "absent", "ping", server=self.daemon.tcp, expect=USAGE)
        self.ctl("--token-file", self.token_file(""), "ping", server=self.daemon.tcp, expect=USAGE)
        self.ctl("--token-file", self.token_file("kansen_nonsense"), "ping", server=self.daemon.tcp, expect=REFUSED)

    def test_when_it_expires(self):
        name = self.client()
        for text, seconds in (("2030-01-01", 1893456000), ("2030-01-01T00:00:01Z", 1893456001)):
            self.ctl("token", "issue", "--client", name, "--expires", text)
            self.assertEqual(self.json("token", "list", "--client", name)[-1]["expires_us"], seconds * 1000000)
        for text, seconds in (("45s", 45), ("30m", 1800), ("12h", 43200), ("2d", 172800)):
            self.ctl("token", "issue", "--client", name, "--expires", text)
            self.assertAlmostEqual(self.json("token", "list", "--client", name)[-1]["expires_us"] / 1e6, time.time() + seconds, delta=30)
        for text in ("tomorrow", "2030-02-30", "2030-1-1", "30", "-3d", "3w", "2030-01-01T00:00:01", "1234567d", " 3d", "3d "):
            self.ctl("token", "issue", "--client", name, "--expires", text, expect=USAGE)
        self.ctl("token", "issue", "--client", name, "--expires", "2020-01-01", expect=REFUSED)
        self.ctl("token", "issue", "--client", name, "--expires", "0s", expect=REFUSED)

    def test_files_of_a_client_are_of_its_source(self):
        registrar = self.client("registrar")
        club = self.client("partner", partner_id=self.partner)
        files = {"partners": f"external_id,kind,name,region\n{registrar},sport_club,Club,GM0606\n",
                 "offers": f"external_id,partner,kind,title,interests,seats\n{registrar}-o,{registrar},sport,Training,sport,3\n"}
        flags = ("--token-file", self.token_file(self.issue(registrar)[1]))
        for table, text in files.items():
            self.ctl(*flags, "import", table, "-", server=self.daemon.tcp, stdin=text)
            out = self.ctl(*flags, "export", table, server=self.daemon.tcp).stdout
            self.assertEqual(len(out.splitlines()), 2, out)
            self.assertIn(registrar, out)
        listed = self.json("offer", "list", "--source", registrar)
        self.assertEqual([row["external_id"] for row in listed], [f"{registrar}-o"])
        self.ctl(*flags, "import", "partners", "-", "--source", "local", server=self.daemon.tcp, stdin=files["partners"], expect=REFUSED)
        flags = ("--token-file", self.token_file(self.issue(club)[1]))
        self.ctl(*flags, "import", "offers", "-", server=self.daemon.tcp,
                 stdin=f"external_id,partner,kind,title,interests,seats\n{club}-o,p,sport,Training,sport,3\n")
        self.assertEqual([row["source"] for row in self.json(*flags, "offer", "list", "--source", club, server=self.daemon.tcp)], [club])

    @unittest.skipUnless(os.getuid() == 0, "needs root, to be somebody else")
    def test_somebody_else_on_the_unix_socket(self):
        """Who is neither root nor the daemon's user needs a token there as well."""
        place = harness.pathlib.Path("/tmp") / f"kansen-nobody-{os.getpid()}"
        place.mkdir(mode=0o755)
        self.addCleanup(shutil.rmtree, place)
        shutil.copy(harness.kansenctl(), place / "kansenctl")
        self.daemon.scratch.chmod(0o755)
        (self.daemon.scratch / "s").chmod(0o666)
        harness.write_token(place / "token", self.issue(self.client())[1])
        os.chown(place / "token", 65534, 65534)

        def ping(*flags):
            return subprocess.run([place / "kansenctl", "-s", self.daemon.unix, *flags, "ping"], user=65534, group=65534,
                                  extra_groups=[], cwd=place, capture_output=True, text=True, timeout=harness.PATIENCE, check=False)

        refused = ping()
        self.assertEqual(refused.returncode, REFUSED, refused.stderr)
        self.assertIn("a token is needed", refused.stderr)
        self.assertEqual(ping("--token-file", place / "token").returncode, DONE)


class Sessions(Tokens):
    def test_what_hello_tells(self):
        name = self.client("partner", partner_id=self.partner, source="web")
        hello = self.session(self.issue(name)[1]).limits
        self.assertEqual((hello.role, hello.client, hello.partner_id, hello.source), ("partner", name, self.partner, "web"))
        self.assertEqual((self.admin.limits.role, self.admin.limits.client, self.admin.limits.source), ("operator", "local", ""))

    def test_one_answer_for_all_that_is_of_no_use(self):
        name, gone = self.client(), self.client()
        known = self.issue(name)
        short = self.issue(name, expires_us=int((time.time() + 0.05) * 1e6))[1]
        revoked, suspended = self.issue(name), self.issue(gone)[1]
        self.revoke(revoked[0])
        self.admin.write(set_client_status={"name": gone, "status": "CLIENT_STATUS_SUSPENDED"})
        time.sleep(0.1)
        other = known[1][:-2] + ("A" if known[1][-2] != "A" else "B") + known[1][-1]
        messages = {self.assert_refused(token) for token in (other, short, revoked[1], suspended, "kansen_", "x", "kansen_" + "A" * 43)}
        self.assertEqual(len(messages), 1, messages)
        self.session(known[1])

    def test_a_second_hello_changes_nothing(self):
        name = self.client()
        (_, first), (_, second) = self.issue(name), self.issue(name)
        operator = self.issue(self.client("operator"))[1]
        caller = self.session(first)
        for token, code in ((first, OK), ("", OK), (second, FAILED_PRECONDITION), (operator, FAILED_PRECONDITION),
                            ("kansen_" + "A" * 43, UNAUTHENTICATED), ("nonsense", UNAUTHENTICATED)):
            answer = caller.ask(hello={"protocol_version": 1, "token": token})
            self.assertEqual(answer.status.code, code, answer)
            self.assertEqual(caller.ask(status={}).status.code, harness.PERMISSION_DENIED)  # still a portal
            self.assertEqual(caller.ask(match={"query": {"region": "NL"}}).status.code, OK)

    def test_a_token_on_the_unix_socket(self):
        """It makes its bearer what it says, and no later Hello gives the operator back."""
        token = self.issue(self.client())[1]
        with Client(self.daemon.unix, token=token) as caller:
            self.assertEqual(caller.limits.role, "portal")
            self.assertEqual(caller.call(hello={"protocol_version": 1}).hello.role, "portal")
            self.assertEqual(caller.ask(status={}).status.code, harness.PERMISSION_DENIED)
        with Client(self.daemon.unix) as operator:  # and the other way round: it is open as an operator
            self.assertEqual(operator.ask(hello={"protocol_version": 1, "token": token}).status.code, FAILED_PRECONDITION)
            self.assertEqual(operator.ask(status={}).status.code, OK)

    def test_revocation_ends_a_session_and_its_watches(self):
        name = self.client()
        (first, text), (_, other_text) = self.issue(name), self.issue(name)
        idle, watcher, other = self.session(text), self.session(text), self.session(other_text)
        watches = [watcher.request(watch={}), watcher.request(watch={})]
        for watch in watches:
            watcher.send(watch)
            self.assertEqual(watcher.receive().status.code, OK)
        self.revoke(first)
        self.assert_ended(idle)
        self.assert_ended(watcher, [watch.id for watch in watches])
        self.assertEqual(other.ask(match={"query": {"region": "NL"}}).status.code, OK)
        self.assert_refused(text)

    def test_expiry_ends_a_session_and_its_watches(self):
        end = time.time() + 1.2
        text = self.issue(self.client(), expires_us=int(end * 1e6))[1]
        idle, busy, watcher = self.session(text), self.session(text), self.session(text)
        watch = watcher.request(watch={})
        watcher.send(watch)
        self.assertEqual(watcher.receive().status.code, OK)
        while time.time() < end - 0.2:
            self.assertEqual(busy.ask(match={"query": {"region": "NL"}}).status.code, OK)
            time.sleep(0.001)  # within token_rate
        time.sleep(max(0, end - time.time()) + 0.01)
        try:
            busy.send(busy.request(ping={}))  # not one more, whether the tick has come or not
        except OSError:
            pass
        self.assert_ended(busy)
        self.assert_ended(idle)
        self.assert_ended(watcher, [watch.id])
        self.assert_refused(text)

    def test_suspension_ends_all_sessions_of_a_client(self):
        name = self.client()
        texts = [self.issue(name)[1] for _ in range(3)]
        callers = [self.session(text) for text in texts for _ in range(4)]
        other = self.session(self.issue(self.client())[1])
        self.admin.write(set_client_status={"name": name, "status": "CLIENT_STATUS_SUSPENDED"})
        for caller in callers:
            self.assert_ended(caller)
        self.assertEqual(other.ask(ping={}).status.code, OK)
        for text in texts:
            self.assert_refused(text)
        self.admin.write(set_client_status={"name": name, "status": "CLIENT_STATUS_ACTIVE"})
        for text in texts:
            self.session(text)

    def test_another_token_for_the_same_client(self):
        """Placements, idempotency keys, students and the source are the client's."""
        name, key, student = self.client(), self.fresh("k"), self.fresh("s")
        first, text = self.issue(name)
        before = self.session(text)
        reserve = {"reserve_placement": {"offer_id": self.offer, "student": student}}

        def ask(caller):
            request = caller.request(write=reserve, idempotency_key=key)
            caller.send(request)
            return caller.receive().write

        made = ask(before)
        self.assertEqual(made.outcome, 1, made)
        second = self.issue(name)[1]
        self.revoke(first)
        self.assert_ended(before)
        after = self.session(second)
        again = ask(after)
        self.assertEqual((again.id, again.sequence), (made.id, made.sequence))
        self.assertEqual([p.id for p in after.call(list_placements={"student": student}).list_placements.placements], [made.id])
        self.assertEqual(after.ask(write=reserve).status.code, ALREADY_EXISTS)
        self.assertEqual(after.write(move_placement={"id": made.id, "move": "PLACEMENT_MOVE_WITHDRAW"}).id, made.id)
        stranger = self.session(self.issue(self.client())[1])
        self.assertEqual(stranger.ask(get_placement={"id": made.id}).status.code, NOT_FOUND)
        self.assertEqual(ask(stranger).outcome, 1)  # its own key, its own student

    def test_a_source_outlives_a_token(self):
        name = self.client("registrar")
        first, text = self.issue(name)
        partner = self.session(text).add_partner("same")
        second = self.issue(name)[1]
        self.revoke(first)
        result = self.session(second).write(upsert_partner={"partner": {
            "external_id": "same", "kind": "PARTNER_KIND_SPORT_CLUB", "name": "Again", "region": "GM0606"}})
        self.assertEqual((result.id, result.outcome), (partner, 2))

    def test_who_shuts_itself_out_is_told_so(self):
        for operation in ("token", "client"):
            with self.subTest(operation):
                name = self.client("operator")
                token, text = self.issue(name)
                caller = self.session(text)
                write = ({"revoke_token": {"id": token}} if operation == "token" else
                         {"set_client_status": {"name": name, "status": "CLIENT_STATUS_SUSPENDED"}})
                self.assertEqual(caller.ask(write=write).status.code, OK)
                self.assert_ended(caller)

    def test_tokens_outlive_the_daemon(self):
        with harness.Daemon() as daemon:
            with Client(daemon.unix) as admin:
                admin.write(create_client={"client": {"name": "portal", "role": "ROLE_PORTAL"}})
                kept, gone = (admin.write(issue_token={"client": "portal"}) for _ in range(2))
                admin.write(revoke_token={"id": gone.id})
            daemon.restart()
            with Client(daemon.tcp, token=kept.token) as caller:
                self.assertEqual(caller.limits.client, "portal")
            with self.assertRaises(Refused):
                Client(daemon.tcp, token=gone.token)

    def test_a_client_that_does_not_read(self):
        """It is closed, though it does not take what it is told."""
        token, text = self.issue(self.client())
        caller = self.session(text)
        caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.socket.settimeout(0.5)
        request = harness.frame(caller.request(list_regions={"limit": 1000})) * 200
        try:
            for _ in range(200):
                caller.socket.sendall(request)
        except TimeoutError:
            pass
        before = self.admin.call(status={}).server.connections
        self.revoke(token)
        deadline = time.monotonic() + 2 * SOON
        while self.admin.call(status={}).server.connections >= before:
            self.assertLess(time.monotonic(), deadline, "the connection stays open")
            time.sleep(0.05)


class Afterwards(Tokens):
    """Once a revocation is acknowledged, nothing that comes later is answered, and nothing is written."""

    def hammer(self, caller, make, answered, stop):
        """Asks one after the other; notes when each that was answered OK was sent."""
        try:
            while not stop.is_set():
                request = make(caller)
                sent = time.monotonic()
                caller.send(request)
                answer = caller.receive()
                if answer is None or answer.id != request.id or answer.status.code != OK:
                    return
                answered.append(sent)
        except OSError:
            return

    def test_nothing_is_answered(self):
        makes = (lambda c: c.request(ping={}), lambda c: c.request(match={"query": {"region": "NL"}}),
                 lambda c: c.request(write={"reserve_placement": {"offer_id": self.offer, "student": self.fresh("s")}}))
        total = 0
        for _ in range(ROUNDS):
            token, text = self.issue(self.client())
            stop, threads, answered = threading.Event(), [], [[] for _ in range(6)]
            for i, sent in enumerate(answered):
                threads.append(threading.Thread(target=self.hammer, args=(self.session(text), makes[i % 3], sent, stop)))
                threads[-1].start()
            time.sleep(0.02)
            self.revoke(token)
            acknowledged = time.monotonic()
            time.sleep(0.02)
            stop.set()
            for thread in threads:
                thread.join(harness.PATIENCE)
            late = [sent for times in answered for sent in times if sent > acknowledged]
            self.assertEqual(late, [], "requests sent after the acknowledgement were answered")
            total += sum(len(times) for times in answered)
        self.assertGreater(total, 20 * ROUNDS)

    def test_nothing_is_written(self):
        """Writes are pipelined without end: in the journal none of the caller's stands behind the revocation."""
        for _ in range(ROUNDS):
            name = self.client("registrar")
            token, text = self.issue(name)
            caller = self.session(text)
            caller.socket.settimeout(SOON)
            partner = {"kind": "PARTNER_KIND_SPORT_CLUB", "name": "Club", "region": "GM0606"}
            frames = b"".join(harness.frame(caller.request(write={"create_partner": {"partner": {
                "external_id": f"x{i}", **partner}}})) for i in range(400))
            sender = threading.Thread(target=self.send_all, args=(caller, frames))
            sender.start()
            time.sleep(0.002)
            shut = self.revoke(token).sequence
            sender.join(harness.PATIENCE)
            told = []
            try:
                while (answer := caller.receive()) is not None and answer.id != 0:
                    told.append(answer)
            except (TimeoutError, OSError):
                pass
            done = [answer.write.sequence for answer in told if answer.status.code == OK]
            self.assertLess(max(done, default=0), shut)
            stored = self.admin.call(list_partners={"source": name, "limit": 1000}).list_partners.partners
            self.assertGreaterEqual(len(stored), len(done))
            made = self.created_behind(shut)
            self.assertEqual([p.id for p in stored if p.id in made], [], "written after the revocation")

    @staticmethod
    def send_all(caller, frames):
        try:
            caller.socket.sendall(frames)
        except OSError:
            pass  # it was closed meanwhile

    def created_behind(self, sequence):
        with Client(self.daemon.unix) as client:
            client.send(client.request(watch={"from_sequence": sequence, "until_now": True}))
            made = set()
            while True:
                answer = client.receive()
                made |= {change.id for event in answer.watch.events for change in event.changes
                         if change.kind == command_pb2.RecordKind.RECORD_KIND_PARTNER}
                if answer.watch.end:
                    return made


class AfterwardsInThreads(Afterwards):
    """The same where every read is too large for a loop, and comes back from a reading thread."""
    conf = "read_budget = 1\n"


del Tokens  # has no tests of its own
