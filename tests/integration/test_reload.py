# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: another configuration is taken while the daemon serves, or refused whole; and the options as a file."""
import os
import pathlib
import re
import shutil
import signal
import tempfile
import threading
import time
import unittest

import certificates
import harness
from harness import OK, RESOURCE_EXHAUSTED, run

LANDLOCK_ON = 1


class Configured(harness.Daemon):
    """A daemon whose configuration is in a file that a test writes."""

    def __init__(self, config="", args=(), paths=None):
        super().__init__(args=args)
        self.config = self.scratch / "kansend.conf"
        self.write(config)

    def write(self, text):
        """As an editor does it: another file takes the place of the old one."""
        fresh = self.scratch / "kansend.conf.new"
        fresh.write_text(text if "admin" in text else text + 'admin = "off"\n', encoding="utf-8")
        fresh.rename(self.config)

    def command(self, *args):
        given = " ".join(args).replace("--admin off", "").split()
        return [str(harness.kansend()), "-c", str(self.config), "--data-dir", str(self.data_dir), *given]

    def wait_for(self, words, seen):
        deadline = time.monotonic() + harness.PATIENCE
        while not any(words in line for line in self.lines[seen:]):
            assert time.monotonic() < deadline, f"{words} is not in:\n{self.log()}"
            time.sleep(0.01)
        return [line for line in self.lines[seen:] if " reload: " in line or " tls: " in line]

    def reload(self, text=None, words="the configuration was read again"):
        """Reloads; returns the lines of the log that are about it."""
        if text is not None:
            self.write(text)
        seen = len(self.lines)
        self.signal(signal.SIGHUP)
        return self.wait_for(words, seen)

    def refuse(self, text=None):
        """Reloads what must be refused; returns the one line that says why."""
        lines = self.reload(text, "what was in use stays in use")
        assert len(lines) == 1, lines
        return lines[0]


