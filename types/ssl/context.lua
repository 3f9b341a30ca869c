---@meta ssl.context
-- Types for editors (LuaLS). Made by script/keys; docs/context.md explains them.

local context = {}

---Do the private key and the certificate belong together?
---@param ctx any
---@return boolean
function context.checkkey(ctx) end

---A new context.
---@param protocol string any, sslv23, tlsv1, tlsv1_1, tlsv1_2, tlsv1_3; sslv3 where OpenSSL still has it
---@return ssl.Context?
---@return string?
function context.create(protocol) end

---Load a certificate and its chain, the leaf first.
---@param ctx any
---@param file any
---@return any ...
function context.loadcert(ctx, file) end

---Load a private key.
---@param ctx any
---@param file any
---@param password any
---@return any ...
function context.loadkey(ctx, file, password) end

---Load key, certificate and chain from one PKCS#12.
---@param ctx any
---@param file any
---@param password any
---@return any ...
function context.loadpkcs12(ctx, file, password) end

---Load CA certificates, from a folder with hashed names too.
---@param ctx any
---@param cafile any the name of a PEM file, PEM text, what ssl.der made, a certificate object, an array of these, or nil
---@param capath string|nil
---@return any ...
function context.locations(ctx, cafile, capath) end

---Count the sessions of a server's context: see docs/sessions.md.
---@param ctx ssl.Context
---@return table
function context.sessionstats(ctx) end

---Offer these protocols in a client's handshake.
---@param ctx any
---@param wire string RFC 7301's list: a length byte and that many bytes each; "" offers none
---@return any ...
function context.setalpn(ctx, wire) end

---The function that chooses a server's protocols at each handshake.
---@param ctx any
---@param f function from the client's list to ours, both in wire format: our first that the client has too is used, and without one the handshake is refused; nil negotiates nothing. It may raise and yield
---@return any ...
function context.setalpncb(ctx, f) end

---Allow these cipher suites up to TLS 1.2.
---@param ctx any
---@param list any
---@return any ...
function context.setcipher(ctx, list) end

---Allow these cipher suites of TLS 1.3.
---@param ctx any
---@param list any
---@return any ...
function context.setciphersuites(ctx, list) end

---The function that gives a client its identity and key. Unless `setverify` is called too,
---before or after this, the client accepts no certificate instead of a key.
---@param ctx any
---@param f function f(hint or nil, max_identity, max_psk) -> identity, key; may raise and yield
---@return any ...
function context.setclientpskcb(ctx, f) end

---Use one curve for the key exchange.
---@param ctx any
---@param name any
---@return any ...
function context.setcurve(ctx, name) end

---Use a list of groups for the key exchange: "X25519:P-256".
---@param ctx any
---@param list any
---@return any ...
function context.setcurveslist(ctx, list) end

---Let connections check the peer against TLSA records.
---@param ctx any
---@param ... any flags: no_ee_namechecks
---@return any ...
function context.setdane(ctx, ...) end

---How many intermediate CAs a chain may have.
---@param ctx any
---@param n any
---@return any ...
function context.setdepth(ctx, n) end

---The function that gives a server its DH parameters.
---@param ctx any
---@param f function called as f(is_export, keylength), returns PEM
---@return any ...
function context.setdhparam(ctx, f) end

---Say which side its connections are.
---@param ctx any
---@param mode string "server" or "client"
---@return any ...
function context.setmode(ctx, mode) end

---Add OpenSSL's options, by the names in ssl.config.options.
---@param ctx any
---@param ... any
---@return any ...
function context.setoptions(ctx, ...) end

---The hint that a server sends to clients, up to TLS 1.2.
---@param ctx any
---@param hint any
---@return boolean
function context.setpskhint(ctx, hint) end

---The function that gives a server the key of an identity.
---@param ctx any
---@param f function f(identity, max_psk) -> key; may raise and yield
---@return any ...
function context.setserverpskcb(ctx, f) end

---Replace the secrets that authenticate the entries of a context's store, also while
---connections exist. They take the place of ticket keys from now on.
---@param ctx ssl.Context
---@param key any
---@return boolean
---@return string?
function context.setsessionkey(ctx, key) end

---Replace a server's ticket keys, also while connections exist. Sessions that were made
---before stay valid.
---@param ctx ssl.Context
---@param keys any
---@return boolean
---@return string?
function context.setticketkeys(ctx, keys) end

---Verify the peer: none, peer, client_once, fail_if_no_peer_cert.
---@param ctx any
---@param ... any
---@return any ...
function context.setverify(ctx, ...) end

return context
