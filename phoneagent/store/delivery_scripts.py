"""What Redis does to deliveries in one step; see `scripts`.

All are in one slot of a Cluster. Keys: each delivery's hash with `delivery` (as JSON; not once it was delivered),
`state` (waiting, dead or done), `hook`, `lane`, `token` (the fencing token), `attempts`, `problem`, `wanted`, and of a
dead one `died` and `place`; `lane:HOOK:NAME`, a list of ids; of each webhook `due:HOOK`, a sorted set of its lanes by
when their first delivery is due, in seconds since the epoch, and `open:HOOK`, one of its waiting deliveries by age;
`hooks`, all that have such; `disabled`, a hash of webhooks and why; `dead`, a sorted set of places.
"""

from __future__ import annotations

# KEYS: hooks (for the slot). ARGV: prefix, milliseconds to keep what waits.
_LANES = """
local prefix, waiting_ms = ARGV[1], ARGV[2]
local function item(id) return prefix .. 'item:' .. id end
local function place(hook, name) return prefix .. 'lane:' .. hook .. ':' .. name end
local function keep(hook, name)
  for _, key in ipairs({place(hook, name), prefix .. 'due:' .. hook, prefix .. 'open:' .. hook, prefix .. 'hooks'}) do
    redis.call('PEXPIRE', key, waiting_ms)
  end
end
local function line_up(hook, name, id, due)
  redis.call('RPUSH', place(hook, name), id)
  redis.call('ZADD', prefix .. 'due:' .. hook, 'NX', due, name)
  redis.call('SADD', prefix .. 'hooks', hook)
  keep(hook, name)
end
local function leave(hook, name, id, now)
  redis.call('LREM', place(hook, name), 1, id)
  if redis.call('EXISTS', place(hook, name)) == 1 then
    redis.call('ZADD', prefix .. 'due:' .. hook, now, name)
  else
    redis.call('ZREM', prefix .. 'due:' .. hook, name)
  end
end
"""

# ARGV: now, the most that may wait for a webhook; then of each delivery its id, hook, lane and JSON. Answers with how
# many found no room, and how many nobody wants.
PUT_DELIVERIES = (
    _LANES
    + """
local now, most = ARGV[3], tonumber(ARGV[4])
local no_room, disabled = 0, 0
for i = 5, #ARGV, 4 do
  local id, hook, name = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local open = prefix .. 'open:' .. hook
  if redis.call('EXISTS', item(id)) == 0 then
    redis.call('ZREMRANGEBYSCORE', open, '-inf', now - waiting_ms / 1000)
    if redis.call('HEXISTS', prefix .. 'disabled', hook) == 1 then
      disabled = disabled + 1
    elseif redis.call('ZCARD', open) >= most then
      no_room = no_room + 1
    else
      redis.call('HSET', item(id), 'delivery', ARGV[i + 3], 'state', 'waiting', 'hook', hook, 'lane', name,
        'token', 0, 'attempts', 0)
      redis.call('PEXPIRE', item(id), waiting_ms)
      redis.call('ZADD', open, now, id)
      line_up(hook, name, id, now)
    end
  end
end
return {'ok', no_room, disabled}
"""
)

# ARGV: now, until when they are claimed; then of each webhook its id and how many. Answers with the JSON, token,
# attempts, wanted, and why the webhook is disabled, of each. A first delivery that has expired makes way.
CLAIM_DELIVERIES = (
    _LANES
    + """
local now, until_ = ARGV[3], ARGV[4]
local claimed = {'ok'}
for i = 5, #ARGV, 2 do
  local hook, most = ARGV[i], tonumber(ARGV[i + 1])
  local due = prefix .. 'due:' .. hook
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
    local lane = place(hook, name)
    local id = redis.call('LINDEX', lane, 0)
    while id and redis.call('HGET', item(id), 'state') ~= 'waiting' do
      redis.call('LPOP', lane)
      redis.call('ZREM', prefix .. 'open:' .. hook, id)
      id = redis.call('LINDEX', lane, 0)
    end
    if id then
      redis.call('ZADD', due, until_, name)
      local token = redis.call('HINCRBY', item(id), 'token', 1)
      local found = redis.call('HMGET', item(id), 'delivery', 'attempts', 'wanted')
      local why = redis.call('HGET', prefix .. 'disabled', hook) or ''
      for _, value in ipairs({found[1], token, found[2], found[3] or '', why}) do claimed[#claimed + 1] = value end
    else
      redis.call('ZREM', due, name)
    end
  end
  if redis.call('EXISTS', due) == 0 then redis.call('SREM', prefix .. 'hooks', hook) end
end
return claimed
"""
)

_SETTLED = (
    _LANES
    + """
local id, token, now = ARGV[3], ARGV[4], ARGV[5]
local found = redis.call('HMGET', item(id), 'state', 'token', 'hook', 'lane')
if found[1] ~= 'waiting' or found[2] ~= token then return {'lost'} end
local hook, name = found[3], found[4]
redis.call('HINCRBY', item(id), 'token', 1)
"""
)
# Raising the token makes a repetition, by a client that was not answered, one of somebody who has lost the claim.

