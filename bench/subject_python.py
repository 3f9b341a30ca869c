# The works of bench/yardstick.c with Python's ssl: subject_python.py WORK AMOUNT [PARAMETER]
# [flow]. Prints what bench/subject.lua prints.
import os
import socket
import ssl
import sys
import time

SOURCE = sys.argv.pop() if sys.argv[-1] == "flow" else "source"
PORT = int(os.environ["BENCH_PORT"])
CERTS = os.environ["BENCH_CERTS"]
MIB, RECORD, LINE = 1 << 20, 16384, 100


def measure(units, work, *arguments):
    passed, spent = time.monotonic(), time.process_time()
    work(*arguments)
    report(units, time.process_time() - spent, time.monotonic() - passed)


def report(units, spent, passed):
    print("%d %.9f %.9f" % (units, spent, passed))


def identify(ctx, name):
    ctx.load_cert_chain("%s/%s.pem" % (CERTS, name), "%s/%s.key" % (CERTS, name))


def context(side=ssl.PROTOCOL_TLS_CLIENT, verify=False):
    ctx = ssl.SSLContext(side)
    ctx.minimum_version = ssl.TLSVersion.TLSv1_3
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if verify:
        ctx.load_verify_locations(CERTS + "/root.pem")
    return ctx


def tell(command):
    sock = socket.create_connection(("127.0.0.1", PORT))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(command.encode() + b"\n")
    return sock


def source(size, record, line):
    conn = context().wrap_socket(tell("%s %d %d %d" % (SOURCE, size, record, line)))
    assert conn.recv(6) == b"ready\n"
    conn.sendall(b"go\n")
    return conn


def send(amount, piece=MIB):
    conn = context().wrap_socket(tell("sink"))
    data = b"x" * piece

    def pieces(size):
        for _ in range(size // piece):
            conn.sendall(data)

    pieces(8 * MIB)
    measure(amount, pieces, amount * MIB)


def receive(amount, piece):
    conn = source((amount + 32) * MIB, RECORD, 0)

    def pieces(size):
        while size > 0:
            size -= len(conn.recv(min(piece, size)))

    pieces(32 * MIB)
    measure(amount, pieces, amount * MIB)


def receiveinto(amount):
    conn = source((amount + 32) * MIB, RECORD, 0)
    buffer = bytearray(65536)

    def pieces(size):
        while size > 0:
            size -= conn.recv_into(buffer, min(65536, size))

    pieces(32 * MIB)
    measure(amount, pieces, amount * MIB)


def lines(amount, record):
    warm = amount // 10
    stream = source((amount + 2 * warm) * LINE, record, LINE).makefile("rb")

    def some(n):
        for _ in range(n):
            stream.readline()

    some(warm)
    measure(amount, some, amount)


def pingpong(amount):
    conn = context().wrap_socket(tell("echo"))
    message = b"p" * 63 + b"\n"

    def bounce(n):
        for _ in range(n):
            conn.sendall(message)
            have = 0
            while have < len(message):
                have += len(conn.recv(len(message)))

    bounce(200)
    measure(amount, bounce, amount)


def many(amount, command, one):
    spent = passed = 0
    for i in range(-100, amount):
        sock = tell(command)
        w, c = time.monotonic(), time.process_time()
        one(sock)
        if i >= 0:
            spent += time.process_time() - c
            passed += time.monotonic() - w
    report(amount, spent, passed)


def handshake(amount, kind=""):
    ctx = context(verify=True)
    if kind == "mutual":
        identify(ctx, "client")
    kept = None

    def one(sock):
        nonlocal kept
        conn = ctx.wrap_socket(sock, session=kept)
        if kind == "resumed":
            assert conn.session_reused == (kept is not None)
            assert conn.recv(1) == b"x"
            kept = conn.session
        conn.close()

    far = {"three": "end three", "mutual": "end mutual", "resumed": "ticket"}
    many(amount, far.get(kind, "end"), one)


def accept(amount, kind=""):
    ctx = context(ssl.PROTOCOL_TLS_SERVER, kind == "mutual")
    identify(ctx, "three" if kind == "three" else "server")
    far = {"mutual": "client mutual", "resumed": "client resumed"}

    def one(sock):
        ctx.wrap_socket(sock, server_side=True).close()

    many(amount, far.get(kind, "client"), one)


words = [int(word) if word.isdigit() else word for word in sys.argv[2:]]
globals()[sys.argv[1]](*words)
