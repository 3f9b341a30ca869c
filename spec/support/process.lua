--- Child processes: peers and scripts, which never outlive the spec.
--
--   local child = process.start { "openssl", "s_server", ..., port = 4433 }
--   child:wait_port()  child:write "text"  child:stop()
--
-- A child is stopped by `stop`, else by `process.stop_all` (call it in a
-- teardown), else when the spec process closes its state or dies.

local ffi    = require "ffi"
local socket = require "socket"
local busted = require "busted"

ffi.cdef [[
int getpid(void);
int kill(int pid, int sig);
int waitpid(int pid, int *status, int options);
int fcntl(int fd, int cmd, ...);
int chmod(const char *path, unsigned mode);
int mkfifo(const char *path, unsigned mode);
char *mkdtemp(char *template);
int posix_spawnp(int *pid, const char *file, const void *actions,
                 const void *attributes, const char *const argv[], char *const envp[]);
extern char **environ;
]]

local C = ffi.C
local house = require "spec.support.init"
local quote = house.quote
local WNOHANG, SIGTERM, SIGKILL = 1, 15, 9
local F_SETFD, FD_CLOEXEC = 2, 1
local MAX_FD = 1024
local OURS, EVERYBODYS = 384, 493 -- 0600, 0755

local process = { SIGTERM = SIGTERM, SIGKILL = SIGKILL, quote = quote }
local running, folders = {}, {}

