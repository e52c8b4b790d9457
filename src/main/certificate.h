#ifndef MAIN_CERTIFICATE_H
#define MAIN_CERTIFICATE_H

/* The certificate that --tls-cert and --tls-key name. */

#include <stdbool.h>

struct config;
struct tls_context;

/*
 * Read it; *out is NULL when there is none to use. False, with a sentence on stderr, when the
 * options or the files are wrong.
 */
bool certificate_open(const struct config *config, struct tls_context **out);

/* Read it again; NULL, with a line in the log, when that fails: the old one stays in use. */
struct tls_context *certificate_reload(const struct config *config);

#endif
