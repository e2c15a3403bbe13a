#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libkansen as others get it, in a prefix of its own: what it shows, how it is compiled and linked against, and the
example of its manual against a real daemon. test_library.py BUILD PREFIX."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

import harness  # noqa: E402

BUILD, PREFIX = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
LIBRARIES = {
    "libkansen": {"map": "client/lib/libkansen.map", "symbols": "config/debian/libkansen0.symbols",
                  "headers": ["kansen.h", "kansen_session.h"]},
    "libkansen-event": {"map": "client/event/libkansen-event.map", "symbols": "config/debian/libkansen-event0.symbols",
                        "headers": ["kansen_event.h"]},
}
# What a program that does its own networking would call.
NETWORK = {"socket", "connect", "send", "sendmsg", "recv", "recvmsg", "getaddrinfo"}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True,
                          timeout=harness.PATIENCE, **options).stdout


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def declared(headers):
    """Names of the functions in public headers."""
    text = "\n".join(re.sub(r"//.*", "", (PREFIX / "include" / header).read_text(encoding="utf-8")) for header in headers)
    text = re.sub(r"^typedef[^;]*;", "", text, flags=re.M)
    return set(re.findall(r"\b(kansen_\w+)\(", text)) - {"kansen_random"}


def shown(path):
    """Names that a library defines for others, those of its versions aside."""
    options = ["-D"] if ".so" in path.name else ["-g"]
    lines = run("nm", "--defined-only", "--format=posix", *options, path).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 1 and line.split()[1] != "A"}


def pkg_config(*words):
    environment = {**os.environ, "PKG_CONFIG_PATH": str(PREFIX / "lib/pkgconfig")}
    return run("pkg-config", *words, env=environment).split()


def example():
    """The program in libkansen(3)."""
    page = read("client/lib/libkansen.3")
    text = page[page.index("#include <kansen.h>"):]
    return text[:text.index(".Ed")].replace(r"\en", r"\n")


