/* One pass over the text, form by form. */

#include "slack/text.h"

#include "slack/index.h"

/* What stands between '<' and '>'. */
struct form {
    struct slice head;  /* before the '|' */
    struct slice label; /* behind it; empty when there is none */
};

/* Only what stands at a known place is taken for a form; this one ends at the first '>'. */
static bool form_at(struct slice text, struct form *form, size_t *len)
{
    size_t end = 1;
    while (end < text.len && text.ptr[end] != '>') {
        if (text.ptr[end] == '<' || text.ptr[end] == '\n')
            return false;
        end++;
    }
    if (end == text.len)
        return false;

    const struct slice inside = slice_from(text.ptr + 1, end - 1);
    if (!slice_cut(inside, '|', &form->head, &form->label))
        *form = (struct form){inside, SLICE_EMPTY};
    *len = end + 1;
    return true;
}

/* ---- entities ---- */

static const struct {
    struct slice name;
    char meaning;
} entities[] = {
    {{"&amp;", 5}, '&'},
    {{"&lt;", 4}, '<'},
    {{"&gt;", 4}, '>'},
};

/* Append what the '&' at the front stands for; returns how much of `text` that took. */
static size_t entity(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (slice_starts(text, entities[i].name)) {
            buf_byte(out, entities[i].meaning);
            return entities[i].name.len;
        }
    }
    buf_byte(out, '&');
    return 1;
}

static void plain(struct slice text, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        if (text.ptr[at] == '&')
            at += entity(slice_skip(text, at), out);
        else
            buf_byte(out, text.ptr[at++]);
    }
}

/* ---- forms: each appends its text, or returns false and appends nothing ---- */

static bool is_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        const char c = id.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return id.len > 0;
}

/* <@U1> and <#C1|name> differ only in the sign and in where the ids are looked up. */
static bool reference(const struct form *form, const struct index *ids, struct buf *out,
                      uint64_t *known, uint64_t *unknown)
{
    const struct slice id = slice_skip(form->head, 1);
    const char sign = form->head.ptr[0];
    uint64_t ours;
    if (!is_id(id))
        return false;
    if (index_get(ids, id, &ours)) {
        ++*known;
        buf_byte(out, '<');
        buf_byte(out, sign);
        buf_u64(out, ours);
        buf_byte(out, '>');
        return true;
    }
    ++*unknown;
    buf_byte(out, sign);
    plain(form->label.len > 0 ? form->label : id, out);
    return true;
}

static bool special(const struct form *form, struct buf *out)
{
    const struct slice word = slice_skip(form->head, 1);
    if (slice_eq(word, SLICE("channel")) || slice_eq(word, SLICE("here")) ||
        slice_eq(word, SLICE("everyone"))) {
        buf_byte(out, '@');
        buf_append(out, word);
        return true;
    }
    const bool labelled =
        slice_starts(word, SLICE("subteam^")) || slice_starts(word, SLICE("date^"));
    if (!labelled || form->label.len == 0)
        return false;
    plain(form->label, out);
    return true;
}

/* RFC 3986 section 3.1: a letter, then letters, digits, '+', '-' and '.'. */
static bool is_url(struct slice text)
{
    struct slice scheme;
    struct slice rest;
    if (!slice_cut(text, ':', &scheme, &rest) || scheme.len == 0 || rest.len == 0)
        return false;
    for (size_t i = 0; i < scheme.len; i++) {
        const char c = scheme.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && (i == 0 || !other))
            return false;
    }
    for (size_t i = 0; i < rest.len; i++) {
        if ((unsigned char)rest.ptr[i] <= ' ' || rest.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

static bool link_to(const struct form *form, struct buf *out)
{
    if (!is_url(form->head))
        return false;
    if (form->label.len == 0) {
        plain(form->head, out);
        return true;
    }
    buf_byte(out, '[');
    plain(form->label, out);
    buf_append(out, SLICE("]("));
    plain(form->head, out);
    buf_byte(out, ')');
    return true;
}

/* ---- the whole text ---- */

/* How much of `text`, which begins with '<', became something else; 0: nothing. */
static size_t map_form(struct slice text, const struct text_ids *ids, struct buf *out,
                       struct text_counts *counts)
{
    struct form form;
    size_t len;
    if (!form_at(text, &form, &len) || form.head.len == 0)
        return 0;

    bool mapped = false;
    switch (form.head.ptr[0]) {
    case '@':
        mapped = reference(&form, ids->people, out, &counts->mentions, &counts->mentions_unknown);
        break;
    case '#':
        mapped = reference(&form, ids->channels, out, &counts->channel_links,
                           &counts->channel_links_unknown);
        break;
    case '!':
        mapped = special(&form, out);
        break;
    default:
        mapped = link_to(&form, out);
    }
    return mapped ? len : 0;
}

void text_map(struct slice text, const struct text_ids *ids, struct buf *out,
              struct text_counts *counts)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.ptr[end] != '<' && text.ptr[end] != '&')
            end++;
        buf_append(out, slice_from(text.ptr + at, end - at));
        at = end;
        if (at == text.len)
            break;

        const struct slice rest = slice_skip(text, at);
        const size_t len =
            rest.ptr[0] == '&' ? entity(rest, out) : map_form(rest, ids, out, counts);
        if (len == 0)
            buf_byte(out, '<');
        at += len == 0 ? 1 : len;
    }
}