class Options(unittest.TestCase):
    """What -n and --print-config say."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.config = self.folder / "kansend.conf"

    def kansend(self, text, *args):
        self.config.write_text(text, encoding="utf-8")
        return run([harness.kansend(), "-c", self.config, *args])

    def test_faults_name_the_place(self):
        for text, said in (
                ('\nworker = 3\n', ':2: "worker" is not an option; did you mean "workers"?'),
                ('\n\nlog_levle = "info"\n', ':3: "log_levle" is not an option; did you mean "log_level"?'),
                ('workers = 257\n', ':1: workers: "257" is not allowed; it takes a number from 0 to 256'),
                ('max_frame = "1KiB"\n', ':1: max_frame: "1KiB" is not allowed; it takes a number from 128KiB to 64MiB'),
                ('workers = 1\njournal_keep = 12\n', ':2: journal_keep: 12 is not allowed; it takes 0, or 1000 and more'),
                ('listen = {"127.0.0.1:1"', ":1: "),
                ('tls_client = "maybe"\n', ':1: tls_client: "maybe" is not allowed; it takes off|optional|required')):
            for flag in ("-n", "--print-config"):
                done = self.kansend(text, flag)
                self.assertEqual((done.returncode, done.stdout), (2, ""), text)
                self.assertTrue(done.stderr.startswith(f"kansend: {self.config}{said}"), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_what_a_start_would_find(self):
        """-n says it of files too, with the place in the configuration, and changes nothing."""
        folder, here = self.folder, f"kansend: {self.config}:2: "
        (folder / "file").touch()
        (folder / "empty").mkdir()
        authority = certificates.Authority(folder / "ca")
        certificate, key = authority.issue("server")
        base = f'data_dir = "{folder}/data"\n'
        for line, said in (
                ('listen = {"127.0.0.1:1",\n "0.0.0.0:7411"}', "listen: "),
                ('admin = "192.0.2.1:80"', "admin: "),
                ('listen = {"tls:127.0.0.1:0"}', "listen: tls: needs tls_certificate"),
                (f'listen = {{"unix:{folder}/none/s"}}', f"listen: {folder}/none: No such file or directory"),
                ('tls_certificate = "/nope.pem"', "tls_certificate: /nope.pem: No such file or directory"),
                (f'tls_certificate = "{certificate}"', f"tls_certificate: {certificate}: a private key in PEM"),
                (f'tls_key = "{folder}/none"\ntls_certificate = "{certificate}"', f"tls_key: {folder}/none: No such file"),
                (f'seeds = "{folder}/none"', f"seeds: {folder}/none: No such file or directory"),
                (f'seeds = "{folder}/empty"', f"seeds: {folder}/empty/regions.csv: No such file or directory"),
                (f'erasures = "{folder}/none/e"', f"erasures: {folder}/none: No such file or directory")):
            done = self.kansend(base + line + "\n", "-n")
            self.assertEqual((done.returncode, done.stdout), (2, ""), line)
            self.assertTrue(done.stderr.startswith(here + said), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)
        for path, said in ((f"{folder}/none/data", f"{folder}/none: No such file"), (f"{folder}/file", "Not a directory")):
            done = self.kansend(f'\ndata_dir = "{path}"\n', "-n")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"{here}data_dir: {folder}", done.stderr)
            self.assertIn(said, done.stderr)
        for line in (f'tls_certificate = "{certificate}"\ntls_key = "{key}"\nlisten = {{"tls:127.0.0.1:0"}}',
                     f'listen = {{"unix:{folder}/data/s", "unix:s"}}', f'erasures = "{folder}/data/e"'):
            done = self.kansend(base + line + "\n", "-n")
            self.assertEqual((done.returncode, done.stdout), (0, "the configuration is good\n"), done.stderr)
        done = self.kansend(f'data_dir = "{folder}/data/"\nlisten = "unix:{folder}/data/s"\nerasures = "{folder}/data//e"\n', "-n")
        self.assertEqual((done.returncode, done.stdout), (0, "the configuration is good\n"), done.stderr)
        self.assertFalse((folder / "data").exists())

    def test_what_was_handed_to_the_service(self):
        """A process beside it can not read that, and takes it to be good; where it can, it looks."""
        handed = self.folder / "handed"
        handed.mkdir()
        (handed / "tls_certificate.pem").write_text("no PEM", encoding="utf-8")
        (handed / "tls_client_ca.pem").write_text("no PEM", encoding="utf-8")
        self.folder.chmod(0o755)
        self.config.write_text('tls_client = "required"\n', encoding="utf-8")
        command = [harness.kansend(), "-c", self.config, "-n", "--data-dir", "/tmp/kansen-test-none"]
        done = run(command, env={"CREDENTIALS_DIRECTORY": str(handed)})
        self.assertEqual(done.returncode, 2)
        self.assertIn("tls_certificate: ", done.stderr)
        if os.getuid() != 0:
            self.skipTest("only root can call as somebody else")
        handed.chmod(0)
        done = run(["setpriv", "--reuid", "65534", "--clear-groups", "env", f"CREDENTIALS_DIRECTORY={handed}", *command])
        self.assertEqual((done.returncode, done.stdout), (0, "the configuration is good\n"), done.stderr)
        self.assertIn("warning tls: only a start will tell whether this file is good option=tls_certificate", done.stderr)

    def test_good(self):
        done = self.kansend("workers = 3\n", "-n")
        self.assertEqual((done.returncode, done.stdout), (0, "the configuration is good\n"))

    def test_print_config(self):
        """What it prints is taken back, and says the same then; what is in force is what was given last."""
        first = self.kansend('workers = 3\ndata_dir = "/x ${HOME} y"\nmax_frame = "3072KiB"\n', "--print-config",
                             "--workers", "5", "--log-level", "debug")
        self.assertEqual(first.returncode, 0, first.stderr)
        for line in ("workers = 5", 'log_level = "debug"', 'max_frame = "3MiB"', '#tls_key = ""'):
            self.assertIn(f"\n{line}\n", first.stdout)
        second = self.kansend(first.stdout, "--print-config")
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertEqual(second.stdout, first.stdout)
        for key in re.findall(r"^#?(\w+) = ", first.stdout, re.M):
            self.assertRegex(first.stdout, rf"(?m)^# .*; (a reload changes it|needs a restart)\n#?{key} = ")


class Reload(unittest.TestCase):
    def serve(self, config="", args=()):
        daemon = Configured(config, args)
        self.addCleanup(daemon.remove)
        return daemon.start()

    def test_log_level(self):
        daemon = self.serve('log_level = "info"\n')
        with daemon.client():
            self.assertNotIn("debug session: open", daemon.log())
        lines = daemon.reload('log_level = "debug"\n')
        self.assertIn("notice reload: an option has changed option=log_level old=info new=debug\n", lines)
        seen = len(daemon.lines)
        with daemon.client():
            daemon.wait_for("debug session: open", seen)
        daemon.reload('log_level = "error"\n', "option=log_level")
        daemon.signal(signal.SIGHUP)
        time.sleep(0.2)
        self.assertNotIn("read again", "".join(daemon.lines[-1:]))
        daemon.stop()

    def test_limits(self):
        """They hold for connections that are there, and for those that come."""
        daemon = self.serve("token_rate = 0\n")
        with daemon.client() as client:
            flood = [client.request(list_partners={}) for _ in range(400)]
            self.assertEqual({r.status.code for r in client.pipeline(flood)}, {OK})
            daemon.reload("token_rate = 1\ntoken_burst = 10\n")
            flood = [client.request(list_partners={}) for _ in range(400)]
            codes = [r.status.code for r in client.pipeline(flood)]
            self.assertGreaterEqual(codes.count(RESOURCE_EXHAUSTED), 300)
            daemon.reload("token_rate = 0\n")
            flood = [client.request(list_partners={}) for _ in range(400)]
            self.assertEqual({r.status.code for r in client.pipeline(flood)}, {OK})
        daemon.reload("max_connections = 1\n")
        with daemon.client(), daemon.client(hello=False) as refused:
            self.assertIn("1 connections are open", refused.receive().status.message)
        daemon.reload("")
        with daemon.client(), daemon.client():
            pass
        daemon.stop()

    def test_a_time_limit_of_what_has_begun(self):
        daemon = self.serve("idle_timeout_s = 0\n")
        with daemon.client() as client:
            daemon.reload("idle_timeout_s = 1\n")
            began = time.monotonic()
            self.assertEqual(client.receive().status.code, harness.DEADLINE_EXCEEDED)
            self.assertLess(time.monotonic() - began, 10)
        daemon.stop()

    def test_rules_of_the_writer(self):
        daemon = self.serve("max_holds = 1\n")
        with daemon.client() as client:
            offer = client.add_offer("o", client.add_partner("p"), seats=10)
            reserve = {"offer_id": offer, "student": "a"}
            client.write(reserve_placement=reserve)
            with self.assertRaises(harness.Refused):
                client.write(reserve_placement={**reserve, "student": "b"})
            daemon.reload("max_holds = 2\n")
            client.write(reserve_placement={**reserve, "student": "b"})
            with self.assertRaises(harness.Refused):
                client.write(reserve_placement={**reserve, "student": "c"})
        daemon.stop()

    def test_many_at_once(self):
        """Each is told, though events of one kind are otherwise 20 in 10 s."""
        daemon = self.serve("")
        options = ("max_in_flight", "max_connections", "token_connections", "token_rate", "token_burst", "write_timeout_s", "write_queue",
                   "commit_group", "commit_delay_ms", "max_holds", "retain_placements_days", "retain_students_days",
                   "retain_journal_days", "retain_rounds_days", "read_budget", "long_reads", "max_long_reads", "long_read_s",
                   "handshake_timeout_s", "frame_timeout_s", "idle_timeout_s", "drain_timeout_s", "workers", "long_read_threads",
                   "max_batch_writes")
        for value in (9, 10):
            log = "".join(daemon.reload("".join(f"{option} = {value}\n" for option in options)))
            self.assertEqual([option for option in options if f"option={option} " not in log], [], value)
        daemon.stop()

    def test_what_needs_a_restart(self):
        daemon = self.serve("workers = 1\n")
        lines = daemon.reload("workers = 2\nmax_frame = 2MiB\nmax_in_flight = 7\n")
        for option, old, new in (("workers", "1", "2"), ("max_frame", "1MiB", "2MiB")):
            self.assertIn(f"warning reload: an option has changed in the file, which needs a restart option={option} "
                          f"old={old} new={new}\n", lines)
        self.assertIn("notice reload: an option has changed option=max_in_flight old=256 new=7\n", lines)
        with daemon.client() as client:
            self.assertEqual((client.limits.max_frame_bytes, client.limits.max_in_flight), (1 << 20, 7))
        again = daemon.reload()  # it is told each time, as it still does not hold
        self.assertEqual(len([line for line in again if "needs a restart" in line]), 2)
        self.assertFalse([line for line in again if "max_in_flight" in line])
        daemon.stop()

    def test_a_wrong_file_changes_nothing(self):
        daemon = self.serve('max_in_flight = 9\nlog_level = "info"\n')
        good = 'max_in_flight = 100\nlog_level = "debug"\n'
        for wrong, why in (("worker = 1\n", ':3: \\"worker\\" is not an option; did you mean \\"workers\\"?'),
                           ("max_frame = 1\n", ':3: max_frame: \\"1\\" is not allowed; it takes a number from 128KiB'),
                           ("journal_keep = 5\n", ":3: journal_keep: 5 is not allowed; it takes 0, or 1000 and more"),
                           ("listen = {\n", ":4: unexpected token '='"),
                           ("/* begins\n", ":3: the comment that begins here has no end"),
                           ('data_dir = "x\n', ":3: a text that begins in this line does not end in it"),
                           ("max_in_flight = 9\n", ":3: max_in_flight: this is set in line 1 already"),
                           ('admin = "192.0.2.1:80"\n', ":3: admin: only loopback addresses"),
                           # what holds after a restart only, as the next one would find it
                           ('tls_certificate = "/nope.pem"\n',
                            ":3: tls_certificate: /nope.pem: No such file"),
                           ('tls_client = "required"\n', ":3: tls_client: required needs tls_client_ca")):
            line = daemon.refuse(good + wrong)
            self.assertIn(why, line)
            self.assertTrue(line.startswith("error reload: "), line)
            if why.startswith(":3"):
                self.assertIn(str(daemon.config) + why, line)
            with daemon.client() as client:
                self.assertEqual(client.limits.max_in_flight, 9)
        daemon.config.unlink()
        self.assertIn("No such file", daemon.refuse())
        daemon.config.mkdir()
        self.assertIn(f'why="{daemon.config}: Is a directory"', daemon.refuse())
        daemon.config.rmdir()
        daemon.config.symlink_to("/proc/self/mem")  # which opens, and fails when it is read
        self.assertIn(f'why="{daemon.config}: Input/output error"', daemon.refuse())
        daemon.config.unlink()
        self.assertNotIn("debug session", daemon.log())
        daemon.reload(good)
        with daemon.client() as client:
            self.assertEqual(client.limits.max_in_flight, 100)
        daemon.stop()

    def test_a_file_that_is_not_there(self):
        """Without -c the file may be absent, but not get lost. It is that of the machine: this one gets another /etc."""
        if os.getuid() != 0:
            self.skipTest("only root can give a process another /etc")
        if harness.run(["unshare", "-m", "true"]).returncode != 0:
            self.skipTest("in a chroot mounts can not be a process's own")
        daemon = Configured('retain_placements_days = 30\nadmin = "off"\n')
        self.addCleanup(daemon.remove)
        etc = daemon.scratch / "etc"
        (etc / "kansen").mkdir(parents=True)
        shutil.copy("/etc/passwd", etc)
        command = daemon.command

        def bare(*args):
            return ["unshare", "-m", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh", command()[0], *command()[3:],
                    *" ".join(args).split()]

        config, away = etc / "kansen/kansend.conf", etc / "kansend.conf"
        shutil.copy(daemon.config, config)
        daemon.command = bare
        daemon.start()
        daemon.reload()
        config.rename(away)
        self.assertIn('why="/etc/kansen/kansend.conf: No such file or directory"', daemon.refuse())
        away.rename(config)
        self.assertNotIn("has changed", "".join(daemon.reload()))
        daemon.stop()
        config.rename(away)
        daemon.start()
        nothing = "there is no configuration file, the command line and the defaults hold file=/etc/kansen/kansend.conf"
        self.assertEqual(len(daemon.reload(words=nothing)), 1)
        away.rename(config)
        self.assertIn("option=retain_placements_days old=0 new=30", "".join(daemon.reload()))
        config.unlink()
        self.assertIn("No such file", daemon.refuse())
        daemon.stop()

    def test_files_of_tls_that_are_out_of_reach(self):
        """The sandbox of a daemon that began without TLS keeps it from them: that is no fault of theirs."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        certificate, key = certificates.Authority(folder / "ca").issue("server")
        daemon = self.serve("")
        with daemon.client() as client:
            landlock = client.call(status={}).server.sandbox_landlock
        told = "warning tls: only a start will tell whether this file is good option=tls_certificate"
        log = "".join(daemon.reload(f'tls_certificate = "{certificate}"\ntls_key = "{key}"\n'))
        self.assertEqual(told in log, landlock == LANDLOCK_ON, log)
        self.assertIn(f"an option has changed option=tls_certificate old=\"\" new={certificate}", log)
        daemon.stop()

    def test_listeners_of_the_next_start(self):
        daemon = Configured()
        self.addCleanup(daemon.remove)
        command = daemon.command
        daemon.command = lambda *args: command()
        good = f'listen = {{"{daemon.tcp}", "{daemon.unix}"}}\n'
        daemon.write(f'{good}seeds = "{daemon.seeds}"\n')
        daemon.start()
        for key, value, why in (("listen", '{"tls:127.0.0.1:1"}', "tls: needs tls_certificate"),
                                ("listen", '{"0.0.0.0:1"}', "only loopback addresses"),
                                ("listen", '{"unix:/nope/s"}', "/nope: No such file or directory"),
                                ("seeds", '"/nope"', "/nope: No such file or directory"),
                                ("erasures", '"/nope/e"', "/nope: No such file or directory")):
            line = daemon.refuse(f"max_in_flight = 5\n{key} = {value}\n")
            self.assertIn(f'why="{daemon.config}:2: {key}: {why}', line)
        self.assertNotIn("has changed", daemon.log())
        daemon.stop()

    def test_bad_files_of_tls(self):
        """Then nothing of the rest is taken either; with good ones, all is."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kansen-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        authority = certificates.Authority(folder / "ca")
        first, second = authority.issue("first"), authority.issue("second")

        def config(certificate, key, in_flight):
            return (f'tls_certificate = "{authority.folder}/{certificate}.pem"\n'
                    f'tls_key = "{authority.folder}/{key}.key"\nmax_in_flight = {in_flight}\n')

        port = harness.free_port()
        daemon = self.serve(config("first", "first", 9), ["--listen", f"tls:127.0.0.1:{port}"])
        address = f"127.0.0.1:{port}"
        harness.TOKEN_FILES[address] = daemon.token_file

        def check(certificate, in_flight):
            with harness.Client(address, tls=authority.context()) as client:
                served = client.socket.getpeercert()["serialNumber"]
                self.assertEqual(int(served, 16), int(certificates.serial(certificate[0]), 16))
                self.assertEqual(client.limits.max_in_flight, in_flight)

        check(first, 9)
        for certificate, key, why in (("second", "first", "is not the key of"), ("third", "second", "No such file")):
            self.assertIn(why, daemon.refuse(config(certificate, key, 100)))
            check(first, 9)
        daemon.reload(config("second", "second", 100))
        check(second, 100)
        daemon.stop()

    def test_under_load(self):
        """The configuration changes again and again: no connection is lost, no request is refused."""
        daemon = self.serve("")
        ended, faults = threading.Event(), []

        def ask():
            try:
                with daemon.client() as client:
                    partner = client.add_partner(f"p{threading.get_ident()}")
                    status = {"id": partner, "status": "PARTNER_STATUS_ACTIVE"}
                    while not ended.is_set():
                        requests = [client.request(ping={}), client.request(match={"query": {"region": "NL"}}),
                                    client.request(list_partners={}),
                                    *(client.request(write={"set_partner_status": status}) for _ in range(8))]
                        bad = [r.status for r in client.pipeline(requests) if r.status.code != OK]
                        assert not bad, bad
            except Exception as fault:  # of a thread: told by the test
                faults.append(fault)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 8
        for number in range(40):
            if time.monotonic() > deadline:
                break
            daemon.write(f"max_in_flight = {1 + number % 5}\nread_budget = {number % 3 * 1000}\noutput_buffer = "
                         f"{65536 + number}\ncommit_group = {1 + number % 7}\nwrite_queue = {1 + number % 2}\n"
                         f"max_long_reads = {1 + number % 3}\nlong_reads = {64 + number}\ntoken_rate = "
                         f"{number % 2 * 10000000}\ntoken_burst = 10000000\nidle_timeout_s = {number % 2 * 100}\n"
                         f"retain_placements_days = {number % 2}\nretain_journal_days = {number % 2 * 7}\n")
            daemon.signal(signal.SIGHUP)
            time.sleep(0.1)
        ended.set()
        for thread in threads:
            thread.join(harness.PATIENCE)
        self.assertEqual(faults, [])
        self.assertGreater(daemon.log().count("an option has changed option=max_in_flight"), 0)
        daemon.stop()

    def test_a_signal_before_it_serves(self):
        """It waits. The configuration is a pipe, so that the process is known to be at its very beginning."""
        daemon = Configured()
        self.addCleanup(daemon.remove)
        daemon.config.unlink()
        os.mkfifo(daemon.config)
        pipe = os.open(daemon.config, os.O_RDWR)  # both ends, so that it does not wait

        def interrupt():
            deadline = time.monotonic() + harness.PATIENCE
            while not self.has_open(daemon, daemon.config) and time.monotonic() < deadline:
                time.sleep(0.001)
            for _ in range(3):
                daemon.signal(signal.SIGHUP)
            os.write(pipe, b'max_in_flight = 3\nadmin = "off"\n')
            os.close(pipe)

        other = threading.Thread(target=interrupt)
        other.start()
        daemon.start()
        other.join()
        daemon.wait_for(f'why="{daemon.config}: there is nothing in this pipe"', 0)
        with daemon.client() as client:
            self.assertEqual(client.limits.max_in_flight, 3)
        daemon.stop()

    @staticmethod
    def has_open(daemon, path):
        try:
            return str(path) in [os.readlink(fd) for fd in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir()]
        except (AttributeError, OSError):  # it has not begun; or a descriptor has gone
            return False

    def test_again_and_again(self):
        """Signals that come while one is handled are not lost: the last configuration holds in the end."""
        daemon = self.serve("")
        with daemon.client() as client:
            for number in range(1, 30):
                daemon.write(f"max_in_flight = {number}\n")
                daemon.signal(signal.SIGHUP)
            deadline = time.monotonic() + harness.PATIENCE
            while client.call(hello=harness.hello(daemon.tcp)).hello.max_in_flight != 29:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
