/*
 * The struct of a connection. Part of lsf.h, which has the types.
 */
#ifndef LSF_CONN_H
#define LSF_CONN_H

/*
 * A connection. Lua owns the memory; lsf_conn_free gives back what hangs on it and
 * leaves it inert, but not while a call of Lua's uses it (`inside`). ffi/shim_h.lua
 * declares the same members, and structure/abi_spec compares the two.
 */
struct lsf_conn {
	SSL *ssl; /* NULL once closed */
	struct lsf_pool *pool;

	unsigned char *in;    /* ciphertext read ahead: [in_beg, in_end) */
	unsigned char *out;   /* ciphertext queued: [out_beg, out_end) */
	unsigned char *plain; /* plaintext not yet delivered */
	uint32_t in_beg, in_end;
	uint32_t out_beg, out_end;
	int32_t plain_beg, plain_end, plain_size;
	double queued; /* ciphertext bytes ever taken from OpenSSL */
	double sent;   /* of them, handed to the transport */

	int fd;           /* -1: a stream, closed, or never open */
	int in_error;     /* errno of the first failed recv, or 0 */
	int out_error;    /* and send; what arrived can still be read then */
	int owner;        /* the process that used it last */
	uint32_t need;    /* bytes OpenSSL lacked at its last starved read */
	uint8_t stream;   /* Lua feeds and drains; fd is not used */
	uint8_t eof;      /* the transport ended */
	uint8_t cork;     /* gather records until LSF_QUEUE_LIMIT */
	uint8_t closing;  /* never refuse: the last alert must be queued */
	uint8_t half;     /* enum lsf_half */
	uint8_t blocking; /* the descriptor is in blocking mode */
	uint8_t patient;  /* and this read may wait in recv */
	uint8_t lent;     /* `in` is Lua's memory */
	uint8_t starved;  /* the last read found nothing */
	uint8_t hearing; /* only what has come is read, not the end behind it */

	uint8_t ahead;               /* a read takes more than was asked for */
	uint8_t asks_dirty, asks_fd; /* Lua's notes for that */

	uint8_t tolerant; /* verification goes on after an error */
	uint8_t sni_used; /* the server name chose the context: acknowledge */
	uint8_t hello;    /* enum lsf_hello */
	uint8_t hello_alert;  /* with LSF_HELLO_REFUSE */
	uint8_t ask_verify;   /* the user judges each certificate */
	uint8_t accepted;     /* and this is what came of it */
	uint8_t question;     /* enum lsf_question; 0 when answered */
	uint8_t paused;       /* a job stands still */
	uint8_t mute;         /* no more I/O: the end of a dropped connection */
	uint8_t silent;       /* close_notify was said: nothing may follow it */
	uint32_t said_length; /* of said: the copy of the ClientHello */
	unsigned char *said;
	const unsigned char *alpn; /* a server's protocols, Lua's memory */
	uint32_t alpn_length;

	uint32_t max_identity, max_psk; /* valid while the question waits: */
	X509_STORE_CTX *store_ctx;      /* the verification that waits */
	const char *asked;   /* PSK: the hint, or the client's identity */
	char *identity;      /* room for the client's answer */
	unsigned char *psk;  /* room for the key */
	uint32_t psk_length; /* 0: no such key; LSF_PSK_FAIL */

	DH *dh;                      /* answer for tmp_dh, owned */
	const unsigned char *staple; /* OCSP response, Lua's memory */
	char *keys; /* key log lines that wait for Lua; owned */
	uint32_t staple_length, keys_length;
	uint32_t ask_status; /* a function of the user's gives the staple */
	uint32_t verdicts;
	int32_t verify_depth; /* of the last error of verification */
	struct lsf_verdict *verdict;

	uint32_t sessions; /* how many of fresh */
	uint32_t session_id_length;
	uint32_t session_timeout; /* of the context switched to; 0: OpenSSL's */
	SSL_SESSION **fresh;      /* made, and not yet taken by Lua; owned */
	SSL_SESSION *found;       /* what Lua found of session_id; owned */
	const unsigned char *session_id; /* valid while the question waits */
	struct lsf_tickets *tickets;     /* a server's keys, shared */

	uint16_t alert_in, alert_out; /* the gravest each way */

	const char *name; /* a DNS name that the peer has to prove, or NULL */
	uint32_t name_length;
	uint8_t some_lists; /* a CRL may be absent above the peer's own */
	int64_t till;       /* when the peer's verification ends, or 0 */

	struct lsf_aside *aside; /* blocks that claims still hold */
	uint32_t serial;         /* of the front of the plaintext */
	int32_t claims;          /* strings of it that Lua is making */
	int32_t inside;  /* calls of Lua's that are in the middle of using it */
	uint8_t claimed; /* one of them is of the block `plain` */
	uint8_t doomed;  /* it was freed meanwhile: the last of them does it */
	uint8_t once;    /* enum lsf_once, bits: what the peer may ask once */
	uint8_t shaken;  /* the first handshake is done */
	uint8_t shown;   /* the certificate was asked for after it */
	uint8_t again;   /* and once more, which is refused */
};

#endif
