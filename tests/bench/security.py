# SPDX-License-Identifier: Apache-2.0
"""What it costs that a caller is known and held to limits, what TLS costs, and what a flood costs the others."""
import re
import shutil
import subprocess
import sys

import stage as stages

sys.path.append(str(stages.ROOT / "tests" / "integration"))
import certificates  # noqa: E402

# A rate that nobody reaches is counted all the same.
GUARDED = "max_holds = 0\ntoken_rate = 10000000\ntoken_connections = 1000\n"  # and the sandbox, which is on
OPEN = stages.UNLIMITED + "".join(f"sandbox_{part} = \"off\"\n"
                                  for part in ("no_new_privileges", "capabilities", "seccomp", "landlock"))
RUNS = 9  # as what is looked for is small
FLOOD = re.compile(r"p99 of the other \d+ us, ([\d.]+) times")  # in quiet, beside a flood with a limit, without


def measure_flood(stage):
    """The p99 of one who asks beside a flood by another, with the rate limit and without, in times of that in quiet."""
    stage.say(f"a flood, with and without a limit: {stage.runs} runs")
    runs = []
    for _ in range(stage.runs):
        done = subprocess.run([str(stage.build / "unit" / "test_flood")], stdout=subprocess.PIPE, text=True, check=True)
        runs += [[float(times) for times in FLOOD.findall(done.stdout)[-3:]]]
    return {name: sorted(run[at] for run in runs)[len(runs) // 2] for at, name in ((1, "limited"), (2, "unlimited"))}


def measure_security(stage, report):
    """Matches of a caller by token, with limits and the sandbox, beside those of the unix socket's owner without; and by TLS."""
    requests = stage.workload("flat", stage.offers) / "requests.bin"
    store, workload = stage.store("flat", stage.offers), stage.workload("flat", stage.offers)
    with stage.scratch() as scratch:
        authority = certificates.Authority(scratch / "ca")
        certificate, key = authority.issue("server")
        shutil.copytree(store, scratch / "data")
        tls = ("--listen", "tls:127.0.0.1:0", "--tls-certificate", str(certificate), "--tls-key", str(key))
        with stage.daemon(scratch / "data", workload, settings=OPEN) as unguarded, \
                stage.daemon(store, workload, settings=GUARDED, more=tls) as guarded:
            def rate(daemon, *what, **options):
                return lambda: stage.rate(daemon, "--requests", requests, *what, connections=16, **options)
            stage.say(f"unguarded, guarded and by TLS, {stage.offers:,} offers: {max(stage.runs, RUNS)} runs of each")
            found = stage.medians({
                "unguarded": rate(unguarded, server=unguarded.socket, token=False),
                "guarded": rate(guarded, server=guarded.socket),
                "plain": rate(guarded),
                "tls": rate(guarded, "--tls", authority.certificate, server=guarded.tls),
            }, max(stage.runs, RUNS))
    report["security"] = {**found, "flood": measure_flood(stage),
                          "ratio": found["guarded"]["qps_per_cpu_second"] / found["unguarded"]["qps_per_cpu_second"],
                          "tls_ratio": found["tls"]["qps_per_core"] / found["plain"]["qps_per_core"]}
