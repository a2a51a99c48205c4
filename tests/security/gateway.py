"""The gateway as it is deployed: real nginx on its template, between a TLS client and services of the test."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aksu_local.process import free_port

TEMPLATE: Final = Path(__file__).parents[2] / "deploy" / "gateway" / "aksu.conf.template"
DOMAIN: Final = "aksu.test"
SERVICES: Final = ("registry", "licensing", "monitoring", "reporting")

# One process, so that it is ours and no daemon's; everything it writes lies in the test's folder.
_AROUND: Final = Template("""
daemon off;
master_process off;
pid $folder/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  include $folder/aksu.conf;
}
""")


@dataclass(frozen=True)
class Gateway:
    """A running gateway; `log` is its access log."""

    port: int
    trust: ssl.SSLContext
    log: Path

    def client(self, service: str) -> httpx.AsyncClient:
        """A client of one service, named by its host."""
        host = f"{service}.{DOMAIN}"
        return httpx.AsyncClient(
            transport=_Named(host, self.trust),
            base_url=f"https://127.0.0.1:{self.port}",
            headers={"Host": host},
            timeout=20,
        )

    async def connect(self, service: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to say anything on. Raises ssl.SSLError for a host the gateway does not know."""
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.trust, server_hostname=f"{service}.{DOMAIN}"
        )


@asynccontextmanager
async def gateway(folder: Path, upstreams: Mapping[str, str], **settings: object) -> AsyncIterator[Gateway]:
    """Start nginx before `upstreams` (service → host:port); the rest of the template's variables by `settings`."""
    port = free_port()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _write_certificate(certificate, key)
    log = folder / "access.log"
    values = {
        "AKSU_DOMAIN": DOMAIN,
        "AKSU_LISTEN": f"127.0.0.1:{port}",
        "AKSU_CERTIFICATE": certificate,
        "AKSU_CERTIFICATE_KEY": key,
        "AKSU_ACCESS_LOG": log,
        "AKSU_REQUESTS_PER_SECOND": 1000,
        "AKSU_BURST": 1000,
        **{f"AKSU_{service.upper()}": upstreams.get(service, f"127.0.0.1:{free_port()}") for service in SERVICES},
        **settings,
    }
    (folder / "aksu.conf").write_text(filled(TEMPLATE.read_text(encoding="utf-8"), values), encoding="utf-8")
    (folder / "nginx.conf").write_text(_AROUND.substitute(folder=folder), encoding="utf-8")
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert program, "nginx is not installed: make test installs it"
    process = await asyncio.create_subprocess_exec(program, "-e", "stderr", "-c", str(folder / "nginx.conf"))
    trust = ssl.create_default_context(cafile=str(certificate))
    try:
        await _answers(port, process)
        yield Gateway(port, trust, log)
    finally:
        process.terminate()
        await process.wait()


def filled(template: str, values: Mapping[str, object]) -> str:
    """What envsubst makes of the template: `${NAME}` alone, since nginx has variables of its own."""
    for name, value in values.items():
        template = template.replace(f"${{{name}}}", str(value))
    assert "${" not in template, template[template.index("${") :][:40]
    return template


async def _answers(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(20):
        while True:
            assert process.returncode is None, "nginx ended"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


class _Named(httpx.AsyncHTTPTransport):
    """Asks for a host by name whatever the address in the URL."""

    def __init__(self, host: str, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust)
        self._host = host

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": self._host}
        return await super().handle_async_request(request)


def _write_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{DOMAIN}")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(pem, pkcs8, serialization.NoEncryption()))
