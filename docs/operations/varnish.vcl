vcl 4.1;

# Varnish: each node is asked for /ready every 2 s; sick if fewer than 2 of the last 3 passed.
# A node that shuts down is sick within 2 s × 2 = 4 s, inside its drain delay of 5 s.

import directors;
import std;

probe ready {
    .request =
        "GET /ready HTTP/1.1"
        "Host: node"
        "Connection: close";
    .expected_response = 200;
    .interval = 2s;
    .timeout = 2s;
    .window = 3;
    .threshold = 2;
    # Not trusted before it has proved itself, once: with 0 a reload would have no node for 2 s.
    .initial = 1;
}

backend node1 {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 1s;
    .probe = ready;
}

backend node2 {
    .host = "127.0.0.1";
    .port = "8081";
    .connect_timeout = 1s;
    .probe = ready;
}

sub vcl_init {
    new nodes = directors.round_robin();
    nodes.add_backend(node1);
    nodes.add_backend(node2);
}

sub vcl_recv {
    set req.backend_hint = nodes.backend();
    # Health is of now.
    if (req.url ~ "^/(health|ready|live|startup|metrics)") {
        return (pass);
    }
}

sub vcl_backend_fetch {
    if (!std.healthy(bereq.backend)) {
        return (error(503, "no node is ready"));
    }
}

sub vcl_backend_error {
    set beresp.http.Retry-After = "5";
}
