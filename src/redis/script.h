#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

/* The function libraries for Redis, inside the program. */

#include "base/slice.h"

struct slice redis_script(void);          /* parley.lua */
struct slice redis_presence_script(void); /* presence.lua */

#endif
