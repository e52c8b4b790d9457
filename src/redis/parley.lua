#!lua name=parley
-- What a fleet does inside Redis, atomically: give an event its place in its channel, remember its
-- cmid, keep it in the channel's recent stream, publish it; and take a lease of seqs.
--
-- Keys of channel 5: c:{5}:head (hash: boot, since, seq, limit, last, n), c:{5}:recent (stream, ids
-- <seq>-0, field e), c:{5}:i:<sender>:<cmid> (string "<seq>:<prev>:<n>"), and active (sorted set of
-- channels by the time of their last event). An entry of the stream, and what is published, is
-- "<seq>:<prev>:<n>:" followed by the encoded event.
--
-- The database owns the seqs: a counter works only inside a lease that the database handed out, and
-- only while `boot` is the one that the caller read when it connected. After a restart or a failover
-- it is another, and the function asks for a fresh lease: no block is handed out twice, so no seq is.

-- KEYS head, recent, idempotency key, active
-- ARGV 1 boot  2 topic  3 encoded event  4 backlog_max  5 ttl_s  6 channel  7 now_ms
--      8 '1' if it counts in n  9 '1' if the caller knows that the store does not have the cmid
-- Gives DUP place event | BOOT | LEASE | CHECK | BUSY | OK place seqs_left
local function append(keys, args)
  local place = redis.call('GET', keys[3])
  if place then
    local seq = string.match(place, '^(%d+)')
    local entry = redis.call('XRANGE', keys[2], seq .. '-0', seq .. '-0')[1]
    -- An empty event: it is trimmed already, so the store has it.
    return {'DUP', place, entry and string.match(entry[2][2], '^%d+:%d+:%d+:(.*)$') or ''}
  end

  local head = redis.call('HMGET', keys[1], 'boot', 'seq', 'limit', 'last', 'n', 'since')
  if head[1] ~= args[1] then return {'BOOT'} end
  -- Since the counter was started cmids may have been forgotten that are younger than their ttl.
  if args[9] ~= '1' and tonumber(args[7]) - tonumber(head[6]) < tonumber(args[5]) * 1000 then
    return {'CHECK'}
  end
  local seq, limit = tonumber(head[2]) + 1, tonumber(head[3])
  if seq > limit then return {'LEASE'} end
  if redis.call('XLEN', keys[2]) >= tonumber(args[4]) then return {'BUSY'} end

  local n = tonumber(head[5]) + (args[8] == '1' and 1 or 0)
  place = string.format('%d:%d:%d', seq, tonumber(head[4]), n)
  local entry = place .. ':' .. args[3]
  redis.call('XADD', keys[2], string.format('%d-0', seq), 'e', entry)
  redis.call('HSET', keys[1], 'seq', string.format('%d', seq), 'last', string.format('%d', seq),
             'n', string.format('%d', n))
  redis.call('ZADD', keys[4], args[7], args[6])
  redis.call('SET', keys[3], place, 'EX', args[5])
  redis.call('PUBLISH', args[2], entry)
  return {'OK', place, string.format('%d', limit - seq)}
end

-- KEYS head
-- ARGV 1 boot  2 start  3 limit  4 last  5 n  6 since when cmids are remembered, in ms
-- Install the block start < seq <= limit. Gives what became of it, for the log.
local function lease(keys, args)
  local head = redis.call('HMGET', keys[1], 'boot', 'seq', 'limit', 'last', 'n')
  if head[1] == args[1] then
    if tonumber(args[3]) <= tonumber(head[3]) then return 'KEPT' end
    if args[2] == head[3] then
      redis.call('HSET', keys[1], 'limit', args[3])
      return 'EXTENDED'
    end
    redis.call('HSET', keys[1], 'seq', args[2], 'limit', args[3])
    return 'JUMPED'
  end
  -- What survived here may be newer than what the database has, or older: take the newer.
  local last, n = tonumber(args[4]), tonumber(args[5])
  if head[4] and tonumber(head[4]) > last then last = tonumber(head[4]) end
  if head[5] and tonumber(head[5]) > n then n = tonumber(head[5]) end
  redis.call('HSET', keys[1], 'boot', args[1], 'since', args[6], 'seq', args[2], 'limit', args[3],
             'last', string.format('%d', last), 'n', string.format('%d', n))
  return 'STARTED'
end

-- KEYS recent, active
-- ARGV 1 channel  2 settled  3 quiet_since_ms
-- All events up to `settled` are in the store: forget them here, and the channel too when nothing is
-- left and it has been quiet since.
local function settle(keys, args)
  redis.call('XTRIM', keys[1], 'MINID', string.format('%d-0', tonumber(args[2]) + 1))
  local score = redis.call('ZSCORE', keys[2], args[1])
  if score and tonumber(score) <= tonumber(args[3]) and redis.call('XLEN', keys[1]) == 0 then
    redis.call('ZREM', keys[2], args[1])
  end
  return 'OK'
end

redis.register_function('parley_append', append)
redis.register_function('parley_settle', settle)
redis.register_function('parley_lease', lease)
