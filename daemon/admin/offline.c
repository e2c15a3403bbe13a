// SPDX-License-Identifier: Apache-2.0
#include "admin/offline.h"
#include "auth/store_key.h"
#include "base/apart.h"
#include "base/options.h"
#include "store/check.h"
#include "store/compact.h"
#include "work/replay.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILED 1 // exit status

struct work {
    const struct options *options;
    FILE *out;
};

// ---- The commands

static int
check(const struct options *options, FILE *out)
{
    return check_run(options->data_dir, out);
}

static int
compact(const struct options *options, FILE *out)
{
    return compact_run(options->data_dir, options->map_size, out);
}

static int
forget_key(const struct options *options, FILE *out)
{
    return store_key_forget(options->data_dir, out);
}

static int
replay(const struct options *options, FILE *out)
{
    struct replay_options replay = {.dir = options->data_dir,
                                    .map_bytes = options->map_size,
                                    .file = options->replay_file,
                                    .to_sequence = options->to_sequence};

    return replay_run(&replay, out);
}

static const struct command {
    enum options_mode mode;
    bool writes;
    int (*run)(const struct options *options, FILE *out); // 0, or what failed was told
} commands[] = {
    {OPTIONS_CHECK, false, check},
    {OPTIONS_COMPACT, true, compact},
    {OPTIONS_FORGET_KEY, true, forget_key},
    {OPTIONS_REPLAY, true, replay},
};

static const struct command *
command_of(const struct options *options)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i].mode == options->mode)
            return &commands[i];
    }
    return NULL;
}

// ---- Whose files they are

static int
become(uid_t user, gid_t group, const char *name)
{
    if (name != NULL ? initgroups(name, group) != 0 : setgroups(0, NULL) != 0)
        return -errno;
    return setgid(group) == 0 && setuid(user) == 0 ? 0 : -errno;
}

// 0 or FAILED.
static int
become_owner(const char *dir, FILE *out)
{
    const struct passwd *user;
    struct stat file;
    int rc;

    if (geteuid() != 0 || stat(dir, &file) != 0 || file.st_uid == 0)
        return 0;
    user = getpwuid(file.st_uid);
    rc = become(file.st_uid, file.st_gid, user == NULL ? NULL : user->pw_name);
    if (rc != 0) {
        fprintf(out, "%s belongs to user %u, who root can not become here (%s); run this as that user\n", dir,
                file.st_uid, strerror(-rc));
        return FAILED;
    }
    fprintf(stderr, "kansend: goes on as user %u (%s), who owns %s\n", file.st_uid,
            user == NULL ? "without a name" : user->pw_name, dir);
    return 0;
}

// ---- The whole

static int
run_apart(void *arg)
{
    const struct work *work = arg;

    return command_of(work->options)->run(work->options, work->out) == 0 ? 0 : FAILED;
}

int
offline_run(const struct options *options, FILE *out)
{
    struct work work = {options, out};
    struct apart_end end;
    int rc;

    if (command_of(options)->writes && become_owner(options->data_dir, out) != 0)
        return FAILED;
    setvbuf(out, NULL, _IOLBF, 0); // what it had found stays when it dies
    rc = apart_run(run_apart, &work, &end);
    if (rc != 0) {
        fprintf(out, "no process can be started: %s\n", strerror(-rc));
        return FAILED;
    }
    if (end.signal == 0)
        return end.status;
    fprintf(
        out,
        "%s: the store can not be read to its end (%s): its file is damaged, or the disk fails; put a backup "
        "in its place, see BACKUP AND RESTORE in kansend(8)\n",
        options->data_dir, apart_signal_text(end.signal));
    return FAILED;
}
