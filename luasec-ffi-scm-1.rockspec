rockspec_format = "3.0"
package = "luasec-ffi"
version = "scm-1"

-- Built from the checkout that this file lies in: luarocks make.
source = { url = "." }

description = {
  summary = "LuaSec's interface for LuaJIT: TLS over FFI, with a small C shim",
  detailed = [[
    ssl and ssl.https for LuaJIT: the interface of LuaSec 1.3.2, over the OpenSSL that is
    installed. Conflicts with the rock luasec, in whose place it comes.]],
  license = "MIT",
  maintainer = "the luasec-ffi authors",
  labels = { "tls", "ssl", "https", "openssl", "luajit", "ffi" },
}

-- OpenSSL is found at run time, so it is not asked for here. Nor is LuaSocket:
-- any transport with send and receive will do, only ssl.https loads
-- LuaSocket, and most who have it got it from their distribution, which luarocks
-- cannot see: naming it would make every offline build fail.
dependencies = { "lua >= 5.1, < 5.2" }

build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
}
