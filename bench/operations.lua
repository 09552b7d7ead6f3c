-- One operation under load, from a template: wrk -s operations.lua URL -- METHOD PATH BODY FIRST COUNT RUNS
-- In path and body, {i} counts from FIRST through COUNT subjects and around again, {n} never comes
-- back, and {run} is a line of the file RUNS. One wrk thread is assumed, as in load.lua.

local method, path, body, first, count
local runs = {}
-- wrk asks for one request before the load, to look at, and does not send it.
local sent = -1
local headers = { ["content-type"] = "application/json" }
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  method, path, body = arguments[1], arguments[2], arguments[3]
  first, count = tonumber(arguments[4]), tonumber(arguments[5])
  for run in io.lines(arguments[6]) do
    runs[#runs + 1] = run
  end
end

local function fill(template)
  local index = first + (sent - 1) % count
  return (template:gsub("{(%a+)}", function(name)
    if name == "i" then return tostring(index) end
    if name == "n" then return tostring(first + sent) end
    if name == "run" then return runs[(index - 1) % #runs + 1] end
  end))
end

function request()
  sent = sent + 1
  sent_total = sent
  if method == "GET" then
    return wrk.format(method, fill(path))
  end
  return wrk.format(method, path, headers, fill(body))
end

function done(summary)
  io.write(string.format(
    '\nRESULT {"sent":%d,"completed":%d,"errors":%d}\n', threads[1]:get("sent_total"),
    summary.requests, summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout))
end
