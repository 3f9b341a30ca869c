---@meta ssl.https
-- Types for editors (LuaLS). Made by script/keys; docs/https.md explains them.

local https = {}

https.MAXBODY = 0

https.PORT = 0

https.TIMEOUT = 0

https.VERIFY = ""

---A pool: connections that are kept for requests to come.
---@param options table? `size`, `perhost`, `idle`: see docs/https.md
---@return table
function https.pool(options) end

---Make a request.
---@param url string|table a URL; or a table as for socket.http.request, with the keys of ssl.newcontext beside `url`, and `pool`, `progress`, `timeout` and `proxy` as docs/https.md has them. It is not modified.
---@param body string? with a URL: POST it as a form
---@return string|number|nil
---@return number|string
---@return table?
---@return string?
function https.request(url, body) end

---A function for `create` of socket.http, which makes objects that speak TLS.
---@param params table? for ssl.newcontext, and `timeout`, and `create` for the TCP part; not modified
---@return function
function https.tcp(params) end

return https
