--- A TLS server in Python that ends a session in one way or another.
--
--   local child = python_end("cut", pki.server)    it sends "tail", and then
--
--   "unwrap"  close_notify both ways, and it says what it hears in the clear
--   "cut"     closes the connection without close_notify
--   "reset"   has the system reset it
--   "deaf"    says nothing more, and reads nothing
--   "half"    reads until the peer's close_notify, and answers behind it

local process = require "spec.support.process"

local SCRIPT = [[
import socket, ssl, struct, sys, time
how, port, cert, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.num_tickets = 0
listener = socket.create_server(("127.0.0.1", int(port)))
while True:
    sock, _ = listener.accept()
    try:
        tls = context.wrap_socket(sock, server_side=True)
    except OSError:
        continue
    if how == "half":
        got = b""
        while True:
            more = tls.recv(100)
            if not more: break
            got += more
        tls.sendall(b"got " + got)
        tls.unwrap()
        print("unwrapped", flush=True)
        continue
    tls.sendall(b"tail")
    if how == "unwrap":
        plain = tls.unwrap()
        print("unwrapped", plain.recv(100), flush=True)
    elif how == "reset":
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        tls.recv(100)
        tls.close()
    elif how == "cut":
        tls.close()
    else:
        time.sleep(60)
]]

return function(how, entry)
  local script = process.write(process.folder() .. "/end.py", SCRIPT)
  local port = process.free_port()
  return process.start { process.python, script, how, port, entry.chain or entry.cert, entry.key,
                         port = port }:wait_port()
end
