# A mailbox for IMAPS, read only. Users log in with "sesame".
import base64, re
import tls

MAILS = ["Welcome", "The keys of the hall", "Minutes, 12 May"]


def session(sock):
    sock = tls.wrap(sock)
    lines = sock.makefile("rb")

    def say(text):
        sock.sendall(text.encode() + b"\r\n")

    say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
    while line := lines.readline():
        tag, command = line.decode().strip().split(" ", 1)
        if command == "AUTHENTICATE PLAIN":
            say("+ ")
            _, user, password = base64.b64decode(lines.readline()).split(b"\0")
            if password != b"sesame":
                say(tag + " NO [AUTHENTICATIONFAILED] the user is not known")
                continue
        elif command == "EXAMINE INBOX":
            say("* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY 1] valid" % len(MAILS))
        elif command.startswith("FETCH"):
            first = int(re.match(r"FETCH (\d+):\*", command)[1])
            for number, subject in enumerate(MAILS[first - 1:], first):
                text = "Subject: %s\r\n\r\n" % subject
                say("* %d FETCH (BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n%s)"
                    % (number, len(text), text))
        elif command == "LOGOUT":
            say("* BYE\r\n" + tag + " OK done")
            return sock.unwrap()
        say(tag + " OK done")


tls.serve(session)
