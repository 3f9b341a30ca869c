--- ssl.io.readahead: may a read take more from the descriptor than OpenSSL asks for?
--
-- It saves system calls, and hides what it took: a loop that asks the descriptor alone
-- sleeps while a record waits here. LuaSec leaves all but the current record with the
-- kernel, so a loop that takes one message for each time it is woken works there. Hence
-- reading ahead is for those who will not miss it: who asks `dirty`, as socket.select
-- does, and who waits in the library. Who has the time limit 0, or has asked for the
-- descriptor, waits elsewhere. Never within the handshake: `dirty` has not been asked.

local readahead = {}

--- Decide, after anything that counts has changed.
-- @tparam table st
function readahead.update(st)
  if st.status ~= "connected" then return end
  local conn = st.conn
  local waits_here = not st.nowait and conn.asks_fd == 0
  conn.ahead = (waits_here or conn.asks_dirty == 1) and 1 or 0
end

--- The program asks `dirty`.
function readahead.dirty_asked(st)
  if st.status == "closed" then return end
  st.conn.asks_dirty = 1
  readahead.update(st)
end

--- The program asks for the descriptor.
function readahead.fd_asked(st)
  st.conn.asks_fd = 1
  readahead.update(st)
end

return readahead
