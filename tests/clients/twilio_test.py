"""The carrier's own Python client sends through the pretend carrier and checks its signatures."""

import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from urllib.parse import parse_qsl

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulator import INFO, control

CARRIER = INFO["carrier"]
SENDER = "+15005550100"
PHONE = "+14155550142"


def client(token=CARRIER["auth_token"]):
    made = Client(CARRIER["account_sid"], token)
    made.api.base_url = CARRIER["url"]
    return made


class Hooks(BaseHTTPRequestHandler):
    """Takes the carrier's webhooks."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        host = self.headers["Host"]
        fields = dict(parse_qsl(body, keep_blank_values=True))
        self.server.seen.put((f"http://{host}{self.path}", fields, self.headers["X-Twilio-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Texts(unittest.TestCase):
    def setUp(self):
        self.server = HTTPServer(("127.0.0.1", 0), Hooks)
        self.server.seen = Queue()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        control("POST", "/numbers", {"number": SENDER, "webhook": f"{self.url}/in"})

    def next_hook(self):
        url, fields, signature = self.server.seen.get(timeout=20)
        valid = RequestValidator(CARRIER["auth_token"]).validate(url, fields, signature)
        self.assertTrue(valid, f"the signature of {url} holds")
        return fields

    def test_a_text_is_sent_listed_and_its_delivery_reported_with_a_signature(self):
        text = client().messages.create(
            to=PHONE, from_=SENDER, body="Grüße an Zoë", status_callback=f"{self.url}/status"
        )
        self.assertEqual(text.status, "queued")
        states = []
        while not states or states[-1] not in ("delivered", "failed", "undelivered"):
            fields = self.next_hook()
            self.assertEqual(fields["MessageSid"], text.sid)
            states.append(fields["MessageStatus"])
        self.assertEqual(states[-1], "delivered")
        self.assertEqual(client().messages(text.sid).fetch().status, "delivered")
        listed = [found.sid for found in client().messages.list(to=PHONE, from_=SENDER)]
        self.assertIn(text.sid, listed)

    def test_a_text_from_a_phone_comes_in_with_a_signature(self):
        control("POST", "/texts", {"from": PHONE, "to": SENDER, "text": "Hello & welcome + 1"})
        fields = self.next_hook()
        self.assertEqual((fields["From"], fields["Body"]), (PHONE, "Hello & welcome + 1"))

    def test_a_wrong_token_and_a_broken_number_are_refused(self):
        with self.assertRaises(TwilioRestException) as caught:
            client("wrong").messages.create(to=PHONE, from_=SENDER, body="x")
        self.assertEqual(caught.exception.status, 401)
        with self.assertRaises(TwilioRestException) as caught:
            client().messages.create(to="12", from_=SENDER, body="x")
        self.assertEqual(caught.exception.code, 21211)


if __name__ == "__main__":
    unittest.main()
