-- Another FFI binding of the same OpenSSL, declared as others do: public names, structs
-- and typedefs of its own, and the error queue asked when something fails.

local ffi = require "ffi"

ffi.cdef [[
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct x509_st X509;
typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct evp_md_st EVP_MD;
struct stack_st { char shape; };
typedef struct stack_st OPENSSL_STACK;
const SSL_METHOD *TLS_method(void);
SSL_CTX *SSL_CTX_new(const SSL_METHOD *);
void SSL_CTX_free(SSL_CTX *);
SSL *SSL_new(SSL_CTX *);
void SSL_free(SSL *);
int SSL_get_error(const SSL *, int);
struct stack_st *SSL_get_peer_cert_chain(const SSL *);
const BIO_METHOD *BIO_s_mem(void);
BIO *BIO_new(const BIO_METHOD *);
BIO *BIO_new_mem_buf(const void *, int);
int BIO_free(BIO *);
X509 *PEM_read_bio_X509(BIO *, X509 **, void *, void *);
void X509_free(X509 *);
unsigned long ERR_peek_error(void);
unsigned long ERR_get_error(void);
void ERR_clear_error(void);
int EVP_Digest(const void *, size_t, unsigned char *, unsigned int *, const EVP_MD *, void *);
const EVP_MD *EVP_sha256(void);
]]

local C = ffi.C
local foreign = {}

--- A certificate is read, a connection object made, something hashed.
function foreign.work(pem)
  assert(C.ERR_peek_error() == 0, "somebody left an error in the queue")
  local bio = C.BIO_new_mem_buf(pem, #pem)
  local cert = C.PEM_read_bio_X509(bio, nil, nil, nil)
  assert(cert ~= nil)
  C.X509_free(cert)
  C.BIO_free(bio)
  local ctx = C.SSL_CTX_new(C.TLS_method())
  local ssl = C.SSL_new(ctx)
  assert(C.SSL_get_peer_cert_chain(ssl) == nil)
  C.SSL_free(ssl)
  C.SSL_CTX_free(ctx)
  local digest = ffi.new "unsigned char[32]"
  assert(C.EVP_Digest(pem, #pem, digest, nil, C.EVP_sha256(), nil) == 1)
  assert(ffi.sizeof "struct stack_st" == 1)
end

return foreign
