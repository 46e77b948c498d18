"""Checks receiver.py against the signed messages of the contract: python3 -m unittest"""
import base64
import hmac
import json
import pathlib
import unittest

from receiver import is_authentic

VECTORS = pathlib.Path(__file__).parents[3] / "libs/callback-types/fixtures/signatures.json"


class SignatureTest(unittest.TestCase):
    def test_vectors(self):
        vectors = json.loads(VECTORS.read_text("utf-8"))
        self.assertGreater(len(vectors), 40)
        for vector in vectors:
            with self.subTest(vector["name"]):
                body = base64.b64decode(vector["body_base64"])
                accepted = is_authentic(vector["headers"], body, vector["secrets"], vector["now"])
                self.assertEqual(accepted, vector["result"] == "accepted")

    def test_empty_secret(self):
        mac = hmac.digest(b"", b"a.1000000000.", "sha256")
        signature = "v1," + base64.b64encode(mac).decode()
        headers = {"webhook-id": "a", "webhook-timestamp": "1000000000", "webhook-signature": signature}
        self.assertFalse(is_authentic(headers, b"", [""], 1000000000))


if __name__ == "__main__":
    unittest.main()
