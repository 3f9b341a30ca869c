--- How a function of OpenSSL or of the shim reports that it has failed.
--
-- A function that returns a pointer returns NULL; one that returns a number 0 or -1, and 0
-- where it cannot be below. The exceptions are below, each with its reason.

local ffi = require "ffi"

local kinds = {}

-- These answer a question, and what the type suggests as a failure is an answer like any
-- other: to give it would be a lie that no OpenSSL tells.
local ANSWERS = "its results are answers, and it cannot fail"

--- name -> { why, results... }: instead of what the type suggests.
kinds.exceptions = {
  SSL_get_verify_result       = { ANSWERS },
  SSL_get_error               = { ANSWERS },
  SSL_get_shutdown            = { ANSWERS },
  SSL_want                    = { ANSWERS },
  SSL_pending                 = { ANSWERS },
  SSL_version                 = { ANSWERS },
  SSL_in_init                 = { ANSWERS },
  SSL_session_reused          = { ANSWERS },
  SSL_get_options             = { ANSWERS },
  SSL_set_options             = { ANSWERS },
  SSL_clear_options           = { ANSWERS },
  SSL_CTX_get_options         = { ANSWERS },
  SSL_CTX_set_options         = { ANSWERS },
  SSL_CTX_clear_options       = { ANSWERS },
  SSL_CTX_get_verify_mode     = { ANSWERS },
  SSL_CTX_get_verify_depth    = { ANSWERS },
  SSL_CTX_get_security_level  = { ANSWERS },
  SSL_CTX_get_timeout         = { ANSWERS },
  SSL_CTX_set_timeout         = { ANSWERS },
  SSL_CTX_get_num_tickets     = { ANSWERS },
  SSL_CTX_dane_set_flags      = { ANSWERS },
  SSL_get_verify_mode         = { ANSWERS },
  SSL_get_early_data_status   = { ANSWERS },
  SSL_get_version             = { ANSWERS },
  SSL_CIPHER_get_bits         = { ANSWERS },
  SSL_CIPHER_get_id           = { ANSWERS },
  SSL_CIPHER_get_kx_nid       = { ANSWERS },
  SSL_SESSION_is_resumable    = { ANSWERS },
  SSL_SESSION_has_ticket      = { ANSWERS },
  SSL_SESSION_get_protocol_version = { ANSWERS },
  SSL_SESSION_get_time        = { ANSWERS },
  SSL_SESSION_get_timeout     = { ANSWERS },
  SSL_SESSION_get_max_early_data = { ANSWERS },
  SSL_SESSION_get_id          = { ANSWERS },
  SSL_SESSION_get0_id_context = { ANSWERS },
  SSL_CTX_get0_param          = { "a part of the object, which is always there" },
  SSL_get0_param              = { "a part of the object, which is always there" },
  SSL_CTX_get_cert_store      = { "a part of the object, which is always there" },
  X509_STORE_get0_param       = { "a part of the object, which is always there" },
  X509_STORE_get0_objects     = { "a part of the object, which is always there" },
  X509_VERIFY_PARAM_get_flags = { ANSWERS },
  X509_STORE_CTX_get_error    = { ANSWERS },
  X509_STORE_CTX_get_error_depth = { ANSWERS },
  X509_get_subject_name       = { "a part of the object, which is always there" },
  X509_get_issuer_name        = { "a part of the object, which is always there" },
  X509_get0_notBefore         = { "a part of the object, which is always there" },
  X509_get0_notAfter          = { "a part of the object, which is always there" },
  X509_get0_serialNumber      = { "a part of the object, which is always there" },
  X509_verify_cert_error_string = { "a text for every number" },
  OCSP_response_status_str    = { "a text for every number" },
  OCSP_crl_reason_str         = { "a text for every number" },
  OCSP_id_cmp                 = { ANSWERS },
  SSL_get_servername          = { "NULL: there is none" },
  SSL_get1_session            = { "NULL: there is none" },
  SSL_get_session             = { "NULL: there is none" },
  SSL_get_current_cipher      = { "NULL: there is none" },
  SSL_get_current_compression = { "NULL: there is none" },
  SSL_get_client_CA_list      = { "NULL: there is none" },
  SSL_get_peer_cert_chain     = { "NULL: there is none" },
  ASN1_STRING_get0_data       = { "a part of the object, which is always there" },
  SSL_CTX_get_ciphers         = { "a part of the object, which is always there" },
  SSL_CIPHER_description      = { "a text for every suite" },
  X509_OBJECT_get0_X509       = { "NULL: it is something else" },
  X509_OBJECT_get0_X509_CRL   = { "NULL: it is something else" },
  OCSP_response_status        = { "0: success", -1 },
  ["SSL_ctrl/115"]            = { "SSL_CTRL_GET_CHAIN_CERTS: its results are answers" },
  ["SSL_ctrl/117"]            = { "SSL_CTRL_SET_CURRENT_CERT: 0: there is none" },
  ["BIO_ctrl/3"]              = { "BIO_CTRL_INFO: a length" },
  OCSP_resp_get0              = { "within the response its element" },
  OCSP_SINGLERESP_get0_id     = { "a part of the object, which is always there" },
  OCSP_single_get0_status     = { "0: good", -1 },
  ["SSL_ctrl/70"]             = { "SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP: a length, or -1"
                                  .. " where there is none" },
  OCSP_resp_count             = { ANSWERS },
  X509_check_issued           = { "0: yes", -1, 1 },
  SSL_CTX_set_alpn_protos     = { "0: success", 1 },
  ASN1_TIME_cmp_time_t        = { "its failure is -2", -2 },
  BIO_free                    = { "it frees" },
  SSL_CTX_get0_privatekey     = { "NULL: there is none" },
  SSL_alert_desc_string_long  = { "a text for every number" },
  ["SSL_CTX_ctrl/33"]         = { "SSL_CTRL_MODE: its results are answers" },
  ["SSL_CTX_ctrl/78"]         = { "SSL_CTRL_CLEAR_MODE: its results are answers" },
  ["SSL_CTX_ctrl/44"]         = { "SSL_CTRL_SET_SESS_CACHE_MODE: its results are answers" },
  ["SSL_CTX_ctrl/130"]        = { "SSL_CTRL_GET_MIN_PROTO_VERSION: its results are answers" },
  ["SSL_CTX_ctrl/131"]        = { "SSL_CTRL_GET_MAX_PROTO_VERSION: its results are answers" },
  ["SSL_ctrl/33"]             = { "SSL_CTRL_MODE: its results are answers" },
  ["SSL_ctrl/78"]             = { "SSL_CTRL_CLEAR_MODE: its results are answers" },
  ["SSL_ctrl/130"]            = { "SSL_CTRL_GET_MIN_PROTO_VERSION: its results are answers" },
  ["SSL_ctrl/131"]            = { "SSL_CTRL_GET_MAX_PROTO_VERSION: its results are answers" },
  OSSL_STORE_close            = { "it frees" },
  OpenSSL_version_num         = { ANSWERS },
  OpenSSL_version             = { ANSWERS },
  ERR_get_error               = { ANSWERS },
  ERR_peek_error              = { ANSWERS },
  ERR_lib_error_string        = { "NULL: there is no text" },
  ERR_reason_error_string     = { "NULL: there is no text" },
  OPENSSL_sk_num              = { ANSWERS },
  OPENSSL_sk_value            = { "within the stack its element, whatever that is" },
  OPENSSL_init_ssl            = { "its failure is final; structure/loader_spec has it" },
  TLS_method                  = { "an address" },
  BIO_s_mem                   = { "an address" },
  strerror                    = { "a text for every number" },
}

