--- What scenarios have in common: configurations of both ends, and both versions.

local pki  = require "spec.support.pki"
local meet = require "spec.proof.meet"

local scenario = { versions = { "tlsv1_2", "tlsv1_3" } }

--- Tables on top of each other.
function scenario.over(...)
  local all = {}
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do all[key] = value end
  end
  return all
end

local over = scenario.over

--- The keys of a certificate of spec.support.pki.
function scenario.shows(entry)
  return { certificate = entry.cert, key = entry.key }
end

--- Configurations, with further keys.
function scenario.server(version, ...)
  return over({ mode = "server", protocol = version }, scenario.shows(pki.server), ...)
end

function scenario.client(version, ...)
  return over({ mode = "client", protocol = version, verify = "peer", cafile = pki.root.cert },
              ...)
end

--- Add a scenario for each version: run(version) -> what checks.lua expects.
-- @tparam table out  the list
-- @tparam string|nil side  that has to refuse the other one
function scenario.add(out, side, name, run)
  for _, version in ipairs(scenario.versions) do
    out[#out + 1] = { name = ("%s, %s"):format(name, version), refuses = side,
                      run = function() return run(version) end }
  end
end

--- The same for handshakes: f(version) returns both configurations, and a function for both
-- connections.
function scenario.refusal(out, side, name, f)
  scenario.add(out, side, name, function(version)
    local ends = meet.engines(f(version))
    return { accepted = ends[side] == true, why = ends[side] }
  end)
end

return scenario
