// SPDX-License-Identifier: Apache-2.0
// libevent's evhttp, with small limits: nothing that is asked here has a body.
#include "admin/admin.h"
#include "rpc/service.h"
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 4096
#define BODY_MAX    0
#define TIMEOUT_S   5
#define BACKLOG     16

struct admin {
    struct evhttp *http;
    struct service *service;
    int fd; // evhttp closes it
};

static void
answer(struct evhttp_request *request, int status, const char *reason, const char *text)
{
    struct evbuffer *body = evbuffer_new();

    if (body == NULL || evbuffer_add(body, text, strlen(text)) != 0) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    } else {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                          "text/plain; charset=utf-8");
        evhttp_add_header(evhttp_request_get_output_headers(request), "Cache-Control", "no-store");
        evhttp_send_reply(request, status, reason, body);
    }
    if (body != NULL)
        evbuffer_free(body);
}

static void
on_health(struct evhttp_request *request, void *arg)
{
    (void)arg;
    answer(request, HTTP_OK, "OK", "ok\n");
}

static void
on_ready(struct evhttp_request *request, void *arg)
{
    struct admin *admin = arg;

    if (atomic_load(&admin->service->state) == SERVICE_SERVING)
        answer(request, HTTP_OK, "OK", "ready\n");
    else
        answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", "not serving\n");
}

static void
on_other(struct evhttp_request *request, void *arg)
{
    (void)arg;
    answer(request, HTTP_NOTFOUND, "Not Found", "there are /healthz and /readyz\n");
}

static bool
set_up(struct admin *admin, struct event_base *base)
{
    admin->http = evhttp_new(base);
    if (admin->http == NULL)
        return false;
    evhttp_set_max_headers_size(admin->http, HEADERS_MAX);
    evhttp_set_max_body_size(admin->http, BODY_MAX);
    evhttp_set_timeout(admin->http, TIMEOUT_S);
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(admin->http, on_other, admin);
    return evhttp_set_cb(admin->http, "/healthz", on_health, admin) == 0 &&
           evhttp_set_cb(admin->http, "/readyz", on_ready, admin) == 0 &&
           evhttp_accept_socket(admin->http, admin->fd) == 0;
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
    if (!set_up(admin, base)) {
        close(fd); // evhttp takes it over as its last step only
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
    free(admin);
}

char *
admin_address(const struct admin *admin, char out[ADDRESS_TEXT_MAX])
{
    return address_of_socket(admin->fd, out);
}
