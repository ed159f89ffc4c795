package travistest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
)

// object is a JSON object.
type object = map[string]any

func answer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the client may be gone
}

// refuse answers with an error of lib/travis/api/v3/errors.rb.
func refuse(w http.ResponseWriter, status int, kind, message string, more object) {
	body := object{"@type": "error", "error_type": kind, "error_message": message}
	for name, value := range more {
		body[name] = value
	}
	answer(w, status, body)
}

func notFound(w http.ResponseWriter, what string) {
	refuse(w, http.StatusNotFound, "not_found", what+" not found (or insufficient access)", object{"resource_type": what})
}

func denied(w http.ResponseWriter, permission, resource string) {
	refuse(w, http.StatusForbidden, "insufficient_access",
		fmt.Sprintf("operation requires %s access to %s", permission, resource),
		object{"resource_type": resource, "permission": permission})
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
