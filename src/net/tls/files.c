/*
 * files.c: the bytes of the files that a context was made from.
 *
 * They are kept so that a context can be made again with one of them replaced, though the process
 * may not read the others any more.  There are keys among them: no copy is left behind.
 */
#include <stdlib.h>
#include <string.h>

#include "haftp/base/file.h"
#include "tls_int.h"

struct file {
    struct file *next;
    char *path;
    struct hf_tls_pem pem;
};

struct hf_tls_files {
    struct file *kept;
    struct file *tried; /* stands for the kept one of its name; NULL: none does */
};

static void forget(struct file *file)
{
    if (!file)
        return;
    hf_tls_pem_forget(&file->pem);
    free(file->path);
    free(file);
}

static bool copy(struct hf_tls_pem *to, struct hf_view bytes)
{
    *to = (struct hf_tls_pem){.text = malloc(bytes.n + 1), .n = bytes.n};
    if (!to->text)
        return false;
    memcpy(to->text, bytes.p, bytes.n);
    to->text[bytes.n] = '\0';
    return true;
}

static struct file *file_new(const char *path, struct hf_view bytes)
{
    struct file *file = calloc(1, sizeof *file);

    if (!file)
        return NULL;
    file->path = strdup(path);
    if (file->path && copy(&file->pem, bytes))
        return file;
    forget(file);
    return NULL;
}

struct hf_tls_files *hf_tls_files_new(void)
{
    return calloc(1, sizeof(struct hf_tls_files));
}

void hf_tls_files_free(struct hf_tls_files *files)
{
    if (!files)
        return;
    for (struct file *file = files->kept, *next; file; file = next) {
        next = file->next;
        forget(file);
    }
    forget(files->tried);
    free(files);
}

static struct file **place_of(struct hf_tls_files *files, const char *path)
{
    struct file **place = &files->kept;

    while (*place && strcmp((*place)->path, path) != 0)
        place = &(*place)->next;
    return place;
}

static const struct file *find(const struct hf_tls_files *files, const char *path)
{
    const struct file *file = files->kept;

    if (files->tried && strcmp(files->tried->path, path) == 0)
        return files->tried;
    while (file && strcmp(file->path, path) != 0)
        file = file->next;
    return file;
}

struct hf_view hf_tls_files_get(const struct hf_tls_files *files, const char *path)
{
    const struct file *file = find(files, path);

    return file ? hf_view(file->pem.text, file->pem.n) : (struct hf_view){0};
}

bool hf_tls_files_try(struct hf_tls_files *files, const char *path, struct hf_view bytes)
{
    hf_tls_files_undo(files);
    files->tried = file_new(path, bytes);
    return files->tried;
}

void hf_tls_files_undo(struct hf_tls_files *files)
{
    forget(files->tried);
    files->tried = NULL;
}

void hf_tls_files_keep(struct hf_tls_files *files)
{
    struct file *tried = files->tried;

    if (!tried)
        return;
    struct file **place = place_of(files, tried->path), *before = *place;
    tried->next = before ? before->next : NULL;
    *place = tried;
    files->tried = NULL;
    forget(before);
}

/* ---- reading ----------------------------------------------------------------------------- */

static enum hf_status read_anew(struct hf_tls_pem *pem, const char *path, char *why)
{
    const char *reason;

    pem->text = hf_file_read(path, &pem->n, &reason);
    return pem->text ? HF_OK : hf_tls_why(why, "cannot read '%s': %s", path, reason);
}

enum hf_status hf_tls_pem_read(struct hf_tls_pem *pem, struct hf_tls_files *files, const char *path,
                               char *why)
{
    const struct file *known = files ? find(files, path) : NULL;

    if (known)
        return copy(pem, hf_view(known->pem.text, known->pem.n))
                   ? HF_OK
                   : hf_tls_why(why, "cannot read '%s': %s", path, hf_status_text(HF_NOMEM));
    enum hf_status status = read_anew(pem, path, why);
    if (status || !files)
        return status;
    struct file *file = file_new(path, hf_view(pem->text, pem->n));
    if (!file) {
        hf_tls_pem_forget(pem);
        return hf_tls_why(why, "cannot keep '%s': %s", path, hf_status_text(HF_NOMEM));
    }
    file->next = files->kept;
    files->kept = file;
    return HF_OK;
}

void hf_tls_pem_forget(struct hf_tls_pem *pem)
{
    hf_file_forget(pem->text, pem->n);
    pem->text = NULL;
}

BIO *hf_tls_pem_bio(const struct hf_tls_pem *pem)
{
    return BIO_new_mem_buf(pem->text, (int)pem->n);
}
