// SPDX-License-Identifier: Apache-2.0
// libevent's evhttp, with small limits: nothing that is asked here has a body.
#include "admin/admin.h"
#include "admin/guests.h"
#include "admin/metrics.h"
#include "base/clock.h"
#include "net/tls.h"
#include "net/watchdog.h"
#include "rpc/service.h"
#include "store/store.h"
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 4096
#define BODY_MAX    0
#define TIMEOUT_S   5
#define BACKLOG     16
#define NAMES_MAX   1024
#define TEXT_TYPE   "text/plain; charset=utf-8"
#define METRIC_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct admin {
    struct evhttp *http;
    struct service *service;
    struct guests *guests;
    const struct watchdog *watchdog; // NULL = nobody watches
    struct tls *tls;                 // NULL = none
    int64_t started_us;              // since 1970
    int fd;
    bool fd_taken; // by evhttp, which closes it
};

static void
send_reply(struct evhttp_request *request, int status, const char *reason, const char *type,
           struct evbuffer *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "Connection", "close");
    evhttp_send_reply(request, status, reason, body);
}

static void
answer(struct evhttp_request *request, int status, const char *reason, const char *text)
{
    struct evbuffer *body = evbuffer_new();

    if (body == NULL || evbuffer_add(body, text, strlen(text)) != 0)
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    else
        send_reply(request, status, reason, TEXT_TYPE, body);
    if (body != NULL)
        evbuffer_free(body);
}

static void
on_health(struct evhttp_request *request, void *arg)
{
    struct admin *admin = arg;
    char names[NAMES_MAX], text[NAMES_MAX + sizeof "these do not answer: \n"];

    if (watchdog_all_go_on(admin->watchdog, names, sizeof names)) {
        answer(request, HTTP_OK, "OK", "ok\n");
        return;
    }
    snprintf(text, sizeof text, "these do not answer: %s\n", names);
    answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", text);
}

static void
on_metrics(struct evhttp_request *request, void *arg)
{
    struct admin *admin = arg;
    struct evbuffer *body = evbuffer_new();
    char names[NAMES_MAX];
    struct metrics_source source = {.service = admin->service, .started_us = admin->started_us};
    struct tls_about about = {0};

    source.alive = watchdog_all_go_on(admin->watchdog, names, sizeof names);
    if (admin->tls != NULL) {
        tls_about(admin->tls, &about);
        source.certificate_us = about.until_us;
    }
    if (body == NULL || metrics_write(&source, body) != 0)
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    else
        send_reply(request, HTTP_OK, "OK", METRIC_TYPE, body);
    if (body != NULL)
        evbuffer_free(body);
}

static void
on_ready(struct evhttp_request *request, void *arg)
{
    struct admin *admin = arg;

    if (admin->service->store != NULL && store_is_loading(admin->service->store))
        answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", "a stream is being read into the store\n");
    else if (atomic_load(&admin->service->state) == SERVICE_SERVING)
        answer(request, HTTP_OK, "OK", "ready\n");
    else
        answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", "not serving\n");
}

static void
on_other(struct evhttp_request *request, void *arg)
{
    (void)arg;
    answer(request, HTTP_NOTFOUND, "Not Found", "there are /healthz, /readyz and /metrics\n");
}

static bool
set_up(struct admin *admin, struct event_base *base)
{
    struct evhttp_bound_socket *bound;

    admin->http = evhttp_new(base);
    if (admin->http == NULL)
        return false;
    evhttp_set_max_headers_size(admin->http, HEADERS_MAX);
    evhttp_set_max_body_size(admin->http, BODY_MAX);
    evhttp_set_timeout(admin->http, TIMEOUT_S);
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(admin->http, on_other, admin);
    if (evhttp_set_cb(admin->http, "/healthz", on_health, admin) != 0 ||
        evhttp_set_cb(admin->http, "/readyz", on_ready, admin) != 0 ||
        evhttp_set_cb(admin->http, "/metrics", on_metrics, admin) != 0)
        return false;
    bound = evhttp_accept_socket_with_handle(admin->http, admin->fd);
    if (bound == NULL)
        return false;
    admin->fd_taken = true;
    admin->guests = guests_new(base, admin->http, bound);
    return admin->guests != NULL;
}

int
admin_start(struct event_base *base, struct service *service, const struct address *address,
            struct admin **out, struct fault *fault)
{
    struct admin *admin;
    int fd = address_listen(address, BACKLOG);

    if (fd < 0)
        return fault_set(fault, CODE_UNAVAILABLE, "admin", "%s: %s", address->text, strerror(-fd));
    admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        close(fd);
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "admin", "memory is short");
    }
    admin->service = service;
    admin->fd = fd;
    admin->started_us = clock_wall_us() - (clock_steady_us() - service->started_us);
    if (!set_up(admin, base)) {
        if (!admin->fd_taken)
            close(fd);
        admin_free(admin);
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "admin", "memory is short");
    }
    *out = admin;
    return 0;
}

void
admin_free(struct admin *admin)
{
    if (admin == NULL)
        return;
    if (admin->http != NULL)
        evhttp_free(admin->http);
    guests_free(admin->guests);
    free(admin);
}

void
admin_watch(struct admin *admin, const struct watchdog *watchdog)
{
    if (admin != NULL)
        admin->watchdog = watchdog;
}

void
admin_use_tls(struct admin *admin, struct tls *tls)
{
    if (admin != NULL)
        admin->tls = tls;
}

char *
admin_address(const struct admin *admin, char out[ADDRESS_TEXT_MAX])
{
    return address_of_socket(admin->fd, out);
}
