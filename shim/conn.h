/*
 * The struct of a connection. lsf.h includes this file and has the types.
 */
#ifndef LSF_CONN_H
#define LSF_CONN_H

/*
 * A connection. Lua owns the memory of the struct. lsf_conn_free frees everything that the
 * struct points to and leaves it inert, but not while a call of Lua uses it (`inside`).
 * ffi/shim_h.lua declares the same members; structure/abi_spec compares the two.
 *
 * The members that each send and receive reads are flat, because Lua's interpreter makes an
 * object of 72 bytes to read a member of a part (`conn.hello.state`). All other members are
 * in parts by subject. No flat member and no part has the name of a field of the Lua state
 * (st.X).
 *
 * "Owners" are the files that write a member, in C and in Lua. Every file may read it.
 * conn.c, where a connection begins and ends, may write all of them. structure/shim_spec
 * compares these lists with the sources.
 */
struct lsf_conn {
	/* NULL once closed. Owners: ssl.connection.new */
	SSL *ssl;
	/* The pool of its buffers. Owners: conn.c */
	struct lsf_pool *pool;

	/* Ciphertext that OpenSSL has not read: [in_beg, in_end). Owners: buffer.c */
	unsigned char *in;
	uint32_t in_beg, in_end;
	/* Ciphertext that the transport has not taken: [out_beg, out_end). Owners: buffer.c */
	uint32_t out_beg, out_end;
	unsigned char *out;
	double out_total; /* all bytes that OpenSSL has written */
	double out_sent;  /* the part of them that the transport has taken */

	/*
	 * Plaintext that is not delivered yet: [plain_beg, plain_end) of a block. `claimed`:
	 * Lua is making a string of bytes of that block.
	 * Owners: plaintext.c, plainbuffer.c
	 */
	int32_t plain_beg, plain_end;
	uint8_t claimed;
	/* The block, and earlier blocks that claims still hold. Owners: plainbuffer.c */
	int32_t plain_size;
	unsigned char *plain;
	struct lsf_aside *aside;
	/* How many strings of the block Lua is making; the number of its front.
	 * Owners: plaintext.c */
	int32_t claims;
	uint32_t serial;

	/*
	 * The descriptor; -1 for none, for a closed one, and for a stream.
	 * Owners: linger.c, ssl.ffi.shim, ssl.connection.new, ssl.connection.unwrap
	 */
	int fd;
	/*
	 * The errno of the first read and of the first write that failed, or 0. Received bytes
	 * can be read after a failed write. buffer.c writes ENOMEM.
	 * Owners: descriptor.c, buffer.c, ssl.io.stream
	 */
	int in_error, out_error;
	/* The process that used the connection last. Owners: process.c */
	int pid;
	/* How many bytes OpenSSL has asked for; a read found none. Owners: bio.c */
	uint32_t need;
	uint8_t starved;
	/* The transport has ended. Owners: descriptor.c, ssl.io.inbound */
	uint8_t in_eof;
	/* Lua feeds `in` and drains `out`, and fd is not used. Owners: ssl.io.inbound */
	uint8_t by_lua;
	/* `in` is Lua's memory. Owners: buffer.c */
	uint8_t in_lent;
	/*
	 * Gather records before they are sent, up to LSF_QUEUE_LIMIT.
	 * Owners: readwrite.c, ssl.connection.send, ssl.handshake.handshake
	 */
	uint8_t cork;
	/*
	 * Accept every write of OpenSSL: the last alert has to be queued.
	 * Owners: readwrite.c, ssl.connection.close
	 */
	uint8_t accept_all;
	/*
	 * Drop all that OpenSSL writes from now on: our close_notify was sent, or the peer
	 * cannot receive any more. Owners: readwrite.c, ssl.connection.close, ssl.io.verdict
	 */
	uint8_t drop_output;
	/* The connection was dropped: no more input and output. Owners: pause.c */
	uint8_t no_io;
	/* The descriptor is in blocking mode. Owners: ssl.io.descriptor */
	uint8_t fd_blocking;
	/*
	 * About the current read: it may wait in recv; it takes the bytes that have arrived,
	 * and ignores an end after them. Owners: readwrite.c
	 */
	uint8_t may_block, hearing;
	/*
	 * A read may take more than OpenSSL asks for; the program has called `dirty`; it has
	 * called `getfd`. Owners: ssl.io.readahead
	 */
	uint8_t ahead, asks_dirty, asks_fd;
	/* The stage of an orderly end: enum lsf_stage. Owners: linger.c */
	uint8_t linger_stage;

	/* How many calls of Lua are using the struct now. Owners: ssl.io.guard */
	int32_t inside;
	/* It was freed during such a call: the last one frees it. Owners: conn.c */
	uint8_t doomed;

