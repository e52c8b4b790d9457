/* Progress of long work. */

#include "main/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define NS_PER_MS 1000000u
#define BAR_MS 100u    /* between two drawings on a terminal */
#define LINES_MS 5000u /* between two lines elsewhere */
#define BAR_WIDTH 30u

void progress_begin(struct progress *progress)
{
    const uint64_t now_ns = clock_mono_ns();
    *progress = (struct progress){isatty(STDERR_FILENO) != 0, now_ns, now_ns, false};
}

uint64_t progress_elapsed_ms(const struct progress *progress)
{
    return (clock_mono_ns() - progress->started_ns) / NS_PER_MS;
}

bool progress_due(const struct progress *progress, uint64_t done, uint64_t total)
{
    const uint64_t pause_ms = progress->terminal ? BAR_MS : LINES_MS;
    return clock_mono_ns() - progress->shown_ns >= pause_ms * NS_PER_MS ||
           (progress->terminal && done == total);
}

static void draw_bar(uint64_t percent, const char *detail)
{
    char bar[BAR_WIDTH + 1];
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        bar[i] = i * 100 < percent * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3llu%%  %s\033[K", bar, (unsigned long long)percent, detail);
    (void)fflush(stderr);
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total, const char *detail)
{
    const uint64_t percent = total > 0 ? done * 100 / total : 100;
    progress->shown_ns = clock_mono_ns();
    progress->shown = progress->terminal;
    if (progress->terminal)
        draw_bar(percent, detail);
    else
        fprintf(stderr, "%llu%%, %s\n", (unsigned long long)percent, detail);
}

void progress_end(const struct progress *progress)
{
    if (progress->shown)
        fputc('\n', stderr);
}
