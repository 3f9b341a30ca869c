rockspec_format = "3.0"
package = "luasec-ffi"
version = "scm-1"

-- Built from the checkout that this file lies in: luarocks make.
source = { url = "." }

description = {
  summary = "LuaSec's interface for LuaJIT: TLS over FFI, with a small C shim",
  detailed = [[
    ssl and ssl.https for LuaJIT: the interface of LuaSec 1.3.2, over the OpenSSL that is
    installed. It takes the place of the rock luasec, which has to be removed first.]],
  license = "MIT",
  maintainer = "the luasec-ffi authors",
  labels = { "tls", "ssl", "https", "openssl", "luajit", "ffi" },
}

-- OpenSSL is found at run time, so it is not asked for here. Nor is LuaSocket: only
-- ssl.connect and ssl.https load it, and not where an event loop moves the bytes. Most people
-- have it from their distribution, which luarocks cannot see: if it were named here, every
-- build without a network would fail.
dependencies = { "lua >= 5.1, < 5.2" }

build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
}
