-- Asks for the heads of a file in turn, and prints wrk's figures as JSON in the last line, times in microseconds.
local heads = {}

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local text = file:read("*a")
  file:close()
  local from = 1
  while from <= #text do
    local _, to = text:find("\r\n\r\n", from, true)
    heads[#heads + 1] = text:sub(from, to)
    from = to + 2
  end
end

local last = 0

function request()
  last = last % #heads + 1
  return heads[last]
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"badStatus":%d,"brokenConnections":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
