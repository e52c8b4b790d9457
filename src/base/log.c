/* Diagnostics on stderr. */

#include "base/log.h"

#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

#define VALUE_MAX 512u

static enum log_level level_max = LOG_INFO;

void log_set_level(enum log_level level)
{
    level_max = level;
}

static struct slice level_name(enum log_level level)
{
    static const struct slice names[] = {{"error", 5}, {"warn", 4}, {"info", 4}, {"debug", 5}};
    return names[level];
}

static size_t format_time(char out[40])
{
    const int64_t now_us = clock_wall_us();
    const time_t seconds = (time_t)(now_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    const size_t len = strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return len;
}

/* What may go into a JSON string: valid UTF-8, not too long. */
static struct slice presentable(struct slice text)
{
    if (text.len > VALUE_MAX)
        text.len = VALUE_MAX;
    while (text.len > 0 && !utf8_valid(text))
        text.len--;
    return text;
}

static void write_fields(struct json_writer *w, const struct log_field *fields)
{
    for (const struct log_field *field = fields; field->name != NULL; field++) {
        json_name(w, slice_str(field->name));
        if (field->text.ptr == NULL)
            json_write_u64(w, field->number);
        else
            json_write_string(w, presentable(field->text));
    }
}

static void write_json(struct buf *line, enum log_level level, struct slice time, const char *event,
                       const struct log_field *fields)
{
    struct json_writer w;
    json_writer_init(&w, line);
    json_object_begin(&w);
    json_name(&w, SLICE("time"));
    json_write_string(&w, time);
    json_name(&w, SLICE("level"));
    json_write_string(&w, level_name(level));
    json_name(&w, SLICE("event"));
    json_write_string(&w, slice_str(event));
    write_fields(&w, fields);
    json_object_end(&w);
}

static void write_plain(struct buf *line, enum log_level level, struct slice time,
                        const char *event, const struct log_field *fields)
{
    buf_append(line, time);
    buf_byte(line, ' ');
    buf_append(line, level_name(level));
    buf_byte(line, ' ');
    buf_append(line, slice_str(event));
    for (const struct log_field *field = fields; field->name != NULL; field++) {
        struct json_writer w;
        buf_byte(line, ' ');
        buf_append(line, slice_str(field->name));
        buf_byte(line, '=');
        json_writer_init(&w, line);
        if (field->text.ptr == NULL)
            json_write_u64(&w, field->number);
        else
            json_write_string(&w, presentable(field->text));
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level > level_max)
        return;
    char text[40];
    const struct slice time = slice_from(text, format_time(text));
    struct buf line = {0};
    if (isatty(STDERR_FILENO))
        write_plain(&line, level, time, event, fields);
    else
        write_json(&line, level, time, event, fields);
    buf_byte(&line, '\n');
    /* One write, so that lines of several threads do not mix. */
    const ssize_t ignored = write(STDERR_FILENO, line.ptr, line.len);
    (void)ignored;
    buf_fini(&line);
}
