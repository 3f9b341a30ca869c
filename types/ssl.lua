---@meta ssl
-- Types for editors (LuaLS). Made by script/keys; docs/index.md explains them.

---The keys of ssl.newcontext and of ssl.connect.
---@class ssl.Keys
---@field protocol? (string) ssl.newcontext needs it
---@field mode? (string) ssl.newcontext needs it
---@field seclevel? (number) without it: OpenSSL's
---@field rawkey? (boolean) without it: the certificate is shown
---@field certificates? (ssl.Pair[]) without it: the next three keys
---@field key? (string|userdata) without it: none
---@field password? (string|fun():string?) without it: none
---@field certificate? (string|userdata|any[]) without it: none
---@field pkcs12? (string|userdata) without it: none
---@field cafile? (string|userdata|any[]) without it: no authority is trusted
---@field capath? (string) without it: no authority is trusted
---@field systemca? (boolean) without it: only `cafile` and `capath` are trusted
---@field servername? (string) without it: no name is sent or demanded (client)
---@field crl? (string|userdata|any[]) without it: revocation is not checked
---@field rawkeys? (string|userdata|any[]) without it: certificates are demanded
---@field clientca? (string|userdata|any[]) without it: no names are sent (server)
---@field purpose? (string) without it: that of the side
---@field partialchain? (boolean) without it: a chain ends in a root
---@field ciphers? (string) without it: OpenSSL's
---@field ciphersuites? (string) without it: OpenSSL's
---@field verify? (string|string[]) without it: no verification; `peer` on a client with a key of trust.md
---@field options? (string|string[]) without it: OpenSSL's
---@field depth? (number) without it: OpenSSL's, 100
---@field dhparam? (fun(is_export: boolean, keylength: integer): string?) without it: no DHE on a server (server)
---@field curveslist? (string) without it: OpenSSL's
---@field curve? (string) without it: OpenSSL's
---@field minversion? (string) without it: OpenSSL's limits
---@field maxversion? (string) without it: OpenSSL's limits
---@field groups? (string|string[]) without it: OpenSSL's
---@field sigalgs? (string|string[]) without it: OpenSSL's
---@field clientsigalgs? (string|string[]) without it: OpenSSL's
---@field cipherpreference? ("server"|"client") without it: the client's
---@field renegotiation? (boolean|"once") without it: off
---@field posthandshakeauth? (boolean|"once") without it: off (client)
---@field padding? (number) without it: records are not padded
---@field certcompression? (string|string[]) without it: certificates are sent as they are
---@field ech? (string) without it: the name is sent in the clear (client)
---@field echkeys? (string|userdata|any[]) without it: ECH is not decrypted (server)
---@field earlydata? (number) without it: off
---@field verifyext? (string|string[]) without it: none
---@field alpn? (string|string[]|fun(protocols: string[]): string|string[]|nil) without it: no protocol is agreed on
---@field psk? (function|{ hint: string?, callback: function }) without it: no pre-shared keys
---@field onverify? (fun(conn: ssl.Connection, preverified: boolean, certificate: ssl.Certificate, depth: integer, reason: string?): boolean?) without it: verification decides
---@field onclienthello? (fun(conn: ssl.Connection, hello: table): any, string?) without it: the context of the connection, or `sni` (server)
---@field dane? (boolean|string[]) without it: no DANE (client)
---@field ocsp? ("request"|"require") without it: no stapled response is asked for (client)
---@field ocspresponse? (string|fun(conn: ssl.Connection): string?) without it: none is stapled (server)
---@field keylog? (string|fun(line: string)) without it: nothing is logged
---@field onsession? (fun(session: ssl.Session, conn: ssl.Connection)) without it: `getsession` returns the last session (client)
---@field sessiontimeout? (number) without it: OpenSSL's, 7200
---@field sessionid? (string) without it: sessions come back to this context alone
---@field tickets? (number) without it: 2 in TLS 1.3, 1 before (server)
---@field ticketkeys? (string|string[]) without it: OpenSSL's own, random (server)
---@field sessionkey? (string|string[]|false) without it: derived from `ticketkeys` (server)
---@field sessionstore? ({ get: function, put: function, remove: function? }) without it: sessions are in tickets (server)
---@field sessioncache? (number) without it: 20480 (server)
---@field eof? ("strict"|"lenient") without it: LuaSec's messages for a cut
---@field explain? (boolean) without it: LuaSec's text for a refused certificate
---@field maxline? (number) without it: 256 MiB, 512 MiB
---@field maxall? (number) without it: 256 MiB, 512 MiB

