// SPDX-License-Identifier: Apache-2.0
// A backup is a task: the handler looks at what was asked, the job thread does it and writes the answers.
#include "rpc/answer_backup.h"
#include "rpc/call.h"
#include "rpc/reply.h"
#include "rpc/service.h"
#include "rpc/task_call.h"
#include "store/store.h"
#include "work/backup.h"
#include "work/tasks.h"
#include <stdlib.h>
#include <string.h>

struct backup_task {
    struct task task; // first
    struct service *service;
    struct backup_order order;
    struct backup_result result;
};

static int
reply(const struct backup_task *task, Kansen__V1__BackupResponse *answer, struct buf *out)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    response.id = task->task.request;
    response.body_case = KANSEN__V1__RESPONSE__BODY_BACKUP;
    response.backup = answer;
    return reply_response(out, task->service->max_frame, &response);
}

static bool
tell(void *arg, const char *stage, uint64_t done, uint64_t total)
{
    struct task *task = arg;

    task_tell(task, stage, done, total);
    return task_goes_on(task);
}

static int
run_backup(struct task *task, struct txn *txn)
{
    struct backup_task *backup = (struct backup_task *)task;
    struct progress_sink sink = {tell, task};
    struct backup_result *result = &backup->result;
    Kansen__V1__BackupResponse answer = KANSEN__V1__BACKUP_RESPONSE__INIT;
    int rc = backup_make(backup->service->backups, &backup->order, txn, &sink, result, &task->fault);

    if (rc != 0)
        return rc;
    atomic_store(&backup->service->backed_up_us, result->whole_us);
    answer.end = true;
    answer.path = result->path;
    answer.sequence = result->found.sequence;
    answer.digest = result->found.digest;
    answer.bytes = result->bytes;
    answer.done = answer.total = result->entries;
    answer.removed = result->removed;
    return reply(backup, &answer, &task->out) == 0 ? 0 : (int)STORE_FAULT_MEMORY;
}

static int
report_backup(const struct task *task, const struct tasks_progress *progress, struct buf *out)
{
    Kansen__V1__BackupResponse answer = KANSEN__V1__BACKUP_RESPONSE__INIT;

    answer.stage = (char *)progress->stage;
    answer.done = progress->done;
    answer.total = progress->total;
    return reply((const struct backup_task *)task, &answer, out);
}

static void
free_backup(struct task *task)
{
    free(task);
}

static const struct task_kind backup_kind = {
    .name = "backup", .run = run_backup, .report = report_backup, .free = free_backup};

int
answer_backup_backup(struct call *call)
{
    const Kansen__V1__BackupRequest *given = call->request->backup;
    struct backup_order order = {.keep = given->keep};
    struct backup_task *task;
    int rc;

    if (call->service->tasks == NULL || call->service->backups == NULL)
        return fault_set(&call->fault, CODE_UNIMPLEMENTED, "", "backups are not written here");
    rc = backup_name(call->service->backups->dir, given->name, &order, &call->fault);
    if (rc != 0)
        return rc;
    task = calloc(1, sizeof *task);
    if (task == NULL)
        return STORE_FAULT_MEMORY;
    task->task.kind = &backup_kind;
    task->service = call->service;
    task->order = order;
    return task_call_push(call, &task->task);
}
