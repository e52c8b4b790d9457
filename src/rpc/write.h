#ifndef RPC_WRITE_H
#define RPC_WRITE_H

/* Write: the objects of docs/PROTOCOL.md as JSON. One place for each, whoever sends it. */

#include <stddef.h>

#include "base/json.h"
#include "model/channel.h"
#include "model/event.h"
#include "model/user.h"
#include "presence/presence.h"
#include "store/store.h"

void write_user(struct json_writer *w, const struct user *user);
void write_users(struct json_writer *w, struct slice name, const struct store_users *users);

void write_channel(struct json_writer *w, const struct channel *channel);
void write_channels(struct json_writer *w, struct slice name,
                    const struct store_channels *channels);

/* {"ev":"message",...} */
void write_event(struct json_writer *w, const struct event *event);
void write_events(struct json_writer *w, struct slice name, const struct store_page *page);

/* {"user":7,"state":"online"}, and "presence":[...] of them */
void write_presence_item(struct json_writer *w, const struct presence_seen *seen);
void write_presence(struct json_writer *w, const struct presence_seen *seen, size_t count);

/* A member of the object being written. */
void write_member_u64(struct json_writer *w, struct slice name, uint64_t value);
void write_member_i64(struct json_writer *w, struct slice name, int64_t value);
void write_member_string(struct json_writer *w, struct slice name, struct slice value);
void write_member_bool(struct json_writer *w, struct slice name, bool value);

#endif
