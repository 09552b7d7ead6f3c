-- One operation under load, driven by wrk: wrk -s load.lua URL -- OPERATION BASE_PATH SUBJECT
-- BASE_PATH is what stands before the operation; SUBJECT is the run, model or experiment to use.
-- One wrk thread is assumed, so that one counter makes every request different.

local operations = {}
local base, subject
-- wrk asks for one request before the load, to look at, and does not send it.
local sent = -1
local headers = { ["content-type"] = "application/json" }

local function post(operation, body, extra)
  return wrk.format("POST", base .. operation, extra or headers, body)
end

local function create_version(extra)
  local body = string.format('{"name":"%s","source":"s3://bucket/models/%d"}', subject, sent)
  return post("model-versions/create", body, extra)
end

operations["model-versions/create"] = function()
  return create_version()
end

-- As Oracle's client sends it by default: with a retry token of its own for each request.
operations["model-versions/create with retry token"] = function()
  return create_version({
    ["content-type"] = "application/json",
    ["opc-retry-token"] = string.format("token-%s-%d", subject, sent),
  })
end

-- What `mlflow.start_run()` sends.
operations["runs/create"] = function()
  return post("runs/create", string.format(
    '{"experiment_id":"%s","user_id":"somebody","run_name":"run-%d","start_time":%d,"tags":['
      .. '{"key":"mlflow.user","value":"somebody"},'
      .. '{"key":"mlflow.source.name","value":"train.py"},'
      .. '{"key":"mlflow.source.type","value":"LOCAL"},'
      .. '{"key":"mlflow.runName","value":"run-%d"}]}',
    subject, sent, 1700000000000 + sent, sent))
end

operations["log-metric"] = function()
  return post("runs/log-metric", string.format(
    '{"run_id":"%s","key":"loss","value":%.6f,"timestamp":%d,"step":%d}',
    subject, 1 / (sent + 1), 1700000000000 + sent, sent))
end

-- Ten metrics at a hundred steps each.
operations["log-batch of 1000 metrics"] = function()
  local metrics = {}
  for step = 0, 99 do
    for key = 0, 9 do
      metrics[#metrics + 1] = string.format(
        '{"key":"metric-%d","value":%.6f,"timestamp":%d,"step":%d}',
        key, step / (key + 1), 1700000000000 + sent * 100 + step, sent * 100 + step)
    end
  end
  return post("runs/log-batch",
    string.format('{"run_id":"%s","metrics":[%s]}', subject, table.concat(metrics, ",")))
end

-- A thousand metrics at one step each.
operations["log-batch of 1000 keys"] = function()
  local metrics = {}
  for key = 0, 999 do
    metrics[#metrics + 1] = string.format(
      '{"key":"metric-%d","value":%.6f,"timestamp":%d,"step":%d}',
      key, sent / (key + 1), 1700000000000 + sent, sent)
  end
  return post("runs/log-batch",
    string.format('{"run_id":"%s","metrics":[%s]}', subject, table.concat(metrics, ",")))
end

operations["runs/get"] = function()
  return wrk.format("GET", base .. "runs/get?run_id=" .. subject)
end

operations["model-versions/get"] = function()
  return wrk.format("GET", base .. "model-versions/get?name=" .. subject .. "&version=1")
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  operation = operations[arguments[1]]
  base = arguments[2]
  subject = arguments[3]
end

function request()
  sent = sent + 1
  sent_total = sent
  return operation()
end

-- One line of JSON for run.py.
function done(summary, latency)
  io.write(string.format(
    '\nRESULT {"sent":%d,"completed":%d,"duration_us":%d,"errors":%d,"p50_us":%d,"p99_us":%d}\n',
    threads[1]:get("sent_total"), summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
