--- OpenSSL's numbers, each typed once; options.lua has those of SSL_OP_*.
--
-- `spec/structure/abi_spec.lua` makes a static assertion of every entry and compiles it
-- against the installed headers. The numbers are a text, which the memory of a process has
-- once, in a third of what a table takes: most programs ask for one in four. A number is
-- looked up when it is first asked for. An entry is a line:
--
--     NAME = VALUE                      every version from 1.1.1 to 4.0
--     NAME = VALUE since 3.2            nothing in older ones
--     NAME = VALUE; VALUE since 3.0     another number from then on
--     NAME = none                       what LibreSSL lacks
--
-- Only the loader calls this module: it alone asks for a version.

local constants = {}

-- All of this runs for a moment; to compile it would take longer than to run it.
jit.off(true, true)

local find, gmatch, match = string.find, string.gmatch, string.match

local openssl = [[
OPENSSL_INIT_SSL_DEFAULT = 0x200002
-- SSL_get_error
SSL_ERROR_SSL = 1
SSL_ERROR_WANT_READ = 2
SSL_ERROR_WANT_WRITE = 3
SSL_ERROR_WANT_X509_LOOKUP = 4
SSL_ERROR_SYSCALL = 5
SSL_ERROR_ZERO_RETURN = 6
SSL_ERROR_WANT_CONNECT = 7
SSL_ERROR_WANT_ACCEPT = 8
SSL_ERROR_WANT_ASYNC = 9
SSL_ERROR_WANT_ASYNC_JOB = 10
SSL_ERROR_WANT_CLIENT_HELLO_CB = 11
-- SSL_want
SSL_WRITING = 2
SSL_READING = 3
SSL_X509_LOOKUP = 4
-- commands of SSL_ctrl, SSL_CTX_ctrl and their callback forms
SSL_CTRL_MODE = 33
SSL_CTRL_SET_SESS_CACHE_MODE = 44
SSL_CTRL_SET_MAX_SEND_FRAGMENT = 52
SSL_CTRL_SET_SPLIT_SEND_FRAGMENT = 125
SSL_CTRL_SET_TLSEXT_SERVERNAME_CB = 53
SSL_CTRL_SET_TLSEXT_HOSTNAME = 55
SSL_CTRL_SET_GROUPS_LIST = 92
SSL_CTRL_GET_CHAIN_CERTS = 115
SSL_CTRL_SET_MIN_PROTO_VERSION = 123
SSL_CTRL_SET_MAX_PROTO_VERSION = 124
SSL_CTRL_GET_MIN_PROTO_VERSION = 130
SSL_CTRL_GET_MAX_PROTO_VERSION = 131
-- modes, sessions, shutdown, name types
SSL_MODE_ENABLE_PARTIAL_WRITE = 1
SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2
SSL_MODE_AUTO_RETRY = 4
SSL_MODE_RELEASE_BUFFERS = 0x10
SSL_MODE_ASYNC = 0x100
SSL_CTRL_CLEAR_MODE = 78
SSL_SESS_CACHE_OFF = 0
SSL_SESS_CACHE_CLIENT = 1
SSL_SESS_CACHE_NO_INTERNAL = 0x300
SSL_CTRL_SET_TLSEXT_TICKET_KEY_CB = 72
SSL_SENT_SHUTDOWN = 1
SSL_RECEIVED_SHUTDOWN = 2
SSL3_RT_MAX_PLAIN_LENGTH = 16384
TLSEXT_NAMETYPE_host_name = 0
-- verification
SSL_VERIFY_NONE = 0
SSL_VERIFY_PEER = 1
SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2
SSL_VERIFY_CLIENT_ONCE = 4
SSL_VERIFY_POST_HANDSHAKE = 8
X509_V_OK = 0
X509_V_ERR_APPLICATION_VERIFICATION = 50
X509_V_FLAG_CRL_CHECK = 4
X509_V_FLAG_CRL_CHECK_ALL = 8
X509_V_FLAG_IGNORE_CRITICAL = 0x10
X509_V_FLAG_X509_STRICT = 0x20
X509_V_FLAG_ALLOW_PROXY_CERTS = 0x40
X509_V_FLAG_EXTENDED_CRL_SUPPORT = 0x1000
X509_V_FLAG_USE_DELTAS = 0x2000
X509_V_FLAG_CHECK_SS_SIGNATURE = 0x4000
X509_V_FLAG_TRUSTED_FIRST = 0x8000
X509_V_FLAG_SUITEB_128_LOS_ONLY = 0x10000
X509_V_FLAG_SUITEB_192_LOS = 0x20000
X509_V_FLAG_SUITEB_128_LOS = 0x30000
X509_V_FLAG_NO_ALT_CHAINS = 0x100000
X509_V_FLAG_NO_CHECK_TIME = 0x200000
X509_PURPOSE_SSL_CLIENT = 1
X509_PURPOSE_SSL_SERVER = 2
X509_PURPOSE_NS_SSL_SERVER = 3
X509_PURPOSE_SMIME_SIGN = 4
X509_PURPOSE_SMIME_ENCRYPT = 5
X509_PURPOSE_CRL_SIGN = 6
X509_PURPOSE_OCSP_HELPER = 8
X509_PURPOSE_TIMESTAMP_SIGN = 9
X509_TRUST_COMPAT = 1
X509_TRUST_SSL_CLIENT = 2
X509_TRUST_SSL_SERVER = 3
X509_TRUST_EMAIL = 4
X509_TRUST_TSA = 8
X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 4
X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20
X509_V_ERR_UNSPECIFIED = 1
X509_V_ERR_OUT_OF_MEM = 17
DANE_FLAG_NO_DANE_EE_NAMECHECKS = 1
-- protocol versions and alerts
SSL3_VERSION = 0x300
TLS1_VERSION = 0x301
TLS1_1_VERSION = 0x302
TLS1_2_VERSION = 0x303
TLS1_3_VERSION = 0x304
SSL_AD_HANDSHAKE_FAILURE = 40
SSL_AD_ACCESS_DENIED = 49
SSL_AD_PROTOCOL_VERSION = 70
SSL_AD_INSUFFICIENT_SECURITY = 71
SSL_AD_INTERNAL_ERROR = 80
SSL_AD_USER_CANCELLED = 90
SSL_AD_UNRECOGNIZED_NAME = 112
SSL_AD_NO_APPLICATION_PROTOCOL = 120
SSL_AD_INAPPROPRIATE_FALLBACK = 86
SSL_AD_MISSING_EXTENSION = 109
SSL_AD_CERTIFICATE_REQUIRED = 116
SSL3_AL_FATAL = 2
-- reasons in the error queue
ERR_LIB_SSL = 20
SSL_R_PROTOCOL_IS_SHUTDOWN = 207
SSL_AD_REASON_OFFSET = 1000
X509_V_ERR_HOSTNAME_MISMATCH = 62
X509_V_ERR_EMAIL_MISMATCH = 63
X509_V_ERR_IP_ADDRESS_MISMATCH = 64
-- ASN.1
GEN_OTHERNAME = 0
GEN_EMAIL = 1
GEN_DNS = 2
GEN_URI = 6
GEN_IPADD = 7
V_ASN1_OCTET_STRING = 4
V_ASN1_UTF8STRING = 12
V_ASN1_NUMERICSTRING = 18
V_ASN1_PRINTABLESTRING = 19
V_ASN1_T61STRING = 20
V_ASN1_VIDEOTEXSTRING = 21
V_ASN1_IA5STRING = 22
V_ASN1_GRAPHICSTRING = 25
V_ASN1_VISIBLESTRING = 26
V_ASN1_GENERALSTRING = 27
V_ASN1_UNIVERSALSTRING = 28
V_ASN1_BMPSTRING = 30
NID_undef = 0
NID_subject_alt_name = 85
EVP_MAX_MD_SIZE = 64
EVP_PKEY_RSA = 6
EVP_PKEY_DH = 28
EVP_PKEY_DSA = 116
EVP_PKEY_EC = 408
-- names as text
XN_FLAG_RFC2253 = 0x1110317
XN_FLAG_ONELINE = 0x82031f
ASN1_STRFLGS_ESC_MSB = 4
-- channel bindings
SSL_CTRL_GET_NUM_RENEGOTIATIONS = 10
SSL_CTRL_SET_CURRENT_CERT = 117
SSL_CTRL_GET_EXTMS_SUPPORT = 122
SSL_CERT_SET_FIRST = 1
SSL_CERT_SET_NEXT = 2
NID_md5 = 4
NID_sha1 = 64
NID_sha256 = 672
NID_kx_dhe = 1039
NID_kx_dhe_psk = 1041
NID_kx_rsa_psk = 1042
NID_kx_any = 1063
NID_kx_ecdhe_psk = 1040
NID_kx_psk = 1043
-- OCSP
SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB = 63
SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE = 65
SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP = 70
TLSEXT_STATUSTYPE_ocsp = 1
OCSP_RESPONSE_STATUS_SUCCESSFUL = 0
OCSP_TRUSTOTHER = 0x200
V_OCSP_CERTSTATUS_GOOD = 0
V_OCSP_CERTSTATUS_REVOKED = 1
V_OCSP_CERTSTATUS_UNKNOWN = 2
X509_V_FLAG_PARTIAL_CHAIN = 0x80000
-- chains
SSL_CTRL_CHAIN = 88
SSL_CTRL_CHAIN_CERT = 89
SSL_CTRL_SET_VERIFY_CERT_STORE = 106
SSL_CTRL_SET_CHAIN_CERT_STORE = 107
X509_V_ERR_UNABLE_TO_GET_CRL = 3
X509_V_ERR_CRL_SIGNATURE_FAILURE = 8
X509_V_ERR_CRL_NOT_YET_VALID = 11
X509_V_ERR_CRL_HAS_EXPIRED = 12
X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER = 33
X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT = 2
X509_V_ERR_CERT_UNTRUSTED = 27
X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20
X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE = 21
X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT = 18
X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN = 19
-- what bends the protocol
SSL_CTRL_SET_SIGALGS_LIST = 98
SSL_CTRL_SET_CLIENT_SIGALGS_LIST = 102
SSL_CTRL_GET_PEER_SIGNATURE_NID = 108
EVP_PKEY_RSA_PSS = 912
SSL_KEY_UPDATE_NOT_REQUESTED = 0
SSL_KEY_UPDATE_REQUESTED = 1
SSL_SESS_CACHE_SERVER = 2
SSL_CTRL_SET_SESS_CACHE_SIZE = 42
SSL_CTRL_SESS_NUMBER = 20
SSL_CTRL_SESS_CACHE_FULL = 31
SSL_READ_EARLY_DATA_ERROR = 0
SSL_READ_EARLY_DATA_FINISH = 2
SSL_EARLY_DATA_NOT_SENT = 0
SSL_EARLY_DATA_REJECTED = 1
SSL_EARLY_DATA_ACCEPTED = 2
-- BIO
BIO_CTRL_INFO = 3
-- what came later, or moved
OSSL_STORE_INFO_PKEY = 3; 4 since 3.0
SSL_CTRL_GET_NEGOTIATED_GROUP = 134 since 3.0
SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP_EX = 142 since 3.6
TLSEXT_cert_type_x509 = 0 since 3.2
TLSEXT_cert_type_rpk = 2 since 3.2
TLSEXT_comp_cert_zlib = 1 since 3.2
TLSEXT_comp_cert_brotli = 2 since 3.2
TLSEXT_comp_cert_zstd = 3 since 3.2
SSL_ECH_STATUS_GREASE_ECH = 3 since 4.0
SSL_ECH_STATUS_GREASE = 2 since 4.0
SSL_ECH_STATUS_SUCCESS = 1 since 4.0
SSL_ECH_STATUS_FAILED = 0 since 4.0
SSL_ECH_STATUS_BAD_NAME = -102 since 4.0
SSL_ECH_STATUS_FAILED_ECH = -105 since 4.0
SSL_ECH_STATUS_FAILED_ECH_BAD_NAME = -106 since 4.0
]]