---A table of ssl.newcontext.
---@class ssl.Config: ssl.Keys
---@field protocol string
---@field mode string

---The flags of ssl.connect.
---@class ssl.Flags: ssl.Keys
---@field session? (ssl.Session) a session to resume. If it does not fit, or the server does not accept it, the handshake is a full one. `conn:resumed()` returns whether the session was resumed
---@field resume? (boolean) false: no session is resumed or kept by `ssl.connect` itself
---@field over? (string|table) the event loop that waits, by its name, or an adapter; the default is `luasocket`
---@field timeout? (number) seconds for the connection and the handshake together; no limit when absent or negative. Where a name has several addresses, each gets its share of the time left
---@field deadline? (number) seconds for both and for all later calls: see `setdeadline`

---An entry of `certificates`.
---@class ssl.Pair
---@field key? (string|userdata) as the key of that name
---@field password? (string|fun():string?) as the key of that name
---@field certificate? (string|userdata|any[]) as the key of that name
---@field pkcs12? (string|userdata) as the key of that name

---@class ssl.Context
local Context = {}

---lsec_continue, lsec_ignore_purpose, and flags of OpenSSL's: crl_check, ...
---@param ... any
---@return any ...
function Context:setverifyext(...) end

---@class ssl.Connection
local Connection = {}

---A channel binding, the same bytes at both ends.
---@param type string "tls-exporter" (RFC 9266), "tls-unique" or "tls-server-end-point" (RFC 5929)
---@return string?
---@return string?
function Connection:channelbinding(type) end

---The types that hold on this connection, the best first.
---@return string[]
function Connection:channelbindings() end

---Close in order: data that was reported as sent arrives. Any number of times; never
---raises an error. A stream's methods may yield meanwhile.
---@return any ...
function Connection:close() end

---Is there something to receive that a select on the descriptor does not see?
---False while the last result was "wantwrite": a loop that receives again would spin.
---@return any ...
function Connection:dirty() end

---Make the handshake, or continue it after a time-out.
---@return boolean
---@return string?
function Connection:dohandshake() end

---The outcome of early data.
---@return string?
---@return string?
function Connection:earlydata() end

---Has the peer ended the session in order? Then all its data has come.
---@return boolean
function Connection:ended() end

---Keying material that only the two ends can make.
---@param ... any
---@return any ...
function Connection:exportkeyingmaterial(...) end

---The protocol that ALPN agreed on, or nil.
---@return any ...
function Connection:getalpn() end

---The names of the authorities from which the server wants certificates: on a client the
---received names, on a server the names that it sends. SSL_get_client_CA_list(3).
---@return string[]?
---@return string?
function Connection:getclientcas() end

---The descriptor, or -1.
---@return any ...
function Connection:getfd() end

---The last Finished message that was sent.
---@return any ...
function Connection:getfinished() end

---Certificate n of the own chain, sent or not.
---@param n number? 1 is the leaf
---@return ssl.Certificate?
---@return string?
function Connection:getlocalcertificate(n) end

---The own chain as configured, leaf first.
---@return ssl.Certificate[]?
---@return string?
function Connection:getlocalchain() end

---The OCSP response that the server stapled: the received one on a client with `ocsp`, the
---sent one on a server.
---@return string?
function Connection:getocspresponse() end

---A socket option, as LuaSocket's method of that name.
---@param name string "tcp-nodelay", "keepalive", "linger", ...
---@return any
---@return string?
function Connection:getoption(name) end

---Certificate n of the chain that the peer sent.
---@param n number? 1 is the peer's own
---@return ssl.Certificate?
---@return string?
function Connection:getpeercertificate(n) end

---The chain as the peer sent it, its own certificate first.
---@return ssl.Certificate[]?
---@return string?
function Connection:getpeerchain() end

---The last Finished message that was received.
---@return any ...
function Connection:getpeerfinished() end

