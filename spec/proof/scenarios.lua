--- The scenarios: a file of scenarios/ for each subject. `kinds` of a scenario: of the failures
-- that it is for; calls and memory where it has none.

local scenarios = {}

local FILES = { "refusals", "extensions", "sessions", "services", "traffic" }

local list = {}
for _, file in ipairs(FILES) do
  for _, scenario in ipairs(require("spec.proof.scenarios." .. file)) do
    list[#list + 1] = scenario
  end
end

scenarios.list = list

function scenarios.find(name)
  for _, scenario in ipairs(list) do
    if scenario.name == name then return scenario end
  end
end

return scenarios
