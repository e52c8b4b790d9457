#ifndef SUPPORT_UNIT_SUITE_H
#define SUPPORT_UNIT_SUITE_H

/* What unit tests share: cmocka with its headers, and comparing slices and results. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/slice.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define assert_ok(call) assert_string_equal(err_name(call), err_name(ERR_NONE))
#define assert_err(call, wanted) assert_int_equal(call, wanted)

static inline void assert_slice(struct slice got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.ptr, wanted, got.len);
}

#endif
