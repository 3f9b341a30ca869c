# What the other programs of this folder share: PORT CERTIFICATE KEY AUTHORITIES, and a thread for
# each connection.
import socket, ssl, sys, threading

port, certificate, key, authorities = int(sys.argv[1]), *sys.argv[2:5]

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def wrap(sock):
    return context.wrap_socket(sock, server_side=True)


def serve(handle):
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        sock, _ = listener.accept()

        def run(sock=sock):
            try:
                handle(sock)
            except (OSError, ValueError, EOFError):  # the client has gone, or refuses us
                pass
            sock.close()

        threading.Thread(target=run, daemon=True).start()


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