	/* The length of sessions.made. Owners: session.c */
	uint32_t sessions_made;

	/* The ClientHello, on a server: the client's offer, and Lua's decisions. */
	struct {
		/* enum lsf_hello. ssl.io.question: a function of the program has raised.
		 * Owners: clienthello.c, hellorecord.c, ssl.handshake.clienthello,
		 * ssl.io.question */
		uint8_t state;
		/* The alert of LSF_HELLO_REFUSE. Owners: hellorecord.c,
		 * ssl.handshake.clienthello, ssl.io.question */
		uint8_t alert;
		/* The server name chose the context, which is acknowledged; the protocols,
		 * Lua's memory; the answer for tmp_dh. Owners: ssl.handshake.clienthello */
		uint8_t sni_used;
		uint32_t alpn_length;
		const unsigned char *alpn;
		DH *dh;
		/* A copy of the ClientHello, while Lua decides. Owners: hellocopy.c */
		uint32_t copy_length;
		unsigned char *copy;
	} hello;

	/* A handshake that stands still for Lua's answer, in a job. */
	struct {
		/* enum lsf_question, 0 when answered; the answer is yes. Owners: pause.c,
		 * ssl.io.question */
		uint8_t question, accepted;
		/* The job stands still. Owners: pause.c */
		uint8_t paused;
	} ask;

	/* The callback for a pre-shared key. Its arguments are valid while it waits. */
	struct {
		/* The server's hint, or the client's identity; room for the client's
		 * identity, and for the key. Owners: psk.c */
		const char *hint;
		char *identity;
		unsigned char *key;
		uint32_t max_identity, max_key;
		/* Lua's answer; 0: no such key; LSF_PSK_FAIL. Owners: psk.c,
		 * ssl.feature.psk, ssl.io.question */
		uint32_t key_length;
	} psk_call;

	/* How the peer's certificates are verified, and the results. */
	struct {
		/* Go on after an error (lsec_continue); ask Lua for each certificate; a
		 * CRL may be absent above the peer's own.
		 * Owners: ssl.context.options.verify */
		uint8_t go_on, ask, some_lists;
		/* The code of the error that was not passed over, or 0. Owners: verify.c */
		int32_t denied;
		/* The verification that accepts an expected raw key has run to its end.
		 * Owners: verify.c */
		uint8_t proven;
		/* The peer is about to be verified once more: the results are those of an
		 * earlier certificate. Owners: ssl.connection.postauth, verify.c */
		uint8_t again;
		/* A DNS name that the peer has to prove, or NULL: Lua's memory. Owners:
		 * ssl.feature.peername */
		uint32_t name_length;
		const char *name;
		/* The raw public keys of which the peer has to have one, or NULL: Lua's
		 * memory. Owners: ssl.feature.rawkey */
		uint32_t key_count;
		EVP_PKEY **keys;
		/* The certificate that waits for Lua; the depth of the last error; the errors
		 * that were ignored. Owners: verify.c */
		X509_STORE_CTX *store_ctx;
		int32_t depth;
		uint32_t count;
		struct lsf_verdict *list;
		/* The end of the result's validity, in seconds since 1970, or 0.
		 * Owners: validity.c */
		int64_t till;
	} verify;

	/* Sessions. */
	struct {
		/* New sessions that Lua has not taken yet; the id that is looked up, valid
		 * while the question waits. Owners: session.c */
		SSL_SESSION **made;
		const unsigned char *id;
		uint32_t id_length;
		/* The lifetime of new sessions in the context that a switch has chosen, in
		 * seconds; 0: OpenSSL's. Owners: ssl.session.tickets */
		uint32_t timeout;
		/* The session that Lua has found for the id. Owners: session.c,
		 * ssl.session.store */
		SSL_SESSION *found;
		/* The keys of a server's tickets, shared. Owners: ticket.c */
		struct lsf_tickets *tickets;
	} sessions;

	/* A server's stapled response, which is Lua's memory; `ask`: ask Lua for it.
	 * Owners: ssl.feature.stapling */
	struct {
		const unsigned char *response;
		uint32_t response_length;
		uint8_t ask;
	} ocsp;

	/* Lines of the key log that wait for Lua. Owners: keylog.c */
	struct {
		char *lines;
		uint32_t length;
	} keylog;

	/* The gravest alert each way: level and description, a byte each. Owners: alert.c */
	struct {
		uint16_t received, sent;
	} alerts;

	/* The peer's requests after the handshake. */
	struct {
		/* enum lsf_once, bits. Owners: ssl.context.options.flow */
		uint8_t once;
		/* A handshake is done; the peer has asked for the certificate after it; it has
		 * asked again, which is refused. Owners: posthandshake.c */
		uint8_t shaken, asked, again;
	} posthandshake;
};

#endif
