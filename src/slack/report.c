/* One table names every number; a line is left out when its number is 0, unless it is a main one.
 */

#include "slack/report.h"

#include "base/json.h"
#include "slack/import.h"

enum section {
    TAKEN,
    KNOWN,
    NOTED, /* taken, but not quite as in Slack */
    NOT_TAKEN,
    SECTIONS,
};

static const char *const headings[SECTIONS] = {
    [TAKEN] = "Taken:",
    [KNOWN] = "There already, from an earlier import:",
    [NOTED] = "Taken, and to be noted:",
    [NOT_TAKEN] = "Not taken:",
};

struct line {
    const char *name;
    size_t offset;
    enum section section;
    bool always;
    const char *words;
};

#define LINE(field, section, always, words)                                                        \
    {                                                                                              \
#field, offsetof(struct import_report, field), section, always, words                      \
    }

static const struct line lines[] = {
    LINE(users_added, TAKEN, true, "people"),
    LINE(channels_added, TAKEN, true, "channels"),
    LINE(members_added, TAKEN, true, "memberships"),
    LINE(messages_added, TAKEN, true, "messages"),
    LINE(replies, TAKEN, true, "of these are replies in threads"),
    LINE(mentions, TAKEN, true, "mentions of people"),
    LINE(channel_links, TAKEN, false, "links to channels"),
    LINE(users_known, KNOWN, false, "people"),
    LINE(channels_known, KNOWN, false, "channels"),
    LINE(members_known, KNOWN, false, "memberships"),
    LINE(messages_known, KNOWN, false, "messages"),
    LINE(users_renamed, NOTED, false, "people got another name: theirs was taken or is none here"),
    LINE(users_unlisted, NOTED, false, "authors are not in users.json: they were made people"),
    LINE(channels_renamed, NOTED, false,
         "channels got another name: theirs was taken or is none here"),
    LINE(channels_archived, NOTED, false, "channels are archived in Slack: here they are open"),
    LINE(replies_orphaned, NOTED, false,
         "replies whose first message was not taken: they are plain messages"),
    LINE(mentions_unknown, NOTED, false,
         "mentions of people who are not in the export: left as text"),
    LINE(channel_links_unknown, NOTED, false,
         "links to channels that are not in the export: left as text"),
    LINE(with_edits, NOTED, false, "messages were edited: their last text was taken"),
    LINE(skipped_subtype, NOT_TAKEN, false, "notices and other entries that are no messages"),
    LINE(skipped_empty, NOT_TAKEN, false, "messages without text"),
    LINE(skipped_too_big, NOT_TAKEN, false, "messages over 16 KiB"),
    LINE(skipped_repeated, NOT_TAKEN, false, "messages that stand in the export twice"),
    LINE(skipped_malformed, NOT_TAKEN, false, "entries without a valid time, author or text"),
    LINE(with_files, NOT_TAKEN, false, "messages' files (their text was taken)"),
    LINE(with_reactions, NOT_TAKEN, false, "messages' reactions (their text was taken)"),
    LINE(private_channels, NOT_TAKEN, false, "private channels (groups.json)"),
    LINE(directs, NOT_TAKEN, false, "direct conversations (dms.json)"),
    LINE(group_directs, NOT_TAKEN, false, "direct conversations of several (mpims.json)"),
    LINE(users_malformed, NOT_TAKEN, false, "entries of users.json without an id of their own"),
    LINE(channels_malformed, NOT_TAKEN, false,
         "entries of channels.json without a name or an id of their own"),
    LINE(members_unknown, NOT_TAKEN, false, "memberships of people who are not in the export"),
    LINE(days_bad, NOT_TAKEN, false, "days that are no JSON list"),
    LINE(days_not_taken, NOT_TAKEN, false, "days in folders of no channel in channels.json"),
};

#define LINES_LEN (sizeof(lines) / sizeof(lines[0]))

static uint64_t number(const struct import_report *report, const struct line *line)
{
    uint64_t value;
    memcpy(&value, (const char *)report + line->offset, sizeof(value));
    return value;
}

void import_label_set(struct import_label *label, struct slice text)
{
    const size_t len = text.len < IMPORT_LABEL_MAX ? text.len : IMPORT_LABEL_MAX;
    for (size_t i = 0; i < len; i++)
        label->text[i] = text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?';
    label->text[len] = '\0';
}

/* Entries whose subtype found no place in the list. */
static uint64_t other_subtypes(const struct import_report *report)
{
    uint64_t others = report->skipped_subtype;
    for (size_t i = 0; i < report->subtypes_len; i++)
        others -= report->subtypes[i].count;
    return others;
}

/* ---- text ---- */

static void subtypes_text(const struct import_report *report, struct buf *out)
{
    for (size_t i = 0; i < report->subtypes_len; i++) {
        const char *name = report->subtypes[i].name.text;
        buf_format(out, "%14llu %s\n", (unsigned long long)report->subtypes[i].count,
                   name[0] != '\0' ? name : "(without a name)");
    }
    if (other_subtypes(report) > 0)
        buf_format(out, "%14llu others\n", (unsigned long long)other_subtypes(report));
}

static void section_text(const struct import_report *report, enum section section, struct buf *out)
{
    bool begun = false;
    for (size_t i = 0; i < LINES_LEN; i++) {
        const uint64_t value = number(report, &lines[i]);
        if (lines[i].section != section || (value == 0 && !lines[i].always))
            continue;
        if (!begun)
            buf_format(out, "\n%s\n", headings[section]);
        begun = true;
        buf_format(out, "%10llu %s", (unsigned long long)value, lines[i].words);
        if (lines[i].offset == offsetof(struct import_report, days_bad))
            buf_format(out, " (the first: %s)", report->first_bad_day.text);
        buf_byte(out, '\n');
        if (lines[i].offset == offsetof(struct import_report, skipped_subtype))
            subtypes_text(report, out);
    }
}

void report_text(const struct import_report *report, bool dry_run, struct buf *out)
{
    buf_format(out, "%s%llu messages found in %llu days.\n",
               dry_run ? "Nothing was stored; this is what an import would do.\n" : "",
               (unsigned long long)report->messages_found, (unsigned long long)(report->days_read));
    for (enum section section = TAKEN; section < SECTIONS; section++)
        section_text(report, section, out);
}

/* ---- JSON ---- */

void report_json(const struct import_report *report, bool dry_run, uint64_t elapsed_ms,
                 struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_name(&w, SLICE("dry_run"));
    json_write_bool(&w, dry_run);
    json_name(&w, SLICE("elapsed_ms"));
    json_write_u64(&w, elapsed_ms);
    json_name(&w, SLICE("messages_found"));
    json_write_u64(&w, report->messages_found);
    json_name(&w, SLICE("days_read"));
    json_write_u64(&w, report->days_read);
    for (size_t i = 0; i < LINES_LEN; i++) {
        json_name(&w, slice_str(lines[i].name));
        json_write_u64(&w, number(report, &lines[i]));
    }
    json_name(&w, SLICE("first_bad_day"));
    json_write_string(&w, slice_str(report->first_bad_day.text));
    json_name(&w, SLICE("subtypes"));
    json_array_begin(&w);
    for (size_t i = 0; i < report->subtypes_len; i++) {
        json_object_begin(&w);
        json_name(&w, SLICE("name"));
        json_write_string(&w, slice_str(report->subtypes[i].name.text));
        json_name(&w, SLICE("count"));
        json_write_u64(&w, report->subtypes[i].count);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    buf_byte(out, '\n');
}
