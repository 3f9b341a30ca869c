# An MQTT server: whatever is published on a topic goes to its subscribers, and the last message
# with RETAIN to those who come later. A user needs the password "sesame".
import threading
import tls

lock, topics, kept = threading.Lock(), {}, {}


def packet(first, body):
    assert len(body) < 128
    return bytes([first, len(body)]) + body


def receive(sock):
    first, length, factor = tls.exactly(sock, 1)[0], 0, 1
    while True:
        byte = tls.exactly(sock, 1)[0]
        length, factor = length + byte % 128 * factor, factor * 128
        if byte < 128:
            return first, tls.exactly(sock, length)


def text(body, at):
    size = int.from_bytes(body[at:at + 2], "big")
    return body[at + 2:at + 2 + size], at + 2 + size


def session(sock):
    sock = tls.wrap(sock)
    first, body = receive(sock)
    flags = body[7]
    _, at = text(body, 10)
    password = b"sesame"
    if flags & 128:
        _, at = text(body, at)
    if flags & 64:
        password, at = text(body, at)
    sock.sendall(packet(0x20, bytes([0, 0 if password == b"sesame" else 5])))
    if password != b"sesame":
        return sock.unwrap()
    while True:
        first, body = receive(sock)
        if first >> 4 == 8:
            topic, _ = text(body, 2)
            with lock:
                sock.sendall(packet(0x90, body[:2] + b"\0"))
                topics.setdefault(topic, []).append(sock)
                if topic in kept:
                    sock.sendall(kept[topic])
        elif first >> 4 == 3:
            topic, _ = text(body, 0)
            with lock:
                if first & 1:
                    kept[topic] = packet(first, body)
                for other in topics.get(topic, []):
                    other.sendall(packet(first & 0xFE, body))
        elif first >> 4 == 12:
            sock.sendall(packet(0xD0, b""))
        else:
            return sock.unwrap()


tls.serve(session)