# ARGV: id, token, now, milliseconds for which it is known that it was delivered, "wanted" or "".
DELIVERED = (
    _SETTLED
    + """
redis.call('HDEL', item(id), 'delivery')
redis.call('HSET', item(id), 'state', 'done')
redis.call('PEXPIRE', item(id), ARGV[6])
redis.call('ZREM', prefix .. 'open:' .. hook, id)
leave(hook, name, id, now)
if ARGV[7] ~= '' then redis.call('HDEL', prefix .. 'disabled', hook) end
return {'ok'}
"""
)

# ARGV: id, token, now, when it is due, the problem, the name of a lane of its own or "".
POSTPONE = (
    _SETTLED
    + """
redis.call('HINCRBY', item(id), 'attempts', 1)
redis.call('HSET', item(id), 'problem', ARGV[7])
redis.call('PEXPIRE', item(id), waiting_ms)
if ARGV[8] ~= '' and ARGV[8] ~= name then
  leave(hook, name, id, now)
  redis.call('HSET', item(id), 'lane', ARGV[8])
  line_up(hook, ARGV[8], id, ARGV[6])
else
  redis.call('ZADD', prefix .. 'due:' .. hook, ARGV[6], name)
  keep(hook, name)
end
return {'ok'}
"""
)

# ARGV: id, token, now, its place, the place of one that died too long ago, milliseconds to keep it, the problem,
# "disable" or "", the most dead ones, attempts.
BURY = (
    _SETTLED
    + """
local dead = prefix .. 'dead'
redis.call('HSET', item(id), 'state', 'dead', 'problem', ARGV[9], 'died', now, 'place', ARGV[6], 'attempts', ARGV[12])
redis.call('HDEL', item(id), 'wanted')
redis.call('PEXPIRE', item(id), ARGV[8])
redis.call('ZREM', prefix .. 'open:' .. hook, id)
leave(hook, name, id, now)
redis.call('ZADD', dead, 0, ARGV[6])
redis.call('PEXPIRE', dead, ARGV[8])
redis.call('ZREMRANGEBYLEX', dead, '-', '(' .. ARGV[7])
for _, oldest in ipairs(redis.call('ZRANGE', dead, 0, -tonumber(ARGV[11]) - 1)) do
  redis.call('ZREM', dead, oldest)
  redis.call('DEL', item(string.sub(oldest, 22)))
end
if ARGV[10] ~= '' then
  redis.call('HSET', prefix .. 'disabled', hook, ARGV[9])
  redis.call('PEXPIRE', prefix .. 'disabled', ARGV[8])
end
return {'ok'}
"""
)

# ARGV: the bound "(place" or "+", how many. Answers with the place of the last if more follow, then of each its JSON,
# attempts, problem and when it died.
DEAD_DELIVERIES = (
    _LANES
    + """
local dead, limit = prefix .. 'dead', tonumber(ARGV[4])
local places = redis.call('ZREVRANGEBYLEX', dead, ARGV[3], '-', 'LIMIT', 0, limit + 1)
local page = {'ok', places[limit + 1] and places[limit] or ''}
for index, its_place in ipairs(places) do
  if index > limit then break end
  local found = redis.call('HMGET', item(string.sub(its_place, 22)), 'delivery', 'attempts', 'problem', 'died')
  if found[1] then
    for _, value in ipairs(found) do page[#page + 1] = value end
  else
    redis.call('ZREM', dead, its_place)
  end
end
return page
"""
)

# ARGV: how many, the webhook, how many of its waiting ones come before. Answers with the id and JSON of each.
WAITING_DELIVERIES = (
    _LANES
    + """
local most, hook, first = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local found = {'ok'}
for _, id in ipairs(redis.call('ZRANGE', prefix .. 'open:' .. hook, first, first + most - 1)) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', item(id), 'delivery') or ''
end
return found
"""
)

# ARGV: now, then ids. Answers with how many there were.
ERASE_DELIVERIES = (
    _LANES
    + """
local now, count = ARGV[3], 0
for i = 4, #ARGV do
  local id = ARGV[i]
  local found = redis.call('HMGET', item(id), 'state', 'hook', 'lane', 'place')
  if found[1] == 'waiting' then
    redis.call('ZREM', prefix .. 'open:' .. found[2], id)
    if redis.call('LINDEX', place(found[2], found[3]), 0) == id then
      leave(found[2], found[3], id, now)
    else
      redis.call('LREM', place(found[2], found[3]), 1, id)
    end
  elseif found[1] == 'dead' then
    redis.call('ZREM', prefix .. 'dead', found[4])
  end
  count = count + redis.call('DEL', item(id))
end
return {'ok', count}
"""
)

# ARGV: id, now, the name of a lane of its own. Repeated by a client that was not answered, it says yes again.
REDELIVER = (
    _LANES
    + """
local id, now = ARGV[3], ARGV[4]
local found = redis.call('HMGET', item(id), 'state', 'hook', 'place', 'wanted')
if found[1] == 'waiting' and found[4] then return {'ok'} end
if found[1] ~= 'dead' then return {'unknown'} end
redis.call('ZREM', prefix .. 'dead', found[3])
redis.call('HSET', item(id), 'state', 'waiting', 'attempts', 0, 'wanted', 1, 'lane', ARGV[5])
redis.call('HDEL', item(id), 'died', 'place', 'problem')
redis.call('PEXPIRE', item(id), waiting_ms)
redis.call('ZADD', prefix .. 'open:' .. found[2], now, id)
line_up(found[2], ARGV[5], id, now)
return {'ok'}
"""
)
