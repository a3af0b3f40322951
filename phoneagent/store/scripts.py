"""What Redis does in one step. Every script that writes sets the time to live of what it wrote.

Keys of a call: its meta hash, its list of turns, its lease. The hash has `v` (version of the data), `record.*` (the
fields of the record as JSON), `epoch` and `owner` (the fencing token and who has it), `last_seq` (how many turns there
are) and `last_write` (`token:number` of the last write of a turn). Every script answers with a word and, for some, a
value. Repeating one is harmless: a client not answered in time asks again.
"""

from __future__ import annotations

_CALL = """
local meta, turns, lease = KEYS[1], KEYS[2], KEYS[3]
local version, live_ms, ended_ms = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local stored_version = redis.call('HGET', meta, 'v')
if stored_version and tonumber(stored_version) > version then return {'newer', stored_version} end
local function keep()
  local ended = redis.call('HGET', meta, 'record.ended')
  local ms = (ended and ended ~= 'null') and ended_ms or live_ms
  redis.call('HSETNX', meta, 'v', version)
  redis.call('PEXPIRE', meta, ms)
  redis.call('PEXPIRE', turns, ms)
end
"""

# ARGV: field, value, ...
CREATE = (
    _CALL
    + """
if redis.call('HEXISTS', meta, 'record.status') == 0 then
  redis.call('HSET', meta, unpack(ARGV, 4))
end
keep()
return {'ok'}
"""
)

# Answers with how many turns there were.
ERASE = (
    _CALL
    + """
local count = redis.call('LLEN', turns)
redis.call('DEL', meta, turns, lease)
return {'ok', count}
"""
)

# ARGV: token or 0, field, value, ...
UPDATE = (
    _CALL
    + """
local token = tonumber(ARGV[4])
if redis.call('HEXISTS', meta, 'record.status') == 0 then return {'unknown'} end
if token > 0 and tonumber(redis.call('HGET', meta, 'epoch') or 0) > token then return {'lost'} end
if #ARGV > 4 then redis.call('HSET', meta, unpack(ARGV, 5)) end
keep()
return {'ok'}
"""
)

# ARGV: the end and its reason as they were read, field, value, ... Who read what is not so any more reads again.
CLOSE = (
    _CALL
    + """
local found = redis.call('HMGET', meta, 'record.ended', 'record.ended_reason')
if found[1] ~= ARGV[4] or found[2] ~= ARGV[5] then return {'again'} end
redis.call('HSET', meta, unpack(ARGV, 6))
keep()
return {'ok'}
"""
)

# Answers with the hash as field, value, ...
RECORD = (
    _CALL
    + """
if redis.call('HEXISTS', meta, 'record.status') == 0 then return {'unknown'} end
return {'ok', redis.call('HGETALL', meta)}
"""
)

# KEYS: places of all calls. ARGV: the place of another, from when on places are kept, milliseconds. All have the same
# score, so they are sorted as text: by time.
INDEX = """
redis.call('ZREMRANGEBYLEX', KEYS[1], '-', '(' .. ARGV[2])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'ok'}
"""

# Answers with the hash as field, value, ... and the list.
LOAD = (
    _CALL
    + """
if redis.call('HEXISTS', meta, 'record.status') == 0 then return {'unknown'} end
return {'ok', redis.call('HGETALL', meta), redis.call('LRANGE', turns, 0, -1)}
"""
)

# ARGV: owner, milliseconds, "force" or "". Answers with the fencing token, 0 while another owns the call. An owner
# keeps its token as long as nobody else has had the call, so that a late renewal does not invalidate its own writes.
ACQUIRE = (
    _CALL
    + """
local owner, ms, force = ARGV[4], ARGV[5], ARGV[6]
local holder = redis.call('GET', lease)
if holder and holder ~= owner and force ~= 'force' then return {'ok', 0} end
if redis.call('HGET', meta, 'owner') ~= owner then
  redis.call('HINCRBY', meta, 'epoch', 1)
  redis.call('HSET', meta, 'owner', owner)
end
redis.call('SET', lease, owner, 'PX', ms)
keep()
return {'ok', tonumber(redis.call('HGET', meta, 'epoch'))}
"""
)

