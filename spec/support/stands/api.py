# api.py PORT CERTIFICATE KEY: a JSON API with rooms. POST /rooms adds one, GET /rooms lists them.
# Whatever is posted with a token must have the token "sesame".
import http.server, json, ssl, sys

port, certificate, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
rooms = [{"name": "Library", "seats": 40}]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/rooms":
            return self.answer(404, {"error": "no such list"})
        self.answer(200, rooms)

    def do_POST(self):
        room = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization", "Bearer sesame") != "Bearer sesame":
            return self.answer(401, {"error": "the token is not known"})
        if self.path != "/rooms":
            return self.answer(404, {"error": "no such list"})
        rooms.append(room)
        self.answer(201, room)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # a client that refuses us
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = Server(("127.0.0.1", port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
