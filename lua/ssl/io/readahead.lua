--- ssl.io.readahead: may a read take more from the descriptor than OpenSSL asks for?
--
-- It saves system calls, and hides bytes: an event loop that waits for the descriptor alone
-- sleeps while a record waits here. LuaSec leaves all but the current record with the
-- kernel, so an event loop that receives one message each time it is woken works there.
-- Hence the BIO reads ahead only for programs that see those bytes: programs that call
-- `dirty`, as socket.select does, and programs that wait in the library. A program that has
-- the time limit 0, or has called `getfd`, may wait elsewhere. It never reads ahead within
-- the handshake: `dirty` has not been called yet.

local readahead = {}

--- Decide, after a condition has changed.
-- @tparam table st
function readahead.update(st)
  if st.status ~= "connected" then return end
  local conn = st.conn
  local waits_here = not st.nowait and conn.asks_fd == 0
  conn.ahead = (waits_here or conn.asks_dirty == 1) and 1 or 0
end

--- The program calls `dirty`.
function readahead.dirty_asked(st)
  if st.status == "closed" then return end
  st.conn.asks_dirty = 1
  readahead.update(st)
end

--- The program calls `getfd`.
function readahead.fd_asked(st)
  st.conn.asks_fd = 1
  readahead.update(st)
end

return readahead
