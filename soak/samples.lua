--- What script/soak measures, the rule by which something grows, and the picture.

local ffi       = require "ffi"
local resources = require "spec.support.resources"
local memory    = require "spec.proof.memory"
local linger    = require "ssl.io.linger"

local samples = {}

--- Each has a name, and what it may be more at the end: a share, and so many at least.
-- Descriptors and closes are counted; the rest comes in pages, caches and traces.
samples.kinds = {
  { key = "rss", name = "resident memory, KB", share = 0.05, least = 2048 },
  { key = "malloc", name = "malloc's blocks in use, KB", share = 0.05, least = 512 },
  { key = "descriptors", name = "descriptors", share = 0, least = 0 },
  { key = "lua", name = "Lua heap, KB", share = 0.05, least = 512 },
  { key = "blocks", name = "blocks of OpenSSL", share = 0.01, least = 50 },
  { key = "libssl", name = "of these libssl's", share = 0.01, least = 10 },
  -- OpenSSL keeps as many jobs as stood still at once, two blocks each.
  { key = "jobs", name = "blocks of OpenSSL's jobs", share = 0, least = 20 },
  { key = "lingering", name = "closes that linger", share = 0, least = 0 },
}

ffi.cdef [[
struct soak_mallinfo {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct soak_mallinfo soak_mallinfo(void) __asm__("mallinfo2");
]]

local has_mallinfo = pcall(function() return ffi.C.soak_mallinfo end)

-- KB that malloc has given out, and that it has of the system: what it gave out and got back
-- stays resident, and is no leak. 0 without glibc 2.33.
local function malloc()
  if not has_mallinfo then return 0, 0 end
  local info = ffi.C.soak_mallinfo()
  return tonumber(info.uordblks + info.hblkhd) / 1024, tonumber(info.arena + info.hblkhd) / 1024
end

--- One sample; nothing but what somebody holds is there.
function samples.take(connections, seconds)
  local used, arena = malloc()
  return {
    malloc = used, arena = arena,
    connections = connections, seconds = seconds, rss = resources.rss(),
    descriptors = resources.open(), lua = collectgarbage "count",
    -- Names are "../ssl/ssl_lib.c" and "../crypto/mem.c".
    blocks = memory.alive "/", libssl = memory.alive "ssl/", jobs = memory.alive "async/",
    lingering = linger.count(),
  }
end

local function least(list, key, from, to)
  local found = math.huge
  for i = from, to do found = math.min(found, list[i][key]) end
  return found
end

-- The first tenth warms up, and the first 2,000 connections, of a short run a fifth: caches are
-- filled, traces are compiled. A busy machine makes few connections in a tenth of the time.
local TENTH, WARM, FIFTH, PARTS = 10, 2000, 5, 3

-- How many samples do not count.
local function warming(list)
  local enough = math.min(WARM, list[#list].connections / FIFTH)
  local n = math.ceil(#list / TENTH)
  while list[n].connections < enough do n = n + 1 end
  return n
end

local function middle(list, key, from, to)
  local values = {}
  for i = from, to do values[#values + 1] = list[i][key] end
  table.sort(values)
  return values[math.ceil(#values / 2)]
end

--- Does something grow? The least and the median of the last third are compared with those of
-- the first: what is lost raises both, and what comes and goes has, over enough samples, a
-- median that stays. The least alone is that of one sample, and chance decides in which third
-- the lowest one lies.
-- @tparam table list  of samples, at least ten
-- @treturn {{kind=,first=,last=,grows=},...}  `first` and `last`: the least
function samples.judge(list)
  local warm = warming(list)
  local third = math.floor((#list - warm) / PARTS)
  local verdicts = {}
  for i, kind in ipairs(samples.kinds) do
    local rises = true
    local function more(measure)
      local first = measure(list, kind.key, warm + 1, warm + third)
      local last = measure(list, kind.key, #list - third + 1, #list)
      rises = rises and last - first > math.max(kind.least, first * kind.share)
      return first, last
    end
    more(middle)
    local first, last = more(least)
    verdicts[i] = { kind = kind, first = first, last = last, grows = rises }
  end
  return verdicts
end

local COLUMNS = { "connections", "seconds", "rss", "malloc", "arena", "descriptors", "lua",
                  "blocks", "libssl", "jobs", "lingering" }

--- The line of a sample, or that of the names.
function samples.line(sample)
  local cells = {}
  for i, key in ipairs(COLUMNS) do
    cells[i] = sample and ("%.0f"):format(sample[key]) or key
  end
  return table.concat(cells, ",")
end

local WIDTH, LEFT, RIGHT, TOP, STEP, HEIGHT = 760, 20, 640, 50, 90, 60

local STYLE = [[
  text { font: 13px system-ui, Helvetica, Arial, sans-serif; fill: #24292f }
  .ground { fill: #fff } .axis { stroke: #d8dee4 } .small { font-size: 11.5px; fill: #57606a }
  .line { fill: none; stroke: #cf4a00; stroke-width: 1.5 }
]]

local function curve(out, list, kind, y)
  local most, count = 1, math.max(1, list[#list].connections)
  for _, sample in ipairs(list) do most = math.max(most, sample[kind.key]) end
  local points = {}
  for i, sample in ipairs(list) do
    points[i] = ("%.1f,%.1f"):format(LEFT + sample.connections / count * (RIGHT - LEFT),
                                     y + HEIGHT - sample[kind.key] / most * HEIGHT)
  end
  out[#out + 1] = ('<text x="%d" y="%d">%s</text>'):format(LEFT, y - 6, kind.name)
  out[#out + 1] = ('<path class="axis" d="M%d %d H%d"/>'):format(LEFT, y + HEIGHT, RIGHT)
  out[#out + 1] = ('<polyline class="line" points="%s"/>'):format(table.concat(points, " "))
  out[#out + 1] = ('<text class="small" x="%d" y="%d">%.0f at most</text>'):format(
    RIGHT + 10, y + 10, most)
  out[#out + 1] = ('<text class="small" x="%d" y="%d">%.0f at last</text>'):format(
    RIGHT + 10, y + 26, list[#list][kind.key])
end

--- A curve for each kind, over the connections; each begins at 0.
-- @treturn string  SVG
function samples.draw(list)
  local height = TOP + #samples.kinds * STEP + 10
  local out = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">'):format(
      WIDTH, height),
    "<style>\n" .. STYLE .. "</style>",
    ('<rect class="ground" width="%d" height="%d"/>'):format(WIDTH, height),
    ('<text x="%d" y="24">%d connections, %.0f minutes</text>'):format(
      LEFT, list[#list].connections, list[#list].seconds / 60),
  }
  for i, kind in ipairs(samples.kinds) do curve(out, list, kind, TOP + 10 + (i - 1) * STEP) end
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end

return samples
