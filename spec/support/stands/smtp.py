# A mail server for SMTP with STARTTLS, which keeps no mail. Users log in with "sesame". A mail to
# nobody is refused, and its text has to end as it was sent.
import base64
import tls


def session(sock, secured):
    lines, user = sock.makefile("rb"), None

    def say(text):
        sock.sendall(text.encode() + b"\r\n")

    if not secured:
        say("220 localhost ESMTP")
    while line := lines.readline():
        words = line.decode().strip().split(" ")
        verb = words[0].upper()
        if verb == "EHLO":
            say("250-localhost\r\n250 " + ("AUTH PLAIN" if secured else "STARTTLS"))
        elif verb == "STARTTLS" and not secured:
            say("220 go on")
            return session(tls.wrap(sock), True)
        elif verb == "QUIT":
            return say("221 bye")
        elif not secured:
            say("530 5.7.0 STARTTLS first")
        elif verb == "AUTH":
            _, user, password = base64.b64decode(words[2]).split(b"\0")
            say("235 2.7.0 welcome" if password == b"sesame" else "535 5.7.8 not known")
        elif verb == "RCPT" and "nobody" in line.decode():
            say("550 5.1.1 no such mailbox")
        elif verb == "DATA":
            say("354 end with .")
            count = 0
            while (line := lines.readline()) != b".\r\n":
                if not line.endswith(b"\r\n"):
                    raise ValueError
                count += 1
            say("250 2.0.0 delivered, %d lines" % count)
        else:
            say("250 2.0.0 ok")


tls.serve(lambda sock: session(sock, False))
