--- Other people's TLS servers, each on a free port of loopback.
--
-- Each function returns a child of spec.support.process that accepts
-- connections, with its `port`; stop it, or let the end of the suite do so.

local house   = require "spec.support.init"
local process = require "spec.support.process"

local peers = {}

local function with_port(words, options)
  for _, word in ipairs(options or {}) do words[#words + 1] = word end
  words.host = "127.0.0.1"
  return process.start(words):wait_port()
end

--- openssl s_server. Its received data is in `child:output()`; data that is written to the
-- child goes to the client.
-- @tparam table entry  `key`, and `chain` or else `cert`
-- @tparam[opt] table options  further words: { "-www" }
function peers.s_server(entry, options)
  local port = process.free_port()
  local chain = entry.chain or entry.cert
  return with_port({ "openssl", "s_server", "-quiet", "-accept", "127.0.0.1:" .. port,
                     "-cert", chain, "-cert_chain", chain, "-key", entry.key,
                     port = port }, options)
end

--- gnutls-serv.
-- @tparam table entry  `key`, and `chain` or else `cert`
-- @tparam[opt={"--echo"}] table options  further words: { "--http" }
function peers.gnutls(entry, options)
  local port = process.free_port()
  return with_port({ "gnutls-serv", "--quiet", "--port", port,
                     "--x509certfile", entry.chain or entry.cert,
                     "--x509keyfile", entry.key, port = port },
                   options or { "--echo" })
end

--- Where bootstrap unpacked nginx, with its Lua module; nil when it did not.
function peers.nginx_root()
  local root = house.build .. "/peers/nginx"
  local f = io.open(root .. "/usr/sbin/nginx")
  if f then f:close() return root end
end

-- Where unpacked packages have their libraries: a folder is named after the processor.
local function libraries(root)
  local folders = process.capture(("ls -d '%s'/usr/lib/*-linux-gnu* '%s'/lib/*-linux-gnu* "
                                   .. "2>/dev/null"):format(root, root))
  return (folders:gsub("\n$", ""):gsub("\n", ":"))
end

local REDIS = house.build .. "/peers/redis"

--- Where redis-server is, when bootstrap has unpacked it.
function peers.redis_program()
  return REDIS .. "/usr/bin/redis-server"
end

--- redis-server, from where bootstrap unpacked it. In memory, on loopback.
-- @tparam[opt] table entry  `key`, and `chain` or else `cert`: TLS
-- @tparam[opt] string cafile  for the certificates of clients, which may have none
function peers.redis(entry, cafile)
  local port = process.free_port()
  local words = {
    peers.redis_program(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
    "--port", entry and 0 or port, port = port,
    env = { LD_LIBRARY_PATH = libraries(REDIS) },
  }
  for _, word in ipairs(entry and {
    "--tls-port", port, "--tls-cert-file", entry.chain or entry.cert, "--tls-key-file", entry.key,
    "--tls-ca-cert-file", cafile, "--tls-auth-clients", "optional",
  } or {}) do words[#words + 1] = word end
  return process.start(words):wait_port()
end

local CONF = [[
%(modules)s
%(user)s
daemon off;
worker_processes %(workers)s;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log %(level)s;
%(main)s
events { worker_connections %(connections)s; }
http {
  access_log off;
  client_body_temp_path %(dir)s/tmp_body;
  proxy_temp_path %(dir)s/tmp_proxy;
  fastcgi_temp_path %(dir)s/tmp_fastcgi;
  uwsgi_temp_path %(dir)s/tmp_uwsgi;
  scgi_temp_path %(dir)s/tmp_scgi;
  %(http)s
  server {
    listen 127.0.0.1:%(port)s%(ssl)s;
    root %(dir)s/files;
    %(server)s
  }
}
]]

local LUA_MODULES = [[
load_module "%(root)s/usr/lib/nginx/modules/ndk_http_module.so";
load_module "%(root)s/usr/lib/nginx/modules/ngx_http_lua_module.so";
]]

-- Never the sanitized one: its runtime is not in nginx.
local PLAIN_STAGE = house.build .. "/stage"

local LUA_PATHS = [[
lua_package_path "%(path)s;%(root)s/usr/share/lua/5.1/?.lua;;";
lua_package_cpath "%(cpath)s;;";
]]

local function fill(template, values)
  return (template:gsub("%%%((%w+)%)s", values))
end

local function write_files(dir, files)
  assert(house.run("mkdir " .. house.quote(dir .. "/files")))
  for name, text in pairs(files or {}) do
    process.write(dir .. "/files/" .. name, text)
  end
end

--- nginx, serving files.
-- @tparam[opt] table options
--   `key`, and `chain` or else `cert`: TLS; without them plain HTTP;
--   `files`: name -> text;
--   `lua`: true loads the Lua module, with our stage on its paths;
--   `paths`: with `lua`, text in place of lua_package_path and lua_package_cpath;
--   `main`, `http`, `server`: further directives for those blocks, where
--   %(port)s is the port;
--   `workers`: 1; `connections`: of each, 256
--   `level`: of the error log, "warn"
-- @treturn table  the child; `child.log()` is the text of its error log,
--   `child.files` the folder it serves
function peers.nginx(options)
  options = options or {}
  local root = assert(peers.nginx_root(), "no nginx: script/bootstrap --with-tests")
  local dir, port = process.folder(), process.free_port()
  write_files(dir, options.files)

  -- Started by root, workers would be nobody, who cannot read a stage that lies
  -- in somebody's home.
  local user = process.capture "id -u" == "0\n" and "user root;" or ""
  local values = {
    user = user, dir = dir, port = port, root = root, level = options.level or "warn",
    workers = options.workers or 1, connections = options.connections or 256,
    path = PLAIN_STAGE .. "/share/lua/5.1/?.lua", cpath = PLAIN_STAGE .. "/lib/lua/5.1/?.so",
    ssl = options.key and " ssl" or "", main = options.main or "",
    http = options.http or "", server = options.server or "", modules = "",
  }
  if options.lua then
    values.modules = fill(LUA_MODULES, values)
    values.http = fill(options.paths or LUA_PATHS, values) .. values.http
  end
  if options.key then
    values.server = ("ssl_certificate \"%s\";\nssl_certificate_key \"%s\";\n"):format(
      options.chain or options.cert, options.key) .. values.server
  end
  for _, block in ipairs { "main", "http", "server" } do
    values[block] = fill(values[block], values)
  end

  local conf = process.write(dir .. "/nginx.conf", fill(CONF, values))
  local child = process.start {
    root .. "/usr/sbin/nginx", "-p", dir, "-e", dir .. "/error.log", "-c", conf,
    -- OpenResty's LuaJIT, for this process alone; PCRE lies in /lib.
    env = { LD_LIBRARY_PATH = libraries(root) },
    port = port,
  }
  child.files = dir .. "/files"
  child.log = function() return process.read(dir .. "/error.log") end
  local ok, err = pcall(child.wait_port, child)
  if not ok then error(err .. child.log(), 2) end
  return child
end

return peers
