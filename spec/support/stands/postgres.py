# PostgreSQL's protocol, as far as a query goes. The user is the common name of the certificate.
# It knows two queries.
import ssl, struct
import tls

tls.context.verify_mode = ssl.CERT_OPTIONAL
tls.context.load_verify_locations(tls.authorities)
TEXT = 25
ROWS = {
    "select name, seats from rooms": [[b"Library", b"40"], [b"Aula", None]],
}


# What follows "select", up to "from": the names of the columns.
def description(query):
    names = query[len("select "):query.index(" from")].split(", ")
    return struct.pack(">h", len(names)) + b"".join(
        name.encode() + b"\0" + struct.pack(">ihihih", 0, 0, TEXT, -1, -1, 0) for name in names)


def message(kind, body=b""):
    return kind + struct.pack(">i", len(body) + 4) + body


def error(severity, text):
    return message(b"E", b"S" + severity + b"\0VERROR\0C00000\0M" + text.encode() + b"\0\0")


def session(sock):
    length, code = struct.unpack(">ii", tls.exactly(sock, 8))
    if code != 80877103:
        return sock.sendall(error(b"FATAL", "no encryption"))
    sock.sendall(b"S")
    sock = tls.wrap(sock)
    length, code = struct.unpack(">ii", tls.exactly(sock, 8))
    words = tls.exactly(sock, length - 8).split(b"\0")
    user = dict(zip(words[::2], words[1::2]))[b"user"].decode()
    subject = dict(pair[0] for pair in (sock.getpeercert() or {}).get("subject", ()))
    if subject.get("commonName") != user:
        return sock.sendall(error(b"FATAL", 'certificate authentication failed for user "%s"' % user))
    idle = message(b"Z", b"I")
    sock.sendall(message(b"R", struct.pack(">i", 0)) + message(b"S", b"server_version\00015\0")
                 + message(b"K", struct.pack(">ii", 1, 2)) + idle)
    while True:
        kind, length = struct.unpack(">ci", tls.exactly(sock, 5))
        body = tls.exactly(sock, length - 4)
        if kind != b"Q":
            return sock.unwrap()
        query = body[:-1].decode()
        rows = ROWS.get(query)
        if rows is None:
            sock.sendall(error(b"ERROR", 'relation "%s" does not exist'
                               % query.split()[-1]) + idle)
            continue
        out = message(b"T", description(query))
        for row in rows:
            cells = b"".join(struct.pack(">i", -1) if cell is None else
                             struct.pack(">i", len(cell)) + cell for cell in row)
            out += message(b"D", struct.pack(">h", len(row)) + cells)
        sock.sendall(out + message(b"C", b"SELECT 2\0") + idle)


tls.serve(session)
