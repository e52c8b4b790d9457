#ifndef SLACK_ARCHIVE_COUNT_H
#define SLACK_ARCHIVE_COUNT_H

/* How many entries a ZIP file claims to have, found out before anybody makes room for them. */

#include <stdint.h>

#include "base/err.h"

/* The highest claim in the open file; 0 when it is no ZIP file. ERR_IO. */
NODISCARD enum err archive_claimed(int fd, uint64_t *count);

#endif
