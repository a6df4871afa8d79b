/* redis://user:password@host:port/db?master=NAME, rediss:// for TLS, several with commas. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

#define REDIS_ADDRESSES_MAX 8

struct redis_address {
    bool tls;
    char host[256];
    int port;
    char user[128];     /* empty: none */
    char password[512]; /* empty: none */
    int database;
    char master[128]; /* which one to ask a sentinel for; empty: the only one that it knows */
};

/* Returns how many addresses there are; 0 with a reason. The reason holds no password. */
size_t redis_url_parse(const char *urls, struct redis_address addresses[REDIS_ADDRESSES_MAX],
                       struct err *err);
