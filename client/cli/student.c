// SPDX-License-Identifier: Apache-2.0
// The file holds one line: a second one is a mistake, most likely a list, of which only the first would be
// done.
#include "client/cli/student.h"
#include "client/cli/lines.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE_MAX 200u // bytes, as the daemon takes it

static int
read_one_line(struct cli *cli, const char *file, struct lines *lines, char **out)
{
    char *line;
    size_t len;
    int rc = lines_next(lines, &line, &len);

    if (rc == LINES_E_LONG)
        return cli_usage_at(cli, "--student-file", "%s: the line is longer than %u bytes", file,
                            REFERENCE_MAX);
    if (rc == LINES_E_END || (rc == 0 && len == 0))
        return cli_usage_at(cli, "--student-file", "%s: the first line is empty", file);
    if (rc == 0 && memchr(line, '\0', len) != NULL)
        return cli_usage_at(cli, "--student-file", "%s: the line holds a NUL byte", file);
    if (rc < 0)
        return cli_usage_at(cli, "--student-file", "%s: %s", file, strerror(-rc));
    *out = strdup(line);
    if (*out == NULL)
        return cli_no_memory(cli);
    explicit_bzero(line, len);
    if (lines_next(lines, &line, &len) == LINES_E_END)
        return CLI_OK;
    student_free(*out);
    *out = NULL;
    return cli_usage_at(cli, "--student-file", "%s: has more than one line", file);
}

static int
read_file(struct cli *cli, const char *file, char **out)
{
    int status, fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    struct lines *lines;

    if (fd < 0)
        return cli_usage_at(cli, "--student-file", "%s: %s", file, strerror(errno));
    lines = lines_new(fd, REFERENCE_MAX);
    status = lines == NULL ? cli_no_memory(cli) : read_one_line(cli, file, lines, out);
    lines_free(lines);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

int
student_read(struct cli *cli, const char *ref, const char *file, bool required, char **out)
{
    *out = NULL;
    if (ref != NULL && file != NULL)
        return cli_usage_at(cli, "--student-file", "goes without --student");
    if (ref == NULL && file == NULL)
        return required ? cli_usage_at(cli, "--student", "this flag is missing, or --student-file") : CLI_OK;
    if (file != NULL)
        return read_file(cli, file, out);
    *out = strdup(ref);
    return *out == NULL ? cli_no_memory(cli) : CLI_OK;
}

void
student_free(char *reference)
{
    if (reference == NULL)
        return;
    explicit_bzero(reference, strlen(reference));
    free(reference);
}