# Answers with 1 while somebody owns the call, else 0.
HELD = (
    _CALL
    + """
return {'ok', redis.call('EXISTS', lease)}
"""
)

# ARGV: owner, token.
RELEASE = (
    _CALL
    + """
if redis.call('GET', lease) == ARGV[4] and redis.call('HGET', meta, 'epoch') == ARGV[5] then
  redis.call('DEL', lease)
end
return {'ok'}
"""
)

# ARGV: token, seq, turn, the write's number. Numbers of one token rise: a write that the client had given up is carried
# out when a stalled server wakes, perhaps after the one that followed it, and must not undo that. The turns themselves
# are counted, not `last_seq`: a server short of memory may have dropped one key of the two.
APPEND = (
    _CALL
    + """
local token, seq = tonumber(ARGV[4]), tonumber(ARGV[5])
local epoch = tonumber(redis.call('HGET', meta, 'epoch') or 0)
if epoch > token then return {'lost'} end
if epoch < token or epoch == 0 then return {'forgotten'} end
local last = redis.call('LLEN', turns)
if seq > last + 1 then return {'gap', last + 1} end
local writer, number = string.match(redis.call('HGET', meta, 'last_write') or '', '^(%d+):(%d+)$')
local late = writer == ARGV[4] and tonumber(number) > tonumber(ARGV[7])
if seq >= last and not late then
  if seq == last then redis.call('LSET', turns, -1, ARGV[6]) else redis.call('RPUSH', turns, ARGV[6]) end
  redis.call('HSET', meta, 'last_seq', seq, 'last_write', ARGV[4] .. ':' .. ARGV[7])
end
keep()
return {'ok'}
"""
)

# KEYS: the token's. ARGV: a name for this attempt. Not GETDEL: repeated after a lost answer it would find nothing, and
# turn a good caller away. The first attempt puts its name on the token; only the same attempt gets it again.
TAKE_TOKEN = """
local value = redis.call('GET', KEYS[1])
if not value then return {'unknown'} end
local taker, call = string.match(value, '^(%x*):(.*)$')
if taker == '' then
  redis.call('SET', KEYS[1], ARGV[1] .. ':' .. call, 'KEEPTTL')
elseif taker ~= ARGV[1] then
  return {'unknown'}
end
return {'ok', call}
"""

_CLIPS = """
local clips, used, ttl_ms = KEYS[1], KEYS[2], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(fields)
  for _, field in ipairs(fields) do
    redis.call('HDEL', clips, field)
    redis.call('ZREM', used, field)
  end
end
local function keep()
  drop(redis.call('ZRANGEBYSCORE', used, '-inf', '(' .. string.format('%.0f', now - ttl_ms), 'LIMIT', 0, 100))
  redis.call('PEXPIRE', clips, ttl_ms)
  redis.call('PEXPIRE', used, ttl_ms)
end
"""
# A voice that is in use for years must not keep what it told two callers in its first week: each clip expires by
# itself, a hundred at a time, whenever something of its voice is saved or used.

# KEYS: a voice's clips and when each was used. ARGV: time to live in ms, how many are kept, the clip's field, the clip.
# Clips that one key has and the other has not, since a server short of memory dropped it, are dropped too.
SAVE_CLIP = (
    _CLIPS
    + """
local most = tonumber(ARGV[2])
if redis.call('HLEN', clips) ~= redis.call('ZCARD', used) then redis.call('DEL', clips, used) end
redis.call('HSET', clips, ARGV[3], ARGV[4])
redis.call('ZADD', used, now, ARGV[3])
drop(redis.call('ZRANGE', used, 0, -most - 1))
keep()
return {'ok'}
"""
)

# KEYS: the same. ARGV: time to live in ms, then the fields that were used. A server without memory for that refuses; it
# does not matter here.
USE_CLIPS = (
    _CLIPS
    + """
for i = 2, #ARGV do redis.pcall('ZADD', used, 'XX', now, ARGV[i]) end
keep()
return {'ok'}
"""
)