-- LibreSSL 4, where it differs from OpenSSL 1.1. What it lacks reads as nil, where a question
-- depends on it. A command that it does not know answers 0, as everywhere.
local libressl = [[
OPENSSL_INIT_SSL_DEFAULT = 0x80000000
NID_kx_dhe = 961
SSL_CTRL_GET_SESSION_REUSED = 8
SSL_CTRL_OPTIONS = 32
SSL_CTRL_CLEAR_OPTIONS = 77
SSL_R_NO_CERTIFICATE_RETURNED = 178
SSL_R_UNKNOWN = 999
DANE_FLAG_NO_DANE_EE_NAMECHECKS = none
NID_kx_any = none
NID_kx_dhe_psk = none
NID_kx_ecdhe_psk = none
NID_kx_psk = none
NID_kx_rsa_psk = none
OSSL_STORE_INFO_PKEY = none
SSL_CTRL_SET_CHAIN_CERT_STORE = none
SSL_CTRL_SET_CLIENT_SIGALGS_LIST = none
SSL_CTRL_SET_CURRENT_CERT = none
SSL_CTRL_SET_SIGALGS_LIST = none
SSL_CTRL_SET_VERIFY_CERT_STORE = none
X509_V_FLAG_SUITEB_128_LOS = none
X509_V_FLAG_SUITEB_128_LOS_ONLY = none
X509_V_FLAG_SUITEB_192_LOS = none
]]

