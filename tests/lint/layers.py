#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes go down the layers only, and some libraries are known to few files. Prints what breaks this; exit 1 then."""
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ["base", "cohort", "store", "match", "work", "auth", "rpc", "net", "admin", "main"]
# Library header -> the only places that may include it.
OWNERS = {
    "lmdb.h": ["daemon/store/"],
    "systemd/": ["daemon/base/systemd.c"],
    "openssl/": ["daemon/net/tls.c", "client/lib/kansen_tls.c"],
    "event2/": ["daemon/net/", "daemon/admin/", "daemon/main.c", "client/event/"],
    "seccomp.h": ["daemon/base/syscalls.c"],
    "confuse.h": ["daemon/base/options"],
    "store/internal.h": ["daemon/store/"],
}
# What kansen-verify may include: it derives again what the daemon derived, so it must not share the daemon's code.
VERIFIER = re.compile(r"client/verify/\w+\.h|base/version\.h|sodium\.h|"
                      r"(assert|dirent|errno|fcntl|getopt|std\w+|string|sys/stat|unistd)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def layer_of(path):
    """Layer of a path such as daemon/store/key.c or store/key.h; None for anything else."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == "daemon":
        parts = parts[1:]
    if parts[0] == "main.c":
        return "main"
    return parts[0] if parts[0] in LAYERS else None


def faults():
    for path in sorted((ROOT / "daemon").rglob("*.[ch]")) + sorted((ROOT / "client").rglob("*.[ch]")) + sorted(
            (ROOT / "proto").rglob("*.[ch]")):
        name = path.relative_to(ROOT).as_posix()
        own = layer_of(name) if name.startswith("daemon/") else None
        for header in INCLUDE.findall(path.read_text()):
            other = layer_of(header)
            if own is None and other not in (None, "base"):  # base serves all three
                yield f"{name}: {header} belongs to the daemon"
            elif own is not None and other is not None and LAYERS.index(other) > LAYERS.index(own):
                yield f"{name}: {header} lies above {own}"
            if name.startswith("client/verify/") and not VERIFIER.fullmatch(header):
                yield f"{name}: {header} is not for the verifier, which stands on its own"
            if header.startswith("client/verify/") and not name.startswith("client/verify/"):
                yield f"{name}: {header} is for the verifier alone"
            if header.startswith("client/") and not name.startswith("client/"):
                yield f"{name}: {header} belongs to the client"
            for library, owners in OWNERS.items():
                if header.startswith(library) and not any(name.startswith(owner) for owner in owners):
                    yield f"{name}: {header} may be included by {', '.join(owners)} only"


def cycles():
    """Headers of the daemon that include each other in a ring."""
    graph = {}
    for path in (ROOT / "daemon").rglob("*.h"):
        name = path.relative_to(ROOT / "daemon").as_posix()
        graph[name] = [h for h in INCLUDE.findall(path.read_text()) if (ROOT / "daemon" / h).exists()]
    done, trail = set(), []

    def visit(node):
        if node in trail:
            yield "ring of includes: " + " -> ".join(trail[trail.index(node):] + [node])
        elif node not in done:
            trail.append(node)
            for child in graph.get(node, []):
                yield from visit(child)
            trail.pop()
            done.add(node)

    for name in sorted(graph):
        yield from visit(name)


def unnamed():
    """Files that the file list in daemon/DESIGN.md does not name, itself or by a pattern such as `answer_*.c`."""
    listed = re.findall(r"`([\w*/.]+)`", (ROOT / "daemon/DESIGN.md").read_text().split("## Files")[1])
    folders = {name.rstrip("/") for name in listed if name.endswith("/")}
    for path in sorted((ROOT / "daemon").glob("*/*.c")):
        if path.parent.name == "base" and "base" in folders:  # told by subject, not by file
            continue
        if not any(fnmatch.fnmatch(path.name, pattern.split("/")[-1]) for pattern in listed if pattern.endswith(".c")):
            yield f"daemon/DESIGN.md: the file list does not name {path.relative_to(ROOT).as_posix()}"


found = list(faults()) + list(cycles()) + list(unnamed())
print("\n".join(found) if found else "layers: clean")
sys.exit(1 if found else 0)
