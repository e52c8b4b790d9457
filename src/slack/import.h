#ifndef SLACK_IMPORT_H
#define SLACK_IMPORT_H

/*
 * Import: a Slack export (the ZIP file that Slack makes) into a store.
 *
 * People, channels, members and messages come in with their times, authors, threads and mentions.
 * The import may be run again, after an interruption or with a newer export of the same team: what
 * is there already is not added twice, because every imported thing has an alias, and every message
 * a cmid made from where it came from.
 *
 * Text is turned into Parley's: the entities &amp; &lt; &gt; become their characters, <@U1> becomes
 * <@id>,
 * <#C1|name> becomes <#id>, <!channel> and <!here> become @channel and @here, <url> becomes url,
 * <url|label> becomes [label](url).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct store;

/* What was done, and what was not and why. */
struct import_report {
    uint64_t users_added;
    uint64_t users_known; /* there already, from an earlier run */
    uint64_t channels_added;
    uint64_t channels_known;
    uint64_t members_added;
    uint64_t messages_found;
    uint64_t messages_added;
    uint64_t messages_known;
    uint64_t replies;          /* of those added, with their thread */
    uint64_t replies_orphaned; /* whose first message is not in the export: taken as plain ones */
    uint64_t mentions;
    uint64_t mentions_unknown;  /* of people who are not in the export: left as text */
    uint64_t skipped_subtype;   /* joins, topic changes and the like */
    uint64_t skipped_empty;     /* without text */
    uint64_t skipped_too_big;   /* text over EVENT_TEXT_MAX */
    uint64_t skipped_malformed; /* without a valid time or author */
    uint64_t files_bad;         /* days that are no JSON list */
};

struct import_options {
    bool dry_run; /* read everything, store nothing */
    /* Called now and then with how much of the export has been read. May be NULL. */
    void (*progress)(uint64_t done, uint64_t total, void *arg);
    void *progress_arg;
};

/*
 * Import the file. ERR_NOT_FOUND: no such file; ERR_INVALID: no Slack export; `problem` says in a
 * sentence what is wrong. What was stored before a failure stays, and a second run goes on from
 * there.
 */
NODISCARD enum err import_slack(struct store *store, const char *path,
                                const struct import_options *options, struct import_report *report,
                                struct buf *problem);

#endif
