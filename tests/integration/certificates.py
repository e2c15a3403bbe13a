# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, by the openssl tool: CAs of their own, and what they sign."""
import ssl
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
HOSTS = "DNS:localhost,IP:127.0.0.1"


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """A CA. Its certificate is ca.pem in its folder, which must not be there yet."""

    def __init__(self, folder):
        self.folder, self.certificate, self.key = folder, folder / "ca.pem", folder / "ca.key"
        folder.mkdir(parents=True)
        openssl("req", "-x509", *CURVE, "-keyout", self.key, "-out", self.certificate, "-days", 30,
                "-subj", f"/CN={folder.name}", "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, subject="/CN=localhost", hosts=HOSTS, days=30, usage="serverAuth"):
        """Makes NAME.pem and NAME.key; days is -1 for one that has expired. Returns both paths."""
        certificate, key, request, extra = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        extra.write_text(f"extendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n" +
                         (f"subjectAltName={hosts}\n" if hosts else ""))
        openssl("req", *CURVE, "-keyout", key, "-out", request, "-subj", subject)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", days,
                "-extfile", extra, "-out", certificate)
        return certificate, key

    def context(self, certificate=None, key=None):
        """An SSLContext of a client that trusts this CA and, if one is given, shows a certificate."""
        context = ssl.create_default_context(cafile=self.certificate)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context


def serial(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-serial").strip().split("=")[1]
