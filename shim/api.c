/*
 * The functions of OpenSSL that Lua has found. lsf_init fills this once for the process;
 * every other file only reads it.
 */
#include "lsf.h"

struct lsf_api lsf_api;
