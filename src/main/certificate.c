/* The certificate that --tls-cert and --tls-key name. */

#include "main/certificate.h"

#include <stdio.h>

#include "base/log.h"
#include "main/options.h"
#include "net/tls.h"

bool certificate_open(const struct config *config, struct tls_context **out)
{
    char problem[TLS_PROBLEM_MAX];
    *out = NULL;
    const bool has_cert = config->tls_cert[0] != '\0';
    const bool has_key = config->tls_key[0] != '\0';
    if (!has_cert && !has_key)
        return true;
    if (has_cert != has_key) {
        fprintf(stderr, "parley: --tls-cert and --tls-key belong together; --%s is missing.\n",
                has_cert ? "tls-key" : "tls-cert");
        return false;
    }
    if (tls_context_open(config->tls_cert, config->tls_key, problem, out) == ERR_NONE)
        return true;
    fprintf(stderr, "parley: %s. Both are PEM files that this user may read.\n", problem);
    return false;
}

struct tls_context *certificate_reload(const struct config *config)
{
    char problem[TLS_PROBLEM_MAX];
    struct tls_context *context;
    if (config->tls_cert[0] == '\0') {
        log_info("nothing to read again: there is no certificate");
        return NULL;
    }
    if (tls_context_open(config->tls_cert, config->tls_key, problem, &context) != ERR_NONE) {
        log_error("the certificate was not replaced", LOG_STR("why", problem));
        return NULL;
    }
    log_info("the certificate was read again", LOG_STR("file", config->tls_cert));
    return context;
}
