# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, by the openssl tool: CAs of their own, and what they sign."""
import ssl
import subprocess
import time

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
SLOW = ["-newkey", "rsa:4096", "-nodes"]  # a signature takes milliseconds
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

    def issue(self, name, subject="/CN=localhost", hosts=HOSTS, days=30, usage="serverAuth", seconds=0, key_kind=CURVE):
        """Makes NAME.pem and NAME.key; days is -1 for one that has expired, seconds count instead. Returns both paths."""
        certificate, key, request, extra = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        extra.write_text(f"extendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n" +
                         (f"subjectAltName={hosts}\n" if hosts else ""))
        openssl("req", *key_kind, "-keyout", key, "-out", request, "-subj", subject)
        if seconds:
            self.ca("-notext", "-in", request, "-out", certificate, "-extfile", extra, "-enddate",
                    time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + seconds)))
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", days,
                    "-extfile", extra, "-out", certificate)
        return certificate, key

    def ca(self, *args):
        """Runs the openssl tool that keeps a list of what was signed and revoked, in the CA's folder."""
        config = self.folder / "ca.conf"
        if not config.exists():
            config.write_text(f"[ca]\ndefault_ca=this\n[this]\ndatabase={self.folder}/index\nnew_certs_dir={self.folder}\n"
                              "rand_serial=yes\ndefault_md=sha256\nunique_subject=no\npolicy=any\n[any]\ncommonName=supplied\n")
            (self.folder / "index").touch()
        openssl("ca", "-batch", "-config", config, "-cert", self.certificate, "-keyfile", self.key, *args)

    def revoke(self, *certificates, seconds=3600):
        """Revokes them, and returns the path of the list of all that are, good for so long."""
        revoked = self.folder / "crl.pem"
        for certificate in certificates:
            self.ca("-revoke", certificate)
        self.ca("-gencrl", "-crlsec", seconds, "-out", revoked)
        return revoked

    def context(self, certificate=None, key=None):
        """An SSLContext of a client that trusts this CA and, if one is given, shows a certificate."""
        context = ssl.create_default_context(cafile=self.certificate)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context


def serial(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-serial").strip().split("=")[1]
