/*
 * Functions of OpenSSL that LibreSSL has as macros of SSL_ctrl (ffi/otherways.lua).
 */
#include "lsf.h"

#define OP_NO_RENEGOTIATION 0x40000000

/* LibreSSL's numbers. */
#define LIBRESSL_SESSION_REUSED 8
#define LIBRESSL_OPTIONS 32
#define LIBRESSL_NO_CLIENT_RENEGOTIATION 0x20000
#define LIBRESSL_NO_RENEGOTIATION 0x40000

/* SSL_session_reused, whose argument was not const before 3.0. */
int
lsf_session_reused(const SSL *ssl)
{
	if (lsf_api.SSL_session_reused != NULL)
		return lsf_api.SSL_session_reused(ssl);

	return (int)lsf_api.SSL_ctrl((SSL *)(uintptr_t)ssl,
	    LIBRESSL_SESSION_REUSED, 0, NULL);
}

/*
 * Refuse every new handshake that the peer asks for. In LibreSSL the permission for clients
 * (ALLOW_CLIENT_RENEGOTIATION) outweighs the one bit, and not both.
 */
void
lsf_no_renegotiation(SSL *ssl)
{
	if (lsf_api.SSL_set_options != NULL)
		(void)lsf_api.SSL_set_options(ssl, OP_NO_RENEGOTIATION);
	else
		(void)lsf_api.SSL_ctrl(ssl, LIBRESSL_OPTIONS,
		    LIBRESSL_NO_RENEGOTIATION |
			LIBRESSL_NO_CLIENT_RENEGOTIATION,
		    NULL);
}
