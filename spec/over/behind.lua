-- Run over each loop by behind_spec: two requests by one pool, where the server sends bytes that
-- nobody has asked for behind the first answer, in the same record of TLS.

local loop = os.getenv "LOOP"
if loop == "copas" or loop == "luv" and not rawget(_G, "vim") then require(loop) end
local https = require "ssl.https"
local vim   = rawget(_G, "vim")
local say   = ngx and ngx.say or print

local RUN = {}

function RUN.luasocket(main) main() end
RUN.cosocket = RUN.luasocket

function RUN.copas(main, done)
  require("copas").addthread(main)
  repeat require("copas").step(1) until done()
end

function RUN.cqueues(main) assert(require("cqueues").new():wrap(main):loop()) end

function RUN.luv(main, done)
  coroutine.wrap(main)()
  if vim then vim.wait(60000, done, 1) else require("luv").run() end
end

local pool, finished = https.pool(), false

local function get(path)
  local chunks = {}
  local ok, code = https.request {
    url = os.getenv "URL" .. path, cafile = os.getenv "CAFILE", over = loop, pool = pool,
    sink = function(piece)
      chunks[#chunks + 1] = piece
      return 1
    end,
  }
  local body = ok and table.concat(chunks):match "^x*(.*)$"
  say(("%s: %s %s"):format(path, tostring(code), tostring(body)))
end

local function main()
  get "/behind"
  get "/honest"
  pool:close()
  finished = true
end

RUN[loop](main, function() return finished end)
