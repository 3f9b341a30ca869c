/*
 * The keys of a server's tickets (RFC 5077, section 4: a name, a cipher, a MAC).
 *
 * OpenSSL asks for the key in the middle of a handshake, and gets it at once from a table
 * that Lua has filled. The table belongs to a context and to the connections that began with
 * it, since OpenSSL keeps a context alive for as long as they live, also without the Lua
 * object.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define NAME_LENGTH 16
#define IV_LENGTH 16
#define SHORT_KEY 16

#define VERSION_1_3 0x304

/* The results of a ticket key callback. */
#define TICKET_ERROR (-1)
#define TICKET_NONE 0
#define TICKET_FINE 1
#define TICKET_RENEW 2

/* Types of struct param, OpenSSL's OSSL_PARAM. */
#define PARAM_UTF8 4
#define PARAM_OCTETS 5

struct param {
	const char *key;
	unsigned int type;
	void *data;
	size_t size;
	size_t used;
};

struct lsf_tickets {
	int references;
	uint32_t count;
	struct lsf_ticket_key key[LSF_TICKET_KEYS]; /* the newest first */
};

/* An empty table: its connections give and take no tickets. NULL without memory. */
struct lsf_tickets *
lsf_tickets_new(void)
{
	struct lsf_tickets *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->references = 1;

	return t;
}

/* Replace all keys. The old ones are wiped. */
void
lsf_tickets_set(struct lsf_tickets *t, const struct lsf_ticket_key *keys,
    int count)
{
	lsf_api.OPENSSL_cleanse(t->key, sizeof(t->key));
	memcpy(t->key, keys, (size_t)count * sizeof(*keys));
	t->count = (uint32_t)count;
}

/* A connection of the table's context begins. */
void
lsf_tickets_use(struct lsf_conn *c, struct lsf_tickets *t)
{
	t->references++;
	lsf_tickets_free(c->sessions.tickets);
	c->sessions.tickets = t;
}

void
lsf_tickets_free(struct lsf_tickets *t)
{
	if (t == NULL || --t->references > 0)
		return;
	lsf_api.OPENSSL_cleanse(t, sizeof(*t));
	free(t);
}

static const struct lsf_ticket_key *
find(const struct lsf_tickets *t, const unsigned char *name)
{
	uint32_t i;

	for (i = 0; i < t->count; i++)
		if (memcmp(t->key[i].name, name, NAME_LENGTH) == 0)
			return &t->key[i];

	return NULL;
}

/*
 * Choose the key and prepare the cipher. Returns the callback's result, and the key
 * where that is more than TICKET_NONE.
 *
 * A ticket under an older key is renewed. In TLS 1.3 every resumption has to return "renew",
 * or OpenSSL sends no new ticket, and the client has none left.
 */
static int
ready(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    int enc, const struct lsf_ticket_key **chosen)
{
	struct lsf_conn *c = lsf_conn_of(ssl);
	const struct lsf_tickets *t = c != NULL ? c->sessions.tickets : NULL;
	const struct lsf_ticket_key *key;
	const EVP_CIPHER *aes;
	int answer = TICKET_FINE;

	if (t == NULL || t->count == 0)
		return TICKET_NONE;
	if (enc) {
		key = t->key;
		memcpy(name, key->name, NAME_LENGTH);
		if (lsf_api.RAND_bytes(iv, IV_LENGTH) != 1)
			return TICKET_ERROR;
	} else {
		if ((key = find(t, name)) == NULL)
			return TICKET_NONE;
		if (key != t->key || lsf_api.SSL_version(ssl) == VERSION_1_3)
			answer = TICKET_RENEW;
	}
	*chosen = key;
	if (key->size == SHORT_KEY)
		aes = lsf_api.EVP_aes_128_cbc();
	else
		aes = lsf_api.EVP_aes_256_cbc();
	if (lsf_api.EVP_CipherInit_ex(cipher, aes, NULL, key->aes, iv, enc) !=
	    1)
		return TICKET_ERROR;

	return answer;
}

/* Ticket key callback, from OpenSSL 3.0 on. */
int
lsf_ticket_key_evp(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	static const char digest[] = "SHA256";
	const struct lsf_ticket_key *key = NULL;
	int answer = ready(ssl, name, iv, cipher, enc, &key);
	struct param params[] = { { "key", PARAM_OCTETS, NULL, 0, (size_t)-1 },
		{ "digest", PARAM_UTF8, (void *)digest, sizeof(digest) - 1,
		    (size_t)-1 },
		{ NULL, 0, NULL, 0, 0 } };

	if (answer <= TICKET_NONE)
		return answer;
	params[0].data = (void *)key->hmac;
	params[0].size = key->size;
	if (lsf_api.EVP_MAC_CTX_set_params(mac,
		(const OSSL_PARAM *)(void *)params) != 1)
		return TICKET_ERROR;

	return answer;
}

/* The same before 3.0. */
int
lsf_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
	const struct lsf_ticket_key *key = NULL;
	int answer = ready(ssl, name, iv, cipher, enc, &key);

	if (answer <= TICKET_NONE)
		return answer;
	if (lsf_api.HMAC_Init_ex(mac, key->hmac, (int)key->size,
		lsf_api.EVP_sha256(), NULL) != 1)
		return TICKET_ERROR;

	return answer;
}
