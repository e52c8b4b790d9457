/*
 * The end records of a ZIP file (APPNOTE.TXT 4.3.14 to 4.3.16). libzip makes room for as many
 * entries as they name before it reads one, so the claim is checked first.
 */

#include "slack/archive_count.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define END_BYTES 22u /* with an empty comment */
#define END_COUNT_AT 10u
#define LOCATOR_BYTES 20u /* of the ZIP64 end record; it stands right before the end record */
#define LOCATOR_OFFSET_AT 8u
#define END64_BYTES 56u
#define END64_COUNT_AT 32u
#define COMMENT_MAX 65535u

#define END_SIGNATURE 0x06054b50u
#define LOCATOR_SIGNATURE 0x07064b50u
#define END64_SIGNATURE 0x06064b50u

static uint64_t number(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static bool read_at(int fd, uint64_t offset, uint8_t *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(fd, out + done, size - done, (off_t)(offset + done));
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* What the ZIP64 end record claims, if the locator leads to one. */
static uint64_t claimed_64(int fd, const uint8_t *locator)
{
    uint8_t record[END64_BYTES];
    const uint64_t offset = number(locator + LOCATOR_OFFSET_AT, 8);
    if (number(locator, 4) != LOCATOR_SIGNATURE || offset > INT64_MAX - END64_BYTES ||
        !read_at(fd, offset, record, sizeof(record)) || number(record, 4) != END64_SIGNATURE)
        return 0;
    return number(record + END64_COUNT_AT, 8);
}

/* Any of the records in the tail may be the one that counts. */
static uint64_t claimed_in(int fd, const uint8_t *tail, size_t len)
{
    uint64_t most = 0;
    for (size_t at = 0; at + END_BYTES <= len; at++) {
        if (number(tail + at, 4) != END_SIGNATURE)
            continue;
        uint64_t count = number(tail + at + END_COUNT_AT, 2);
        most = count > most ? count : most;
        count = at >= LOCATOR_BYTES ? claimed_64(fd, tail + at - LOCATOR_BYTES) : 0;
        most = count > most ? count : most;
    }
    return most;
}

enum err archive_claimed(int fd, uint64_t *count)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return ERR_IO;
    const uint64_t size = (uint64_t)file.st_size;
    const uint64_t tail_max = LOCATOR_BYTES + END_BYTES + COMMENT_MAX;
    const size_t len = (size_t)(size < tail_max ? size : tail_max);
    uint8_t *tail = mem_alloc(len + 1);
    const bool read = read_at(fd, size - len, tail, len);
    if (read)
        *count = claimed_in(fd, tail, len);
    mem_free(tail);
    return read ? ERR_NONE : ERR_IO;
}
