#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

/* The commands of the program. Each returns the exit status. */

#include <stdbool.h>

#include "main/options.h"

#define PARLEY_VERSION "0.1.0"

int command_status(const struct config *config);
int command_echo(const struct config *config);
int command_migrate(const struct config *config);
int command_admin_shards(const struct config *config);
bool command_admin_is_team(const char *word);
int command_admin_team(const struct config *config, const char *const *words, int count);
int command_admin_move(const struct config *config, const char *shard);
int command_backup(const struct config *config, const char *file);
int command_restore(const struct config *config, const char *file);
int command_import_slack(const struct config *config, const char *path);

#endif