---The peer's address, as LuaSocket's method of that name.
---@return string?
---@return number|string
---@return string?
function Connection:getpeername() end

---What verification found, also where it was not asked for.
---@return boolean
---@return string|table|nil
function Connection:getpeerverification() end

---A client's session, to be given to a later connection's `setsession`.
---@return ssl.Session?
---@return string?
function Connection:getsession() end

---The server name, sent or received; nil when there is none.
---@return any ...
function Connection:getsniname() end

---The own address, as LuaSocket's method of that name.
---@return any
function Connection:getsockname() end

---Bytes received, bytes sent, age in seconds.
---@return any ...
function Connection:getstats() end

---The TLSA record that the peer was accepted for, and where in the chain it matched.
---@return number?
---@return number|string|nil
---@return number?
---@return string?
---@return number?
function Connection:gettlsa() end

---The chain that verification built, from the peer's certificate to the trusted one. It may
---differ from the chain that the peer sent. SSL_get0_verified_chain(3).
---@return ssl.Certificate[]?
---@return string?
function Connection:getverifiedchain() end

---Facts about the connection: one by name, or all in a table.
---@param field string? see docs/connection.md
---@return any ...
function Connection:info(field) end

---Change the keys with which this side encrypts. TLS 1.3 only.
---@param request boolean? make the peer change its keys too
---@return true?
---@return string?
function Connection:keyupdate(request) end

---The fatal error of a connection, also after it was closed.
---@return table?
function Connection:lasterror() end

---The method `receive`. See docs/connection.md.
---@param pattern string|number|nil "*l", "*a", or a number of bytes
---@param prefix string? what an earlier call had received
---@return string?
---@return string?
---@return string?
function Connection:receive(pattern, prefix) end

---The method `receiveany`: the bytes that are there, at least one.
---@param max number? the most bytes, 1 or more
---@return string?
---@return string?
function Connection:receiveany(max) end

---The data that a client has sent before the handshake. It may be a replay. On a server,
---before `dohandshake`; until the first call no early data is accepted.
---@return string?
---@return string?
function Connection:receiveearlydata() end

---The method `receiveinto`: bytes into C memory, without a string in between.
---@param buffer ffi.cdata* a pointer or an array; the caller keeps it alive
---@param n number how many bytes
---@return number?
---@return string?
---@return number?
function Connection:receiveinto(buffer, n) end

---Ask the client for a certificate, and wait until it has been verified.
---@param optional boolean? go on with a client that has none
---@return true?
---@return string?
function Connection:requestcertificate(optional) end

---Did the handshake resume a session?
---@return boolean?
---@return string?
function Connection:resumed() end

---The method `send`. See docs/connection.md.
---@param data string|number
---@param i number? first byte
---@param j number? last byte
---@return number?
---@return string?
---@return number?
function Connection:send(data, i, j) end

---Send before the handshake is done. A client needs a session (`setsession`) of a
---server that allows it. A server answers early data that it has received; it cannot know
---yet that the client is there.
---@param data string
---@return number?
---@return string?
function Connection:sendearlydata(data) end

---The method `sendfile`: bytes of a file.
---@param file file*|number a file of io.open, or a descriptor that can be read at any place; the caller keeps it open during the call, and closes it
---@param offset number? in bytes, of the first one to send
---@param count number? bytes at most; without it, up to the end of the file
---@return number?
---@return string?
---@return number?
function Connection:sendfile(file, offset, count) end

---The method `sendfrom`: bytes of C memory, without a string in between.
---@param data ffi.cdata* a pointer or an array; the caller keeps it alive, and may change it when the call is over
---@param n number how many bytes
---@return number?
---@return string?
---@return number?
function Connection:sendfrom(data, n) end

---The method `sendv`: many strings in as few records as they fit in.
---@param list string[]
---@return any
function Connection:sendv(list) end

---Name the peer for DANE: for the name check, and as server name where none was set.
---Before the handshake, on a context with `dane`.
---@param name string the name that the TLSA records belong to
---@return boolean
---@return string?
function Connection:setdane(name) end

