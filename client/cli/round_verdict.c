// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_verdict.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VERIFIER "kansen-verify"

extern char **environ;

// Runs the program with these arguments, up to a NULL. The first bytes of what it writes to the stream `from`
// are put into text, what it writes to the other one is not heard. Its exit status, or -1 with errno if it
// did not run to an end of its own.
static int
run(const char *program, const char *const *arguments, int from, char *text, size_t size)
{
    char *argv[ROUND_VERDICT_ARGUMENTS + 2] = {(char *)VERIFIER}, rest[512];
    int other = from == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO, pipes[2], status, rc;
    posix_spawn_file_actions_t actions;
    size_t len = 0;
    ssize_t n;
    pid_t pid;

    for (size_t i = 0; i < ROUND_VERDICT_ARGUMENTS && arguments[i] != NULL; i++)
        argv[i + 1] = (char *)arguments[i];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, other, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], from);
    rc = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    if (rc == 0) // to the end, so that it never waits for a reader
        while ((n = read(pipes[0], rest, sizeof rest)) > 0 || (n < 0 && errno == EINTR))
            for (ssize_t i = 0; i < n && len + 1 < size; i++)
                text[len++] = rest[i];
    text[len] = '\0';
    close(pipes[0]);
    if (rc != 0) {
        errno = rc;
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = EINTR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The name and version by which the program at `path` knows itself. 0, or -1 with errno.
static int
know(const char *path, struct round_verdict *verdict)
{
    const char *const arguments[] = {"--version", NULL};
    int status = run(path, arguments, STDOUT_FILENO, verdict->name, sizeof verdict->name);
    char *name = verdict->name;

    if (status < 0)
        return -1;
    name[strcspn(name, "\n")] = '\0';
    errno = ENOEXEC;
    if (status != 0 || strncmp(name, VERIFIER " ", sizeof VERIFIER) != 0)
        return -1;
    snprintf(verdict->program, sizeof verdict->program, "%s", path);
    return 0;
}

// The program that lies beside this one. 0, or -1 with errno.
static int
know_neighbour(struct round_verdict *verdict)
{
    char path[ROUND_VERDICT_PATH];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof VERIFIER);

    if (len <= 0)
        return -1;
    while (len > 0 && path[len - 1] != '/')
        len--;
    snprintf(path + len, sizeof path - (size_t)len, "%s", VERIFIER);
    return know(path, verdict);
}

int
round_verdict_find(struct cli *cli, const char *given, struct round_verdict *verdict)
{
    if (given != NULL ? know(given, verdict) == 0
                      : know_neighbour(verdict) == 0 || know(VERIFIER, verdict) == 0)
        return CLI_OK;
    return cli_fail(
        cli, "UNAVAILABLE", "--verifier",
        "%s can not be run: %s; install it, name it by --verifier, or sign without its verdict by "
        "--unverified",
        given != NULL ? given : VERIFIER, strerror(errno));
}

int
round_verdict_ask(struct cli *cli, const struct round_verdict *verdict, const char *const *arguments)
{
    char said[400];
    int status = run(verdict->program, arguments, STDERR_FILENO, said, sizeof said);

    if (status == 0)
        return CLI_OK;
    if (status < 0)
        snprintf(said, sizeof said, "it ended early: %s", strerror(errno));
    said[strcspn(said, "\n")] = '\0';
    return cli_fail(cli, "DATA_LOSS", "", "nothing is signed: the record does not hold, says %s: %s",
                    verdict->name, said);
}
