/*
 * feature.h: what `.if feature(NAME)` and `.if version_atleast(VERSION)` of a configuration ask
 * for.
 *
 * The names are HAProxy's, true where haftp can do what the name stands for, so that a file with
 * alternatives takes the one that works here.  `haftp -vv` lists them.  Any thread.
 */
#ifndef HAFTP_CONF_FEATURE_H
#define HAFTP_CONF_FEATURE_H

#include <stdbool.h>
#include <stdio.h>

/* The HAProxy whose language is spoken: files compare with this one, not with haftp's version. */
#define HF_SPOKEN_VERSION "2.6.12"

bool hf_build_has_feature(const char *name);
/* "+EPOLL -OPENSSL ...", sorted, on one line. */
void hf_build_print_features(FILE *out);

#endif
