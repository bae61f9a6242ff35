-- Sends the requests of a file one after the other, and counts answers that are what they must be.
-- Environment: REQUESTS (a file; a line is a path, a tab, and the Cookie header), HOST, STATUS, NEEDLE (plain text in
-- the body or the Location).
local requests, place = {}, 0
for line in io.lines(os.getenv("REQUESTS")) do
  local path, cookie = line:match("^([^\t]+)\t(.*)$")
  requests[#requests + 1] = wrk.format("GET", path, { ["Cookie"] = cookie, ["Host"] = os.getenv("HOST") })
end
local status, needle = tonumber(os.getenv("STATUS")), os.getenv("NEEDLE")
local threads = {}
good, bad = 0, 0

function setup(thread) threads[#threads + 1] = thread end

function request()
  place = place % #requests + 1
  return requests[place]
end

function response(code, given, body)
  local found = body:find(needle, 1, true) or (given["Location"] or ""):find(needle, 1, true)
  if code == status and found then
    good = good + 1
  else
    bad = bad + 1
    if bad == 1 then io.write(string.format("BAD %d %s\n", code, body:gsub("%s+", " "):sub(1, 2000))) end
  end
end

function done(summary, latency)
  local total_good, total_bad, errors = 0, 0, summary.errors
  for _, thread in ipairs(threads) do
    total_good, total_bad = total_good + thread:get("good"), total_bad + thread:get("bad")
  end
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  if broken > 0 then io.write(string.format("BROKEN connections: %d\n", broken)) end
  total_bad = total_bad + broken
  io.write(string.format("FIGURES %d %d %.3f %.2f\n", total_good, total_bad, summary.duration / 1e6, latency:percentile(99) / 1e3))
end
