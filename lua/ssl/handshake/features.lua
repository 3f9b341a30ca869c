--- ssl.handshake.features: the features that may stop a handshake and ask a question.
--
-- A feature is a file that returns a table with
--
--   name        for readers
--   supported   false where this OpenSSL cannot do it
--   pauses      pauses(st, c) -> boolean: may the handshake stand still in a job for it?
--   questions   number of the question -> f(st, c), which answers it. f may raise an error
--               and yield (ssl.io.question). The number is one of LSF_QUESTION_* (shim/lsf.h),
--               or question.CLIENTHELLO
--   prepare     optional: prepare(st, c), before the first step of a server's handshake
--
-- `st` is the state of the connection, `c` that of the context in force. The function `apply`
-- of a feature, which takes its settings from a context when the connection is made or
-- switched, is for ssl.handshake.inherit.
--
-- A file is loaded when a connection uses it, and then before the first step.

local shim     = require "ssl.ffi.shim"
local later    = require "ssl.base.later"
local question = later.module "ssl.io.question"
local H        = shim.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local features = {}

--- The features, in the order in which they are tried: the file, and whether a connection
-- uses it.
features.list = {
  { file = "ssl.handshake.clienthello", used = function(st, c)
    return st.server and (st.sni or c.alpn_select or c.onclienthello or c.dhparam)
  end },
  { file = "ssl.feature.psk",      used = function(st) return st.psk end },
  { file = "ssl.session.store",    used = function(st) return st.store end },
  { file = "ssl.feature.stapling", used = function(_, c) return c.ocsp or c.ocspresponse end },
  { file = "ssl.feature.onverify", used = function(_, c) return c.onverify or c.psk_only end },
}

-- The file of an entry, if the connection uses it.
local function feature_of(entry, st, c)
  if not entry.used(st, c) then return nil end
  entry.feature = entry.feature or later.require(entry.file)
  return entry.feature
end

--- May the handshake stand still in a job?
-- @tparam table st
-- @tparam table c  the state of the context that it has, or is being switched to
-- @treturn boolean
function features.pauses(st, c)
  local pauses = false
  -- All of them, since this loads the files that answer.
  for _, entry in ipairs(features.list) do
    local feature = feature_of(entry, st, c)
    pauses = feature and feature.pauses(st, c) or pauses
  end
  return pauses
end

--- Before the first step of a server's handshake.
-- @tparam table st
function features.prepare(st)
  for _, entry in ipairs(features.list) do
    local feature = feature_of(entry, st, st.c)
    if feature and feature.prepare then feature.prepare(st, st.c) end
  end
end

--- Answer the pending question. The file of the feature is loaded: otherwise the handshake
-- would not have stopped.
-- @tparam table st
-- @raise errors of the program's function
function features.answer(st)
  local conn = st.conn
  local asked = conn.hello.state == H.LSF_HELLO_ASKED and question.CLIENTHELLO
             or conn.ask.question
  for _, entry in ipairs(features.list) do
    local answer = entry.feature and entry.feature.questions[asked]
    if answer then
      answer(st, st.c)
      return
    end
  end
  error("ssl: a question without an answer", 0)
end

return features
