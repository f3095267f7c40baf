"""Reviews, in another language: nothing here knows of a mesh. It has a bug: nobody can read about the umbrella."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVIEWS = {
    "kettle": [{"stars": 5, "text": "Boils."}],
    "lamp": [{"stars": 4, "text": "Bright enough."}],
    "scarf": [{"stars": 5, "text": "Warm, and the weft is tight."}],
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        item = self.path.removeprefix("/reviews/")
        try:
            self.answer(200, REVIEWS[item])
        except KeyError as error:
            self.answer(500, {"error": f"KeyError: {error}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler).serve_forever()
