#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

/* The function library for Redis (parley.lua), inside the program. */

#include "base/slice.h"

struct slice redis_script(void);

#endif
