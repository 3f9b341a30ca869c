--- How a function of OpenSSL or of the shim reports that it has failed.
--
-- A function that returns a pointer returns NULL; one that returns a number 0 or -1, and 0
-- where it cannot be below. The exceptions are below, each with its reason.

local ffi = require "ffi"

local kinds = {}

-- What no OpenSSL from 1.1.1 on returns as a failure, by the reason in its source: to give it
-- would be a lie. Read in 3.1 and 3.3, for an SSL that is a connection and no QUIC.
local CANNOT_FAIL = {
  { "returns a member, or a part of one, and whatever that is counts",
    "SSL_get_verify_result SSL_get_shutdown SSL_want SSL_version SSL_in_init"
    .. " SSL_session_reused SSL_get_options SSL_CTX_get_options SSL_CTX_get_verify_mode"
    .. " SSL_CTX_get_verify_depth SSL_CTX_get_security_level SSL_CTX_get_timeout"
    .. " SSL_CTX_get_num_tickets SSL_get_verify_mode SSL_get_early_data_status"
    .. " SSL_CIPHER_get_id SSL_SESSION_is_resumable SSL_SESSION_has_ticket"
    .. " SSL_SESSION_get_protocol_version SSL_SESSION_get_time SSL_SESSION_get_timeout"
    .. " SSL_SESSION_get_max_early_data X509_get_ext_count ASN1_STRING_length"
    .. " X509_EXTENSION_get_critical X509_NAME_entry_count X509_get_signature_nid"
    .. " EVP_PKEY_get_base_id EVP_PKEY_get_bits"
    .. " X509_VERIFY_PARAM_get_flags X509_STORE_CTX_get_error"
    .. " X509_STORE_CTX_get_error_depth SSL_CTX_ctrl/130 SSL_CTX_ctrl/131 SSL_ctrl/130"
    .. " SSL_ctrl/131 BIO_ctrl/3" },
  { "returns a member that was made with the object, or its address",
    "SSL_CTX_get0_param SSL_get0_param SSL_CTX_get_cert_store X509_STORE_get0_param"
    .. " X509_STORE_get0_objects X509_get_subject_name X509_get_issuer_name"
    .. " X509_get0_notBefore X509_get0_notAfter X509_get0_serialNumber ASN1_STRING_get0_data"
    .. " SSL_CTX_get_ciphers OCSP_SINGLERESP_get0_id SSL_SESSION_get_id"
    .. " SSL_SESSION_get0_id_context X509_EXTENSION_get_data X509_EXTENSION_get_object"
    .. " X509_NAME_ENTRY_get_data X509_NAME_ENTRY_get_object GENERAL_NAME_get0_otherName"
    .. " GENERAL_NAME_get0_value SSL_SESSION_get0_ticket_appdata" },
  { "returns a member, which is NULL where there is none",
    "SSL_get_servername SSL_get_session SSL_get_current_cipher SSL_get_current_compression"
    .. " SSL_get_client_CA_list SSL_get_peer_cert_chain SSL_CTX_get0_privatekey"
    .. " X509_OBJECT_get0_X509 X509_OBJECT_get0_X509_CRL SSL_get0_verified_chain" },
  { "sets or clears bits of a member, or a number, and returns the new or the old one",
    "SSL_set_options SSL_clear_options SSL_CTX_set_options SSL_CTX_clear_options"
    .. " SSL_CTX_set_timeout SSL_CTX_dane_set_flags SSL_CTX_ctrl/33 SSL_CTX_ctrl/78"
    .. " SSL_CTX_ctrl/44 SSL_ctrl/33 SSL_ctrl/78" },
  { "looks a number up in a table that is compiled in, with a text for the others",
    "SSL_get_version SSL_CIPHER_get_bits SSL_CIPHER_get_kx_nid X509_verify_cert_error_string"
    .. " OCSP_response_status_str OCSP_crl_reason_str SSL_alert_desc_string_long"
    .. " OpenSSL_version OpenSSL_version_num strerror" },
  { "the address of a static table", "TLS_method BIO_s_mem" },
  { "compares members, or bytes", "OCSP_id_cmp CRYPTO_memcmp" },
  { "computes it of members, in the connection or the queue of this thread",
    "SSL_get_error SSL_pending ERR_get_error ERR_peek_error" },
  { "the names of the number of an object that OpenSSL itself has made known",
    "OBJ_nid2sn OBJ_nid2ln" },
  { "the length of a stack, or its element: -1 and NULL only where there is none",
    "X509_get_ext X509_NAME_get_entry OPENSSL_sk_num OPENSSL_sk_value"
    .. " OCSP_resp_count OCSP_resp_get0" },
  { "counts one more reference to what somebody holds", "X509_up_ref" },
  { "fails for what is no time alone, and asks for no memory", "ASN1_TIME_to_tm" },
  { "frees the object, whatever it returns", "BIO_free OSSL_STORE_close" },
  { "formats into memory of the caller's, which is long enough", "SSL_CIPHER_description" },
  { "SSL_CTRL_GET_CHAIN_CERTS: stores a member and returns 1", "SSL_ctrl/115" },
  { "SSL_CTRL_SET_CURRENT_CERT: 0 where there is no further one", "SSL_ctrl/117" },
  { "SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP: a length, -1 where there is none",
    "SSL_ctrl/70" },
  { "can fail, and finally: structure/loader_spec has it", "OPENSSL_init_ssl" },
}

--- name -> { why, results... }: instead of what the type suggests.
kinds.exceptions = {
  OCSP_response_status    = { "0: success", -1 },
  OCSP_single_get0_status = { "0: good", -1 },
  X509_check_issued       = { "0: yes; else an X509_V_ERR_*", -1, 1 },
  SSL_CTX_set_alpn_protos = { "0: success", 1 },
  ASN1_TIME_cmp_time_t    = { "its failure is -2", -2 },
  X509_PURPOSE_get_by_sname = { "an index; -1: there is none of this name", -1 },
  X509_NAME_print_ex      = { "0 can be the number of characters of an empty name", -1 },
  OBJ_txt2nid             = { "NID_undef, which is 0", 0 },
}

for _, group in ipairs(CANNOT_FAIL) do
  for name in group[2]:gmatch "%S+" do kinds.exceptions[name] = { group[1] } end
end

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
  shake = { "SSL_ERROR_* as a negative number", -1, -5 },
  read = { "SSL_ERROR_* as a negative number", -1, -5, -101 },
  read_into = { "SSL_ERROR_* as a negative number", -1, -5, -101 },
  write = { "SSL_ERROR_* as a negative number", -1, -5 },
  feed = { "how many bytes found room", 0 },
  append = { "0: no memory", 0 },
  detach = { "0: no memory", 0 },
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
