# SPDX-License-Identifier: Apache-2.0
"""What it costs that a caller is known and held to limits, and what TLS costs."""
import shutil
import sys

import stage as stages

sys.path.append(str(stages.ROOT / "tests" / "integration"))
import certificates  # noqa: E402

# A rate that nobody reaches is counted all the same.
GUARDED = "max_holds = 0\ntoken_rate = 10000000\ntoken_connections = 1000\n"  # and the sandbox, which is on
OPEN = stages.UNLIMITED + "".join(f"sandbox_{part} = \"off\"\n"
                                  for part in ("no_new_privileges", "capabilities", "seccomp", "landlock"))
RUNS = 9  # as what is looked for is small


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
    report["security"] = {**found,
                          "ratio": found["guarded"]["qps_per_cpu_second"] / found["unguarded"]["qps_per_cpu_second"],
                          "tls_ratio": found["tls"]["qps_per_core"] / found["plain"]["qps_per_core"]}
