-- luajit api.lua URL CAFILE: a client of a JSON API. Adds a room and lists all rooms. A token in
-- API_TOKEN is sent along.
local https, json, ltn12 = require "ssl.https", require "dkjson", require "ltn12"

local url, cafile = unpack(arg)
local token = os.getenv "API_TOKEN"
local pool = https.pool() -- all calls go over one connection

-- Returns the value of a body; or nil and a message.
local function decode(headers, body)
  local kind = headers["content-type"] or "nothing"
  if not kind:find "^application/json" then return nil, "JSON expected, got " .. kind end
  local value, _, problem = json.decode(body)
  return value, problem
end

-- Returns the value of the answer, which is an empty table where that has no body; or nil, a
-- message, and the code where there was an answer.
local function call(method, path, value)
  local pieces = {}
  local ok, code, headers = pool:request {
    url = url .. path, method = method, cafile = cafile,
    timeout = { connect = 5, handshake = 5, receive = 20, total = 60 },
    headers = {
      accept = "application/json",
      ["content-type"] = value and "application/json",
      authorization = token and "Bearer " .. token,
    },
    body = value and json.encode(value),
    sink = ltn12.sink.table(pieces), maxsize = 2^20,
  }
  local what = method .. " " .. path .. ": "
  if not ok then return nil, what .. code end
  if code == 204 then return {} end
  local answer, problem = decode(headers, table.concat(pieces))
  if code >= 200 and code < 300 and not problem then return answer end
  local reason = type(answer) == "table" and answer.error or problem or "no reason given"
  return nil, what .. code .. ": " .. tostring(reason), code
end

local function try(...)
  local answer, message = call(...)
  if answer then return answer end
  io.stderr:write(message, "\n")
  os.exit(1)
end

try("POST", "/rooms", { name = "Aula", seats = 120 })
for _, room in ipairs(try("GET", "/rooms")) do
  print(room.name, room.seats)
end
pool:close()
