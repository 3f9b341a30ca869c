/*
 * OpenSSL, as Lua hands it over at load. Part of lsf.h, which has the types.
 */
#ifndef LSF_API_H
#define LSF_API_H

/* What Lua hands over at load. The first member is its size. NULL: not there. */
struct lsf_api {
	size_t size;
	int (*BIO_get_new_index)(void);
	BIO_METHOD *(*BIO_meth_new)(int, const char *);
	int (*BIO_meth_set_read)(BIO_METHOD *, int (*)(BIO *, char *, int));
	int (*BIO_meth_set_write)(BIO_METHOD *,
	    int (*)(BIO *, const char *, int));
	int (*BIO_meth_set_ctrl)(BIO_METHOD *,
	    long (*)(BIO *, int, long, void *));
	BIO *(*BIO_new)(const BIO_METHOD *);
	int (*BIO_method_type)(const BIO *);
	void (*BIO_set_data)(BIO *, void *);
	void *(*BIO_get_data)(BIO *);
	void (*BIO_set_init)(BIO *, int);
	void (*BIO_set_flags)(BIO *, int);
	void (*BIO_clear_flags)(BIO *, int);
	void (*SSL_free)(SSL *);
	BIO *(*SSL_get_rbio)(const SSL *);
	int (*SSL_do_handshake)(SSL *);
	int (*SSL_client_hello_get0_ext)(SSL *, unsigned int,
	    const unsigned char **, size_t *);
	size_t (*SSL_client_hello_get0_ciphers)(SSL *, const unsigned char **);
	unsigned int (*SSL_client_hello_get0_legacy_version)(SSL *);
	ASYNC_JOB *(*ASYNC_get_current_job)(void);
	int (*ASYNC_pause_job)(void);
	int (*SSL_is_server)(const SSL *);
	long (*SSL_ctrl)(SSL *, int, long, void *);
	void *(*CRYPTO_malloc)(size_t, const char *, int);
	int (*SSL_get_ex_data_X509_STORE_CTX_idx)(void);
	void *(*X509_STORE_CTX_get_ex_data)(const X509_STORE_CTX *, int);
	int (*X509_STORE_CTX_get_error)(const X509_STORE_CTX *);
	int (*X509_STORE_CTX_get_error_depth)(const X509_STORE_CTX *);
	void (*DH_free)(DH *);
	int (*ERR_set_mark)(void);
	int (*ERR_pop_to_mark)(void);
	void (*SSL_SESSION_free)(SSL_SESSION *);
	SSL_SESSION *(*SSL_get_session)(const SSL *);
	int (*SSL_session_reused)(const SSL *);
	long (*SSL_SESSION_set_timeout)(SSL_SESSION *, long);
	int (*SSL_version)(const SSL *);
	EVP_CIPHER *(*EVP_aes_128_cbc)(void);
	EVP_CIPHER *(*EVP_aes_256_cbc)(void);
	EVP_MD *(*EVP_sha256)(void);
	int (*EVP_CipherInit_ex)(EVP_CIPHER_CTX *, const EVP_CIPHER *, ENGINE *,
	    const unsigned char *, const unsigned char *, int);
	int (*RAND_bytes)(unsigned char *, int);
	void (*OPENSSL_cleanse)(void *, size_t);
	int (*EVP_MAC_CTX_set_params)(EVP_MAC_CTX *, const OSSL_PARAM *);
	int (*HMAC_Init_ex)(HMAC_CTX *, const void *, int, const EVP_MD *,
	    ENGINE *);
	int (*SSL_SESSION_set1_ticket_appdata)(SSL_SESSION *, const void *,
	    size_t);
	long (*SSL_SESSION_get_time)(const SSL_SESSION *);
	long (*SSL_SESSION_get_timeout)(const SSL_SESSION *);
	X509 *(*SSL_SESSION_get0_peer)(SSL_SESSION *);
	ASN1_TIME *(*X509_get0_notAfter)(const X509 *);
	int (*ASN1_TIME_diff)(int *, int *, const ASN1_TIME *,
	    const ASN1_TIME *);
	unsigned long (*ERR_peek_error)(void);
	void (*ERR_clear_error)(void);
	int (*SSL_get_error)(const SSL *, int);
	int (*SSL_read_ex)(SSL *, void *, size_t, size_t *);
	int (*SSL_write_ex)(SSL *, const void *, size_t, size_t *);
	int (*SSL_pending)(const SSL *);
	int (*SSL_want)(const SSL *);
	int (*SSL_get_shutdown)(const SSL *);
	int (*SSL_shutdown)(SSL *);
	void (*X509_STORE_CTX_set_error)(X509_STORE_CTX *, int);
	X509 *(*X509_STORE_CTX_get_current_cert)(const X509_STORE_CTX *);
	int (*X509_get_ext_by_NID)(const X509 *, int, int);
	int (*X509_check_host)(const X509 *, const char *, size_t, unsigned int,
	    char **);
	uint64_t (*SSL_set_options)(SSL *, uint64_t);
	int (
	    *SSL_SESSION_get0_ticket_appdata)(SSL_SESSION *, void **, size_t *);
	X509_VERIFY_PARAM *(*X509_STORE_CTX_get0_param)(const X509_STORE_CTX *);
	unsigned long (*X509_VERIFY_PARAM_get_flags)(const X509_VERIFY_PARAM *);
	X509_NAME *(*X509_get_issuer_name)(const X509 *);
	struct stack_st_X509_CRL *(
	    *X509_STORE_CTX_get1_crls)(const X509_STORE_CTX *,
	    const X509_NAME *);
	int (*OPENSSL_sk_num)(const struct stack_st *);
	void *(*OPENSSL_sk_value)(const struct stack_st *, int);
	void (*OPENSSL_sk_pop_free)(struct stack_st *, void (*)(void *));
	void (*X509_CRL_free)(X509_CRL *);
	const ASN1_TIME *(*X509_CRL_get0_nextUpdate)(const X509_CRL *);
	EVP_PKEY *(*X509_STORE_CTX_get0_rpk)(const X509_STORE_CTX *);
	int (*EVP_PKEY_eq)(const EVP_PKEY *, const EVP_PKEY *);
	void (*X509_VERIFY_PARAM_set_time)(X509_VERIFY_PARAM *, time_t);
};

#endif