--- Run a shell command to its end.
-- @treturn string  its standard output
function process.capture(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read "*a"
  pipe:close()
  return output
end

--- An empty folder, removed by `stop_all` and at the end.
function process.folder()
  local template = (os.getenv "TMPDIR" or "/tmp") .. "/spec.XXXXXX"
  local name = ffi.new("char[?]", #template + 1, template)
  assert(C.mkdtemp(name) ~= nil, "mkdtemp failed")
  local path = ffi.string(name)
  -- A server that drops its rights must get in.
  assert(C.chmod(path, EVERYBODYS) == 0, "chmod failed")
  folders[#folders + 1] = path
  return path
end

-- Modes run side by side, so each has ports of its own; below those that the kernel
-- gives to outgoing connections, which come and go.
local LOWEST, ROOM = 10000, 3600
local SLOTS = { interpreter = 1, hammered = 2, collect = 3, asan = 4, valgrind = 5 }
local next_port

--- A TCP port that was free a moment ago. Not the same again for long: the first caller
-- may not listen yet.
function process.free_port(host)
  next_port = next_port or ffi.C.getpid() * 31 % ROOM
  local port, listener
  repeat
    port = LOWEST + (SLOTS[house.mode] or 0) * ROOM + next_port
    next_port = (next_port + 1) % ROOM
    listener = socket.bind(host or "127.0.0.1", port)
  until listener
  listener:close()
  return port
end

--- The contents of a file, "" when there is none.
function process.read(path)
  local f = io.open(path, "rb")
  if not f then return "" end
  local text = f:read "*a"
  f:close()
  return text
end

--- Python. The system's, where it is: one that a version manager has put before it is a
-- script, which takes as long as ten Pythons.
process.python = process.read "/usr/bin/python3" ~= "" and "/usr/bin/python3" or "python3"

--- Write a file.
-- @treturn string  its path
function process.write(path, text)
  local f = assert(io.open(path, "wb"))
  assert(f:write(text))
  f:close()
  return path
end

-- LuaSocket's descriptors are inheritable. A peer that holds one end of our own
-- connection keeps that connection open after we close it.
local function close_on_exec()
  for fd = 3, MAX_FD do C.fcntl(fd, F_SETFD, ffi.cast("int", FD_CLOEXEC)) end
end

-- The shell only redirects and is then replaced by the command. Opened for
-- reading and writing, the fifo never blocks and never ends. The shell has another
-- parent than it should when this process was gone before setpriv asked for the signal.
local SCRIPT = [[
[ "$PPID" = "$1" ] || exit 127
cd "$2" || exit 127
input=$3
shift 3
exec "$@" <>"$input" >out 2>err
]]

-- setpriv (Linux) has the kernel send a TERM when this process is gone, however it went.
local with_parent

local function first_words()
  if with_parent == nil then with_parent = house.run "command -v setpriv >/dev/null 2>&1" end
  if not with_parent then return { "sh" } end
  return { "setpriv", "--pdeathsig", "TERM", "--", "sh" }
end

local function spawn(words)
  local argv = ffi.new("const char *[?]", #words + 1)
  for i, word in ipairs(words) do argv[i - 1] = word end
  local pid = ffi.new "int[1]"
  close_on_exec()
  local errno = C.posix_spawnp(pid, words[1], nil, nil, argv, C.environ)
  assert(errno == 0, "posix_spawnp: errno " .. errno)
  return pid[0]
end

local child_methods = {}
local child_mt = { __index = child_methods }

--- Start a command.
-- @tparam table options  the words of the command, and
--   `port`, `host`: where it will listen, for `wait_port`;
--   `input`: text for its standard input, which then ends; without it the input
--     stays open and `child:write` feeds it;
--   `env`: name -> value
-- @treturn table  the child: `pid`, `dir` (where it runs), `port`
function process.start(options)
  local dir, input = process.folder(), "in"
  if options.input then
    process.write(dir .. "/in", options.input)
  else
    assert(C.mkfifo(dir .. "/in", OURS) == 0, "mkfifo failed")
  end
  local words = first_words()
  for _, word in ipairs { "-c", SCRIPT, "sh", tostring(C.getpid()), dir, input } do
    words[#words + 1] = word
  end
  if options.env then
    words[#words + 1] = "env"
    for name, value in pairs(options.env) do words[#words + 1] = name .. "=" .. value end
  end
  for _, word in ipairs(options) do words[#words + 1] = tostring(word) end
  local child = setmetatable({
    pid = spawn(words), dir = dir, port = options.port, name = options[1],
    host = options.host or "127.0.0.1",
  }, child_mt)
  running[child] = true
  return child
end

--- Has it ended?
-- @treturn nil  while it runs
-- @treturn string,number  "exit" and its status, or "signal" and the number
function child_methods:ended()
  if not self.how then
    local status = ffi.new "int[1]"
    if C.waitpid(self.pid, status, WNOHANG) == 0 then return nil end
    local signal = status[0] % 128
    if signal == 0 then
      self.how, self.status = "exit", math.floor(status[0] / 256)
    else
      self.how, self.status = "signal", signal
    end
    running[self] = nil
  end
  return self.how, self.status
end

local function poll(seconds, check)
  local late = house.patience(seconds)
  repeat
    local a, b = check()
    if a then return a, b end
    socket.sleep(0.005)
  until late()
end

--- Wait for its end.
-- @tparam[opt] number seconds  as house.patience has them
-- @return as `ended`
function child_methods:wait(seconds)
  return poll(seconds, function() return self:ended() end)
end

--- Wait until its port accepts. Raises, with its output, when it does not.
-- The connection made to find out is closed at once.
-- @tparam[opt] number seconds  as house.patience has them
-- @treturn table  the child
function child_methods:wait_port(seconds)
  local _, listens = poll(seconds, function()
    if self:ended() then return "ended", false end
    local probe = socket.connect(self.host, self.port)
    if probe then probe:close() end
    return probe and "answered", true
  end)
  if not listens then
    self:stop()
    error(("%s does not listen on %s:%s\n%s"):format(self.name, self.host, self.port,
                                                     self:output()), 2)
  end
  return self
end

--- Wait until its output matches a pattern.
-- @treturn string  the match, or nil after `seconds`
function child_methods:wait_output(pattern, seconds)
  return poll(seconds, function() return self:output():match(pattern) end)
end

--- Its output so far: standard output, then standard error.
function child_methods:output()
  return process.read(self.dir .. "/out") .. process.read(self.dir .. "/err")
end

--- Feed its standard input. Raises, with its output, when it has ended: nobody would read
-- the fifo, and to open it would wait for ever.
function child_methods:write(text)
  if self:ended() then error(("%s has ended\n%s"):format(self.name, self:output()), 2) end
  process.write(self.dir .. "/in", text)
end

--- Send a signal.
function child_methods:signal(number)
  if not self:ended() then C.kill(self.pid, number) end
end

--- Stop it: TERM, after five seconds KILL. Harmless when it has ended.
function child_methods:stop()
  self:signal(SIGTERM)
  if not self:wait(5) then
    self:signal(SIGKILL)
    self:wait()
  end
  return self:ended()
end

--- Stop all children and remove all folders.
function process.stop_all()
  local children = {}
  for child in pairs(running) do children[#children + 1] = child end
  for _, child in ipairs(children) do child:signal(SIGTERM) end
  for _, child in ipairs(children) do child:stop() end
  if not folders[1] then return end
  for i, folder in ipairs(folders) do folders[i] = quote(folder) end
  os.execute("rm -rf " .. table.concat(folders, " "))
  folders = {}
end

-- Whatever a failed spec left behind. Outside of busted (script/example) there is no suite.
if busted.subscribe then
  busted.subscribe({ "suite", "end" }, function()
    process.stop_all()
    return nil, true
  end)
end

return process
