#ifndef MODEL_TEXT_H
#define MODEL_TEXT_H

/* What the model's rules for texts have in common. */

#include <stdbool.h>
#include <stdint.h>

/* The control characters of ASCII and of Latin-1. */
static inline bool text_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* What leaves no mark on the screen but room. */
static inline bool text_is_space(uint32_t code)
{
    return code == ' ' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x206f) ||
           code == 0x3000 || code == 0xfeff;
}

#endif
