/* Finding and sorting the days. */

#include "slack/days.h"

#include <stdlib.h>

#include "base/mem.h"
#include "slack/archive.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool days_split(struct slice name, struct slice *folder, struct slice *date)
{
    static const char shape[] = "dddd-dd-dd.json";
    struct slice file;
    if (!slice_cut(name, '/', folder, &file) || folder->len == 0 || file.len != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < file.len; i++) {
        if (shape[i] == 'd' ? !is_digit(file.ptr[i]) : file.ptr[i] != shape[i])
            return false;
    }
    *date = slice_from(file.ptr, sizeof("dddd-dd-dd") - 1);
    return true;
}

static int compare(struct slice a, struct slice b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = memcmp(a.ptr, b.ptr, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Two entries of one name keep the order of the archive. */
static int by_folder_and_date(const void *left, const void *right)
{
    const struct days_entry *a = left;
    const struct days_entry *b = right;
    int order = compare(a->folder, b->folder);
    if (order == 0)
        order = compare(a->date, b->date);
    return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

void days_init(struct days *days, const struct archive *archive)
{
    const size_t count = archive_count(archive);
    *days = (struct days){.items = mem_zalloc((count + 1) * sizeof(*days->items))};
    for (size_t i = 0; i < count; i++) {
        struct days_entry *day = &days->items[days->len];
        day->entry = archive_entry(archive, i);
        if (!days_split(day->entry->name, &day->folder, &day->date))
            continue;
        days->bytes += day->entry->size;
        days->len++;
    }
    qsort(days->items, days->len, sizeof(*days->items), by_folder_and_date);
}

void days_fini(struct days *days)
{
    mem_free(days->items);
    *days = (struct days){0};
}

size_t days_find(const struct days *days, struct slice folder, size_t *count)
{
    size_t low = 0;
    size_t high = days->len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(days->items[middle].folder, folder) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < days->len && slice_eq(days->items[end].folder, folder))
        end++;
    *count = end - low;
    return low;
}