---Limit all later operations together: a time in seconds from now on; nil or
---negative: no such limit. After it a call that would have to wait returns "timeout".
---@param seconds number?
---@return number
function Connection:setdeadline(seconds) end

---Set a socket option, as LuaSocket's method of that name.
---@param name string
---@param value any
---@return number?
---@return string?
function Connection:setoption(name, value) end

---Offer a session to the server. Before the handshake, after the names are set.
---@param s ssl.Session
---@return true?
---@return string?
function Connection:setsession(s) end

---Set what getstats reports; nil keeps a value.
---@param received any
---@param sent any
---@param age any
---@return number
function Connection:setstats(received, sent, age) end

---Limit the time of the operations to come, in seconds; nil or negative: no limit.
---@param seconds number?
---@param mode string? "b" and "t" as LuaSocket has them
---@return number
function Connection:settimeout(seconds, mode) end

---Add a TLSA record. After setdane and before the handshake.
---@param ... any
---@return boolean
---@return string?
function Connection:settlsa(...) end

---Demand a name of the peer, inside the handshake, where its chain is verified.
---@param name string a DNS name (an IDN as its A-labels) or an IP address
---@return string?
---@return string
function Connection:setverifyname(name) end

---Shut down one direction or both, as LuaSocket's method of that name. Before the sending
---half ends, close_notify is sent, so that the peer does not take the end for a cut.
---Receiving is still possible.
---@param how string? "send", "receive" or "both"
---@return number?
---@return string?
function Connection:shutdown(how) end

---The name to ask for (client), or a map of names to contexts (server).
---@param ... any
---@return any
---@return string?
function Connection:sni(...) end

---close_notify in both directions, of a connection that stays.
---May be called again after a time-out.
---@return true?
---@return string?
function Connection:tlsshutdown() end

---End TLS and give the transport back. May be called again after a time-out.
---@return any|string|nil
---@return string?
function Connection:unwrap() end

---The reason for which the last operation waited: "read", "write", "x509lookup" or
---"nothing".
---@return any ...
function Connection:want() end

---@class ssl.Certificate
local Certificate = {}

---@return any ...
function Certificate:basicconstraints() end

---The certificate's bytes, and those of its public key.
---@return string?
---@return string?
function Certificate:der() end

---@return any ...
function Certificate:digest() end

---@return any ...
function Certificate:extension() end

---@return any ...
function Certificate:extensions() end

---@return any ...
function Certificate:extkeyusage() end

---@return any ...
function Certificate:getsignaturename() end

---Does this certificate, as the only one trusted, verify another?
---@param other any
---@param ... any certificates that may stand between, not trusted
---@return boolean?
---@return string?
function Certificate:issued(other, ...) end

---@return any ...
function Certificate:issuer() end

---@return any ...
function Certificate:issuertext() end

---@return any ...
function Certificate:keyusage() end

---@return any ...
function Certificate:notafter() end

---@return any ...
function Certificate:notbefore() end

---@return any ...
function Certificate:ocspurls() end

---@return any ...
function Certificate:pem() end

---@return any ...
function Certificate:pubkey() end

---@return any ...
function Certificate:serial() end

---Choose how names and alternative names are given.
---@param encoding any
---@return boolean
function Certificate:setencode(encoding) end

---@return any ...
function Certificate:spki() end

---@return any ...
function Certificate:spkidigest() end

---@return any ...
function Certificate:subject() end

---Subject and issuer in one line (RFC 4514), UTF-8, the last entry first.
---@return string?
---@return string?
function Certificate:subjecttext() end

---All of it for a person to read, as `openssl x509 -text` has it.
---@return string?
---@return string?
function Certificate:text() end

---@return any ...
function Certificate:validat() end

---@class ssl.Session
local Session = {}

---The session as bytes, for `ssl.importsession`. They are a secret.
---@return string?
---@return string?
function Session:export() end

---Its properties: one field by name, or all in a table.
---@param field string? see docs/sessions.md
---@return any ...
function Session:info(field) end

---@class ssl.Key
local Key = {}

---Its size in bits.
---@return any ...
function Key:bits() end

---What kind of key it is: "RSA", "EC", "ED25519", ...
---@return any ...
function Key:type() end

---@class ssl.Engine
local Engine = {}

