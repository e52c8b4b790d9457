#!lua name=parley_presence
-- Who is there, over all edges of a fleet: an edge says it of its own people, and keeps saying that it
-- lives; of one that has stopped saying so, any other edge takes the people away.
--
-- Keys: presence:edges (sorted set of edges by their last beat, in us), presence:edge:<edge> (set of
-- its users), presence:user:<user> (hash: edge -> '1' away, '2' online), presence:beat and
-- presence:grace (strings, us). They are made from the arguments, so this is not for a Redis cluster.
--
-- Published on presence-<user>, when what all edges say together changes: "<state>:<at_us>", where
-- the state is '0' gone, '1' away, '2' online. `at_us` orders what is published and what is answered.

local STALE_US = 8000000
local SWEEP_MAX = 500

local function now_us()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local function best(states)
  local most = '0'
  for _, state in ipairs(states) do
    if state > most then most = state end
  end
  return most
end

local function change(edge, user, state, now)
  local key = 'presence:user:' .. user
  local before = best(redis.call('HVALS', key))
  if state == '0' then
    redis.call('HDEL', key, edge)
    redis.call('SREM', 'presence:edge:' .. edge, user)
  else
    redis.call('HSET', key, edge, state)
    redis.call('SADD', 'presence:edge:' .. edge, user)
  end
  local after = best(redis.call('HVALS', key))
  if after ~= before then
    redis.call('PUBLISH', 'presence-' .. user, string.format('%s:%d', after, now))
  end
end

-- ARGV 1 edge  2 "<user> <state> <user> <state> ..."
-- Gives OK, or GONE: the edge was taken for dead, and must begin anew under another name.
local function set(_, args)
  if not redis.call('ZSCORE', 'presence:edges', args[1]) then return 'GONE' end
  local now = now_us()
  for user, state in string.gmatch(args[2], '(%d+) (%d)') do change(args[1], user, state, now) end
  return 'OK'
end

-- Take away the people of an edge that is dead, not too many at once. Whether there may be more.
local function sweep(now)
  local dead = redis.call('ZRANGEBYSCORE', 'presence:edges', '-inf', now - STALE_US, 'LIMIT', 0, 1)[1]
  if not dead then return false end
  for _, user in ipairs(redis.call('SPOP', 'presence:edge:' .. dead, SWEEP_MAX)) do
    change(dead, user, '0', now)
  end
  if redis.call('EXISTS', 'presence:edge:' .. dead) == 0 then
    redis.call('ZREM', 'presence:edges', dead)
  end
  return true
end

-- ARGV 1 edge  2 '1' for its first beat
-- Gives OK, MORE: beat again at once, there is more to take away, or GONE.
local function beat(_, args)
  local now = now_us()
  local score = redis.call('ZSCORE', 'presence:edges', args[1])
  if args[2] ~= '1' and not score then return 'GONE' end
  -- One that may be taken away already does not come back under this name.
  if score and tonumber(score) <= now - STALE_US then return 'GONE' end
  redis.call('ZADD', 'presence:edges', string.format('%d', now), args[1])

  -- When nobody has beaten for a while it was this server that was away, and not they.
  local last = redis.call('GET', 'presence:beat')
  redis.call('SET', 'presence:beat', string.format('%d', now))
  if last and now - tonumber(last) > STALE_US / 2 then
    redis.call('SET', 'presence:grace', string.format('%d', now + STALE_US))
  end
  local grace = redis.call('GET', 'presence:grace')
  if grace and now < tonumber(grace) then return 'OK' end
  return sweep(now) and 'MORE' or 'OK'
end

-- ARGV 1 "<user> <user> ..."
-- Gives "<at_us> <state> <state> ...", counting only edges that live.
local function get(_, args)
  local now = now_us()
  local lives = {}
  for _, edge in ipairs(redis.call('ZRANGEBYSCORE', 'presence:edges', now - STALE_US, '+inf')) do
    lives[edge] = true
  end
  local out = {string.format('%d', now)}
  for user in string.gmatch(args[1], '%d+') do
    local states = {}
    local all = redis.call('HGETALL', 'presence:user:' .. user)
    for i = 1, #all, 2 do
      if lives[all[i]] then states[#states + 1] = all[i + 1] end
    end
    out[#out + 1] = best(states)
  end
  return table.concat(out, ' ')
end

redis.register_function('parley_presence_set', set)
redis.register_function('parley_presence_beat', beat)
redis.register_function('parley_presence_get', get)
