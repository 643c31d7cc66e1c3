/* samples_end.h: forgets the macros of samples.h. */
#undef HF_ACL_FLAG
#undef HF_ACL_METHOD
#undef HF_ACL_NAME
#undef HF_ACL_PREDEFINED
#undef HF_ACTION
#undef HF_ALIAS
#undef HF_ALIAS_HTTP
#undef HF_CONV
#undef HF_CONV_HTTP
#undef HF_CONV_LATER
#undef HF_DIRECTIVE
#undef HF_FETCH
#undef HF_FETCH_HTTP
#undef HF_FETCH_LATER
#undef HF_FETCH_SAME
#undef HF_PREDICATE