---The connection behind it, for everything that is known about it: info,
---getpeercertificate, getalpn, sni, ...
---@return ssl.Connection
function Engine:connection() end

---All ciphertext for the peer. Take it after every other call.
---@return string
function Engine:drain() end

---Ciphertext from the peer, any amount; nil: its stream has ended.
---@param bytes any
---@return any ...
function Engine:feed(bytes) end

---Go on with the handshake.
---@return true?
---@return string?
function Engine:handshake() end

---Decrypted bytes.
---@param n number? at most that many
---@return string?
---@return string?
function Engine:read(n) end

---End TLS: close_notify in both directions.
---@return true?
---@return string?
function Engine:shutdown() end

---Encrypt bytes, as far as the queue has room: 64 KiB wait at most.
---@param data string
---@return number?
---@return string?
function Engine:write(data) end

---@class ssl.Pool
local Pool = {}

---Close the kept connections. From then on the pool keeps none: requests that use it, or
---are under way, work and close their connections. It may be called any number of times.
---@return any ...
function Pool:close() end

---How many connections are kept now.
---@return number
function Pool:count() end

---@param url any
---@param body any
---@return any ...
function Pool:request(url, body) end

local ssl = {}

ssl.cfg = {} ---@type table<string, any>

---Check a certificate against a host name. The chain is not verified.
---@param cert ssl.Certificate a certificate object
---@param name string a host name (an A-label where it is international), or an IP address, in brackets or not
---@return boolean
---@return string?
function ssl.checkhostname(cert, name) end

ssl.config = {} ---@type table<string, any>

---Connect to a TLS server and check its name.
---@param name string a DNS name (an IDN as its A-labels) or an IP address
---@param port number|string
---@param flags ssl.Flags? as for ssl.newcontext; not modified. `servername` is the name that the certificate must have, where it is not `name`. `mode` is always client, `verify` defaults to "none" and `protocol` to "tlsv1_2". `timeout`, in seconds, limits connecting and the handshake together; without it there is no limit, and the connection never has one afterwards. `deadline`, in seconds too, limits all this and all later calls: `conn:setdeadline`. `session`: one to resume, if it fits; without it one of an earlier call, unless `resume` is false. `over`: the loop that waits, by its name, or an adapter (docs/over.md)
---@return ssl.Connection?
---@return any|string
function ssl.connect(name, port, flags) end

---Bytes in DER, marked as such.
---@param bytes string a certificate, a private key, a CRL or a PKCS#12
---@return userdata
function ssl.der(bytes) end

---The digest of a text: SHA-256, keyed, the same within this process and its children.
---@param text string
---@return string
function ssl.digest(text) end

---A new engine.
---@param cfg ssl.Config|ssl.Context for ssl.newcontext, or a context
---@return ssl.Engine?
---@return string?
function ssl.engine(cfg) end

---Bytes that differ when a file has changed, or a folder, or what lies in one under
---the names of certificates and lists. Made of device, inode, size and times: no file is
---read.
---@param path string
---@return string?
---@return string
function ssl.filestamp(path) end

---The file of the system's certificate authorities: `ssl.find_system_ca`. The next functions
---are those of LuaSec's development version.
---@return string?
---@return string?
function ssl.find_system_ca() end

---The file that `ssl.set_system_ca` has set, else the one that was found first:
---`ssl.get_system_ca`.
---@return string?
---@return string?
function ssl.get_system_ca() end

---The kind of a host name, and its normal form, in which certificates and connections use
---it.
---@param name string as a URL has it: one trailing dot and brackets around an IPv6 address are left out
---@return string?
---@return string?
function ssl.hostname(name) end

---A session from the bytes of `export`, of this process or of another.
---@param bytes string
---@return ssl.Session?
---@return string?
function ssl.importsession(bytes) end

---The newest failure in this Lua state: for a connection the table of `lasterror`, else OpenSSL's
---part alone.
---@return table?
function ssl.lasterror() end

---The first certificate of a PEM text, or the one that ssl.der made.
---@param pem string|userdata
---@return ssl.Certificate?
---@return string?
function ssl.loadcertificate(pem) end

