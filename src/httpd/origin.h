#ifndef HTTPD_ORIGIN_H
#define HTTPD_ORIGIN_H

/*
 * Origin: whether a browser's request may use the session cookie. Other sites can make a browser
 * send requests with our cookie; the Origin header says which site it was, and only the server's
 * own (the Host header), or one that the operator allows, is trusted.
 */

#include <stdbool.h>

#include "base/slice.h"

struct http_request;

/*
 * False when the request names a foreign origin, or several, or has the session cookie and names
 * none. `allowed` is one more origin ("https://chat.example.com"), or empty.
 */
bool origin_allowed(const struct http_request *request, struct slice allowed);

#endif
