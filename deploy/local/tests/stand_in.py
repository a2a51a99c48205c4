"""A program with the command line of a service: ready at once, obedient to SIGTERM, told by its environment to fail."""

import http.server
import os
import signal
import sys


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def main(command: str, *options: str) -> None:
    """Do as `aksu-<service> api --host H --port N`, `worker --health-port N` or `migrate` would."""
    sys.stderr.write(f"{command} {options}\n")
    if os.environ.get("STAND_IN_FAILS") in {command, "all"}:
        sys.stderr.write("told to fail\n")
        sys.exit(3)
    if command == "migrate":
        return
    if os.environ.get("STAND_IN_DEAF"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    http.server.ThreadingHTTPServer(("127.0.0.1", int(options[-1])), _Ready).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
