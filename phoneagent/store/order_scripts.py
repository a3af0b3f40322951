"""What Redis does to orders in one step; see `scripts`.

All orders are in one slot of a Cluster, for a script sees several at once. Keys: each order's hash with `order` (as
JSON), `rev` (counts its changes), `token` (the fencing token) and `begun` (who has begun to dial); `due`, a sorted set
of the ids of open orders by when somebody shall look at them, in seconds since the epoch; `recent`, a sorted set of
positions; what an idempotency key was used for; the order of a carrier's call; the time of the next dial.
"""

from __future__ import annotations

_KEEP = """
local function keep(name, ms)
  if redis.call('PTTL', name) < tonumber(ms) then redis.call('PEXPIRE', name, ms) end
end
"""
# What many orders share lives as long as the one that lives longest.

# Places of orders that have expired go as others come, wherever they stand: ten looked at for one that is added.
#
# KEYS: order, due, recent, [idempotency key]. ARGV: prefix of orders' keys, id, order, due, position, ms, fingerprint,
# milliseconds for the key.
CREATE_ORDER = (
    _KEEP
    + """
local item, due, recent = KEYS[1], KEYS[2], KEYS[3]
if KEYS[4] then
  local id, fingerprint = string.match(redis.call('GET', KEYS[4]) or '', '^([^:]+):(.*)$')
  local stored = id and redis.call('HGET', ARGV[1] .. id, 'order')
  if stored then
    if fingerprint ~= ARGV[7] then return {'reused'} end
    return {'ok', stored}
  end
end
if redis.call('HEXISTS', item, 'order') == 0 then
  redis.call('HSET', item, 'order', ARGV[3], 'rev', 1, 'token', 0)
  redis.call('PEXPIRE', item, ARGV[6])
  redis.call('ZADD', due, ARGV[4], ARGV[2])
  redis.call('ZADD', recent, 0, ARGV[5])
  for _, place in ipairs(redis.call('ZRANDMEMBER', recent, 10)) do
    if redis.call('EXISTS', ARGV[1] .. string.sub(place, -34)) == 0 then redis.call('ZREM', recent, place) end
  end
  keep(due, ARGV[6])
  keep(recent, ARGV[6])
end
if KEYS[4] then
  redis.call('SET', KEYS[4], ARGV[2] .. ':' .. ARGV[7], 'PX', ARGV[8])
  redis.call('HSET', item, 'key', KEYS[4])
end
return {'ok', redis.call('HGET', item, 'order')}
"""
)

# KEYS: order, due, recent, [the carrier's call]. ARGV: id, its position.
ERASE_ORDER = """
local key = redis.call('HGET', KEYS[1], 'key')
if key then redis.call('DEL', key) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[2])
if KEYS[4] then redis.call('DEL', KEYS[4]) end
redis.call('DEL', KEYS[1])
return {'ok'}
"""

# KEYS: order. Answers with the order, its rev, its token and who has begun to dial.
READ_ORDER = """
local found = redis.call('HMGET', KEYS[1], 'order', 'rev', 'token', 'begun')
if not found[1] then return {'unknown'} end
return {'ok', found[1], found[2], found[3] or '0', found[4] or ''}
"""

# KEYS: order, due, recent, [the carrier's call]. ARGV: id, rev as it was read, token or "", order, ms, due or "" (as it
# is) or "over", who begins to dial or "". A client that was not answered asks again and is told that the rev has moved
# on; it reads again, and finds what it wanted to write.
REPLACE_ORDER = (
    _KEEP
    + """
local item, due, recent = KEYS[1], KEYS[2], KEYS[3]
local found = redis.call('HMGET', item, 'rev', 'token')
if not found[1] then return {'unknown'} end
if ARGV[3] ~= '' and found[2] ~= ARGV[3] then return {'lost'} end
if found[1] ~= ARGV[2] then return {'again'} end
redis.call('HSET', item, 'order', ARGV[4])
redis.call('HINCRBY', item, 'rev', 1)
if ARGV[7] ~= '' then redis.call('HSET', item, 'begun', ARGV[7]) end
redis.call('PEXPIRE', item, ARGV[5])
if ARGV[6] == 'over' then
  redis.call('ZREM', due, ARGV[1])
elseif ARGV[6] ~= '' then
  redis.call('ZADD', due, ARGV[6], ARGV[1])
end
keep(due, ARGV[5])
keep(recent, ARGV[5])
if KEYS[4] then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[5]) end
return {'ok'}
"""
)

# KEYS: due. ARGV: prefix of orders' keys, now, until when they are claimed, how many. Answers with order, token, ...
CLAIM_ORDERS = """
local claimed = {'ok'}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])) do
  local stored = redis.call('HGET', ARGV[1] .. id, 'order')
  if stored then
    redis.call('ZADD', KEYS[1], ARGV[3], id)
    claimed[#claimed + 1] = stored
    claimed[#claimed + 1] = redis.call('HINCRBY', ARGV[1] .. id, 'token', 1)
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return claimed
"""

# KEYS: recent. ARGV: prefix of orders' keys, the bound "(position" or "+", how many. Answers with the position of the
# last, then the orders.
PAGE_ORDERS = """
local places = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[2], '-', 'LIMIT', 0, ARGV[3] + 1)
local page = {'ok', places[ARGV[3] + 1] and places[tonumber(ARGV[3])] or ''}
for index, place in ipairs(places) do
  if index > tonumber(ARGV[3]) then break end
  local stored = redis.call('HGET', ARGV[1] .. string.sub(place, -34), 'order')
  if stored then page[#page + 1] = stored else redis.call('ZREM', KEYS[1], place) end
end
return page
"""

# KEYS: pace. ARGV: milliseconds between two dials. By the server's clock, for processes' own may differ by more.
PACE_ORDERS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free > now then return {'wait', free - now} end
redis.call('SET', KEYS[1], string.format('%.0f', now + ARGV[1]), 'PX', ARGV[1] + 1000)
return {'ok', 0}
"""
