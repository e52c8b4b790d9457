/* The ZIP file, by libzip. */

#include "slack/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/mem.h"
#include "slack/archive_count.h"
#include "slack/import.h"

struct archive {
    zip_t *zip;
    struct archive_entry *entries;
    size_t count;
};

/* ---- opening ---- */

static enum err open_problem(const char *path, int error, struct buf *problem)
{
    if (error == ENOENT) {
        buf_format(problem, "There is no file %s. Check the path.", path);
        return ERR_NOT_FOUND;
    }
    buf_format(problem, "%s cannot be read: %s.", path, strerror(error));
    return ERR_IO;
}

/* Before libzip sees the file: it makes room for whatever number of entries the file names. */
static enum err check_count(const char *path, int fd, struct buf *problem)
{
    uint64_t count;
    if (archive_claimed(fd, &count) != ERR_NONE) {
        buf_format(problem, "%s cannot be read. Is it a file?", path);
        return ERR_IO;
    }
    if (count > IMPORT_ENTRIES_MAX) {
        buf_format(problem, "%s names %llu files: at most %u are read.", path,
                   (unsigned long long)count, IMPORT_ENTRIES_MAX);
        return ERR_TOO_BIG;
    }
    return ERR_NONE;
}

/* Takes `fd`, also when it fails. */
static enum err open_zip(struct archive *archive, const char *path, int fd, struct buf *problem)
{
    int code = 0;
    enum err err = check_count(path, fd, problem);
    if (err == ERR_NONE) {
        archive->zip = zip_fdopen(fd, 0, &code);
        if (archive->zip != NULL)
            return ERR_NONE;
        buf_format(
            problem,
            "%s is no complete ZIP file. Give the file that Slack made, as it was downloaded.",
            path);
        err = ERR_INVALID;
    }
    (void)close(fd);
    return err;
}

static enum err read_entry(struct archive *archive, zip_uint64_t at, struct buf *problem)
{
    zip_stat_t stat;
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(archive->zip, at, 0, &stat) != 0 || (stat.valid & needed) != needed) {
        buf_append(problem,
                   SLICE("The ZIP file's table of contents is damaged. Download it again."));
        return ERR_INVALID;
    }
    if (stat.size > IMPORT_ENTRY_BYTES_MAX) {
        struct import_label label;
        import_label_set(&label, slice_str(stat.name));
        buf_format(problem, "%s in the ZIP file has %llu bytes: at most %llu are read.", label.text,
                   (unsigned long long)stat.size, (unsigned long long)IMPORT_ENTRY_BYTES_MAX);
        return ERR_TOO_BIG;
    }
    archive->entries[archive->count++] =
        (struct archive_entry){slice_str(stat.name), stat.size, at};
    return ERR_NONE;
}

static enum err read_entries(struct archive *archive, struct buf *problem)
{
    const zip_int64_t count = zip_get_num_entries(archive->zip, 0);
    if (count < 0 || count > IMPORT_ENTRIES_MAX) {
        buf_format(problem, "The ZIP file has more than %u files.", IMPORT_ENTRIES_MAX);
        return ERR_TOO_BIG;
    }
    uint64_t total = 0;
    enum err err = ERR_NONE;
    archive->entries = mem_zalloc(((size_t)count + 1) * sizeof(*archive->entries));
    for (zip_int64_t at = 0; at < count && err == ERR_NONE; at++) {
        err = read_entry(archive, (zip_uint64_t)at, problem);
        total += err == ERR_NONE ? archive->entries[at].size : 0;
    }
    if (err == ERR_NONE && total > IMPORT_TOTAL_BYTES_MAX) {
        buf_format(problem, "The ZIP file unpacks to %llu bytes: at most %llu are read.",
                   (unsigned long long)total, (unsigned long long)IMPORT_TOTAL_BYTES_MAX);
        return ERR_TOO_BIG;
    }
    return err;
}

enum err archive_open(const char *path, struct archive **out, struct buf *problem)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return open_problem(path, errno, problem);

    struct archive *archive = mem_zalloc(sizeof(*archive));
    enum err err = open_zip(archive, path, fd, problem);
    if (err == ERR_NONE)
        err = read_entries(archive, problem);
    if (err != ERR_NONE) {
        archive_close(archive);
        return err;
    }
    *out = archive;
    return ERR_NONE;
}

void archive_close(struct archive *archive)
{
    if (archive == NULL)
        return;
    if (archive->zip != NULL)
        zip_discard(archive->zip);
    mem_free(archive->entries);
    mem_free(archive);
}

/* ---- entries ---- */

size_t archive_count(const struct archive *archive)
{
    return archive->count;
}

const struct archive_entry *archive_entry(const struct archive *archive, size_t at)
{
    return &archive->entries[at];
}

const struct archive_entry *archive_find(const struct archive *archive, struct slice name)
{
    for (size_t i = 0; i < archive->count; i++) {
        if (slice_eq(archive->entries[i].name, name))
            return &archive->entries[i];
    }
    return NULL;
}

/* Exactly as many bytes as the archive says, with the right checksum, or false. */
static bool read_all(zip_file_t *file, uint64_t size, struct buf *out)
{
    char *room = buf_room(out, (size_t)size);
    for (uint64_t done = 0; done < size;) {
        const zip_int64_t got = zip_fread(file, room + done, size - done);
        if (got <= 0)
            return false;
        done += (uint64_t)got;
    }
    char more;
    if (zip_fread(file, &more, 1) != 0)
        return false;
    buf_grown(out, (size_t)size);
    return true;
}

enum err archive_read(struct archive *archive, const struct archive_entry *entry, struct buf *out,
                      struct buf *problem)
{
    buf_clear(out);
    zip_file_t *file = zip_fopen_index(archive->zip, entry->index, 0);
    const bool read = file != NULL && read_all(file, entry->size, out);
    if (file != NULL)
        (void)zip_fclose(file); /* reading has found what was wrong */
    if (read)
        return ERR_NONE;

    struct import_label label;
    import_label_set(&label, entry->name);
    buf_format(problem, "%s in the ZIP file is damaged or encrypted. Download the export again.",
               label.text);
    return ERR_INVALID;
}
