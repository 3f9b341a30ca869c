--- Makes fuzz/corpus/: objects and flights as they are. script/fuzz --seeds runs it.
--
-- What libFuzzer has found new beside them is added by `script/fuzz --keep TARGET`.

package.path = "./?.lua;" .. package.path

local made  = require "spec.support.made"
local house = require "spec.support.init"
local pki   = require "spec.support.pki"

local function write(target, name, bytes)
  local folder = "fuzz/corpus/" .. target
  assert(house.run("mkdir -p " .. folder))
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
end

-- The certificates of the specs, but for those that are large or like another one.
for name, entry in pairs { server = pki.server, odd = pki.odd, nul = pki.nul, root = pki.root,
                           cn_only = pki.cn_only, negative = pki.serial_negative } do
  write("x509", name, made.der("x509", entry.cert))
end

-- Decisions of the harness `engine`: each version and each pair of contexts, then data both
-- ways, and the end.
local VERSIONS, VARIANTS = 3, 6
for version = 0, VERSIONS - 1 do
  for variant = 0, VARIANTS - 1 do
    write("engine", ("traffic_%d_%d"):format(version, variant), string.char(
      version, variant, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 97, 98, 99, 3, 1, 0, 100, 0, 0, 5, 0, 5, 1,
      14, 0, 0, 0))
  end
end

require("spec.support.process").stop_all()
