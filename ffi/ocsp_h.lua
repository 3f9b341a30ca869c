--- Declarations: functions of <openssl/ocsp.h>.
-- See ssl_h.lua for the rules. An OpenSSL built with no-ocsp has none of these functions. A
-- host with a static OpenSSL may have only those that it uses.

return {
  headers = { "openssl/ocsp.h", "openssl/x509.h", "openssl/asn1.h" },

  types = {
    OCSP_RESPONSE = "opaque", OCSP_BASICRESP = "opaque",
    OCSP_SINGLERESP = "opaque", OCSP_CERTID = "opaque",
    OCSP_REQUEST = "opaque", OCSP_ONEREQ = "opaque",
    ASN1_GENERALIZEDTIME = "opaque", ASN1_OCTET_STRING = "opaque",
    ASN1_OBJECT = "opaque", ASN1_INTEGER = "opaque",
    X509 = "opaque", X509_STORE = "opaque", X509_VERIFY_PARAM = "opaque",
    EVP_MD = "opaque", EVP_PKEY = "opaque", OPENSSL_STACK = "opaque",
  },

  required = [[
int OBJ_obj2nid(const ASN1_OBJECT *o);
]],

  optional = [[
/* Has the owner of the key signed it? 1: yes. */
int X509_verify(const X509 *x, EVP_PKEY *key);

/* Moves *in behind what it read. */
OCSP_RESPONSE *d2i_OCSP_RESPONSE(OCSP_RESPONSE **a, const unsigned char **in,
                                 long len);
int i2d_OCSP_RESPONSE(OCSP_RESPONSE *a, unsigned char **out);
void OCSP_RESPONSE_free(OCSP_RESPONSE *a);
int OCSP_response_status(OCSP_RESPONSE *resp);
const char *OCSP_response_status_str(long s);
OCSP_BASICRESP *OCSP_response_get1_basic(OCSP_RESPONSE *resp);
void OCSP_BASICRESP_free(OCSP_BASICRESP *a);
int OCSP_basic_verify(OCSP_BASICRESP *bs, STACK_OF(X509) *certs,
                      X509_STORE *st, unsigned long flags);

/* All that follow borrow from the response, up to the id that is made. */
int OCSP_resp_count(OCSP_BASICRESP *bs);
OCSP_SINGLERESP *OCSP_resp_get0(OCSP_BASICRESP *bs, int idx);
OCSP_CERTID *OCSP_SINGLERESP_get0_id(const OCSP_SINGLERESP *x);
int OCSP_single_get0_status(OCSP_SINGLERESP *single, int *reason,
                            ASN1_GENERALIZEDTIME **revtime,
                            ASN1_GENERALIZEDTIME **thisupd,
                            ASN1_GENERALIZEDTIME **nextupd);
const char *OCSP_crl_reason_str(long s);
int OCSP_id_get0_info(ASN1_OCTET_STRING **piNameHash, ASN1_OBJECT **pmd,
                      ASN1_OCTET_STRING **pikeyHash, ASN1_INTEGER **pserial,
                      OCSP_CERTID *cid);
OCSP_CERTID *OCSP_cert_to_id(const EVP_MD *dgst, const X509 *subject,
                             const X509 *issuer);
int OCSP_id_cmp(const OCSP_CERTID *a, const OCSP_CERTID *b); /* 0: equal */
void OCSP_CERTID_free(OCSP_CERTID *a);

OCSP_REQUEST *OCSP_REQUEST_new(void);
OCSP_REQUEST *d2i_OCSP_REQUEST(OCSP_REQUEST **a, const unsigned char **in,
                               long len);
int i2d_OCSP_REQUEST(OCSP_REQUEST *a, unsigned char **out);
void OCSP_REQUEST_free(OCSP_REQUEST *a);
/* Takes over the id. NULL without memory. */
OCSP_ONEREQ *OCSP_request_add0_id(OCSP_REQUEST *req, OCSP_CERTID *cid);
int OCSP_request_add1_nonce(OCSP_REQUEST *req, unsigned char *val, int len);
/* 1: equal; 2: in neither; 3: only in the response; -1: only in the request; 0:
   they differ. */
int OCSP_check_nonce(OCSP_REQUEST *req, OCSP_BASICRESP *bs);
]],
}
