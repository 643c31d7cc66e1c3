/*
 * ftp_choice.c: which sections choose their servers by what an FTP client says at login.
 */
#include "conf_int.h"

unsigned hf_conf_ftp_sample(const struct hf_sample_row *row)
{
    switch (row->id) {
    case HF_FETCH_ftp_user:
        return HF_FTP_SAMPLE_USER;
    case HF_FETCH_ftp_host:
        return HF_FTP_SAMPLE_HOST;
    case HF_FETCH_ftp_tls:
        return HF_FTP_SAMPLE_TLS;
    case HF_FETCH_ftp_arg:
        return HF_FTP_SAMPLE_ARG;
    case HF_FETCH_ftp_cmd:
    case HF_FETCH_ftp_code:
        return HF_FTP_SAMPLE_COMMAND;
    case HF_FETCH_ftp_bytes:
    case HF_FETCH_ftp_direction:
    case HF_FETCH_ftp_mode:
    case HF_FETCH_ftp_path:
    case HF_FETCH_ftp_rate:
    case HF_FETCH_ftp_transfers:
    case HF_FETCH_ftp_type:
    case HF_FETCH_ftp_why:
        return HF_FTP_SAMPLE_TRANSFER;
    default:
        return 0;
    }
}
