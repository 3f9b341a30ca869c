--- What this OpenSSL calls what OpenSSL 3.0 calls so.
--
-- Specs have 3.0's texts. Some words were others before it, or are since: here alone
-- that is allowed for, and each version must still say exactly its own. What the
-- library itself can be asked by a number is asked, so that no text is typed twice.
--
--   wording "hostname mismatch"  -> "Hostname mismatch" with OpenSSL 1.1.1

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C   = lib.C

-- The first use of libssl is what loads its texts.
C.SSL_CTX_free(C.SSL_CTX_new(C.TLS_method()))

-- Of RFC 8446, 6: those that 3.0 calls "sslv3 alert ...", and others "tls alert ...".
local ALERTS = {
  ["unexpected message"] = 10, ["bad record mac"] = 20, ["handshake failure"] = 40,
  ["bad certificate"] = 42, ["unsupported certificate"] = 43,
  ["certificate revoked"] = 44, ["certificate expired"] = 45,
  ["certificate unknown"] = 46, ["illegal parameter"] = 47,
}

-- X509_V_ERR_...
local REFUSALS = {
  ["self-signed certificate in certificate chain"] = 19,
  ["self-signed certificate"] = 18,
  ["unsuitable certificate purpose"] = 26,
  ["hostname mismatch"] = 62,
}

-- What other code of OpenSSL says about the same thing: before 3.0 of a text without a
-- key, and from 3.4 on of a pre-shared key that is another.
local OLDER = { ["error loading private key (unsupported)"] =
                  "error loading private key (no start line)" }
local NEWER = { ["sslv3 alert illegal parameter"] = "tlsv1 alert decrypt error" }

-- The reason for an alert of the peer's, as an error code of libssl's.
local function reason(alert)
  local SSL_LIBRARY, shift = 20, lib.openssl.major >= 3 and 2^23 or 2^24
  return ffi.string(C.ERR_reason_error_string(SSL_LIBRARY * shift
                                              + lib.K.SSL_AD_REASON_OFFSET + alert))
end

-- LibreSSL says of bytes that are not TLS what it sends, and gives no hint.
local LIBRESSL = { ["wrong version number (the peer does not speak TLS, or not before a command"
                    .. " such as STARTTLS)"] = "tlsv1 alert protocol version" }

local here = {}
for text, alert in pairs(ALERTS) do here["sslv3 alert " .. text] = reason(alert) end
for text, code in pairs(REFUSALS) do
  here[text] = ffi.string(C.X509_verify_cert_error_string(code))
end
local version = lib.openssl.major + lib.openssl.minor / 100
for _, words in ipairs { version < 3 and OLDER or {}, version >= 3.04 and NEWER or {},
                         lib.openssl.libressl and LIBRESSL or {} } do
  for text, replacement in pairs(words) do here[text] = replacement end
end

local known = {}
for text in pairs(here) do known[#known + 1] = text end
-- The longest first: one begins like another.
table.sort(known, function(a, b) return #a > #b end)

--- @tparam string text  with the words of OpenSSL 3.0
-- @treturn string  with those of the one that is loaded
return function(text)
  for _, words in ipairs(known) do
    local first, last = text:find(words, 1, true)
    if first then return text:sub(1, first - 1) .. here[words] .. text:sub(last + 1) end
  end
  return text
end
