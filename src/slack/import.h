#ifndef SLACK_IMPORT_H
#define SLACK_IMPORT_H

/*
 * Import: a Slack export (the ZIP file that Slack makes) into a store.
 *
 * People, public channels, members and messages come in with their times, authors, threads and
 * mentions. The import may be run again, after an interruption or with a newer export of the same
 * team: what is there already is not added twice, because every imported thing has an alias
 * ("slack:TEAM:ID"), and every message a cmid made from where it came from.
 *
 * Messages keep the order of the export: days by date, and by time within a day. A message is taken
 * when it has no subtype or is a thread_broadcast, me_message or bot_message; the rest is counted.
 * An author who is not in users.json becomes a person as well. Nobody can log in as an imported
 * person: they have no password.
 *
 * Text is turned into Parley's, from the left, in one pass:
 *
 *   &amp; &lt; &gt;              & < >, once: &amp;lt; becomes &lt;
 *   <@U1> <@U1|label>         <@id>; of somebody unknown: @label, or @U1 without a label
 *   <#C1> <#C1|name>          <#id>; of an unknown channel: #name, or #C1 without a name
 *   <!channel> <!here>        @channel @here, and <!everyone> is @everyone; a label is dropped
 *   <!subteam^S1|label>       label
 *   <!date^...|label>         label
 *   <url>                     url; it begins with a scheme and ':' and has no white space
 *   <url|label>               [label](url); an empty label is none
 *
 * The entities mean the same inside of URLs and labels. A form ends at the first '>' and holds no
 * '<' and no line feed. A '<' that begins none of these forms stays as it is, and reading goes on
 * behind it: so nested, unterminated and unknown forms are kept as they were written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct store;

#define IMPORT_ENTRIES_MAX 100000u           /* files in the archive */
#define IMPORT_ENTRY_BYTES_MAX (64ull << 20) /* one of them, uncompressed */
#define IMPORT_TOTAL_BYTES_MAX (4ull << 30)  /* all of them, uncompressed */
#define IMPORT_SUBTYPES_MAX 32u              /* counted by name; the others in one sum */
#define IMPORT_LABEL_MAX 96u

/* A name from the export, for people to read: printable ASCII, cut, all else shown as '?'. */
struct import_label {
    char text[IMPORT_LABEL_MAX + 1];
};

void import_label_set(struct import_label *label, struct slice text);

struct import_subtype {
    struct import_label name;
    uint64_t count;
};

/*
 * What was done, and what was not and why. Every message of the days that were read is counted
 * once: messages_found is the sum of messages_added, messages_known and all skipped_*. Threads,
 * mentions and renamed things are those of what was added in this run.
 */
struct import_report {
    uint64_t users_added;
    uint64_t users_known;    /* there already, from an earlier run */
    uint64_t users_renamed;  /* of those added: the name was taken or is none here */
    uint64_t users_unlisted; /* authors who are not in users.json, added or known */
    uint64_t users_malformed;
    uint64_t channels_added;
    uint64_t channels_known;
    uint64_t channels_renamed;
    uint64_t channels_archived; /* taken like the others */
    uint64_t channels_malformed;
    uint64_t members_added;
    uint64_t members_known;
    uint64_t members_unknown; /* who are nobody in the export */
    uint64_t messages_found;
    uint64_t messages_added;
    uint64_t messages_known;
    uint64_t replies;          /* with their thread */
    uint64_t replies_orphaned; /* whose first message was not taken: they are plain ones */
    uint64_t mentions;
    uint64_t mentions_unknown; /* of people who are not in the export: left as text */
    uint64_t channel_links;
    uint64_t channel_links_unknown; /* to channels that are not in the export: left as text */
    uint64_t skipped_subtype;       /* joins, topic changes and the like */
    uint64_t skipped_empty;         /* without text */
    uint64_t skipped_too_big;       /* text over EVENT_TEXT_MAX */
    uint64_t skipped_repeated;      /* that stand in the export twice */
    uint64_t skipped_malformed;     /* without a valid time, author or text */
    uint64_t with_edits;            /* taken as they were last */
    uint64_t with_files;            /* the files are not taken */
    uint64_t with_reactions;        /* the reactions are not taken */
    uint64_t private_channels;      /* in groups.json, not taken */
    uint64_t directs;               /* in dms.json, not taken */
    uint64_t group_directs;         /* in mpims.json, not taken */
    uint64_t days_read;
    uint64_t days_bad;       /* that are no JSON list */
    uint64_t days_not_taken; /* in folders that belong to no channel that was taken */

    struct import_label first_bad_day;
    struct import_subtype subtypes[IMPORT_SUBTYPES_MAX];
    size_t subtypes_len;
};

struct import_options {
    bool dry_run; /* report what an import would do, and store nothing */
    /* Called after every day with how many bytes of days have been read. May be NULL. */
    void (*progress)(const struct import_report *so_far, uint64_t done, uint64_t total, void *arg);
    void *progress_arg;
};

/*
 * Import the file and fill `report`. ERR_NOT_FOUND: there is no such file; ERR_INVALID,
 * ERR_TOO_BIG: it is no Slack export, or one past the limits; then `problem` is a sentence about
 * it. With other errors it is empty: the store failed. What was stored before a failure stays, and
 * another run goes on from there; the store must be closed after one, which drops what was half
 * done.
 */
NODISCARD enum err import_slack(struct store *store, const char *path,
                                const struct import_options *options, struct import_report *report,
                                struct buf *problem);

#endif
