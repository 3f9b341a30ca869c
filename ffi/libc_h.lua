--- Declarations: the little of the C library that Lua itself calls.

return {
  headers = { "string.h" },
  types = {},
  required = [[
char *strerror(int errnum);
void *memchr(const void *s, int c, size_t n);
int   memcmp(const void *s1, const void *s2, size_t n);
]],
}
