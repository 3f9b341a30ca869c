# MySQL's protocol, as far as a query goes. The user is the common name of the certificate, and its
# password is "secret" (mysql_native_password). It knows one query.
import hashlib, ssl, struct
import tls

tls.context.verify_mode = ssl.CERT_OPTIONAL
tls.context.load_verify_locations(tls.authorities)
COLUMNS, ROWS = ["name", "seats"], [[b"Library", b"40"], [b"Aula", None]]
QUERY = b"select name, seats from rooms"
PASSWORD, SCRAMBLE = b"secret", b"abcdefghijklmnopqrst"
SSL = 0x800
# Long passwords, a database, SSL, 4.1, transactions, 4.1's passwords, plugins.
CAPABILITIES = 1 | 8 | 0x200 | SSL | 0x2000 | 0x8000 | 0x80000
OK, EOF = b"\0\0\0\2\0\0\0", b"\xfe\0\0\2\0"
UTF8, VAR_STRING = 33, 0xfd


def sha1(data):
    return hashlib.sha1(data).digest()


def token():
    once = sha1(PASSWORD)
    return bytes(a ^ b for a, b in zip(once, sha1(SCRAMBLE + sha1(once))))


def text(data):
    return b"\xfb" if data is None else bytes([len(data)]) + data


def error(code, message):
    return struct.pack("<BH", 0xff, code) + b"#HY000" + message.encode()


def read(sock):
    head = tls.exactly(sock, 4)
    return tls.exactly(sock, int.from_bytes(head[:3], "little"))


# Packets have numbers, from the one behind the client's on.
def write(sock, number, *packets):
    sock.sendall(b"".join(len(p).to_bytes(3, "little") + bytes([number + i]) + p
                          for i, p in enumerate(packets)))


def greeting():
    return (b"\x0a8.0.0\0" + struct.pack("<I", 1) + SCRAMBLE[:8] + b"\0"
            + struct.pack("<HBHHB", CAPABILITIES & 0xffff, UTF8, 2, CAPABILITIES >> 16, 21)
            + bytes(10) + SCRAMBLE[8:] + b"\0mysql_native_password\0")


def column(name):
    name = text(name.encode())
    return (text(b"def") + bytes(3) + name + name
            + struct.pack("<BHIBHBH", 12, UTF8, 255, VAR_STRING, 0, 0, 0))


def refusal(sock, response):
    user, rest = response[32:].split(b"\0", 1)
    subject = dict(pair[0] for pair in (sock.getpeercert() or {}).get("subject", ()))
    if subject.get("commonName") == user.decode() and rest[1:1 + rest[0]] == token():
        return None
    return error(1045, "Access denied for user '%s'" % user.decode())


def session(sock):
    write(sock, 0, greeting())
    if not struct.unpack("<I", read(sock)[:4])[0] & SSL:
        return write(sock, 2, error(3159, "Connections using insecure transport are prohibited"))
    sock = tls.wrap(sock)
    refused = refusal(sock, read(sock))
    write(sock, 3, refused or OK)
    while not refused:
        command = read(sock)
        if command[:1] != b"\3":
            return sock.unwrap()
        if command[1:] != QUERY:
            write(sock, 1, error(1146, "no such table"))
            continue
        write(sock, 1, bytes([len(COLUMNS)]), *map(column, COLUMNS), EOF,
              *(b"".join(map(text, row)) for row in ROWS), EOF)


tls.serve(session)