local function reached(major, minor, a, b)
  a, b = tonumber(a), tonumber(b)
  return major > a or (major == a and minor >= b)
end

-- The value of an entry for a version: the last that it has reached.
local function value(entry, major, minor)
  local found
  for part in gmatch(entry, "[^;]+") do
    local number, a, b = match(part, "(-?%w+) since (%d+)%.(%d+)")
    if not number then
      found = tonumber(part)
    elseif reached(major, minor, a, b) then
      found = tonumber(number)
    end
  end
  return found
end

-- The entry of a name in a text, without its name; or nil. Plain text is searched: a pattern
-- would try each byte.
local function entry(text, name)
  local _, at = find(text, "\n" .. name .. " = ", 1, true)
  return at and match(text, "[^\n]*", at + 1)
end

-- A name of an option comes from the program.
local function is_name(text)
  return type(text) == "string" and find(text, "^[%w_]+$") ~= nil
end

--- Numbers by name.
-- @tparam {string,...} texts  of entries; the first that has a name counts
-- @tparam number major  of the OpenSSL that they are for
-- @tparam number minor
-- @treturn table  name -> number, filled as it is asked; nil for a name without one
function constants.of(texts, major, minor)
  for i, text in ipairs(texts) do texts[i] = "\n" .. text end
  return setmetatable({}, { texts = texts, __index = function(self, name)
    local found
    for _, text in ipairs(is_name(name) and texts or {}) do
      found = found or entry(text, name)
    end
    local number = found and value(found, major, minor)
    if number then self[name] = number end
    return number
  end })
end

--- The numbers of one OpenSSL, as `of` has them.
-- @tparam number major
-- @tparam number minor
-- @tparam[opt] boolean is_libressl  it is LibreSSL, whose interface is that of 1.1
-- @treturn table
function constants.pick(major, minor, is_libressl)
  local texts = is_libressl and { libressl, openssl } or { openssl }
  return constants.of(texts, major, minor)
end

--- All of them.
-- @tparam table numbers  from `of` or `pick`
-- @treturn table  the same, filled
function constants.every(numbers)
  for _, text in ipairs(getmetatable(numbers).texts) do
    for name in gmatch(text, "\n([%w_]+) = ") do
      local _ = numbers[name]
    end
  end
  return numbers
end

return constants