--- name -> why a program need not hear of its failure.
kinds.ignorable = {
  lsf_feed           = "the engine keeps what found no room",
  lsf_file_stamp     = "a file without a stamp is read each time",
  SSL_new            = "without a connection to look at, a policy equals no other",
  i2d_X509_AUX       = "a certificate that cannot be written equals no other in a policy",
  ["SSL_CTX_ctrl/124"] = "takes a limit away before one is set; OpenSSL needs no such step",
  ["SSL_ctrl/52"]    = "the longest fragment: a peer that asks for another hello rejects the data",
  X509_STORE_up_ref  = "the store is not shared then",
  SSL_do_handshake   = "without an error the verdict is that more bytes are needed",
  SSL_read_early_data = "the same",
  ASN1_TIME_print    = "a text among the details is missing",
  BIO_new            = "a text among the details is missing",
}

-- Of the shim: what the contract in shim/lsf.h has for a failure. A function without an entry
-- answers a question.
local shim = {
  conn_bio = { "NULL: no memory", false },
  lingering_new = { "NULL: no memory", false },
  tickets_new = { "NULL: no memory", false },
  hello_gather = { "SSL_ERROR_* as a negative number", -1, -5 },
  read = { "SSL_ERROR_* as a negative number", -1, -5, -101 },
  read_into = { "SSL_ERROR_* as a negative number", -1, -5, -101 },
  write = { "SSL_ERROR_* as a negative number", -1, -5 },
  feed = { "how many bytes found room", 0 },
  append = { "0: no memory", 0 },
  detach = { "0: no memory", 0 },
  linger = { "below 0: it cannot be had", -1 },
  keys_save = { "an errno", 28 },
  file_stamp = { "an errno", 13 },
  folder_stamp = { "0: the folder cannot be read", 0 },
}

-- What stands between "ctype<" and the arguments.
local function result_type(f)
  return tostring(ffi.typeof(f)):match "^ctype<(.-) ?%(.*%)>$"
end

local function of_type(result)
  if not result or result == "void" then return {} end
  if result:find "%*$" then return { ffi.cast(ffi.typeof(result), nil) } end
  if result == "int" then return { 0, -1 } end
  if result:find "^unsigned" then return { ffi.new(ffi.typeof(result)) } end
  return { ffi.cast(ffi.typeof(result), 0), ffi.cast(ffi.typeof(result), -1) }
end

--- The results by which a function of OpenSSL reports a failure.
function kinds.of_openssl(name, f)
  return kinds.of_command(name) or of_type(result_type(f))
end

--- Those of an exception, or nil.
function kinds.of_command(name)
  local exception = kinds.exceptions[name]
  return exception and { unpack(exception, 2) }
end

--- The same for the shim.
function kinds.of_shim(name, f)
  local exception, out = shim[name], {}
  for i = 2, exception and #exception or 0 do
    out[i - 1] = exception[i] or of_type(result_type(f))[1]
  end
  return out
end

--- Is this call among those that are named? "recv send#2": each recv, and the second send.
-- @tparam string only  "" for all
-- @tparam table call  `name`, `n`
function kinds.wanted(only, call)
  if only == "" then return true end
  local names = " " .. only .. " "
  return names:find((" %s "):format(call.name), 1, true) ~= nil
      or names:find((" %s#%d "):format(call.name, call.n), 1, true) ~= nil
end

return kinds
