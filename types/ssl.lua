---@meta ssl
-- Types for editors (LuaLS). Made by script/keys; docs/newcontext.md explains the keys.

---@class ssl.Context
---@class ssl.Connection
---@class ssl.Certificate
---@class ssl.Session

---A table of ssl.newcontext. The text behind a key says what holds without it.
---@class ssl.Config
---@field protocol (string) required
---@field mode (string) required
---@field seclevel? (number) OpenSSL's
---@field rawkey? (boolean) the certificate is shown
---@field certificates? (ssl.Config[]) the next three keys
---@field key? (string|userdata) none
---@field password? (string|fun():string?) none
---@field certificate? (string|userdata|any[]) none
---@field pkcs12? (string|userdata) none
---@field cafile? (string|userdata|any[]) no authority is trusted
---@field capath? (string) no authority is trusted
---@field systemca? (boolean) trust those two alone
---@field servername? (string) no name is sent or demanded (client)
---@field crl? (string|userdata|any[]) revocation is not checked
---@field rawkeys? (string|userdata|any[]) certificates are demanded
---@field clientca? (string|userdata|any[]) no names are sent (server)
---@field purpose? (string) that of the side
---@field partialchain? (boolean) a chain ends in a root
---@field ciphers? (string) OpenSSL's
---@field ciphersuites? (string) OpenSSL's
---@field verify? (string|string[]) no verification; `peer` on a client with a key of trust.md
---@field options? (string|string[]) OpenSSL's
---@field depth? (number) OpenSSL's, 100
---@field dhparam? (fun(is_export: boolean, keylength: integer): string?) no DHE on a server (server)
---@field curveslist? (string) OpenSSL's
---@field curve? (string) OpenSSL's
---@field minversion? (string) OpenSSL's limits
---@field maxversion? (string) OpenSSL's limits
---@field groups? (string|string[]) OpenSSL's
---@field sigalgs? (string|string[]) OpenSSL's
---@field clientsigalgs? (string|string[]) OpenSSL's
---@field cipherpreference? ("server"|"client") the client's
---@field renegotiation? (boolean|"once") off
---@field posthandshakeauth? (boolean|"once") off (client)
---@field padding? (number) records are not padded
---@field certcompression? (string|string[]) certificates are sent as they are
---@field ech? (string) the name is sent in the clear (client)
---@field echkeys? (string|userdata|any[]) ECH is not decrypted (server)
---@field earlydata? (number) off
---@field verifyext? (string|string[]) none
---@field alpn? (string|string[]|fun(protocols: string[]): string|string[]|nil) no protocol is agreed on
---@field psk? (function|{ hint: string?, callback: function }) no pre-shared keys
---@field onverify? (fun(conn: ssl.Connection, preverified: boolean, certificate: ssl.Certificate, depth: integer, reason: string?): boolean?) verification decides
---@field onclienthello? (fun(conn: ssl.Connection, hello: table): any, string?) the context of the connection, or `sni` (server)
---@field dane? (boolean|string[]) no DANE (client)
---@field ocsp? ("request"|"require") no stapled response is asked for (client)
---@field ocspresponse? (string|fun(conn: ssl.Connection): string?) none is stapled (server)
---@field keylog? (string|fun(line: string)) nothing is logged
---@field onsession? (fun(session: ssl.Session, conn: ssl.Connection)) `getsession` returns the last session (client)
---@field sessiontimeout? (number) OpenSSL's, 7200
---@field sessionid? (string) sessions come back to this context alone
---@field tickets? (number) 2 in TLS 1.3, 1 before (server)
---@field ticketkeys? (string|string[]) OpenSSL's own, random (server)
---@field sessionkey? (string|string[]|false) derived from `ticketkeys` (server)
---@field sessionstore? ({ get: function, put: function, remove: function? }) sessions are in tickets (server)
---@field sessioncache? (number) 20480 (server)
---@field eof? ("strict"|"lenient") LuaSec's messages for a cut
---@field explain? (boolean) LuaSec's text for a refused certificate
---@field maxline? (number) 256 MiB, 512 MiB
---@field maxall? (number) 256 MiB, 512 MiB

local ssl = {}

---@param cfg ssl.Config
---@return ssl.Context? context
---@return string? message
function ssl.newcontext(cfg) end

---@param sock any a LuaSocket TCP object, or an object with `send` and `receive`
---@param cfg ssl.Config|ssl.Context
---@param options? { initial: string? }
---@return ssl.Connection? connection
---@return string? message
function ssl.wrap(sock, cfg, options) end

return ssl
