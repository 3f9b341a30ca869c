--- Declarations: the functions of lua-nginx-module that Lua calls. They are in the process
-- where this is nginx, and have no header to compare with.

return {
  headers = {},

  types = {},

  required = "",

  optional = [[
/* The SSL of the client's connection, which nginx keeps; NULL and a text for a connection
   without TLS. */
void *ngx_http_lua_ffi_get_req_ssl_pointer(void *r, const char **err);
]],
}
