--- What the headers of LibreSSL have in other words than OpenSSL's, for spec/support/abi.lua.
--
-- What LibreSSL lacks the library does not use with it, which specs of the features show.

return {
  --- C in front of our declarations: types that only OpenSSL has names for.
  types = [[
typedef _STACK OPENSSL_STACK;
typedef void COMP_METHOD;
typedef void OPENSSL_INIT_SETTINGS;
typedef int (*SSL_verify_cb)(int, X509_STORE_CTX *);
typedef int (*SSL_CTX_alpn_select_cb_func)(SSL *, const unsigned char **, unsigned char *,
                                           const unsigned char *, unsigned int, void *);
]],

  --- Our functions with the result that its header has. A number of 32 bits is the low half
  -- of a register either way.
  results = { SSL_CIPHER_get_id = { "uint32_t", "unsigned long" } },

  --- Arguments that it calls not const, and that it does not write to.
  not_const = {
    GENERAL_NAME_get0_otherName = true, GENERAL_NAME_get0_value = true, OCSP_id_cmp = true,
    SSL_get_current_compression = true,
  },

  --- Callbacks and numbers that it lacks: nothing asks for them there.
  lacks = {
    lsf_client_hello = true, lsf_psk_client = true, lsf_psk_server = true,
    HELLO_SUCCESS = true, HELLO_ERROR = true, HELLO_RETRY = true, OP_NO_RENEGOTIATION = true,
    SSL_CERT_SET_FIRST = true, SSL_CERT_SET_NEXT = true, SSL_CTRL_GET_EXTMS_SUPPORT = true,
    SSL_KEY_UPDATE_NOT_REQUESTED = true, SSL_KEY_UPDATE_REQUESTED = true, SSL_MODE_ASYNC = true,
  },
}
