# SPDX-License-Identifier: Apache-2.0
"""TLS: who is believed by whom, versions, certificates that change, and bytes that come in strange pieces."""
import json
import pathlib
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import certificates
import harness
from harness import OK, Client, Refused, frame, kansenctl, protocol_pb2, run, take_frame


def own_address():
    """An address of this machine that is no loopback address, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


class TlsDaemon(harness.Daemon):
    """A daemon with a tls: listener beside the others, whose certificate is served.pem and served.key."""

    def __init__(self, authority, config="", args=()):
        super().__init__(args=args)
        self.certificate, self.key = self.scratch / "served.pem", self.scratch / "served.key"
        self.tls = f"localhost:{harness.free_port()}"
        self.args += ["--listen", "tls:" + self.tls]
        for name in (self.tls, self.tls.replace("localhost", "127.0.0.1")):
            harness.TOKEN_FILES[name] = harness.TOKEN_FILES["tls:" + name] = self.token_file
        (self.scratch / "none.conf").write_text(
            f'tls_certificate = "{self.certificate}"\ntls_key = "{self.key}"\n{config}', encoding="utf-8")
        self.authority = authority

    def use(self, certificate, key):
        shutil.copy(certificate, self.certificate)
        shutil.copy(key, self.key)

    def wait_for(self, words, seen=0):
        """Waits for a line of the log, behind those that were seen, with these words."""
        deadline = time.monotonic() + harness.PATIENCE
        while not any(words in line for line in self.lines[seen:]):
            assert time.monotonic() < deadline, f"{words} is not in:\n{self.log()}"
            time.sleep(0.02)

    def reload(self, words):
        """Sends SIGHUP and waits for what the log says of it."""
        seen = len(self.lines)
        self.signal(signal.SIGHUP)
        self.wait_for(words, seen)

    def tls_client(self, context=None, **options):
        return Client(self.tls, tls=context or self.authority.context(), **options)

    def served_serial(self):
        with self.tls_client() as client:
            return client.socket.getpeercert()["serialNumber"]


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.ca, cls.other = (certificates.Authority(cls.folder / name) for name in ("ca", "other"))
        cls.good = cls.ca.issue("good")
        cls.daemon = TlsDaemon(cls.ca)
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.use(*cls.good)
        cls.daemon.start()
        with cls.daemon.client() as client:
            partner = client.add_partner("p")
            cls.offers = [client.add_offer(f"o{i}", partner, description="x" * 2000) for i in range(40)]

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def another(self, config="", args=()):
        daemon = TlsDaemon(self.ca, config, args)
        self.addCleanup(daemon.remove)
        daemon.use(*self.good)
        return daemon

    def ctl(self, *args, server=None, ca=None, env=None):
        flags = ["--ca", ca] if ca else []
        return run([kansenctl(), "-s", f"tls:{server or self.daemon.tls}", *flags, *args], env=env)

    # What goes in clear

    def test_a_token_does_not_leave_the_machine_in_clear(self):
        """Whoever listens there gets no byte of it, unless kansenctl is told to by a name that says what it is."""
        address = own_address()
        if address is None:
            self.skipTest("this machine has no address but loopback")
        token = self.folder / "plain.token"
        harness.write_token(token, "kt_told-to-nobody")
        for flags, sent in (((), False), (("--insecure-plain-token",), True)):
            with socket.create_server((address, 0)) as listener, subprocess.Popen(
                    [kansenctl(), "-s", f"{address}:{listener.getsockname()[1]}", "--token-file", token, *flags, "ping"],
                    stderr=subprocess.PIPE, text=True) as ctl:
                listener.settimeout(harness.PATIENCE)
                with listener.accept()[0] as peer:
                    peer.settimeout(harness.PATIENCE)
                    self.assertEqual(b"kt_told-to-nobody" in peer.recv(1000), sent)
                told = ctl.communicate(timeout=harness.PATIENCE)[1]
                self.assertEqual(ctl.returncode, 3 if sent else 2, told)
                self.assertEqual(f"use tls:{address}:" in told and "--insecure-plain-token" in told, not sent, told)
        with socket.create_server((address, 0)) as listener, subprocess.Popen(  # without a token there is none to lose
                [kansenctl(), "-s", f"{address}:{listener.getsockname()[1]}", "ping"], stderr=subprocess.PIPE, text=True) as ctl:
            listener.settimeout(harness.PATIENCE)
            with listener.accept()[0] as peer:
                self.assertGreater(len(peer.recv(1000)), 0)
            ctl.communicate(timeout=harness.PATIENCE)

    # Who is believed by whom

    def test_match_by_kansenctl(self):
        done = self.ctl("--json", "match", "--region", "NL", "--limit", 100, ca=self.ca.certificate)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["matches"]), len(self.offers))
        done = self.ctl("ping", env={"KANSEN_CA": str(self.ca.certificate)})
        self.assertEqual(done.returncode, 0, done.stderr)
        by_address = self.daemon.tls.replace("localhost", "127.0.0.1")
        self.assertEqual(self.ctl("ping", server=by_address, ca=self.ca.certificate).returncode, 0)

    def test_match_by_python(self):
        with self.daemon.tls_client() as client:
            self.assertEqual(client.socket.version(), "TLSv1.3")
            self.assertEqual(set(client.matched(region="NL")), set(self.offers))

    def test_the_serving_line_says_tls(self):
        self.assertIn(f"tls:127.0.0.1:{self.daemon.tls.rsplit(':', 1)[1]}", self.daemon.log())

    def assert_not_believed(self, words, **options):
        done = self.ctl("ping", **options)
        self.assertEqual(done.returncode, 3, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_daemon_that_is_not_believed(self):
        daemon = self.another().start()
        trusted = {"server": daemon.tls, "ca": self.ca.certificate}
        self.assert_not_believed(["can not be trusted", "unable to get local issuer", str(self.other.certificate)],
                                 server=daemon.tls, ca=self.other.certificate)
        self.assert_not_believed(["can not be trusted", "CA certificates of the system"], server=daemon.tls)
        daemon.use(*self.ca.issue("elsewhere", "/CN=elsewhere.example", "DNS:elsewhere.example,IP:192.0.2.1"))
        daemon.reload("read again")
        self.assert_not_believed(["is not for localhost", "elsewhere.example, 192.0.2.1"], **trusted)
        self.assert_not_believed(["is not for 127.0.0.1", "IP address mismatch"],
                                 server=daemon.tls.replace("localhost", "127.0.0.1"), ca=self.ca.certificate)
        daemon.use(*self.ca.issue("unnamed", "/CN=localhost", ""))  # a common name is no name of a host
        daemon.reload("read again")
        self.assert_not_believed(["127.0.0.1"], server=daemon.tls.replace("localhost", "127.0.0.1"),
                                 ca=self.ca.certificate)
        daemon.use(*self.ca.issue("old", days=-1))
        daemon.reload("expired=yes")
        self.assert_not_believed(["certificate has expired"], **trusted)
        daemon.use(*self.ca.issue("client", usage="clientAuth"))
        daemon.reload("read again")
        self.assert_not_believed(["unsuitable certificate purpose"], **trusted)
        daemon.stop()

    def test_files_of_the_client(self):
        for flags, word in ((["--ca", "/nowhere/ca.pem"], "CA file /nowhere/ca.pem: No such file"),
                            (["--ca", self.good[1]], "CA file"),
                            (["--cert", self.good[1]], f"certificate {self.good[1]}"),
                            (["--cert", self.good[0], "--key", self.ca.key], f"key {self.ca.key}"),
                            (["--key", self.good[1]], "--key needs --cert")):
            with self.subTest(flags=flags):
                done = self.ctl(*flags, "ping")
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(word, done.stderr)

    def test_where_nobody_speaks_tls(self):
        self.assert_not_believed(["does not speak TLS"], server=self.daemon.tcp, ca=self.ca.certificate)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            done = run([kansenctl(), "-s", f"tls:127.0.0.1:{silent.getsockname()[1]}", "--timeout", 1, "ping"])
        self.assertEqual(done.returncode, 3)
        self.assertIn("did not answer the TLS handshake for 1.000 s", done.stderr)

    def test_plain_bytes_on_tls(self):
        for data in (frame(protocol_pb2.Request(id=1, ping={})), b"GET / HTTP/1.1\r\n\r\n", bytes(100)):
            with socket.create_connection(("127.0.0.1", int(self.daemon.tls.rsplit(":", 1)[1]))) as plain:
                plain.settimeout(harness.PATIENCE)
                plain.sendall(data)
                got = plain.recv(100)
                self.assertIn(got[:1], (b"", b"\x15"), data)  # an alert
                while got:
                    got = plain.recv(100)
        self.daemon.tls_client().close()  # it goes on

    # Versions

    def test_versions(self):
        old = self.ca.context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaisesRegex(ssl.SSLError, "PROTOCOL_VERSION|protocol version"):
            self.daemon.tls_client(old)
        daemon = self.another('tls_min_version = "1.2"\n').start()
        with daemon.tls_client(old) as client:
            self.assertEqual(client.socket.version(), "TLSv1.2")
            self.assertEqual(client.call(ping={"payload": b"x"}).ping.payload, b"x")
        with daemon.tls_client() as client:
            self.assertEqual(client.socket.version(), "TLSv1.3")
        older = self.ca.context()
        older.minimum_version, older.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        older.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            daemon.tls_client(older)
        daemon.stop()

    def test_groups(self):
        """Only those that cost the daemon little."""
        for group, accepted in (("X25519", True), ("P-256", True), ("P-384", True), ("P-521", False),
                                ("ffdhe2048", False), ("ffdhe8192", False)):
            done = subprocess.run(["openssl", "s_client", "-connect", self.daemon.tls, "-groups", group, "-CAfile",
                                   self.ca.certificate, "-verify_return_error"],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=harness.PATIENCE, check=False)
            self.assertEqual(done.returncode == 0, accepted, (group, done.stderr))

    # Certificates of clients

    def client_daemon(self, when, config=""):
        daemon = self.another(f'tls_client = "{when}"\ntls_client_ca = "{self.ca.certificate}"\n{config}',
                              ("--log-level", "debug")).start()
        self.addCleanup(daemon.kill)
        return daemon

    def assert_client(self, daemon, context, name):
        """The daemon lets the client in and knows it by this name."""
        seen = len(daemon.lines)
        with daemon.tls_client(context) as client:
            self.assertEqual(client.call(ping={}).status.code, OK)
        daemon.wait_for("a connection is open client=" + (name or '""') + "\n", seen)

    def assert_client_refused(self, daemon, context, words):
        seen = len(daemon.lines)
        with self.assertRaises((ssl.SSLError, AssertionError)):
            daemon.tls_client(context)
        daemon.wait_for(words, seen)

    def test_client_certificates(self):
        school = self.ca.context(*self.ca.issue("school", "/O=Schools/CN=school-1", "", usage="clientAuth"))
        for when in ("optional", "required"):
            with self.subTest(when=when):
                daemon = self.client_daemon(when)
                self.assert_client(daemon, school, "school-1")
                foreign = self.other.issue(f"foreign-{when}", "/CN=school-1", "", usage="clientAuth")
                self.assert_client_refused(daemon, self.ca.context(*foreign), "the client's certificate: unable to get")
                if when == "optional":
                    self.assert_client(daemon, None, "")
                else:
                    self.assert_client_refused(daemon, None, "peer did not return a certificate")
                daemon.stop()

    def test_names_of_clients(self):
        daemon = self.client_daemon("required")
        for number, (subject, name) in enumerate((
                ("/CN=" + "n" * 64, "n" * 64), ("/O=No common name", ""), ("/CN=one/CN=two", ""))):
            context = self.ca.context(*self.ca.issue(f"name-{number}", subject, "", usage="clientAuth"))
            self.assert_client(daemon, context, name)
        daemon.stop()

    def assert_no_login(self, daemon, context):
        with self.assertRaises(Refused) as refused:
            daemon.tls_client(context, token="")
        self.assertEqual(refused.exception.code, harness.UNAUTHENTICATED)

    def test_a_certificate_says_who_calls(self):
        daemon = self.client_daemon("optional")
        known, unknown = (self.ca.context(*self.ca.issue(name, f"/CN={name}", "", usage="clientAuth"))
                          for name in ("school-2", "school-3"))
        with Client(daemon.unix) as operator:
            operator.write(create_client={"client": {"name": "school-2", "role": "ROLE_PORTAL"}})
            self.assert_no_login(daemon, known)  # not without a word in its record
            operator.write(set_client_certificate={"name": "school-2", "certificate_login": True})
            with daemon.tls_client(known, token="") as school:
                self.assertEqual((school.limits.client, school.limits.role), ("school-2", "portal"))
                school.call(match={"query": {"region": "NL"}})
                for context in (unknown, None):
                    self.assert_no_login(daemon, context)
                with daemon.tls_client(known) as other:  # a token goes before a certificate
                    self.assertEqual(other.limits.client, "local")
                operator.write(set_client_status={"name": "school-2", "status": "CLIENT_STATUS_SUSPENDED"})
                self.assertEqual(school.receive().status.code, harness.UNAUTHENTICATED)
                self.assertIsNone(school.receive())
            self.assert_no_login(daemon, known)
            operator.write(set_client_status={"name": "school-2", "status": "CLIENT_STATUS_ACTIVE"})
            with daemon.tls_client(known, token="") as school, daemon.tls_client(
                    known, token=harness.issue_token(operator, "school-2")) as other:
                operator.write(set_client_certificate={"name": "school-2", "certificate_login": False})
                self.assertEqual(school.receive().status.code, harness.UNAUTHENTICATED)
                self.assertIsNone(school.receive())
                self.assertEqual(other.call(match={"query": {"region": "NL"}}).status.code, OK)
            self.assert_no_login(daemon, known)
        daemon.stop()

    def test_a_session_ends_with_its_certificate(self):
        """Not after it: nobody who keeps a connection open needs no new certificate."""
        daemon = self.client_daemon("required")
        certificate, key = self.ca.issue("brief", "/CN=brief", "", usage="clientAuth", seconds=6)
        with Client(daemon.unix) as operator:
            operator.write(create_client={"client": {"name": "brief", "role": "ROLE_PORTAL", "certificate_login": True}})
            with daemon.tls_client(self.ca.context(certificate, key), token="") as brief:
                self.assertEqual(brief.call(match={"query": {"region": "NL"}}).status.code, OK)
                self.assertEqual(brief.receive().status.code, harness.UNAUTHENTICATED)  # silent as it is
                self.assertIsNone(brief.receive())
        daemon.stop()

    def test_who_shuts_itself_out_is_answered(self):
        daemon = self.client_daemon("required")
        context = self.ca.context(*self.ca.issue("boss", "/CN=boss", "", usage="clientAuth"))
        with Client(daemon.unix) as operator:
            operator.write(create_client={"client": {"name": "boss", "role": "ROLE_OPERATOR", "certificate_login": True}})
        with daemon.tls_client(context, token="") as boss:
            boss.write(set_client_certificate={"name": "boss", "certificate_login": False})
            self.assertEqual(boss.receive().status.code, harness.UNAUTHENTICATED)
            self.assertIsNone(boss.receive())
        daemon.stop()

    def test_revoked_certificates(self):
        """Those that the list names come in no more, and nobody does when the list is no list or out of date."""
        issued = [self.ca.issue(f"pupil-{i}", f"/CN=pupil-{i}", "", usage="clientAuth") for i in range(3)]
        contexts = [self.ca.context(*files) for files in issued]
        revoked = self.folder / "revoked.pem"
        shutil.copy(self.ca.revoke(issued[0][0]), revoked)
        daemon = self.client_daemon("required", f'tls_client_crl = "{revoked}"\n')
        self.assert_client_refused(daemon, contexts[0], "the client's certificate: certificate revoked")
        self.assert_client(daemon, contexts[1], "pupil-1")
        shutil.copy(self.ca.revoke(issued[1][0]), revoked)
        self.assert_client(daemon, contexts[1], "pupil-1")  # not before it is read again
        daemon.reload("read again")
        self.assert_client_refused(daemon, contexts[1], "certificate revoked")
        self.assert_client(daemon, contexts[2], "pupil-2")
        for damage, words in ((lambda: revoked.write_text("no PEM"), f'tls_client_crl: {revoked}: a list of revoked'),
                              (revoked.unlink, f'tls_client_crl: {revoked}: No such file')):
            damage()
            daemon.reload(words)
            self.assertIn("stays in use", daemon.lines[-1])
            self.assert_client_refused(daemon, contexts[1], "certificate revoked")
            self.assert_client(daemon, contexts[2], "pupil-2")
        shutil.copy(self.other.revoke(), revoked)
        daemon.reload("read again")
        self.assert_client_refused(daemon, contexts[2], "the client's certificate: unable to get certificate CRL")
        shutil.copy(self.ca.revoke(seconds=1), revoked)
        time.sleep(2.1)
        daemon.reload("read again")
        self.assert_client_refused(daemon, contexts[2], "the client's certificate: CRL has expired")
        daemon.stop()

    def test_client_certificate_by_kansenctl(self):
        daemon = self.client_daemon("required")
        del harness.TOKEN_FILES["tls:" + daemon.tls]
        for args in (("add", "ctl", "--role", "portal"), ("certificate", "ctl", "on")):
            self.assertEqual(run([kansenctl(), "-s", daemon.unix, "client", *args]).returncode, 0)
        certificate, key = self.ca.issue("ctl", "/CN=ctl", "", usage="clientAuth")
        both = self.folder / "both.pem"
        both.write_text(certificate.read_text() + key.read_text())
        for flags in (("--cert", certificate, "--key", key), ("--cert", both)):
            done = self.ctl(*flags, "ping", server=daemon.tls, ca=self.ca.certificate)
            self.assertEqual(done.returncode, 0, done.stderr)
        daemon.wait_for("client=ctl\n")
        done = self.ctl("ping", server=daemon.tls, ca=self.ca.certificate)
        self.assertEqual(done.returncode, 3)
        self.assertIn("refused the TLS connection", done.stderr)
        self.assertIn("certificate required", done.stderr)
        daemon.stop()

    # SIGHUP

    def test_reload(self):
        daemon = self.another().start()
        with daemon.tls_client() as old:
            before = daemon.served_serial()
            second = self.ca.issue("second")
            daemon.use(*second)
            self.assertEqual(daemon.served_serial(), before)  # not before it is told
            daemon.reload(f"read again serial={certificates.serial(second[0])}")
            self.assertEqual(daemon.served_serial(), certificates.serial(second[0]))
            self.assertNotEqual(daemon.served_serial(), before)
            for number in range(100):
                self.assertEqual(old.call(ping={"payload": b"%d" % number}).ping.payload, b"%d" % number)
        daemon.stop()

    def test_reload_of_bad_files(self):
        daemon = self.another().start()
        before = daemon.served_serial()
        with daemon.tls_client() as old:
            for damage, words in (
                    (lambda: daemon.certificate.unlink(), f"tls_certificate: {daemon.certificate}: No such file"),
                    (lambda: daemon.certificate.write_text("no PEM"), f"tls_certificate: {daemon.certificate}: a cert"),
                    (lambda: daemon.key.write_text("no PEM"), f"tls_key: {daemon.key}: a private key"),
                    (lambda: shutil.copy(self.ca.key, daemon.key), f"{daemon.key} is not the key of")):
                daemon.use(*self.good)
                damage()
                daemon.reload(words)
                self.assertIn("stays in use", daemon.lines[-1])
                self.assertEqual(daemon.served_serial(), before)
                self.assertEqual(old.call(ping={}).status.code, OK)
        daemon.use(*self.ca.issue("third"))
        daemon.reload("read again")
        self.assertNotEqual(daemon.served_serial(), before)
        daemon.stop()

    def test_reload_without_tls(self):
        with harness.Daemon() as daemon:
            daemon.signal(signal.SIGHUP)
            with daemon.client() as client:
                client.call(ping={})

    def test_reload_under_load(self):
        """Connections come and go while the certificate changes: none fails."""
        daemon = self.another().start()
        for number in range(20):
            daemon.use(*(self.good if number % 2 else self.ca.issue(f"load-{number}")))
            daemon.signal(signal.SIGHUP)
            for _ in range(10):
                with daemon.tls_client() as client:
                    client.call(ping={})
        daemon.stop()

    # Where it listens

    def config_of(self, *args):
        daemon = harness.Daemon()
        self.addCleanup(daemon.remove)
        (daemon.scratch / "none.conf").touch()
        return run(daemon.command("-n", *args))

    def test_listeners(self):
        for address in ("0.0.0.0:7411", "192.0.2.1:7411", "[::]:7411"):
            done = self.config_of("--listen", address)
            self.assertEqual(done.returncode, 2, address)
            self.assertIn("tls:", done.stderr)
            self.assertIn("--insecure-plain-tcp-on-any-address", done.stderr)
            done = self.config_of("--listen", address, "--insecure-plain-tcp-on-any-address", "yes")
            self.assertEqual(done.returncode, 0, done.stderr)
        certificate, key = ("--tls-certificate", self.good[0]), ("--tls-key", self.good[1])
        listen, ca = ("--listen", "tls:0.0.0.0:7411"), ("--tls-client-ca", self.ca.certificate)
        for args, words in ((listen, "needs tls_certificate"), ((*listen, *certificate), f"{self.good[0]}: "),
                            ((*listen, *certificate, *key, "--tls-client", "required"), "needs tls_client_ca"),
                            ((*listen, *certificate, *key, "--tls-client", "maybe", *ca), "off|optional|required"),
                            (("--listen", "tls:unix:/tmp/x", *certificate, *key), "tls:ADDRESS:PORT"),
                            (("--admin", "tls:127.0.0.1:0"), "admin")):
            done = self.config_of(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(words, done.stderr)
        done = self.config_of(*listen, *certificate, *key, "--tls-client", "required", *ca)
        self.assertEqual(done.returncode, 0, done.stderr)

    # Bytes

    def test_the_first_request_is_not_held_back(self):
        """A client with Nagle's algorithm sends Hello once the end of its handshake is acknowledged: at once."""
        times = []
        for _ in range(5):
            with self.daemon.tls_client(hello=False) as client:
                self.assertEqual(client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)
                began = time.monotonic()
                client.call(hello=harness.hello(self.daemon.tls))
                times.append(time.monotonic() - began)
        self.assertLess(min(times), 0.03, times)

    def test_pipelined_answers_to_a_slow_reader(self):
        """Far more than the buffers of both sides hold, read in small pieces, after a pause."""
        with self.daemon.tls_client() as client:
            requests = [client.request(match={"query": {"region": "NL", "limit": 40, "tie_seed": i}})
                        for i in range(300)]
            requests += [client.request(list_offers={"limit": 40}) for _ in range(200)]
            size = sum(len(frame(r)) for r in requests)
            client.send(b"".join(frame(r) for r in requests))
            time.sleep(1)
            data, ids, total = b"", [], 0
            while len(ids) < len(requests):
                more = client.socket.recv(3000 if total < 1_000_000 else 1 << 16)
                self.assertTrue(more)
                data, total = data + more, total + len(more)
                payload, data = take_frame(data)
                while payload is not None:
                    response = protocol_pb2.Response.FromString(payload)
                    self.assertEqual(response.status.code, OK)
                    ids.append(response.id)
                    payload, data = take_frame(data)
            self.assertEqual(sorted(ids), [r.id for r in requests])
            self.assertGreater(total, 100 * size)

    def test_pipelined_both_ways(self):
        """Large requests and large answers at once, so that a read brings more than the input takes."""
        with self.daemon.tls_client() as client:
            requests = [client.request(ping={"payload": b"p" * 1024}) for _ in range(5000)]
            requests += [client.request(list_offers={"limit": 40}) for _ in range(100)]
            for response in client.pipeline(requests):
                self.assertEqual(response.status.code, OK)

    def test_a_large_frame(self):
        with self.daemon.tls_client() as client:
            writes = [{"source": "large", "set_offer_status": {"id": 10**9 + i, "version": 1, "status": 2}}
                      for i in range(1000)]
            request = client.request(batch={"writes": writes}, idempotency_key="k" * 60)
            self.assertGreater(len(frame(request)), 16384)  # more than a record
            client.send(request)
            self.assertEqual(len(client.receive().batch.results), 1000)

    def engine(self):
        """A connection whose records pass through our hands: the socket and the SSLObject with its two ends."""
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.ca.context().wrap_bio(come, go, server_hostname="localhost")
        plain = socket.create_connection(("127.0.0.1", int(self.daemon.tls.rsplit(":", 1)[1])), harness.PATIENCE)
        self.addCleanup(plain.close)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain, tls, come, go

    def shake_hands(self, plain, tls, come, go, send=None):
        send = send or plain.sendall
        while True:
            try:
                tls.do_handshake()
                send(go.read())
                return
            except ssl.SSLWantReadError:
                send(go.read())
                come.write(plain.recv(1 << 16))

    def read_all(self, plain, tls, come):
        """Reads to the end; returns the bytes and whether a close_notify came."""
        data = b""
        while True:
            try:
                more = tls.read(1 << 16)
                if not more:
                    return data, True
                data += more
            except ssl.SSLWantReadError:
                more = plain.recv(1 << 16)
                if not more:
                    return data, False
                come.write(more)
            except ssl.SSLZeroReturnError:
                return data, True

    def count_answers(self, data):
        count = 0
        payload, data = take_frame(data)
        while payload is not None:
            self.assertEqual(protocol_pb2.Response.FromString(payload).status.code, OK)
            count += 1
            payload, data = take_frame(data)
        self.assertEqual(data, b"")
        return count

    def test_half_close(self):
        """Who says close_notify, or only ends the stream, still gets all answers and then the end."""
        requests = [protocol_pb2.Request(id=1, hello=harness.hello(self.daemon.tls))]
        requests += [protocol_pb2.Request(id=i, list_offers={"limit": 40}) for i in range(2, 60)]
        for notify in (True, False):
            with self.subTest(notify=notify):
                plain, tls, come, go = self.engine()
                self.shake_hands(plain, tls, come, go)
                tls.write(b"".join(frame(r) for r in requests))
                if notify:
                    with self.assertRaises(ssl.SSLWantReadError):
                        tls.unwrap()
                plain.sendall(go.read())
                if not notify:
                    plain.shutdown(socket.SHUT_WR)
                data, closed = self.read_all(plain, tls, come)
                self.assertEqual(self.count_answers(data), len(requests))
                self.assertTrue(closed, "no close_notify came")
                self.assertEqual(plain.recv(1), b"")

    def test_byte_by_byte(self):
        def send(data):
            for byte in data:
                plain.sendall(bytes([byte]))

        plain, tls, come, go = self.engine()
        self.shake_hands(plain, tls, come, go, send)
        tls.write(frame(protocol_pb2.Request(id=1, hello=harness.hello(self.daemon.tls))))
        tls.write(frame(protocol_pb2.Request(id=2, ping={"payload": b"p" * 300})))
        send(go.read())
        plain.shutdown(socket.SHUT_WR)
        self.assertEqual(self.count_answers(self.read_all(plain, tls, come)[0]), 2)

    def test_damaged_records(self):
        """A record that was changed ends the connection with an alert; nothing of it is handled."""
        plain, tls, come, go = self.engine()
        self.shake_hands(plain, tls, come, go)
        tls.write(frame(protocol_pb2.Request(id=1, ping={"payload": b"whole"})))
        plain.sendall(go.read())
        tls.write(frame(protocol_pb2.Request(id=2, ping={"payload": b"damaged"})))
        record = bytearray(go.read())
        record[-1] ^= 1
        plain.sendall(record)
        plain.settimeout(harness.PATIENCE)
        with self.assertRaisesRegex(ssl.SSLError, "(?i)bad.record.mac"):
            data = b""
            while True:
                data, closed = self.read_all(plain, tls, come)
                self.assertFalse(closed)
                self.assertNotIn(b"damaged", data)
                self.fail("no alert came")

    def test_more_than_a_read(self):
        """More small records at once than the daemon reads at once, and then silence: none stays behind in TLS."""
        ping = frame(protocol_pb2.Request(id=1, ping={"payload": b"p" * 200}))
        plain, tls, come, go = self.engine()
        self.shake_hands(plain, tls, come, go)
        tls.write(frame(protocol_pb2.Request(id=4, hello=harness.hello(self.daemon.tls))))
        for number in range(20):
            # While the daemon answers these, all that is behind them comes.
            tls.write(frame(protocol_pb2.Request(id=3, list_offers={"limit": 40})) * 20)
            plain.sendall(go.read())
            for _ in range(70000 // len(ping)):
                tls.write(ping)  # a record of its own
            tls.write(frame(protocol_pb2.Request(id=2, ping={})))
            plain.sendall(go.read())
            data = b""
            while not data.endswith(frame(protocol_pb2.Response(id=2, ping={}))):
                try:
                    data += tls.read(1 << 16)
                except ssl.SSLWantReadError:
                    come.write(plain.recv(1 << 16))
            self.assertEqual(self.count_answers(data), 70000 // len(ping) + 21 + (number == 0))

    def test_many_small_frames(self):
        """Small frames packed into full records."""
        plain, tls, come, go = self.engine()
        self.shake_hands(plain, tls, come, go)
        requests = b"".join(frame(protocol_pb2.Request(id=i, ping={})) for i in range(1, 60001))
        tls.write(requests)
        out, data, count = memoryview(go.read()), b"", 0
        plain.setblocking(False)
        while count < 60000:
            readable, writable, _ = select.select([plain], [plain] if out else [], [], harness.PATIENCE)
            self.assertTrue(readable or writable, f"only {count} answers came")
            if writable:
                out = out[plain.send(out):]
            if readable:
                come.write(plain.recv(1 << 20))
            try:
                while True:
                    data += tls.read(1 << 16)
            except ssl.SSLWantReadError:
                pass
            at = 0
            while at < len(data) and len(data) > at + data[at]:
                at += data[at] + 1
                count += 1
            data = data[at:]

    def test_a_drain_ends_well(self):
        daemon = self.another().start()
        with daemon.tls_client() as client, socket.create_connection(("127.0.0.1", int(daemon.tls.rsplit(":", 1)[1]))):
            daemon.signal(signal.SIGTERM)
            self.assertIsNone(client.receive())
        self.assertEqual(daemon.wait(), 0)


if __name__ == "__main__":
    unittest.main()
