--- ssl.policykeys: which keys of ssl.newcontext belong to the policy of a context.
--
-- A session made under one policy is never used under another (ssl.fingerprint). So
-- a key is `true`, part of the policy, unless nothing that a full handshake could refuse
-- depends on it; then the reason stands here. What this list does not know counts.

local keys = {
  mode = true, protocol = true, minversion = true, maxversion = true,
  certificates = true, key = true, certificate = true, pkcs12 = true,
  cafile = true, capath = true, systemca = true, crl = true, clientca = true,
  verify = true, verifyext = true, depth = true, purpose = true, partialchain = true,
  servername = true, onverify = true, psk = true, dane = true, ocsp = true,
  ciphers = true, ciphersuites = true, options = true, seclevel = true, dhparam = true,
  curve = true, curveslist = true, groups = true, sigalgs = true, clientsigalgs = true,
  sessionid = true,

  password          = "it opens a key; what counts is the certificate",
  cipherpreference  = "whose order decides, among what both sides allow",
  renegotiation     = "a later handshake asks for its own leave",
  posthandshakeauth = "an offer to the server, made in every handshake",
  earlydata         = "how much may be sent; each connection asks its own context",
  alpn              = "agreed on in every handshake, a resumed one too",
  onclienthello     = "asked in every handshake; the context that it chooses counts",
  onsession         = "is told of sessions",
  sessiontimeout    = "is in the session itself",
  tickets           = "how many sessions there are",
  ticketkeys        = "where sessions are",
  sessioncache      = "how many sessions there are",
  sessionstore      = "where sessions are",
  sessionkey        = "how the store's entries are told from forged ones",
  ocspresponse      = "what the peer is shown, which judges it",
  keylog            = "who gets to know the secrets",
  eof               = "how an end is reported",
  explain           = "how a refusal is reported",
}

local policykeys = { keys = keys }

--- Note in a context what it was asked for and this list does not know: ssl.fingerprint
-- takes a field of the state that it does not know into the policy.
-- @tparam table state  of the context
-- @tparam table asked  key -> value, all that were looked at
function policykeys.note(state, asked)
  for key, value in pairs(asked) do
    if keys[key] == nil and value then state["key " .. tostring(key)] = value end
  end
end

return policykeys