class Symbols(unittest.TestCase):
    def test_lists(self):
        for name, files in LIBRARIES.items():
            with self.subTest(name):
                listed = set(re.findall(r"^ +(kansen_[a-z0-9_]+);$", read(files["map"]), re.M))
                packaged = set(re.findall(r"^ (kansen_\w+)@", read(files["symbols"]), re.M))
                self.assertEqual(listed, declared(files["headers"]))
                self.assertEqual(listed, packaged)

    def test_libraries(self):
        messages = {line for line in shown(PREFIX / "lib/libkansen.so.0") if line.startswith("kansen__v1__")}
        self.assertGreater(len(messages), 500)
        self.assertIn("kansen__v1__response__free_unpacked", messages)
        for name, files in LIBRARIES.items():
            listed = set(re.findall(r"^ +(kansen_[a-z0-9_]+);$", read(files["map"]), re.M))
            for library in (f"{name}.so.0", f"{name}.a"):
                with self.subTest(library):
                    names = shown(PREFIX / "lib" / library)
                    self.assertEqual(names - messages, listed)
                    self.assertEqual(names & messages, messages if name == "libkansen" else set())

    def test_soname(self):
        for name in LIBRARIES:
            told = run("readelf", "-d", PREFIX / f"lib/{name}.so")
            self.assertIn(f"soname: [{name}.so.0]", told)
        told = run("readelf", "-d", PREFIX / "lib/libkansen.so")
        self.assertNotIn("libevent", told)  # who blocks does not need it

    def test_manual(self):
        named = set(re.findall(r"^\.Fn (kansen_\w+) ", read("client/lib/libkansen.3"), re.M))
        self.assertEqual(named, set().union(*(declared(files["headers"]) for files in LIBRARIES.values())))

    def test_threads_are_told(self):
        """Each declaration has a comment that says which threads may call it, or its header does for all."""
        for header in ("kansen.h", "kansen_session.h"):
            text = (PREFIX / "include" / header).read_text(encoding="utf-8")
            general = text.find("// Threads, of all that follow")
            for block in re.finditer(r"((?:^//.*\n)+)^(?!typedef|struct \w+;|#|enum)[\w].*\bkansen_\w+\(", text, re.M):
                with self.subTest(block.group().splitlines()[-1]):
                    self.assertTrue("Threads:" in block.group(1) or 0 <= general < block.start())


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = PREFIX / "example"
        cls.folder.mkdir(exist_ok=True)
        cls.source = cls.folder / "example.c"
        cls.source.write_text(example(), encoding="utf-8")

    def test_headers(self):
        """Each header alone, as C and as C++."""
        for header in (header for files in LIBRARIES.values() for header in files["headers"]):
            for compiler, language in (("gcc", "-std=c11"), ("clang", "-xc++")):
                with self.subTest(f"{header} {compiler}"):
                    source = self.folder / "one.c"
                    source.write_text(f"#include <{header}>\nint main(void) {{ return 0; }}\n", encoding="utf-8")
                    run(compiler, language, *WARNINGS, *pkg_config("--cflags", "libkansen-event"), "-fsyntax-only", source)

    def build(self, name, *link):
        program = self.folder / name
        run("gcc", *WARNINGS, self.source, "-o", program, *pkg_config("--cflags", "libkansen"), *link)
        return program

    def ask(self, program, daemon, key, student="s-1"):
        return run(program, daemon.tcp, "GM0606", student, key, env={
            "LD_LIBRARY_PATH": str(PREFIX / "lib"), "KANSEN_TOKEN": daemon.token_file.read_text(encoding="utf-8").strip()})

    def test_example(self):
        self.assertLess(len(example().splitlines()), 60)
        shared = self.build("shared", *pkg_config("--libs", "libkansen"))
        static = self.build("static", str(PREFIX / "lib/libkansen.a"), *pkg_config("--libs", "libprotobuf-c", "libssl", "libcrypto"))
        self.assertIn("libkansen.so.0", run("readelf", "-d", shared))
        self.assertNotIn("libkansen", run("readelf", "-d", static))
        with harness.Daemon() as daemon:
            with daemon.client() as client:
                partner = client.add_partner("club")
                client.add_offer("o", partner, title="Training for all", seats=9)
            said = self.ask(shared, daemon, "a")
            self.assertRegex(said, r"^Training for all\nplacement \d+\n$")
            self.assertEqual(self.ask(static, daemon, "a"), said)  # the same key: the same seat
            self.assertNotEqual(self.ask(static, daemon, "b", "s-2"), said)
            with self.assertRaises(subprocess.CalledProcessError) as refused:
                self.ask(shared, daemon, "a", "s-3")  # another write under that key
            self.assertEqual(refused.exception.returncode, 1)
            self.assertIn("idempotency_key", refused.exception.stderr)

    def test_event(self):
        """The other library links, and brings the first one along."""
        source = self.folder / "event.c"
        source.write_text("#include <event2/event.h>\n#include <kansen_event.h>\nint main(void) {\n"
                          "struct kansen_options options = {0};\nstruct event_base *base = event_base_new();\n"
                          'struct kansen_event *event = kansen_event_new(base, 0, "unix:/nowhere", &options);\n'
                          "event_base_dispatch(base);\n"
                          "return kansen_session_failure(kansen_event_session(event)) != KANSEN_E_UNREACHABLE; }\n",
                          encoding="utf-8")
        for link in (pkg_config("--cflags", "--libs", "libkansen-event"),
                     [*pkg_config("--cflags", "libkansen-event"), str(PREFIX / "lib/libkansen-event.a"),
                      str(PREFIX / "lib/libkansen.a"),
                      *pkg_config("--libs", "libprotobuf-c", "libssl", "libcrypto", "libevent_core", "libevent_extra")]):
            run("gcc", *WARNINGS, source, "-o", self.folder / "event", *link)
            run(self.folder / "event", env={"LD_LIBRARY_PATH": str(PREFIX / "lib")})

    def test_kansenctl(self):
        """It is linked with the shared library, and does nothing with the network itself."""
        program = BUILD / "lib/kansenctl"
        told = run("readelf", "-d", program)
        self.assertIn("libkansen.so.0", told)
        self.assertRegex(told, r"runpath: \[/usr/local/lib\]")  # where it will be
        wanted = {line.split()[0].split("@")[0] for line in run("nm", "-D", "-u", "--format=posix", program).splitlines()}
        self.assertFalse(wanted & NETWORK)
        self.assertFalse({name for name in wanted if name.startswith(("SSL_", "BIO_"))})
        self.assertIn("kansen_call", wanted)
        with harness.Daemon() as daemon:
            environment = {"LD_LIBRARY_PATH": str(PREFIX / "lib"), "KANSEN_TOKEN_FILE": str(daemon.token_file)}
            self.assertIn("connections", run(program, "-s", daemon.tcp, "--json", "status", env=environment))


if __name__ == "__main__":
    harness.use_build(BUILD)
    unittest.main(argv=sys.argv[:1])
