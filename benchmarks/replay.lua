-- Sends the paths of a file one after the other with one session's cookie, and counts answers that are what they must be.
-- Environment: PATHS (a file, one path a line), COOKIE, HOST, STATUS, NEEDLE (plain text in the body or the Location).
local paths, place = {}, 0
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local headers = { ["Cookie"] = os.getenv("COOKIE"), ["Host"] = os.getenv("HOST") }
local status, needle = tonumber(os.getenv("STATUS")), os.getenv("NEEDLE")
local threads = {}
good, bad = 0, 0

function setup(thread) threads[#threads + 1] = thread end

function request()
  place = place % #paths + 1
  return wrk.format("GET", paths[place], headers)
end

function response(code, given, body)
  local found = body:find(needle, 1, true) or (given["Location"] or ""):find(needle, 1, true)
  if code == status and found then good = good + 1 else bad = bad + 1 end
end

function done(summary, latency)
  local total_good, total_bad = 0, 0
  for _, thread in ipairs(threads) do
    total_good, total_bad = total_good + thread:get("good"), total_bad + thread:get("bad")
  end
  io.write(string.format("FIGURES %d %d %.3f %.2f\n", total_good, total_bad, summary.duration / 1e6, latency:percentile(99) / 1e3))
end