---A private key as an object, to be used any number of times.
---@param source string|userdata|table PEM, or DER as bytes or by ssl.der: these never open a file or a store, so the text may be untrusted; or `{ store = URI }` for a key in one of OpenSSL's stores (ossl_store(7)), which only the program itself can choose
---@param given string|function|nil the password; a function is called, without arguments, only where one is needed, and may raise or yield
---@return ssl.Key?
---@return string?
function ssl.loadkey(source, given) end

---A clock that cannot be set: of two readings the later one is never less, also where the
---system's time is changed (CLOCK_MONOTONIC, clock_gettime(2)).
---@return number
function ssl.monotonic() end

---A context from parameters; see docs/newcontext.md. Further arguments mean nothing, as
---in LuaSec.
---@param cfg ssl.Config not modified
---@return ssl.Context?
---@return string?
function ssl.newcontext(cfg) end

ssl.ocsp = {} ---@type table<string, any>

---Load files now that would be loaded when they are first used.
---The library reads a file at the first use of what is in it, which may be in the middle of
---a handshake. After `ssl.preload()` it reads none of its files any more. That is for
---processes that lose sight of the files (chroot(2), a sandbox, a new version installed),
---and for servers that fork, whose processes then share this memory.
---@param rooms string[]? folders of lua/ssl/; by default all but "https" and "resty". The adapters in "over" are loaded for loops whose modules are loaded
---@return any ...
function ssl.preload(rooms) end

---The number of this process, as getpid(2) has it; seldom a system call.
---@return number
function ssl.processid() end

ssl.sessions = {} ---@type table<string, any>

---Decide what `ssl.get_system_ca` returns from now on: `ssl.set_system_ca`. Nothing else
---depends on it.
---@param path string|nil|false not looked at; nil: to be found anew, false: none
---@return boolean
function ssl.set_system_ca(path) end

---The places of the system's certificate authorities: `ssl.systemca`.
---@return table?
---@return string?
function ssl.systemca() end

---TLS over a connected socket, or over another object that carries bytes.
---The connection takes the descriptor over and will close it; `sock` behaves as a closed
---socket from then on. Nothing is sent yet, and no time limit is inherited.
---@param sock any a LuaSocket TCP object, or an object with `getfd` and `setfd`: its descriptor is taken over; or an object with `send` and `receive`, which carries the bytes from then on (see docs/streams.md)
---@param cfg ssl.Config|ssl.Context for ssl.newcontext, or a context
---@param options table? `initial`: bytes that were read from the peer before TLS began, at most 64 KiB over a descriptor. `over`: the loop that `sock` belongs to and that waits, by its name, or an adapter (docs/over.md)
---@return ssl.Connection?
---@return string?
function ssl.wrap(sock, cfg, options) end

---Judge a response.
---@param der string
---@param cert ssl.Certificate the certificate in question
---@param issuer ssl.Certificate the certificate of its issuer, which the caller trusts
---@param options table? `time` (seconds since 1970, default now), `leeway` (seconds that clocks may differ, 300), `maxage` (seconds that a response without a next update counts, 86400), `responder` (a certificate that is trusted to sign), `request` (DER with a nonce that the response has to repeat)
---@return string|table|nil
---@return string?
function ssl.ocsp.check(der, cert, issuer, options) end

---A request about one certificate.
---@param cert ssl.Certificate
---@param issuer ssl.Certificate the certificate of its issuer
---@param options table? `nonce = true`: a random number that `check` demands in the response; many responders sign in advance and cannot repeat it
---@return string?
---@return string?
function ssl.ocsp.request(cert, issuer, options) end

---Offer a session to a connection before its handshake, after its names are set, and keep
---its new sessions.
---@param conn ssl.Connection
---@param key string the place
---@return table
function ssl.sessions.offer(conn, key) end

---For `onsession` of a context: the one function for all, so that contexts are the
---same. Sessions of connections that `offer` does not know are dropped.
---@param conn any
---@param session any
---@return any ...
function ssl.sessions.remember(conn, session) end

---The handshake is over, or has failed. A session that the server did not take is not
---offered again: some servers cut or stall whoever offers one.
---@param conn ssl.Connection
---@param key string
---@param item table what `offer` returned
---@return any ...
function ssl.sessions.shaken(conn, key, item) end

return ssl
