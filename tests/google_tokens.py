"""Google's token endpoint on loopback, and a service account that it knows."""

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@dataclass
class TokenServer:
    """Gives a token for a claim that the service account signed."""

    url: str = ""
    status: int = 200
    seconds: int = 3600
    claims: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def answer(self, body: bytes) -> tuple[int, object]:
        asked = parse_qs(body.decode())
        assertion = asked["assertion"][0]
        signed, _, signature = assertion.rpartition(".")
        KEY.public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        self.claims.append(json.loads(_decoded(signed.partition(".")[2])))
        if self.status != 200:
            return self.status, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        token = {"access_token": f"ya29.token-{len(self.claims)}", "expires_in": self.seconds, "token_type": "Bearer"}
        return 200, token


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def token_server() -> Generator[TokenServer]:
    """A running one."""
    tokens = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = tokens.answer(self.rfile.read(int(self.headers["content-length"])))
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        tokens.url = f"http://127.0.0.1:{http.server_address[1]}/token"
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield tokens
        finally:
            http.shutdown()
            thread.join()


def account_file(folder: Path, token_uri: str, **changes: object) -> Path:
    """The file of a service account whose tokens are asked for there."""
    file = folder / "account.json"
    values = {
        "type": "service_account",
        "project_id": "our-project",
        "private_key_id": "1",
        "private_key": PEM,
        "client_email": "us@our-project.iam.gserviceaccount.com",
        "token_uri": token_uri,
        **changes,
    }
    file.write_text(json.dumps(values))
    return file
