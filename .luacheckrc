std = "luajit"
max_line_length = 100
exclude_files = { "build*" }

-- busted's words (describe, it, assert.same) exist in specs only.
files["spec"] = { std = "+busted" }
files["spec/openresty"] = { std = "ngx_lua" }
files["spec/openresty/*_spec.lua"] = { std = "luajit+busted" }
files["spec/resty"] = { std = "ngx_lua" }
files["spec/resty/*_spec.lua"] = { std = "luajit+busted" }

-- Declarations for editors: a line a key, and functions without a body.
files["types"] = { max_line_length = false, unused = false }

-- It runs in pandoc, in its own Lua.
files["script/site"] = { std = "lua53", globals = { "Pandoc" }, read_globals = { "pandoc" } }

-- One program for Neovim and plain LuaJIT.
files["samples/luv.lua"] = { read_globals = { "vim" } }

-- One program for nginx, Neovim and plain LuaJIT.
files["samples/loops.lua"] = { read_globals = { "ngx", "vim" } }
files["spec/over/*.lua"] = { read_globals = { "ngx", "vim" } }

-- rockspecs are assignments to the names luarocks defines.
files["*.rockspec"] = { std = "rockspec" }
