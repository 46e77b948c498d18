"""Receives callbacks: verifies the signature, drops duplicates. Needs Python 3.9 or newer and no package.

    SIGNING_SECRETS=whsec_… PORT=8090 python3 receiver.py
"""
import base64, hmac, json, os, re, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS, MAX_BODY_BYTES = 300, 4 * 2**20
SECRETS = os.environ.get("SIGNING_SECRETS", "").split(",")
handled, lock = set(), threading.Lock()  # a real service keeps the ids in its database, in the transaction of the work


def is_authentic(headers, body, secrets, now):
    """Standard Webhooks: whether one of the secrets signed this message in the last five minutes."""
    message_id, sent = headers.get("webhook-id"), headers.get("webhook-timestamp") or ""
    signatures = (headers.get("webhook-signature") or "").split(" ")
    if not message_id or not re.fullmatch("[1-9][0-9]{0,11}", sent) or len(signatures) > 32:
        return False
    content = f"{message_id}.{sent}.".encode("latin-1") + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    expected = [b"v1," + base64.b64encode(hmac.digest(key, content, "sha256")) for key in keys if key]
    is_signed = any(hmac.compare_digest(mine, theirs.encode()) for mine in expected for theirs in signatures)
    return is_signed and abs(int(now) - int(sent)) <= TOLERANCE_SECONDS


class Receiver(BaseHTTPRequestHandler):
    timeout, log_message = 30, lambda *_: None

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length) if 0 < length <= MAX_BODY_BYTES else b""
        authentic = is_authentic(self.headers, body, SECRETS, time.time())
        with lock:
            if authentic and (message_id := self.headers["webhook-id"]) not in handled:
                print(message_id, json.loads(body or "null"), flush=True)  # the work; after an exception it is tried again
                handled.add(message_id)
        self.send_response(200 if authentic else 401)
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
