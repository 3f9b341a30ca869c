--- Declarations: the functions of the C library that Lua calls.

return {
  headers = { "string.h", "dlfcn.h", "sys/socket.h" },

  types = { Dl_info = "opaque" },

  structs = {
    Dl_info = [[
      const char *dli_fname; void *dli_fbase;
      const char *dli_sname; void *dli_saddr;
    ]],
  },

  required = [[
char *strerror(int errnum);
]],

  optional = [[
/* Windows has it too, with other headers and in another library. */
int shutdown(int fd, int how);

/* Which file an address came from. Windows has no such thing. */
int dladdr(const void *address, Dl_info *info);
/* Never closed: the libraries stay loaded as long as the process. */
void *dlopen(const char *filename, int flags);
void *dlsym(void *handle, const char *symbol);
]],
}
