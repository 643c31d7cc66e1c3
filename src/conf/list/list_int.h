/*
 * list_int.h: groups of words as `haftp -dKall` prints them; documentation is made of that.
 *
 * A group is a blank line, a title, then two lines or more per word: how it is used, indented by
 * two blanks, and its help, indented by six.
 */
#ifndef HAFTP_CONF_LIST_INT_H
#define HAFTP_CONF_LIST_INT_H

#include <stdio.h>

void hf_list_fetches(FILE *out);
void hf_list_converters(FILE *out);
void hf_list_acls(FILE *out);       /* methods, flags, names */
void hf_list_actions(FILE *out);    /* of tcp-request and tcp-response */
void hf_list_aliases(FILE *out);    /* of log formats */
void hf_list_directives(FILE *out); /* and what their conditions may ask */

#endif
