"""A cluster for the tests: certificates of its own, Dask's stock scheduler, workers as processes, all on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from unpickled.grading.machines import Address

SECONDS = 60


def certificates(folder: Path) -> dict[str, Path]:
    """A certificate authority, and one certificate by it, as docs/scaling.md makes them."""
    made = {}
    issuer_key = issuer = None
    for name in ("ca", "node"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"unpickled {name}")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(name == "ca", None), critical=True)
            .sign(issuer_key or key, hashes.SHA256())
        )
        issuer_key, issuer = issuer_key or key, issuer or subject
        made[name] = folder / f"{name}.pem"
        made[name].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        made[f"{name}-key"] = folder / f"{name}-key.pem"
        made[f"{name}-key"].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return made


class Cluster:
    """Stock scheduler and our workers, with TLS; everything ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = certificates(folder)
        self.tls = [
            f"--tls-ca-file={self.files['ca']}",
            f"--tls-cert={self.files['node']}",
            f"--tls-key={self.files['node-key']}",
        ]
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        told = self.folder / "scheduler.json"
        words = ["--protocol=tls", "--host=127.0.0.1", "--port=0", "--no-dashboard", *self.tls]
        words += ["--dashboard-address=127.0.0.1:0", f"--scheduler-file={told}"]
        words += ["--preload=unpickled.grading.machines.closed"]
        self.scheduler = self._start("scheduler.log", "distributed.cli.dask_scheduler", *words)
        wait_for(lambda: told.is_file() and told.read_text().endswith("}"))
        self.url = json.loads(told.read_text())["address"]
        files = self.files
        self.address = Address(
            self.url, str(files["ca"]), str(files["node"]), str(files["node-key"])
        )
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.workers:
            process.terminate()
        for process in self.workers:
            process.wait(SECONDS)
        self.scheduler.kill()
        self.scheduler.wait(10)

    def worker(self, **env: str) -> subprocess.Popen[bytes]:
        """Start one more, with one place."""
        words = ["teach", "worker", self.url, "--jobs=1", *self.tls]
        name = f"worker-{len(self.workers)}.log"
        self.workers.append(self._start(name, "unpickled", *words, **env))
        return self.workers[-1]

    def _start(self, log: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("wb") as file:
            command = [sys.executable, "-m", *words]
            env = {**os.environ, "TMPDIR": str(self.folder), **env}
            return subprocess.Popen(command, stdout=file, stderr=file, env=env)


def wait_for(true, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
