-- luajit bench/openssl.lua full|quick BUILD PREFIX...: the rows of handshakes over the OpenSSLs of
-- these prefixes, beside the system's. Prints a table, and puts that of a full run into
-- docs/performance.md. Started by script/bench.

package.path = "bench/?.lua;" .. package.path
local files  = require "files"
local page   = require "page"
local report = require "report"
local runner = require "runner"

local quick, build = arg[1] == "quick", arg[2]
local PAGE = "docs/performance.md"
local ROUNDS = quick and 2 or 5

local subjects = require "subjects"(build)
local run = runner.new(build, os.getenv "BENCH_TERMINAL" == "1")

local rows = {}
for _, row in ipairs(require "rows") do
  if row.openssl then rows[#rows + 1] = row end
end

-- The output of a command, and whether it went well.
local function output(command)
  local pipe = io.popen(command .. " 2>&1 && echo well")
  local text = pipe:read "*a"
  pipe:close()
  local words, well = text:gsub("\n?well\n$", "")
  return words:match "[^\n]*", well == 1
end

-- An OpenSSL: its name, and how the subjects are started; or the reason why it cannot be.
local function library(prefix, number)
  local folder = ("%s/bench/openssl/%d"):format(build, number)
  local words, well = output(("bench/with-openssl '%s' '%s'"):format(prefix, folder))
  if not well then return { name = prefix, why = words } end
  local start = folder .. "/start"
  local ours = ("%s %s luajit"):format(subjects.ours, start)
  words, well = output(ours .. " -e 'print(require(\"ssl\").config.openssl.version)'")
  if not well then return { name = prefix, why = words } end
  return {
    name = (words:match "^%S+ %S+" or words) .. (prefix == "own" and ", the system's" or ""),
    results = {}, subjects = {
      { key = "raw", name = words .. ", raw C", start = ("%s %s/yardstick"):format(start, folder) },
      { key = "ours", name = words .. ", ours", start = ours .. " bench/subject.lua" },
    },
  }
end

local libraries = { library("own", 0) }
for i = 3, #arg do libraries[#libraries + 1] = library(arg[i], i - 2) end

for round = 1, ROUNDS do
  for i, row in ipairs(rows) do
    for _, each in ipairs(libraries) do
      for _, subject in ipairs(each.subjects or {}) do
        run:progress("round %d of %d, %s: %s", round, ROUNDS, row.name, subject.name)
        each.results[i] = each.results[i] or {}
        run:again(each.results[i], row, subject, row.command:format(quick and 30 or 120))
      end
    end
  end
end
run:progress(run.terminal and "" or "done")

local text = report.openssl(rows, libraries, ROUNDS)
print(subjects.machine .. "\n\n" .. text)
if not quick then
  files.write(PAGE, page.put(files.read(PAGE), subjects.machine, "openssl", text))
end
local all_ran = #run.failures == 0
for _, each in ipairs(libraries) do all_ran = all_ran and not each.why end
for _, failure in ipairs(run.failures) do
  io.stderr:write("bench: FAILED: ", failure, "\n")
end
os.exit(all_ran and 0 or 1)
