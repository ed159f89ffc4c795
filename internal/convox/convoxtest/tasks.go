package convoxtest

import (
	"context"
	"net"
	"net/http"
	"slices"
)

// SetTasks gives a Rack a web task for each password, which it takes until it is
// told otherwise, as a real one's does that is not started anew. They take turns:
// the next new connection goes to the first, and all requests of a connection to
// one of them. Without any the Rack answers 503, as a load balancer does.
func (r *Rack) SetTasks(passwords ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks, r.accepted = append([]string{}, passwords...), 0
}

// SetPassword changes the password of every task, from the next request on.
func (r *Rack) SetPassword(password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.tasks {
		r.tasks[i] = password
	}
}

// Accepts reports whether every task takes a password that is the one meant.
func (r *Rack) Accepts(isMeant func(password string) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tasks) > 0 && !slices.ContainsFunc(r.tasks, func(password string) bool { return !isMeant(password) })
}

// SetTask starts one of the tasks anew, with a password.
func (r *Rack) SetTask(index int, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[index] = password
}

// taskOf returns the password of the task that the request's connection leads to.
func (r *Rack) taskOf(request *http.Request) (password string, up bool) {
	number, _ := request.Context().Value(connectionKey{}).(int)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tasks) == 0 {
		return "", false
	}
	return r.tasks[number%len(r.tasks)], true
}

type connectionKey struct{}

// number is for http.Server.ConnContext.
func (s *server) number(ctx context.Context, _ net.Conn) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted++
	return context.WithValue(ctx, connectionKey{}, s.accepted-1)
}

// noTarget is what a load balancer says that has nothing behind it.
func noTarget(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("<html><body>503 Service Temporarily Unavailable</body></html>\n")) // a client that went away is not the server's trouble
}
