"""Receives callbacks: verifies the signature, drops duplicates. Needs Python 3.9 or newer and no package.

    SIGNING_SECRETS=whsec_… PORT=8090 python3 receiver.py
"""
import base64, hashlib, hmac, json, os, re, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 4 * 2**20


def is_authentic(headers, body, secrets, now):
    """Standard Webhooks: whether one of the secrets signed this message in the last five minutes."""
    message_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp") or ""
    signatures = (headers.get("webhook-signature") or "").split(" ")
    if not message_id or not re.fullmatch("[1-9][0-9]{0,11}", timestamp) or len(signatures) > 32:
        return False
    if abs(int(now) - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{message_id}.{timestamp}.".encode("latin-1") + body
    keys = [base64.b64decode(secret[6:] if secret.startswith("whsec_") else secret) for secret in secrets]
    expected = [b"v1," + base64.b64encode(hmac.digest(key, content, "sha256")) for key in keys if key]
    return any(hmac.compare_digest(mine, theirs.encode()) for mine in expected for theirs in signatures)


class Receiver(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 30
    secrets = os.environ.get("SIGNING_SECRETS", "").split(",")
    handled, lock = set(), threading.Lock()  # a real service keeps the ids in its database, in the transaction of the work

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > MAX_BODY_BYTES or not is_authentic(self.headers, body := self.rfile.read(length), self.secrets, time.time()):
            return self.answer(401)
        with self.lock:
            if (timer := self.headers["webhook-id"]) not in self.handled:
                print(timer, json.loads(body or "null"), flush=True)  # the work; an exception is no 2xx: tried again later
                self.handled.add(timer)
        self.answer(200)

    def answer(self, status):
        self.close_connection = status != 200
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
