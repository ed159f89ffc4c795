package convoxtest

import (
	"context"
	"net"
	"net/http"
	"slices"
)

// SetTasks gives a Rack one web task per password, which the task accepts until it is
// restarted, like a real one. They take turns: each new connection goes to the next task,
// and all requests of a connection to the same one. Without any task the Rack answers
// 503, like a load balancer.
func (r *Rack) SetTasks(passwords ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks, r.accepted = append([]string{}, passwords...), 0
}

// SetPassword changes the password of every task, starting with the next request.
func (r *Rack) SetPassword(password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.tasks {
		r.tasks[i] = password
	}
}

// Accepts reports whether every task accepts a password.
func (r *Rack) Accepts(isMeant func(password string) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tasks) > 0 && !slices.ContainsFunc(r.tasks, func(password string) bool { return !isMeant(password) })
}

// SetTask restarts one of the tasks with a password.
func (r *Rack) SetTask(index int, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[index] = password
}

// taskOf returns the password of the task behind the request's connection.
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

// noTarget is the answer of a load balancer without targets.
func noTarget(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("<html><body>503 Service Temporarily Unavailable</body></html>\n")) // a client that went away isn't the server's problem
}
