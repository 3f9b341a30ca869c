--- What OpenSSL has allocated and not freed in this process, by the place that asked for it.
--
--   memory.begin(path)    path: tally.c, compiled; before the library is loaded
--   local mark = memory.mark()
--   memory.since(mark)    { "crypto/x509/x_x509.c:80", ... }, of blocks that are alive
--   memory.alive(text)    how many, asked for by files with this text in their names

local ffi = require "ffi"

local memory = {}

ffi.cdef [[
unsigned long tally_mark(void);
unsigned long tally_next(unsigned long number, const char **file, int *line);
unsigned long tally_alive(const char *text);
void *tally_malloc(size_t size, const char *file, int line);
void *tally_realloc(void *memory, size_t size, const char *file, int line);
void tally_free(void *memory, const char *file, int line);
int tally_set_mem_functions(void *(*)(size_t, const char *, int),
                            void *(*)(void *, size_t, const char *, int),
                            void (*)(void *, const char *, int))
  __asm__("CRYPTO_set_mem_functions");
]]

local tally

-- LuaJIT takes a function of a library as the address where a pointer is asked for.
local function count(crypto)
  assert(crypto.tally_set_mem_functions(tally.tally_malloc, tally.tally_realloc,
                                        tally.tally_free) == 1,
         "OpenSSL has allocated memory already")
end

--- Count from now on: from when OpenSSL is found, before it has allocated anything.
function memory.begin(path)
  assert(not package.loaded["ssl.ffi.lib"], "the library is loaded already")
  tally = ffi.load(path)
  local search = require "ssl.ffi.search"
  local find = search.find
  function search.find(...)
    local found = find(...)
    count(found.crypto)
    return found
  end
end

--- tally.c, loaded.
function memory.library()
  return tally
end

function memory.mark()
  return tally.tally_mark()
end

function memory.alive(text)
  return tonumber(tally.tally_alive(text))
end

--- Where the blocks come from that were made since a mark and are alive.
function memory.since(mark)
  local file, line, out = ffi.new "const char *[1]", ffi.new "int[1]", {}
  local number = tally.tally_next(mark, file, line)
  while number ~= 0 do
    local name = file[0] ~= nil and ffi.string(file[0]):gsub("^[./]*", "") or "?"
    -- The texts that belong to the error queue's places stay with these.
    if not name:find "^crypto/err/" then out[#out + 1] = ("%s:%d"):format(name, line[0]) end
    number = tally.tally_next(number, file, line)
  end
  return out
end

return memory
